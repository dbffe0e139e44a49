/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import java.util.List;

/** Carries out faults, draws nothing: what a fault does and for how long is in the fault. */
final class FaultActor {
    private static final int LINK_BITS = 3;
    /** As many as there are links to name. */
    static final int NODES_MAX = (1 << LINK_BITS) - 1;

    private final VirtualTime time;
    private final SimulatedNetwork network;
    private final List<SimulatedNode> nodes;
    private final Sightings sightings;
    private final Timeline timeline;
    private final MachineRoom room;
    /** By node id: what becomes of it after a loss of power that was announced. */
    private final AfterCrash[] afterCrash;

    private boolean active = true;
    private boolean powerLost;

    private record AfterCrash(int downMillis, int recoveryOperations) {
        static final AfterCrash NONE_KNOWN = new AfterCrash(100, -1);
    }

    FaultActor(
            VirtualTime time,
            SimulatedNetwork network,
            List<SimulatedNode> nodes,
            Sightings sightings,
            Timeline timeline,
            MachineRoom room) {
        this.time = time;
        this.network = network;
        this.nodes = nodes;
        this.sightings = sightings;
        this.timeline = timeline;
        this.room = room;
        this.afterCrash = new AfterCrash[nodes.size() + 1];
    }

    /** The bit of a link in a fault's {@code links}. */
    static long link(int from, int to) {
        return 1L << ((from << LINK_BITS) + to);
    }

    /** A fault of a node that is not there, since a reduction has left it out, does nothing. */
    void apply(Fault fault) {
        if (fault.nodes().anyMatch(node -> node > nodes.size())) {
            return;
        }
        switch (fault.kind()) {
            case CRASH -> whenUp(fault, node -> crash(node, afterCrashOf(fault)));
            case DISK_CRASH ->
                whenUp(fault, node -> {
                    afterCrash[node.id().value()] = afterCrashOf(fault);
                    node.disk().losePowerAfter(fault.intOf("operations"));
                });
            case STOP -> whenUp(fault, node -> stop(node, afterCrashOf(fault)));
            case PAUSE -> whenUp(fault, node -> pause(node, fault.longOf("for")));
            case CUT -> cut(fault.longOf("links"), fault.longOf("noticed") == 1, fault.longOf("for"));
            case RESET -> {
                note(fault.intOf("node"), fault);
                network.reset(fault.intOf("node"), fault.intOf("peer"));
            }
            case RESET_ALL -> {
                note(fault.intOf("node"), fault);
                for (int peer = 1; peer <= nodes.size(); peer++) {
                    if (peer != fault.intOf("node")) {
                        network.reset(fault.intOf("node"), peer);
                    }
                }
            }
            case SLOW_LINK -> slowLink(fault);
            case HANG -> whenUp(fault, node -> hang(node, fault.longOf("for")));
            case FILL -> fill(fault);
            case ROT -> rot(nodes.get(fault.intOf("node") - 1), fault);
            case FORCE_FAILS -> whenUp(fault, node -> failForce(node, fault));
            case SET_CLOCK -> setClock(fault);
            case CLOCK_RATE -> {
                note(fault.intOf("node"), fault);
                nodes.get(fault.intOf("node") - 1).setClockRate(fault.intOf("permille"));
            }
            case LOSE_DISK -> room.lose(fault);
            case SWAP_DISKS -> room.swap(fault);
        }
    }

    private interface NodeAction {
        void on(SimulatedNode node);
    }

    private void whenUp(Fault fault, NodeAction action) {
        SimulatedNode node = nodes.get(fault.intOf("node") - 1);
        if (node.isUp() && !node.disk().isForeign()) {
            note(fault.intOf("node"), fault);
            action.on(node);
        }
    }

    private void note(int node, Fault fault) {
        timeline.note(time.nowNanos(), node, "! " + fault.toString().replaceFirst("^\\d+ ", ""));
    }

    private static AfterCrash afterCrashOf(Fault fault) {
        return new AfterCrash(fault.intOf("down"), fault.intOf("recovery"));
    }

    /** Within an event, some machine's power failed. */
    void onPowerLost() {
        powerLost = true;
    }

    /** To be called after every event: a node whose power failed during it is dead. */
    void afterEvent() {
        if (!powerLost) {
            return;
        }
        powerLost = false;
        for (int i = 0; i < nodes.size(); i++) {
            SimulatedNode node = nodes.get(i);
            if (node.isUp() && node.disk().hasLostPower()) {
                sightings.met(RareState.NODE_CRASHED_AMID_DISK_OPERATIONS);
                AfterCrash after = afterCrash[i + 1];
                afterCrash[i + 1] = null;
                crash(node, after == null ? AfterCrash.NONE_KNOWN : after);
            }
        }
    }

    private void crash(SimulatedNode node, AfterCrash after) {
        node.crash();
        long up = nodes.stream().filter(SimulatedNode::isUp).count();
        if (up == 0) {
            sightings.met(RareState.ALL_NODES_DOWN);
        } else if (up <= nodes.size() / 2) {
            sightings.met(RareState.MAJORITY_DOWN);
        }
        int starts = node.starts();
        time.schedule(millis(after.downMillis()), "fault-restart", () -> {
            if (!node.isUp() && node.starts() == starts) {
                node.start();
                if (active && after.recoveryOperations() >= 0) {
                    afterCrash[node.id().value()] = new AfterCrash(after.downMillis(), -1);
                    node.disk().losePowerAfter(after.recoveryOperations());
                }
            }
        });
    }

    private void stop(SimulatedNode node, AfterCrash after) {
        node.stop(() -> {
            sightings.met(RareState.NODE_STOPPED);
            crash(node, after);
        });
    }

    private void pause(SimulatedNode node, long forMillis) {
        if (node.isPaused()) {
            return;
        }
        node.pause();
        int pauses = node.pauses();
        time.schedule(millis(forMillis), "fault-resume", () -> {
            if (node.isUp() && node.isPaused() && node.pauses() == pauses) {
                timeline.note(time.nowNanos(), node.id().value(), "goes on");
                node.resume();
            }
        });
    }

    private void hang(SimulatedNode node, long forMillis) {
        if (node.diskHangs()) {
            return;
        }
        node.hangDisk();
        int starts = node.starts();
        time.schedule(millis(forMillis), "fault-unhang", () -> {
            if (node.isUp() && node.starts() == starts && node.diskHangs()) {
                timeline.note(time.nowNanos(), node.id().value(), "disk answers again");
                node.unhangDisk();
            }
        });
    }

    private void fill(Fault fault) {
        note(fault.intOf("node"), fault);
        List<SimulatedNode> filled = fault.intOf("node") == 0 ? nodes : List.of(nodes.get(fault.intOf("node") - 1));
        filled.forEach(node -> node.disk().leaveFree(fault.longOf("mebibytes") << 20));
        time.schedule(
                millis(fault.longOf("for")),
                "fault-free",
                () -> filled.forEach(node -> node.disk().free()));
    }

    /** It goes on whether the node runs or not. */
    private void rot(SimulatedNode node, Fault fault) {
        if (!room.isMinorityHurt(node)) {
            return;
        }
        node.disk().rot(fault.longOf("where"), fault.longOf("sector") == 1).ifPresent(where -> {
            sightings.met(RareState.STORED_BYTES_ROTTED);
            timeline.note(time.nowNanos(), node.id().value(), "! ROT " + where);
        });
    }

    private void setClock(Fault fault) {
        note(fault.intOf("node"), fault);
        nodes.get(fault.intOf("node") - 1).setClock(fault.longOf("by"));
        if (fault.longOf("by") < 0) {
            sightings.met(RareState.CLOCK_WENT_BACK);
        }
    }

    private void failForce(SimulatedNode node, Fault fault) {
        if (fault.longOf("once") == 1) {
            node.disk().failOneForce();
        } else {
            node.disk().failForces();
        }
        int starts = node.starts();
        // Nobody but its operator can help such a node.
        time.schedule(millis(fault.longOf("operator")), "fault-operator", () -> {
            if (node.isUp() && node.starts() == starts) {
                crash(node, new AfterCrash(fault.intOf("down"), -1));
            }
        });
    }

    private void cut(long links, boolean noticed, long forMillis) {
        sightings.met(RareState.LINK_CUT);
        timeline.note(time.nowNanos(), 0, "cut " + describe(links) + " for " + forMillis + " ms");
        forEachLink(links, network::cut);
        sightCut(links);
        if (noticed) {
            forEachLink(links, network::reset);
        }
        time.schedule(millis(forMillis), "fault-heal", () -> forEachLink(links, network::heal));
    }

    private void slowLink(Fault fault) {
        note(fault.intOf("node"), fault);
        int from = fault.intOf("node");
        int to = fault.intOf("peer");
        network.slow(from, to, millis(fault.longOf("by")));
        time.schedule(millis(fault.longOf("for")), "fault-fast", () -> network.slow(from, to, 0));
    }

    private void sightCut(long links) {
        forEachLink(links, (from, to) -> {
            if ((links & link(to, from)) == 0) {
                sightings.met(RareState.ONE_WAY_CUT);
            }
        });
        for (SimulatedNode node : nodes) {
            long reached = nodes.stream()
                    .filter(peer -> network.isOpen(node.id().value(), peer.id().value()))
                    .count();
            if (node.leadsSomething() && reached <= nodes.size() / 2) {
                sightings.met(RareState.LEADER_CUT_OFF);
            }
        }
    }

    private interface LinkAction {
        void accept(int from, int to);
    }

    private void forEachLink(long links, LinkAction action) {
        for (int from = 1; from <= nodes.size(); from++) {
            for (int to = 1; to <= nodes.size(); to++) {
                if ((links & link(from, to)) != 0) {
                    action.accept(from, to);
                }
            }
        }
    }

    private String describe(long links) {
        StringBuilder text = new StringBuilder();
        forEachLink(links, (from, to) -> text.append(text.isEmpty() ? "" : " ")
                .append(from)
                .append('>')
                .append(to));
        return text.toString();
    }

    /** Ends all faults: cuts heal, paused nodes go on, dead ones start again. */
    void mendEverything() {
        active = false;
        timeline.note(time.nowNanos(), 0, "all faults end");
        network.makeReliable();
        room.putDisksBack();
        for (SimulatedNode node : nodes) {
            node.disk().makeReliable();
            if (node.isUp() && node.diskHangs()) {
                node.unhangDisk();
            }
            if (node.isUp() && node.disk().failsForces()) {
                node.crash();
            }
            if (node.isUp() && node.isPaused()) {
                node.resume();
            } else if (!node.isUp()) {
                node.start();
            }
        }
    }

    private static long millis(long millis) {
        return 1_000_000L * millis;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.raft.Prng;
import io.quorate.sim.SimulationOptions.DiskOptions;
import io.quorate.sim.SimulationOptions.FaultOptions;
import java.util.List;

/** Makes the faults of a run, each kind at its own drawn rate, until told to stop; then it mends everything. */
final class FaultInjector {
    private static final int DISK_OPERATIONS_MAX = 40;
    private static final int RECOVERY_CRASH_ONE_IN = 4;
    private static final int RECOVERY_OPERATIONS_MAX = 8;
    private static final int FAILED_DISK_MILLIS_MAX = 3_000;
    private static final int FORCE_FAILURE_MEAN_MILLIS = 2_000;
    private static final int FULL_DISK_FREE_MIB_MIN = 6;

    private final VirtualTime time;
    private final SimulatedNetwork network;
    private final List<SimulatedNode> nodes;
    private final FaultOptions options;
    private final DiskOptions disk;
    private final int criticalMebibytes;
    private final Sightings sightings;
    private final Prng prng;
    private boolean active;

    FaultInjector(
            VirtualTime time,
            SimulatedNetwork network,
            List<SimulatedNode> nodes,
            SimulationOptions options,
            Sightings sightings,
            Prng prng) {
        this.time = time;
        this.network = network;
        this.nodes = nodes;
        this.options = options.faults();
        this.disk = options.disk();
        this.criticalMebibytes = (int) (options.diskLimits().criticalFreeBytes() >> 20);
        this.sightings = sightings;
        this.prng = prng;
    }

    void start() {
        active = true;
        repeat(options.crashMillis(), "fault-crash", this::crashSomeone);
        repeat(options.diskCrashMillis(), "fault-disk-crash", this::crashSomeoneAmidDiskOperations);
        repeat(options.stopMillis(), "fault-stop", this::stopSomeone);
        repeat(options.pauseMillis(), "fault-pause", this::pauseSomeone);
        repeat(options.partitionMillis(), "fault-cut", this::cutSomething);
        repeat(options.resetMillis(), "fault-reset", this::resetSomething);
        repeat(disk.hangMillis(), "fault-hang", this::hangSomeonesDisk);
        repeat(disk.fillMillis(), "fault-fill", this::fillDisks);
        if (disk.forceFailures()) {
            repeat(FORCE_FAILURE_MEAN_MILLIS, "fault-force", this::failSomeonesForce);
        }
    }

    /** Ends all faults: cuts heal, paused nodes go on, dead ones start again. */
    void stop() {
        active = false;
        network.makeReliable();
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

    /** To be called after every event: a node whose power failed during it is dead. */
    void afterEvent() {
        for (SimulatedNode node : nodes) {
            if (node.isUp() && node.disk().hasLostPower()) {
                sightings.met(RareState.NODE_CRASHED_AMID_DISK_OPERATIONS);
                crash(node);
            }
        }
    }

    private void repeat(int meanMillis, String label, Runnable fault) {
        if (meanMillis == 0) {
            return;
        }
        // Exponentially distributed, so that faults of a kind come singly and in bursts.
        double delayMillis = -Math.log(1 - prng.nextDouble()) * meanMillis;
        time.schedule((long) (delayMillis * 1_000_000), label, () -> {
            if (active) {
                fault.run();
                repeat(meanMillis, label, fault);
            }
        });
    }

    private void crashSomeone() {
        SimulatedNode node = someone();
        if (node.isUp()) {
            crash(node);
        }
    }

    private void stopSomeone() {
        SimulatedNode node = someone();
        if (node.isUp()) {
            node.stop(() -> {
                sightings.met(RareState.NODE_STOPPED);
                crash(node);
            });
        }
    }

    private void crash(SimulatedNode node) {
        node.crash();
        if (nodes.stream().noneMatch(SimulatedNode::isUp)) {
            sightings.met(RareState.ALL_NODES_DOWN);
        }
        time.schedule(millis(options.restartMillisMax()), "fault-restart", () -> {
            if (!node.isUp()) {
                restart(node);
            }
        });
    }

    private void restart(SimulatedNode node) {
        node.start();
        if (active && options.diskCrashMillis() > 0 && prng.nextInt(RECOVERY_CRASH_ONE_IN) == 0) {
            node.disk().losePowerAfter(prng.nextInt(RECOVERY_OPERATIONS_MAX));
        }
    }

    private void crashSomeoneAmidDiskOperations() {
        SimulatedNode node = someone();
        if (node.isUp()) {
            node.disk().losePowerAfter(prng.nextInt(DISK_OPERATIONS_MAX));
        }
    }

    private void failSomeonesForce() {
        SimulatedNode node = someone();
        if (node.isUp()) {
            if (prng.nextInt(2) == 0) {
                node.disk().failForces();
            } else {
                node.disk().failOneForce();
            }
            int starts = node.starts();
            // Nobody but its operator can help such a node.
            time.schedule(millis(FAILED_DISK_MILLIS_MAX), "fault-operator", () -> {
                if (node.isUp() && node.starts() == starts) {
                    crash(node);
                }
            });
        }
    }

    private void hangSomeonesDisk() {
        SimulatedNode node = someone();
        if (!node.isUp() || node.diskHangs()) {
            return;
        }
        node.hangDisk();
        int starts = node.starts();
        time.schedule(millis(disk.hangMillisMax()), "fault-unhang", () -> {
            if (node.isUp() && node.starts() == starts && node.diskHangs()) {
                node.unhangDisk();
            }
        });
    }

    /** One disk, or all at once, to somewhere below the critical watermark. */
    private void fillDisks() {
        boolean all = prng.nextInt(3) == 0;
        int mebibytes = FULL_DISK_FREE_MIB_MIN + prng.nextInt(criticalMebibytes - FULL_DISK_FREE_MIB_MIN);
        List<SimulatedNode> filled = all ? nodes : List.of(someone());
        filled.forEach(node -> node.disk().leaveFree((long) mebibytes << 20));
        time.schedule(
                millis(disk.fillMillisMax()),
                "fault-free",
                () -> filled.forEach(node -> node.disk().free()));
    }

    private void pauseSomeone() {
        SimulatedNode node = someone();
        if (!node.isUp() || node.isPaused()) {
            return;
        }
        node.pause();
        int starts = node.starts();
        time.schedule(millis(options.pauseMillisMax()), "fault-resume", () -> {
            if (node.isUp() && node.starts() == starts && node.isPaused()) {
                node.resume();
            }
        });
    }

    /** One node from all others, two halves, one link, or one direction of one link; silently, or as a firewall rejects. */
    private void cutSomething() {
        int count = nodes.size();
        boolean[][] links = new boolean[count + 1][count + 1];
        int kind = prng.nextInt(4);
        int victim = 1 + prng.nextInt(count);
        int other = 1 + prng.nextInt(count);
        boolean oneWay = prng.nextInt(3) == 0;
        long sides = prng.nextLong();
        for (int from = 1; from <= count; from++) {
            for (int to = 1; to <= count; to++) {
                boolean concerned =
                        switch (kind) {
                            case 0 -> from == victim;
                            case 1 -> (sides >> from & 1) == 1 && (sides >> to & 1) == 0;
                            default -> from == victim && to == other;
                        };
                if (concerned && from != to) {
                    links[from][to] = true;
                    links[to][from] |= !oneWay;
                }
            }
        }
        sightings.met(RareState.LINK_CUT);
        forEachLink(links, network::cut);
        if (prng.nextInt(2) == 0) {
            forEachLink(links, network::reset);
        }
        time.schedule(millis(1 + options.partitionMillisMax()), "fault-heal", () -> forEachLink(links, network::heal));
    }

    private interface LinkAction {
        void accept(int from, int to);
    }

    private static void forEachLink(boolean[][] links, LinkAction action) {
        for (int from = 1; from < links.length; from++) {
            for (int to = 1; to < links.length; to++) {
                if (links[from][to]) {
                    action.accept(from, to);
                }
            }
        }
    }

    private void resetSomething() {
        int a = 1 + prng.nextInt(nodes.size());
        int b = 1 + prng.nextInt(nodes.size());
        if (a != b) {
            network.reset(a, b);
        }
    }

    private SimulatedNode someone() {
        return nodes.get(prng.nextInt(nodes.size()));
    }

    private long millis(int most) {
        return 1_000_000L * prng.nextInt(most + 1);
    }
}

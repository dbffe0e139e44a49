/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.ClusterChange;
import io.quorate.node.api.ClusterView.ReplicaRole;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.raft.Prng;
import io.quorate.sim.check.ClusterChecker;
import io.quorate.sim.check.Invariant;
import java.util.ArrayList;
import java.util.List;

/**
 * What happens to whole disks, and the operator who sees to it: a disk that is lost and replaced by an empty one, for which
 * the cluster is asked to take its node back, and two that were mixed up, which are put back.
 *
 * <p>No more is lost at a time than the cluster promises to survive: while one node's disk is not made up for everywhere, it
 * alone may lose another one.
 */
final class MachineRoom {
    private static final int OPERATOR_PAUSE_MILLIS_MAX = 400;
    /** Fewer have no majority without one of them. */
    private static final int NODES_MIN = 3;

    private static final long METADATA_GROUP = 0;

    private final VirtualTime time;
    private final List<SimulatedNode> nodes;
    private final ClusterChecker checker;
    private final Clients clients;
    private final Sightings sightings;
    private final Timeline timeline;
    private final Prng prng;
    private final List<SimulatedNode> lost = new ArrayList<>();
    private final List<SimulatedNode> mixedUp = new ArrayList<>();

    MachineRoom(
            VirtualTime time,
            List<SimulatedNode> nodes,
            ClusterChecker checker,
            Clients clients,
            Sightings sightings,
            Timeline timeline,
            Prng prng) {
        this.time = time;
        this.nodes = nodes;
        this.checker = checker;
        this.clients = clients;
        this.sightings = sightings;
        this.timeline = timeline;
        this.prng = prng;
    }

    // ---- lost

    void lose(Fault fault) {
        SimulatedNode node = nodes.get(fault.intOf("node") - 1);
        boolean mayBeLost = checker.replicas(METADATA_GROUP).size() >= NODES_MIN
                && !node.disk().isForeign()
                && node.hasMemory();
        if (!mayBeLost || !isMinorityHurt(node) || !checker.isWholeWithout(node.id())) {
            return;
        }
        note(node, fault);
        if (node.isUp()) {
            node.crash();
        }
        sightings.met(lost.contains(node) ? RareState.DISK_LOST_AGAIN : RareState.DISK_LOST);
        lost.add(node);
        node.loseDisk();
        startAfter(millis(fault.longOf("down")), List.of(node));
        time.schedule(
                millis(fault.longOf("down") + fault.longOf("operator")), "operator-readmits", () -> readmit(node));
    }

    /** Whether, if this node's disk is hurt too, it is the only one whose loss or rot is not known to be made up for. */
    boolean isMinorityHurt(SimulatedNode node) {
        return nodes.stream()
                .filter(other -> other != node)
                .noneMatch(other -> other.disk().everRotted() || other.isWithoutMemory());
    }

    /** Until it takes part again: it may be lost once more, or die before it has heard of it. */
    private void readmit(SimulatedNode node) {
        readmit(node, 0);
    }

    private void readmit(SimulatedNode node, int at) {
        if (!node.isWithoutMemory()) {
            return;
        }
        boolean barred = node.api()
                .filter(api -> api.view().metadata().role() == ReplicaRole.FAILED)
                .isPresent();
        if (barred) {
            sightings.met(RareState.NODE_WITHOUT_MEMORY_BARRED);
        }
        checker.onReadmissionAsked(node.id());
        ClientPort port = clients.connect(at, prng);
        ClusterChange change = new ClusterChange.ReadmitNode(node.id().value());
        port.call(api -> api.changeCluster(change, answer -> port.reply(() -> onAnswer(node, port, answer))));
        clients.timeout(() -> askAgain(node, port, 0));
    }

    private void onAnswer(SimulatedNode node, ClientPort port, Result<ClusterChange.Accepted> answer) {
        int leader = 0;
        if (answer instanceof Result.Refused<ClusterChange.Accepted> refused) {
            Reason reason = refused.refusal().reason();
            clients.verdict()
                    .require(
                            reason != Reason.INTERNAL && reason != Reason.INVALID_ARGUMENT,
                            Invariant.ANSWER_PLAUSIBLE,
                            "to readmit " + node.id() + " was refused: " + refused.refusal());
            leader = Clients.leaderNamedBy(refused.refusal());
        }
        askAgain(node, port, leader);
    }

    private void askAgain(SimulatedNode node, ClientPort port, int at) {
        if (port.isOpen()) {
            port.close();
            time.schedule(
                    millis(1 + prng.nextInt(OPERATOR_PAUSE_MILLIS_MAX)), "operator-readmits", () -> readmit(node, at));
        }
    }

    // ---- mixed up

    void swap(Fault fault) {
        SimulatedNode one = nodes.get(fault.intOf("node") - 1);
        SimulatedNode other = nodes.get(fault.intOf("peer") - 1);
        // Not in the midst of another exchange; and a disk that nobody has written to belongs to nobody.
        if (!mixedUp.isEmpty() || !one.hasMemory() || !other.hasMemory()) {
            return;
        }
        note(one, fault);
        for (SimulatedNode node : List.of(one, other)) {
            if (node.isUp()) {
                node.crash();
            }
        }
        // The crash may have taken all that a node had written until then.
        if (one.hasMemory() && other.hasMemory()) {
            mixedUp.add(one);
            mixedUp.add(other);
            one.disk().putIn(other.disk());
            other.disk().putIn(one.disk());
        }
        startAfter(millis(fault.longOf("down")), List.of(one, other));
        time.schedule(millis(fault.longOf("down") + fault.longOf("operator")), "operator-swaps", () -> {
            if (mixedUp.contains(one)) {
                putDisksBack();
                start(one);
                start(other);
            }
        });
    }

    /** Every machine that has another's disk has its own again; those whose disk it was are down. */
    void putDisksBack() {
        for (SimulatedNode node : mixedUp) {
            if (node.isUp()) {
                node.crash();
            }
            node.disk().putBack();
        }
        mixedUp.clear();
    }

    /** Those that nobody has started before, for they may be down for another reason then. */
    private void startAfter(long nanos, List<SimulatedNode> down) {
        for (SimulatedNode node : down) {
            int starts = node.starts();
            time.schedule(nanos, "fault-restart", () -> {
                if (node.starts() == starts) {
                    start(node);
                }
            });
        }
    }

    private void start(SimulatedNode node) {
        if (!node.isUp()) {
            node.start();
        }
    }

    private void note(SimulatedNode node, Fault fault) {
        timeline.note(
                time.nowNanos(), node.id().value(), "! " + fault.toString().replaceFirst("^\\d+ ", ""));
    }

    private static long millis(long millis) {
        return 1_000_000L * millis;
    }
}

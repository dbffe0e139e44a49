/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.Refusal;
import io.quorate.raft.Prng;
import io.quorate.sim.SimulationOptions.WorkloadOptions;
import io.quorate.sim.check.ClusterChecker;
import java.util.List;

/** What all clients of a run share: how to reach nodes, how long to wait, and who judges the answers. */
final class Clients {
    private static final int LATENCY_MICROS_MAX = 5_000;
    private static final int BACKOFF_MILLIS_MAX = 60;

    private final VirtualTime time;
    private final List<SimulatedNode> nodes;
    private final ClusterChecker checker;
    private final Verdict verdict;
    private final Sightings sightings;
    private final WorkloadOptions options;

    Clients(
            VirtualTime time,
            List<SimulatedNode> nodes,
            ClusterChecker checker,
            Verdict verdict,
            Sightings sightings,
            WorkloadOptions options) {
        this.time = time;
        this.nodes = nodes;
        this.checker = checker;
        this.verdict = verdict;
        this.sightings = sightings;
        this.options = options;
    }

    VirtualTime time() {
        return time;
    }

    ClusterChecker checker() {
        return checker;
    }

    Verdict verdict() {
        return verdict;
    }

    Sightings sightings() {
        return sightings;
    }

    WorkloadOptions options() {
        return options;
    }

    /** A connection to this node, or to any if it is 0. */
    ClientPort connect(int nodeId, Prng prng) {
        SimulatedNode node = nodes.get(nodeId > 0 ? nodeId - 1 : prng.nextInt(nodes.size()));
        return new ClientPort(time, node, 1_000L * (1 + prng.nextInt(LATENCY_MICROS_MAX)));
    }

    /** Runs {@code retry} after a short random pause. */
    void backOff(Prng prng, Runnable retry) {
        time.schedule(1_000_000L * (1 + prng.nextInt(BACKOFF_MILLIS_MAX)), "client-backoff", retry);
    }

    /** Runs {@code onTimeout} when a request has had no answer for too long. */
    VirtualTime.Event timeout(Runnable onTimeout) {
        return time.schedule(1_000_000L * options.timeoutMillis(), "client-timeout", onTimeout);
    }

    /** The node to ask next: the leader that a refusal names, else 0 for any. */
    static int leaderNamedBy(Refusal refusal) {
        String leader = refusal.metadata().getOrDefault("leader_id", "0");
        return leader.isEmpty() ? 0 : Integer.parseInt(leader);
    }

    void count(Refusal refusal) {
        switch (refusal.reason()) {
            case NOT_LEADER, NO_LEADER -> sightings.met(RareState.APPEND_REFUSED_BY_FOLLOWER);
            case LEADERSHIP_LOST -> sightings.met(RareState.APPEND_LOST_WITH_LEADERSHIP);
            case OVERLOADED -> sightings.met(RareState.APPEND_REFUSED_AS_OVERLOADED);
            case FENCED -> sightings.met(RareState.APPEND_REFUSED_AS_FENCED);
            case OUT_OF_SEQUENCE -> sightings.met(RareState.APPEND_REFUSED_OUT_OF_SEQUENCE);
            default -> {}
        }
    }
}

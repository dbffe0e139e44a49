/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.TopicSettings;
import io.quorate.raft.Prng;
import io.quorate.sim.SimulationOptions.WorkloadOptions;
import io.quorate.sim.check.ClusterChecker;
import io.quorate.sim.check.Invariant;
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
    private final int retentionMillis;

    Clients(
            VirtualTime time,
            List<SimulatedNode> nodes,
            ClusterChecker checker,
            Verdict verdict,
            Sightings sightings,
            WorkloadOptions options,
            int retentionMillis) {
        this.time = time;
        this.nodes = nodes;
        this.checker = checker;
        this.verdict = verdict;
        this.sightings = sightings;
        this.options = options;
        this.retentionMillis = retentionMillis;
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

    /** Of every topic that is made. */
    TopicSettings topicSettings() {
        return new TopicSettings(0, retentionMillis, options.retentionBytes());
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

    /**
     * Judges a refusal of a request for a partition that exists: its group has been given, so whatever the node knows, it
     * cannot know that there is no such topic, or a newer one.
     */
    void requireNotGone(String who, Refusal refusal) {
        verdict.require(
                refusal.reason() != Reason.UNKNOWN_TOPIC
                        && refusal.reason() != Reason.UNKNOWN_PARTITION
                        && refusal.reason() != Reason.TOPIC_RECREATED,
                Invariant.ANSWER_PLAUSIBLE,
                who + " means a topic that exists, but was refused: " + refusal);
    }

    void count(Refusal refusal) {
        switch (refusal.reason()) {
            case NOT_LEADER, NO_LEADER -> sightings.met(RareState.APPEND_REFUSED_BY_FOLLOWER);
            case LEADERSHIP_LOST -> sightings.met(RareState.APPEND_LOST_WITH_LEADERSHIP);
            case OVERLOADED -> sightings.met(RareState.APPEND_REFUSED_AS_OVERLOADED);
            case DISK_FULL -> sightings.met(RareState.APPEND_REFUSED_AS_DISK_FULL);
            case FENCED -> sightings.met(RareState.APPEND_REFUSED_AS_FENCED);
            case OUT_OF_SEQUENCE -> sightings.met(RareState.APPEND_REFUSED_OUT_OF_SEQUENCE);
            default -> {}
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.Message;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Watches what a leader may know of its own leadership (thesis §6.4): which rounds of heartbeats left when, and who has
 * answered which of them. Sees messages only, and counts ticks itself.
 */
final class ReadConfirmations {
    private final Map<NodeId, Long> ticks = new HashMap<>();
    private final Map<Long, Leadership> leaderships = new HashMap<>();

    /** A read of a leader's own driver: the last round that had left when it was asked for, and when that was. */
    record Asked(long term, long lastRound, long tick) {}

    private static final class Leadership {
        private final Map<Long, Long> tickOfRound = new HashMap<>();
        private final Map<NodeId, Long> answered = new HashMap<>();
        private long lastRound;
    }

    void onTick(NodeId member) {
        ticks.merge(member, 1L, Long::sum);
    }

    void onSent(NodeId leader, Message message) {
        if (message instanceof Heartbeat heartbeat) {
            Leadership leadership = of(heartbeat.term());
            leadership.lastRound = Math.max(leadership.lastRound, heartbeat.round());
            leadership.tickOfRound.putIfAbsent(heartbeat.round(), ticksOf(leader));
        }
    }

    /** An answer reaches whoever leads the term that it is of. */
    void onDelivered(NodeId from, Message message) {
        if (message instanceof HeartbeatResponse response) {
            of(response.term()).answered.merge(from, response.round(), Math::max);
        }
    }

    Asked asked(NodeId leader, long term) {
        return new Asked(term, of(term).lastRound, ticksOf(leader));
    }

    /**
     * Whether a read may be answered: some quorum has answered a round that left after it was asked for, or one that left
     * less than a lease before that.
     *
     * @param isQuorum   of those for which its argument holds
     * @param leaseTicks 0: without leases
     */
    boolean isConfirmed(Asked read, NodeId leader, Predicate<Predicate<NodeId>> isQuorum, int leaseTicks) {
        Leadership leadership = of(read.term());
        for (Map.Entry<Long, Long> round : leadership.tickOfRound.entrySet()) {
            boolean isRecent = round.getKey() > read.lastRound() || round.getValue() + leaseTicks > read.tick();
            if (isRecent
                    && isQuorum.test(voter ->
                            voter.equals(leader) || leadership.answered.getOrDefault(voter, 0L) >= round.getKey())) {
                return true;
            }
        }
        return isQuorum.test(leader::equals);
    }

    private long ticksOf(NodeId member) {
        return ticks.getOrDefault(member, 0L);
    }

    private Leadership of(long term) {
        return leaderships.computeIfAbsent(term, ignored -> new Leadership());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

/**
 * Limits and timeouts of one group. Ticks are as long as the driver makes them.
 *
 * @param electionTimeoutTicks  minimum silence of the leader before a follower campaigns; the actual timeout is drawn
 *                              from [this, 2 × this) anew each time
 * @param heartbeatTicks        ticks between a leader's heartbeats; well below {@code electionTimeoutTicks}
 * @param maxAppendBytes        soft limit of one append message, in {@code LogEntry.sizeBytes()}; one entry always goes
 * @param maxInflightBytes      un-acknowledged bytes on the way to one follower
 * @param maxInflightAppends    un-acknowledged append messages on the way to one follower
 * @param maxUncommittedBytes   entries a leader takes before they commit; more is refused as Overloaded
 * @param tailBytes             durable and applied entries kept in memory for followers and readers; a leader keeps up to twice
 *                              as much while a follower that is served from memory still lacks the oldest of them
 * @param leaseTicks            0: a leader asks a majority before each read, and no clock is trusted. Else it answers reads
 *                              without asking for so many ticks after a round of heartbeats that a majority has answered,
 *                              and who heard it does not vote for others for {@code electionTimeoutTicks}. Safe only while
 *                              the ticks of no two members differ in length by more than a factor of
 *                              {@code (electionTimeoutTicks - 1) / leaseTicks}, and every driver calls
 *                              {@link RaftCore#timeLost} before it asks for a read index when ticks are due that it has
 *                              not delivered, above all after its process was stopped. The same on all members. At most {@code electionTimeoutTicks - 2}
 * @param quiesceAfterTicks     a group in which nothing has happened for so long quiesces: no member ticks or sends until
 *                              something wakes it. 0: never. A driver that allows it tells of silent peers, see
 *                              {@link RaftCore#silent}
 */
public record RaftConfig(
        int electionTimeoutTicks,
        int heartbeatTicks,
        int maxAppendBytes,
        int maxInflightBytes,
        int maxInflightAppends,
        int maxUncommittedBytes,
        int tailBytes,
        int leaseTicks,
        int quiesceAfterTicks) {
    public RaftConfig {
        if (heartbeatTicks < 1 || electionTimeoutTicks < 2 * heartbeatTicks) {
            throw new IllegalArgumentException("election timeout of " + electionTimeoutTicks
                    + " ticks must be at least twice the heartbeat interval of " + heartbeatTicks);
        }
        if (maxAppendBytes < 1
                || maxInflightBytes < 1
                || maxInflightAppends < 1
                || maxUncommittedBytes < 1
                || tailBytes < 0
                || quiesceAfterTicks < 0) {
            throw new IllegalArgumentException("limits must be positive");
        }
        if (leaseTicks < 0 || leaseTicks > Math.max(0, electionTimeoutTicks - 2)) {
            throw new IllegalArgumentException(
                    "a lease of " + leaseTicks + " ticks must be 0, or leave a margin of 2 to the"
                            + " election timeout of " + electionTimeoutTicks);
        }
    }

    /** Groups never quiesce. */
    public RaftConfig(
            int electionTimeoutTicks,
            int heartbeatTicks,
            int maxAppendBytes,
            int maxInflightBytes,
            int maxInflightAppends,
            int maxUncommittedBytes,
            int tailBytes,
            int leaseTicks) {
        this(
                electionTimeoutTicks,
                heartbeatTicks,
                maxAppendBytes,
                maxInflightBytes,
                maxInflightAppends,
                maxUncommittedBytes,
                tailBytes,
                leaseTicks,
                0);
    }

    /** Without leases; groups never quiesce. */
    public RaftConfig(
            int electionTimeoutTicks,
            int heartbeatTicks,
            int maxAppendBytes,
            int maxInflightBytes,
            int maxInflightAppends,
            int maxUncommittedBytes,
            int tailBytes) {
        this(
                electionTimeoutTicks,
                heartbeatTicks,
                maxAppendBytes,
                maxInflightBytes,
                maxInflightAppends,
                maxUncommittedBytes,
                tailBytes,
                0);
    }

    /** The same, but idle groups quiesce after so many ticks; 0: never. */
    public RaftConfig quiescingAfter(int ticks) {
        return new RaftConfig(
                electionTimeoutTicks,
                heartbeatTicks,
                maxAppendBytes,
                maxInflightBytes,
                maxInflightAppends,
                maxUncommittedBytes,
                tailBytes,
                leaseTicks,
                ticks);
    }

    /** The same, but with leases of so many ticks; 0: none. */
    public RaftConfig withLeases(int ticks) {
        return new RaftConfig(
                electionTimeoutTicks,
                heartbeatTicks,
                maxAppendBytes,
                maxInflightBytes,
                maxInflightAppends,
                maxUncommittedBytes,
                tailBytes,
                ticks,
                quiesceAfterTicks);
    }

    boolean usesLeases() {
        return leaseTicks > 0;
    }
}

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
 * @param tailBytes             durable and applied entries kept in memory for followers and readers
 */
public record RaftConfig(
        int electionTimeoutTicks,
        int heartbeatTicks,
        int maxAppendBytes,
        int maxInflightBytes,
        int maxInflightAppends,
        int maxUncommittedBytes,
        int tailBytes) {
    public RaftConfig {
        if (heartbeatTicks < 1 || electionTimeoutTicks < 2 * heartbeatTicks) {
            throw new IllegalArgumentException("election timeout of " + electionTimeoutTicks
                    + " ticks must be at least twice the heartbeat interval of " + heartbeatTicks);
        }
        if (maxAppendBytes < 1
                || maxInflightBytes < 1
                || maxInflightAppends < 1
                || maxUncommittedBytes < 1
                || tailBytes < 0) {
            throw new IllegalArgumentException("limits must be positive");
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;

/**
 * Keeps followers from campaigning: until their time is up, or, if they quiesce, until something wakes them.
 *
 * @param term        the leader's term
 * @param commitIndex never above what this follower is known to match
 * @param round       increases with every round of this leadership and is never reused: confirms reads
 * @param quiesce     nothing is going on in the group: the follower may stop to count time if it agrees
 */
public record Heartbeat(long term, long commitIndex, long round, boolean quiesce) implements Message {
    /** Of a group that is awake. */
    public Heartbeat(long term, long commitIndex, long round) {
        this(term, commitIndex, round, false);
    }

    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onHeartbeat(from, this);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;

/**
 * Keeps followers from campaigning.
 *
 * @param term        the leader's term
 * @param commitIndex never above what this follower is known to match
 * @param round       increases with every round of this leadership and is never reused: confirms reads
 */
public record Heartbeat(long term, long commitIndex, long round) implements Message {
    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onHeartbeat(from, this);
    }
}

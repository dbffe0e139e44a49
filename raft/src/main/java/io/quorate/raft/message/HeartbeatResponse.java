/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;

/**
 * Answer to a heartbeat; or, unasked and for round 0, word to the leader that a follower that had quiesced counts time
 * again.
 *
 * @param term      the receiver's term; above the heartbeat's term it fences the sender
 * @param round     the round that is answered; 0: none
 * @param quiescent the follower has stopped to count time, as it was asked to
 */
public record HeartbeatResponse(long term, long round, boolean quiescent) implements Message {
    /** Of a follower that is awake. */
    public HeartbeatResponse(long term, long round) {
        this(term, round, false);
    }

    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onHeartbeatResponse(from, this);
    }
}

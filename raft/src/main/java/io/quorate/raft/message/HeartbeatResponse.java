/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;

/**
 * Answer to a heartbeat.
 *
 * @param term  the receiver's term; above the heartbeat's term it fences the sender
 * @param round the round that is answered
 */
public record HeartbeatResponse(long term, long round) implements Message {
    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onHeartbeatResponse(from, this);
    }
}

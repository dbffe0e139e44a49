/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;

/**
 * "You have all that I have: campaign now" (thesis §3.10). Sent by a leader that hands over its leadership.
 *
 * @param term the leader's term
 */
public record TimeoutNow(long term) implements Message {
    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onTimeoutNow(from, this);
    }
}

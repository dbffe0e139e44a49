/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;

/**
 * The receiver's log equals the leader's up to {@code matchIndex} and all of that is durable at the receiver. Cumulative.
 *
 * @param term       the term in which it was checked
 * @param matchIndex highest index known equal and durable
 */
public record AppendAccepted(long term, long matchIndex) implements Message {
    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onAppendAccepted(from, this);
    }
}

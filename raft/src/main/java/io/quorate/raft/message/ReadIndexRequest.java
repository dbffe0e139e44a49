/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;

/**
 * A follower asks its leader from which index on a read that begins now is safe (thesis §6.4).
 *
 * @param term   the follower's term
 * @param readId never used twice by any incarnation of the follower within the term
 */
public record ReadIndexRequest(long term, long readId) implements Message {
    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onReadIndexRequest(from, this);
    }
}

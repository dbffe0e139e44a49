/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;

/**
 * Answer to a pre-vote.
 *
 * @param term    granted: the term that was asked about; refused: the receiver's own term, so that a sender that is
 *                behind learns it
 * @param granted whether the receiver would vote
 */
public record PreVoteResponse(long term, boolean granted) implements Message {
    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onPreVoteResponse(from, this);
    }
}

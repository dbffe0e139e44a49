/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;

/**
 * Answer to a vote request. A grant leaves only after the vote is durable.
 *
 * @param term    the voter's term
 * @param granted whether the vote was given
 */
public record VoteResponse(long term, boolean granted) implements Message {
    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onVoteResponse(from, this);
    }
}

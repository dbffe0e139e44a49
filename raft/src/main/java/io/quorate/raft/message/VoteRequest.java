/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.NodeId;

/**
 * A candidate's request (paper §5.2). Leaves only after the candidate's own term and vote are durable.
 *
 * @param term      the candidate's term
 * @param lastEntry the last entry of its log
 * @param transfer  whether the leader itself has asked for the campaign, so that none of its leases stands against it
 */
public record VoteRequest(long term, EntryId lastEntry, boolean transfer) implements Message {
    /** Of a candidate that campaigns on its own account. */
    public VoteRequest(long term, EntryId lastEntry) {
        this(term, lastEntry, false);
    }

    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onVoteRequest(from, this);
    }
}

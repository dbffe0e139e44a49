/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.NodeId;

/**
 * "Would you vote for me in this term?" Changes nothing at the receiver (thesis §9.6).
 *
 * @param term      the term the sender would campaign in: one above its own
 * @param lastEntry the last entry of the sender's log
 */
public record PreVoteRequest(long term, EntryId lastEntry) implements Message {
    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onPreVoteRequest(from, this);
    }
}

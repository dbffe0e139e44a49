/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.NodeId;

/**
 * {@code previous} of an append was not in the receiver's log, or the sender's term is old.
 *
 * @param term          the receiver's term; above the request's term it fences the sender
 * @param rejectedIndex index of the {@code previous} that was refused
 * @param hint          the greatest entry of the receiver's log that may match: its last entry, or the last one whose
 *                      term is not above the refused one, so that each round trip skips a whole term
 */
public record AppendRejected(long term, long rejectedIndex, EntryId hint) implements Message {
    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onAppendRejected(from, this);
    }
}

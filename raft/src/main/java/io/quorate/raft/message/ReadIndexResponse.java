/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;

/**
 * Answer to a {@link ReadIndexRequest}.
 *
 * @param term    the sender's term
 * @param readId  what was asked
 * @param granted false if the sender does not lead, or has too many reads waiting already
 * @param index   granted: committed; whoever has applied it sees all that was committed when the question arrived
 */
public record ReadIndexResponse(long term, long readId, boolean granted, long index) implements Message {
    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onReadIndexResponse(from, this);
    }
}

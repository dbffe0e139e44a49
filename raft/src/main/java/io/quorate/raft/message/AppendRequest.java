/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import java.util.List;

/**
 * Entries to append after {@code previous} (paper §5.3). An empty list probes for the match.
 *
 * @param term        the leader's term
 * @param previous    the entry that must be in the receiver's log just before {@code entries}
 * @param entries     contiguous, from {@code previous.index() + 1}; may be empty
 * @param commitIndex the leader's commit index
 */
public record AppendRequest(long term, EntryId previous, List<LogEntry> entries, long commitIndex) implements Message {
    public AppendRequest {
        entries = List.copyOf(entries);
    }

    /** The index of the last entry that the receiver holds for certain when it accepts. */
    public long lastIndex() {
        return previous.index() + entries.size();
    }

    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onAppendRequest(from, this);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What must reach the disk, in this order: hard state, replacement, truncation, entries; then one force; then
 * {@code RaftCore.persisted(sequence)}. Several may be in flight; they are written in the order of their sequence.
 *
 * @param sequence     rises by one with every non-empty persist; an empty one carries the latest issued sequence
 * @param hardState    to be made durable, if it changed
 * @param replacement  takes the place of the whole log, which goes on after its last entry. From when this is handed out
 *                     until {@link Outputs#restore} nothing may be applied or read from the log any more
 * @param truncateFrom first index to forget, if a conflicting suffix was found (paper §5.3)
 * @param entries      contiguous
 */
public record Persist(
        long sequence,
        Optional<HardState> hardState,
        Optional<GroupSnapshot> replacement,
        OptionalLong truncateFrom,
        List<LogEntry> entries) {
    public Persist {
        entries = List.copyOf(entries);
    }

    /** Of a log that goes on as it is. */
    public Persist(long sequence, Optional<HardState> hardState, OptionalLong truncateFrom, List<LogEntry> entries) {
        this(sequence, hardState, Optional.empty(), truncateFrom, entries);
    }

    public boolean isEmpty() {
        return hardState.isEmpty() && replacement.isEmpty() && truncateFrom.isEmpty() && entries.isEmpty();
    }

    /** Of its entries ({@link LogEntry#sizeBytes}). */
    public long sizeBytes() {
        long bytes = 0;
        for (LogEntry entry : entries) {
            bytes += entry.sizeBytes();
        }
        return bytes;
    }
}

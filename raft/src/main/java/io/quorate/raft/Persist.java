/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What must reach the disk, in this order: hard state, truncation, entries; then one force; then
 * {@code RaftCore.persisted(sequence)}. Several may be in flight; they are written in the order of their sequence.
 *
 * @param sequence     rises by one with every non-empty persist; an empty one carries the latest issued sequence
 * @param hardState    to be made durable, if it changed
 * @param truncateFrom first index to forget, if a conflicting suffix was found (paper §5.3)
 * @param entries      contiguous
 */
public record Persist(long sequence, Optional<HardState> hardState, OptionalLong truncateFrom, List<LogEntry> entries) {
    public Persist {
        entries = List.copyOf(entries);
    }

    public boolean isEmpty() {
        return hardState.isEmpty() && truncateFrom.isEmpty() && entries.isEmpty();
    }
}

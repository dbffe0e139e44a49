/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.RecoveredLog;
import io.quorate.raft.log.TermStarts;
import java.util.ArrayList;
import java.util.List;

/** A member's disk in memory: what was written stays, whatever happens to the process. */
final class SimDisk {
    private HardState hardState = HardState.INITIAL;
    private final List<LogEntry> entries = new ArrayList<>();

    SimDisk() {}

    SimDisk(HardState hardState, List<LogEntry> entries) {
        this.hardState = hardState;
        this.entries.addAll(entries);
    }

    void write(Persist persist) {
        persist.hardState().ifPresent(newHardState -> hardState = newHardState);
        persist.truncateFrom().ifPresent(this::truncate);
        for (LogEntry entry : persist.entries()) {
            if (entry.index() != entries.size() + 1) {
                throw new AssertionError("entry " + entry.id() + " written after index " + entries.size());
            }
            entries.add(entry);
        }
    }

    private void truncate(long fromIndex) {
        while (entries.size() >= fromIndex) {
            entries.remove(entries.size() - 1);
        }
    }

    HardState hardState() {
        return hardState;
    }

    List<LogEntry> entries() {
        return entries;
    }

    long lastIndex() {
        return entries.size();
    }

    boolean holds(EntryId id) {
        return id.index() == 0
                || (id.index() <= entries.size()
                        && entries.get((int) id.index() - 1).id().equals(id));
    }

    /** Entries from {@code fromIndex} on, at most {@code maxBytes} but at least one if there is one. */
    List<LogEntry> read(long fromIndex, int maxBytes) {
        List<LogEntry> read = new ArrayList<>();
        long bytes = 0;
        for (long index = fromIndex; index <= entries.size(); index++) {
            LogEntry entry = entries.get((int) index - 1);
            bytes += entry.sizeBytes();
            if (!read.isEmpty() && bytes > maxBytes) {
                break;
            }
            read.add(entry);
        }
        return read;
    }

    RecoveredLog recover() {
        TermStarts terms = new TermStarts(EntryId.NONE);
        entries.forEach(entry -> terms.append(entry.id()));
        long nextOffset =
                entries.isEmpty() ? 0 : entries.get(entries.size() - 1).nextOffset();
        return new RecoveredLog(hardState, terms, nextOffset);
    }
}

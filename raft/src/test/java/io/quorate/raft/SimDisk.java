/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.RecoveredLog;
import io.quorate.raft.log.TermStarts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A member's disk in memory: what was written stays, whatever happens to the process. Its log may begin anywhere. */
final class SimDisk {
    private HardState hardState = HardState.INITIAL;
    private final List<LogEntry> entries = new ArrayList<>();
    /** The entry before the first one. */
    private EntryId before = EntryId.NONE;

    private long offsetBefore;
    private Optional<GroupSnapshot> snapshot = Optional.empty();

    SimDisk() {}

    SimDisk(HardState hardState, List<LogEntry> entries) {
        this.hardState = hardState;
        this.entries.addAll(entries);
    }

    void write(Persist persist) {
        persist.hardState().ifPresent(newHardState -> hardState = newHardState);
        persist.replacement().ifPresent(this::replace);
        persist.truncateFrom().ifPresent(this::truncate);
        for (LogEntry entry : persist.entries()) {
            if (entry.index() != lastIndex() + 1) {
                throw new AssertionError("entry " + entry.id() + " written after index " + lastIndex());
            }
            entries.add(entry);
        }
    }

    private void replace(GroupSnapshot replacement) {
        snapshot = Optional.of(replacement);
        before = replacement.last();
        offsetBefore = replacement.nextOffset();
        entries.clear();
    }

    void save(GroupSnapshot newest) {
        snapshot = Optional.of(newest);
    }

    Optional<GroupSnapshot> snapshot() {
        return snapshot;
    }

    /** Forgets all before {@code firstKept}. */
    void trim(long firstKept) {
        while (!entries.isEmpty() && entries.get(0).index() < firstKept) {
            LogEntry first = entries.remove(0);
            before = first.id();
            offsetBefore = first.nextOffset();
        }
    }

    private void truncate(long fromIndex) {
        while (lastIndex() >= fromIndex) {
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
        return before.index() + entries.size();
    }

    EntryId before() {
        return before;
    }

    /** Whether the entry is in the log, or in what stands in for its beginning. */
    boolean holds(EntryId id) {
        return id.index() <= before.index()
                || (id.index() <= lastIndex() && entryAt(id.index()).id().equals(id));
    }

    private LogEntry entryAt(long index) {
        return entries.get((int) (index - before.index() - 1));
    }

    /** Entries from {@code fromIndex} on, at most {@code maxBytes} but at least one if there is one. */
    List<LogEntry> read(long fromIndex, int maxBytes) {
        List<LogEntry> read = new ArrayList<>();
        long bytes = 0;
        for (long index = fromIndex; index > before.index() && index <= lastIndex(); index++) {
            LogEntry entry = entryAt(index);
            bytes += entry.sizeBytes();
            if (!read.isEmpty() && bytes > maxBytes) {
                break;
            }
            read.add(entry);
        }
        return read;
    }

    RecoveredLog recover() {
        TermStarts terms = new TermStarts(before);
        entries.forEach(entry -> terms.append(entry.id()));
        long nextOffset = entries.isEmpty()
                ? offsetBefore
                : entries.get(entries.size() - 1).nextOffset();
        return new RecoveredLog(hardState, terms, nextOffset);
    }
}

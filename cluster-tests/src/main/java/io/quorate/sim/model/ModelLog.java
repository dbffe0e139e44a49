/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.model;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A log as the model has it: a list. */
final class ModelLog {
    private final List<LogEntry> entries;

    ModelLog() {
        this(List.of());
    }

    ModelLog(List<LogEntry> entries) {
        this.entries = new ArrayList<>(entries);
    }

    ModelLog copy() {
        return new ModelLog(entries);
    }

    long lastIndex() {
        return entries.size();
    }

    EntryId last() {
        return idAt(lastIndex());
    }

    /** {@link EntryId#NONE} at 0. */
    EntryId idAt(long index) {
        return index == 0 ? EntryId.NONE : entries.get((int) index - 1).id();
    }

    Optional<LogEntry> entry(long index) {
        return index >= 1 && index <= lastIndex() ? Optional.of(entries.get((int) index - 1)) : Optional.empty();
    }

    /** Whether this id is in the log; the id before the first entry always is. */
    boolean holds(EntryId id) {
        return id.index() <= lastIndex() && idAt(id.index()).equals(id);
    }

    void append(LogEntry entry) {
        entries.add(entry);
    }

    void truncateSuffix(long fromIndex) {
        while (lastIndex() >= fromIndex) {
            entries.remove(entries.size() - 1);
        }
    }

    /** The last entry whose term is below this one. */
    EntryId lastBelowTerm(long term) {
        long index = lastIndex();
        while (index > 0 && idAt(index).term() >= term) {
            index--;
        }
        return idAt(index);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ModelLog that && entries.equals(that.entries);
    }

    @Override
    public int hashCode() {
        return entries.hashCode();
    }

    @Override
    public String toString() {
        return lastIndex() + " entries, the last one " + last();
    }
}

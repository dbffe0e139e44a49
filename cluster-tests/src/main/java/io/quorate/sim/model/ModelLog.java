/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.model;

import io.quorate.raft.Membership;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** A log as the model has it: a list, from index 1 on whatever was trimmed, and the memberships that are in it. */
final class ModelLog {
    private final List<LogEntry> entries;
    private final TreeMap<Long, Membership> memberships = new TreeMap<>();

    ModelLog() {
        this(List.of());
    }

    ModelLog(List<LogEntry> entries) {
        this.entries = new ArrayList<>(entries.size() + 16);
        entries.forEach(this::append);
    }

    ModelLog copy() {
        ModelLog copy = new ModelLog();
        copy.entries.addAll(entries);
        copy.memberships.putAll(memberships);
        return copy;
    }

    /** The latest one that is in the log; empty if it was never changed. */
    Optional<Membership> membership() {
        return memberships.isEmpty()
                ? Optional.empty()
                : Optional.of(memberships.lastEntry().getValue());
    }

    /** The entry that brought {@link #membership}; 0 if none did. */
    long membershipIndex() {
        return memberships.isEmpty() ? 0 : memberships.lastKey();
    }

    /** Becomes another log. */
    void replaceBy(List<LogEntry> others) {
        entries.clear();
        memberships.clear();
        others.forEach(this::append);
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
        if (entry.type() == EntryType.MEMBERSHIP) {
            Membership.decode(entry.payload()).ifPresent(membership -> memberships.put(entry.index(), membership));
        }
    }

    void truncateSuffix(long fromIndex) {
        while (lastIndex() >= fromIndex) {
            entries.remove(entries.size() - 1);
        }
        memberships.tailMap(fromIndex, true).clear();
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

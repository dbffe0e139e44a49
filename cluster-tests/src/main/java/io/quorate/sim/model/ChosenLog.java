/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.model;

import static io.quorate.sim.check.Violation.require;

import io.quorate.raft.Membership;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.sim.check.Invariant;
import java.util.ArrayList;
import java.util.List;

/** What is committed in a group, whether or not anybody knows: it grows at its end, and is the same for ever. */
final class ChosenLog {
    private final long groupId;
    private final List<LogEntry> entries = new ArrayList<>();
    /** For each entry the term whose leader's log a quorum had accepted up to it. */
    private final List<Long> chosenIn = new ArrayList<>();

    private Membership membership;
    private boolean hadOneVoter;

    /** @param initial before the first change */
    ChosenLog(long groupId, Membership initial) {
        this.groupId = groupId;
        this.membership = initial;
        this.hadOneVoter = initial.voters().size() == 1;
    }

    /** @param term whose leader's log has been accepted by a quorum up to this entry; not below the entry's own */
    void append(LogEntry entry, long term) {
        entries.add(entry);
        chosenIn.add(term);
        if (entry.type() == EntryType.MEMBERSHIP) {
            membership = Membership.decode(entry.payload()).orElse(membership);
            hadOneVoter |= membership.voters().size() == 1;
        }
    }

    long lastIndex() {
        return entries.size();
    }

    /** {@link EntryId#NONE} if nothing is chosen. */
    EntryId last() {
        return entries.isEmpty()
                ? EntryId.NONE
                : entries.get(entries.size() - 1).id();
    }

    /** @param index from 1 to {@link #lastIndex} */
    LogEntry entry(long index) {
        return entries.get((int) index - 1);
    }

    /** The first ones, up to this index. */
    List<LogEntry> upTo(long index) {
        return List.copyOf(entries.subList(0, (int) index));
    }

    boolean holds(LogEntry entry) {
        return entry.index() <= lastIndex() && entry(entry.index()).equals(entry);
    }

    /** Whether anything was created in this term. Terms do not fall along a log. */
    boolean hasEntryOf(long term) {
        long index = lastIndex();
        while (index > 0 && entry(index).term() > term) {
            index--;
        }
        return index > 0 && entry(index).term() == term;
    }

    /** Something else is chosen in its place, or something before it that no log can have together with it. */
    boolean canNeverHold(LogEntry entry) {
        long known = Math.min(entry.index(), lastIndex());
        return known > 0
                && (known == entry.index()
                        ? !entry(known).equals(entry)
                        : entry(known).term() > entry.term());
    }

    /** The latest one that is chosen. */
    Membership membership() {
        return membership;
    }

    /** Whether a member has ever committed entries that it had told nobody of. */
    boolean hadOneVoter() {
        return hadOneVoter;
    }

    // ---- what follows for members

    /** The member calls everything up to this index committed. */
    void requireCommitted(NodeId node, long term, long commitIndex) {
        require(
                commitIndex <= lastIndex(),
                Invariant.COMMITS_WHAT_IS_CHOSEN,
                "%s of group %d in term %d commits index %d, but only %d entries are accepted by a quorum in their term",
                node,
                groupId,
                term,
                commitIndex,
                lastIndex());
    }

    /** The member has to do with a snapshot that ends here. */
    void requireSnapshot(NodeId node, EntryId last) {
        require(
                last.index() <= lastIndex() && entry(last.index()).id().equals(last),
                Invariant.SNAPSHOT_IS_OF_CHOSEN,
                "%s of group %d has to do with a snapshot of %s, but chosen are %d entries",
                node,
                groupId,
                last,
                lastIndex());
    }

    /**
     * The member begins to lead a term: its log has all that is chosen in earlier ones. Votes may reach it late, when a later
     * leader has committed more, entries of terms before its own too; it can commit nothing (thesis, section 3.6.3).
     */
    void requireComplete(NodeId node, long term, ModelLog log) {
        for (LogEntry entry : entries) {
            require(
                    chosenIn.get((int) entry.index() - 1) >= term
                            || log.entry(entry.index()).filter(entry::equals).isPresent(),
                    Invariant.LEADER_COMPLETENESS,
                    "%s of group %d leads term %d without %s, which is committed; its log ends with %s",
                    node,
                    groupId,
                    term,
                    entry,
                    log.last());
        }
    }
}

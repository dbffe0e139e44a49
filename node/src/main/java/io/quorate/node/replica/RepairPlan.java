/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.CorruptLogException;
import io.quorate.logstore.Damage;
import io.quorate.logstore.LogStore;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What may be done about damage in a log, by what is intact around it and by what others know to be committed.
 *
 * <p>The rule above all: an entry that this replica may have acknowledged, and that may have been committed on the strength
 * of that, is in the log again before the replica takes part. Why each step keeps it:
 *
 * <ul>
 *   <li><b>Fill.</b> The entry behind the damage is the committed one of its index. Two logs that share an entry share all
 *       that comes before it (Log Matching, paper §5.3), so the committed entries are those that were damaged.
 *   <li><b>Replace, behind a conflict.</b> Where a committed entry is not the one that this log has, or must have had,
 *       since terms never fall along a log, this log's entry there was never committed, and never will be; nor was any
 *       behind it, for a log that holds a committed entry holds all committed ones before it. So everything from there on
 *       is a former leader's leftover, as in every conflict of Raft; the damaged range is filled with the committed
 *       entries up to there at the same time, since some of those may have been counted here.
 *   <li><b>Replace, up to a newer term.</b> A leader of a term that this replica has never been in was elected without it.
 *       Some other voter of every quorum that had committed anything with this replica's help voted for it, so it has all
 *       of that before its own first entry (Leader Completeness, §5.4.3); and what is not there never will be committed
 *       with an old acknowledgement. This is the only way if nothing tells how far the log went.
 *   <li><b>Replace, of the very end.</b> The damage reaches to the end of the log, which is known: all of it is filled.
 *   <li><b>Reset.</b> What is damaged is no more where the others' logs begin: the log becomes a snapshot of theirs, and,
 *       unless that ends in a newer term, stays damaged from there on: the entries behind it come up to a newer term.
 *   <li><b>Cut.</b> The entry just before the damage is not the committed one: conflict, before the damage.
 * </ul>
 *
 * <p>In all other cases it waits until more is committed: a leader that lives commits an entry of its own term, by which
 * one of the above holds.
 *
 * @param firstIndex first damaged entry
 * @param lastIndex  last damaged entry; empty if nothing tells how far the log went
 * @param before     the intact entry right before it, if it is not known whether that is committed; empty if all that comes
 *                   before is
 * @param behind     the first intact entry behind it, if there is one
 * @param term       the newest in which this replica may have voted or acknowledged anything
 * @param isRooted   whether {@link #before} can be compared; the others may have trimmed it. If not, only the entry behind
 *                   can tell that the logs are the same
 */
record RepairPlan(
        long firstIndex,
        OptionalLong lastIndex,
        Optional<EntryId> before,
        Optional<EntryId> behind,
        long term,
        boolean isRooted) {
    /** How far is looked behind the damage for an entry that can be read. */
    private static final int LOOK_BEHIND_ENTRIES = 64;

    /** What is to be done next. */
    sealed interface Step {}

    /** Get the committed entries of these indexes, which follow those that are there already. */
    record Fetch(long fromIndex, long toIndex) implements Step {}

    /** Put these in place of the damaged ones. */
    record Fill(List<LogEntry> entries) implements Step {}

    /** Put these in place of the damaged ones and of all that is behind. */
    record Replace(List<LogEntry> entries) implements Step {}

    /** Drop the damaged ones and all that is behind. */
    record Cut(long fromIndex) implements Step {}

    /** The others have trimmed what would tell: only a snapshot of theirs helps. */
    record Reset() implements Step {}

    /** More must be committed first. */
    record Wait() implements Step {}

    /**
     * Looks at what is around the damage that the store tells of. Blocks.
     *
     * @param term           see {@link #term}
     * @param committedIndex up to which this replica itself knows its log to be committed
     * @param knownEnd       index of the log's last entry; {@code Long.MAX_VALUE} if not known for certain: what a damaged
     *                       log seems to end with when it is opened may have more damage behind it
     * @throws CorruptLogException if there is more damage right before; the store tells of that now
     */
    static RepairPlan of(LogStore store, long term, long committedIndex, long knownEnd) {
        Damage damage = store.damage().orElseThrow();
        long first = damage.firstIndex();
        boolean isBeforeKnown = first <= store.firstIndex() || first - 1 <= committedIndex;
        Optional<EntryId> before = isBeforeKnown ? Optional.empty() : idAt(store, first - 1);
        if (damage.isOpenEnded()) {
            return new RepairPlan(first, OptionalLong.empty(), before, Optional.empty(), term, true);
        }
        long end = store.segments().get(store.segments().size() - 1).lastIndex();
        Optional<EntryId> behind = Optional.empty();
        long next = damage.lastIndex() + 1;
        while (behind.isEmpty() && next <= Math.min(end, damage.lastIndex() + LOOK_BEHIND_ENTRIES)) {
            try {
                behind = idAt(store, next);
            } catch (CorruptLogException moreDamage) {
                behind = Optional.empty();
            }
            next++;
        }
        // If there is something, but nothing that can be read, the end of the log is as good as unknown.
        boolean isEndKnown = behind.isPresent() || damage.lastIndex() >= knownEnd;
        return new RepairPlan(
                first,
                isEndKnown ? OptionalLong.of(damage.lastIndex()) : OptionalLong.empty(),
                before,
                behind,
                term,
                true);
    }

    private static Optional<EntryId> idAt(LogStore store, long index) {
        List<LogEntry> found = store.read(index, index, 1);
        return found.isEmpty() ? Optional.empty() : Optional.of(found.get(0).id());
    }

    /** The others have trimmed what is before the damage. */
    RepairPlan unrooted() {
        return new RepairPlan(firstIndex, lastIndex, before, behind, term, false);
    }

    /** Nothing tells how far the log went: only a term that is new to this replica helps. */
    boolean needsNewTerm() {
        return lastIndex.isEmpty();
    }

    /** The first index of which the committed entry is wanted. */
    long start() {
        return isRooted ? before.map(EntryId::index).orElse(firstIndex) : firstIndex;
    }

    /** The last index of which the committed entry is wanted; {@code Long.MAX_VALUE} if nobody knows yet. */
    long end() {
        return behind.map(EntryId::index).orElse(lastIndex.orElse(Long.MAX_VALUE));
    }

    /**
     * @param committed the last entry that some other replica knows to be committed
     * @param fetched   committed entries that follow each other from {@link #start} on
     */
    Step next(EntryId committed, List<LogEntry> fetched) {
        return isRooted ? nextIfRooted(committed, fetched) : nextByEntryBehind(committed, fetched);
    }

    private Step nextByEntryBehind(EntryId committed, List<LogEntry> fetched) {
        if (behind.isEmpty()) {
            return new Reset();
        }
        if (committed.index() < behind.get().index()) {
            return new Wait();
        }
        long fetchedTo = firstIndex + fetched.size() - 1;
        if (fetchedTo < behind.get().index()) {
            return new Fetch(fetchedTo + 1, behind.get().index());
        }
        LogEntry counterpart = fetched.get((int) (behind.get().index() - firstIndex));
        return counterpart.id().equals(behind.get()) ? new Fill(upTo(fetched, lastIndex.orElseThrow())) : new Reset();
    }

    private Step nextIfRooted(EntryId committed, List<LogEntry> fetched) {
        if (before.isPresent() && committed.index() <= before.get().index()) {
            return committed.term() > before.get().term() ? new Cut(firstIndex) : new Wait();
        }
        if (before.isPresent() && !fetched.isEmpty() && !fetched.get(0).id().equals(before.get())) {
            return new Cut(firstIndex);
        }
        long wanted = wanted(committed);
        if (wanted < firstIndex) {
            return new Wait();
        }
        long lastFetched = fetched.isEmpty()
                ? start() - 1
                : fetched.get(fetched.size() - 1).index();
        List<LogEntry> damaged = upTo(fetched, Long.MAX_VALUE);
        for (LogEntry entry : damaged) {
            if (entry.term() > term) {
                return new Replace(upTo(fetched, entry.index()));
            }
        }
        if (lastFetched < wanted) {
            return new Fetch(lastFetched + 1, wanted);
        }
        if (behind.isEmpty()) {
            return lastIndex.isPresent() && lastFetched >= lastIndex.getAsLong()
                    ? new Replace(upTo(fetched, lastIndex.getAsLong()))
                    : new Wait();
        }
        if (lastFetched >= behind.get().index()) {
            LogEntry counterpart = fetched.get((int) (behind.get().index() - start()));
            return counterpart.id().equals(behind.get())
                    ? new Fill(upTo(fetched, lastIndex.orElseThrow()))
                    : new Replace(upTo(fetched, counterpart.index()));
        }
        return committed.term() > behind.get().term() ? new Replace(damaged) : new Wait();
    }

    private long wanted(EntryId committed) {
        if (behind.isPresent()) {
            return Math.min(committed.index(), behind.get().index());
        }
        if (lastIndex.isPresent()) {
            return Math.min(committed.index(), lastIndex.getAsLong());
        }
        return committed.term() > term ? committed.index() : 0;
    }

    private List<LogEntry> upTo(List<LogEntry> fetched, long index) {
        int from = (int) Math.min(fetched.size(), firstIndex - start());
        long to = Math.min(fetched.size(), index == Long.MAX_VALUE ? fetched.size() : index - start() + 1);
        return List.copyOf(fetched.subList(from, (int) Math.max(from, to)));
    }
}

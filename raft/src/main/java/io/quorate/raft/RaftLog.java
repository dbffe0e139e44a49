/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.RecoveredLog;
import io.quorate.raft.log.TermStarts;
import java.util.List;
import java.util.Optional;

/**
 * A member's log as the protocol sees it: the term of every index, and the last entries themselves.
 *
 * <pre>
 *   first ............ tailStart ..... applied ..... commit ..... last
 *   |  on disk only   |  in memory (the tail)                       |
 * </pre>
 *
 * <p>Invariants: appliedIndex ≤ commitIndex ≤ lastIndex; nothing at or below commitIndex is ever truncated; an entry
 * that is not yet durable or not yet applied is in the tail, except what the log held when the member started.
 *
 * <p>Costs: append and eviction amortised O(1), look-up by index O(1) in the tail, term of an index O(log terms).
 */
final class RaftLog {
    private TermStarts terms;
    private final int maxTailBytes;
    private LogEntry[] ring = new LogEntry[16];
    private int head;
    private int tailCount;
    /** The last index that was found durable and applied; what is in memory up to it has {@link #settledBytes}. */
    private long settledIndex;

    private long settledBytes;
    private long nextOffset;
    private long commitIndex;
    private long appliedIndex;
    private long uncommittedBytes;

    /**
     * @param maxTailBytes of durable and applied entries that stay in memory, and as much again that are still to be sent.
     *                     Those that are on their way do not count: however many they are, who is a little behind the
     *                     others finds what it lacks in memory
     */
    RaftLog(RecoveredLog recovered, int maxTailBytes) {
        this.terms = recovered.terms().copy();
        this.nextOffset = recovered.nextOffset();
        this.maxTailBytes = maxTailBytes;
        // A prefix is only ever cut once it is applied.
        this.commitIndex = terms.before().index();
        this.appliedIndex = commitIndex;
    }

    TermStarts terms() {
        return terms;
    }

    long firstIndex() {
        return terms.firstIndex();
    }

    long lastIndex() {
        return terms.lastIndex();
    }

    EntryId last() {
        return terms.last();
    }

    /**
     * @param index from {@code firstIndex() - 1} to {@link #lastIndex()}
     */
    EntryId idAt(long index) {
        return new EntryId(terms.termAt(index), index);
    }

    /** First offset that no entry of the log uses. */
    long nextOffset() {
        return nextOffset;
    }

    long commitIndex() {
        return commitIndex;
    }

    long appliedIndex() {
        return appliedIndex;
    }

    /** Bytes of the entries in the tail above the commit index. */
    long uncommittedBytes() {
        return uncommittedBytes;
    }

    /** First index in memory; {@code lastIndex() + 1} when none is. */
    long tailStart() {
        return lastIndex() + 1 - tailCount;
    }

    boolean isInTail(long index) {
        return index >= tailStart() && index <= lastIndex();
    }

    LogEntry tailEntry(long index) {
        if (!isInTail(index)) {
            throw new IndexOutOfBoundsException(
                    "index " + index + " outside the tail [" + tailStart() + ", " + lastIndex() + "]");
        }
        return ring[slot(index)];
    }

    Optional<LogEntry> findInTail(long index) {
        return isInTail(index) ? Optional.of(ring[slot(index)]) : Optional.empty();
    }

    /**
     * The greatest entry at or below {@code index} whose term is not above {@code term}, or the id before the log if
     * there is none. Skips whole terms.
     *
     * @param index at most {@link #lastIndex()}
     */
    EntryId lastWithTermAtMost(long term, long index) {
        long at = Math.max(index, firstIndex() - 1);
        while (at >= firstIndex() && terms.termAt(at) > term) {
            at = terms.firstIndexOfTermAt(at) - 1;
        }
        return idAt(at);
    }

    void append(LogEntry entry) {
        Invariants.check(
                entry.baseOffset() == nextOffset,
                "the entry's base offset is the log's next offset",
                entry.baseOffset(),
                nextOffset);
        terms.append(entry.id());
        if (tailCount == ring.length) {
            growRing();
        }
        ring[(head + tailCount) & (ring.length - 1)] = entry;
        tailCount++;
        uncommittedBytes += entry.sizeBytes();
        nextOffset = entry.nextOffset();
    }

    /**
     * Forgets {@code fromIndex} and all after it (paper §5.3).
     *
     * @param newNextOffset base offset of the entry that takes the place: the one before may not be in memory
     */
    void truncateSuffix(long fromIndex, long newNextOffset) {
        Invariants.check(fromIndex > commitIndex, "truncateFrom > commitIndex", fromIndex, commitIndex);
        while (tailCount > 0 && lastIndex() >= fromIndex) {
            int at = slot(lastIndex());
            uncommittedBytes -= ring[at].sizeBytes();
            ring[at] = null;
            tailCount--;
            terms.truncateSuffix(lastIndex());
        }
        terms.truncateSuffix(fromIndex);
        nextOffset = newNextOffset;
    }

    /** Forgets all before {@code firstKept}, all of which is applied. */
    void truncatePrefix(long firstKept) {
        Invariants.check(firstKept <= appliedIndex + 1, "what is cut is applied", firstKept, appliedIndex);
        while (tailCount > 0 && tailStart() < firstKept) {
            dropOldest();
        }
        terms.truncatePrefix(firstKept);
    }

    /** Becomes an empty log that goes on after a snapshot, all of which is committed. */
    void replaceBy(GroupSnapshot snapshot) {
        Invariants.check(
                snapshot.last().index() > commitIndex,
                "a snapshot is news",
                snapshot.last().index(),
                commitIndex);
        terms = new TermStarts(snapshot.last());
        ring = new LogEntry[16];
        head = 0;
        tailCount = 0;
        settledBytes = 0;
        settledIndex = snapshot.last().index();
        uncommittedBytes = 0;
        nextOffset = snapshot.nextOffset();
        commitIndex = snapshot.last().index();
    }

    /** Raises the commit index. */
    void commitTo(long index) {
        Invariants.check(index >= commitIndex, "the commit index never falls", index, commitIndex);
        Invariants.check(index <= lastIndex(), "commitIndex <= lastIndex", index, lastIndex());
        for (long at = Math.max(commitIndex + 1, tailStart()); at <= index; at++) {
            uncommittedBytes -= ring[slot(at)].sizeBytes();
        }
        commitIndex = index;
    }

    void appliedTo(long index) {
        Invariants.check(index <= commitIndex, "appliedIndex <= commitIndex", index, commitIndex);
        appliedIndex = Math.max(appliedIndex, index);
    }

    /**
     * Drops the oldest entries that are applied and durable while these take too much.
     *
     * @param keepFrom what is still to be sent from there on may take as much again: a follower that falls behind would be
     *                 served from the disk, which takes many times the work, and so would fall behind further
     */
    void evict(long durableIndex, long keepFrom) {
        long settled = Math.min(durableIndex, appliedIndex);
        for (long index = Math.max(settledIndex + 1, tailStart()); index <= settled; index++) {
            settledBytes += ring[slot(index)].sizeBytes();
        }
        settledIndex = Math.max(settledIndex, settled);
        while (settledBytes > maxTailBytes && (tailStart() < keepFrom || settledBytes > 2L * maxTailBytes)) {
            dropOldest();
        }
    }

    /** Drops the oldest entries that were found durable and applied until these take no more than so much. */
    void shrinkTail(long maxBytes) {
        while (settledBytes > maxBytes) {
            dropOldest();
        }
    }

    /** What durable and applied entries take in memory. */
    long settledBytes() {
        return settledBytes;
    }

    private void dropOldest() {
        if (tailStart() <= settledIndex) {
            settledBytes -= ring[head].sizeBytes();
        }
        ring[head] = null;
        head = (head + 1) & (ring.length - 1);
        tailCount--;
    }

    /** Entries of the tail from {@code from} on, together at most {@code maxBytes}, but at least one. */
    List<LogEntry> slice(long from, long maxBytes) {
        long bytes = tailEntry(from).sizeBytes();
        long to = from + 1;
        while (to <= lastIndex() && bytes + ring[slot(to)].sizeBytes() <= maxBytes) {
            bytes += ring[slot(to)].sizeBytes();
            to++;
        }
        LogEntry[] entries = new LogEntry[(int) (to - from)];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = ring[slot(from + i)];
        }
        return List.of(entries);
    }

    private int slot(long index) {
        return (head + (int) (index - tailStart())) & (ring.length - 1);
    }

    private void growRing() {
        LogEntry[] larger = new LogEntry[ring.length * 2];
        for (int i = 0; i < tailCount; i++) {
            larger[i] = ring[(head + i) & (ring.length - 1)];
        }
        ring = larger;
        head = 0;
    }
}

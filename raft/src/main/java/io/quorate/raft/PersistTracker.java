/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What of a member's state is on disk, what is on its way there, and what still has to be handed out.
 *
 * <pre>
 *   ... durableIndex | in flight, by sequence | issuedIndex | not yet handed out | log.lastIndex
 * </pre>
 *
 * <p>A persist that is in flight when its suffix is truncated completes later all the same. Its entries are then not
 * those of the log any more, even where index (or index and term of a later re-election) look alike; so truncation cuts
 * down what every persist in flight will vouch for.
 *
 * <p>Invariants: durableIndex ≤ issuedIndex ≤ log.lastIndex. All entries up to durableIndex are the log's and on disk.
 */
final class PersistTracker {
    private static final long NONE = 0;

    private final ArrayDeque<InFlight> inFlight = new ArrayDeque<>();
    private long issuedSequence;
    private long completedSequence;
    private long durableIndex;
    private long issuedIndex;
    private long truncateFrom = NONE;
    private Optional<GroupSnapshot> replacement = Optional.empty();
    private boolean hardStateChanged;
    private long hardStateSequence;

    private static final class InFlight {
        final long sequence;
        long lastIndex;

        InFlight(long sequence, long lastIndex) {
            this.sequence = sequence;
            this.lastIndex = lastIndex;
        }
    }

    PersistTracker(long durableIndex) {
        this.durableIndex = durableIndex;
        this.issuedIndex = durableIndex;
    }

    /** Every entry of the log up to here is on disk. */
    long durableIndex() {
        return durableIndex;
    }

    /** Whether term and vote, as they are now, are on disk. */
    boolean isHardStateDurable() {
        return !hardStateChanged && completedSequence >= hardStateSequence;
    }

    void hardStateChanged() {
        hardStateChanged = true;
    }

    /** The log forgot {@code fromIndex} and all after it. */
    void truncated(long fromIndex) {
        if (fromIndex > issuedIndex) {
            // What is forgotten was never handed out: the disk knows nothing of it.
            return;
        }
        truncateFrom = truncateFrom == NONE ? fromIndex : Math.min(truncateFrom, fromIndex);
        long lastValid = fromIndex - 1;
        issuedIndex = lastValid;
        durableIndex = Math.min(durableIndex, lastValid);
        for (InFlight persist : inFlight) {
            persist.lastIndex = Math.min(persist.lastIndex, lastValid);
        }
    }

    /**
     * A snapshot has taken the place of the whole log. What is durable of it so far is what was committed before.
     *
     * @param committedBefore index up to which the former log was known committed
     */
    void replaced(GroupSnapshot snapshot, long committedBefore) {
        replacement = Optional.of(snapshot);
        truncateFrom = NONE;
        issuedIndex = snapshot.last().index();
        durableIndex = Math.min(durableIndex, committedBefore);
        for (InFlight persist : inFlight) {
            persist.lastIndex = Math.min(persist.lastIndex, committedBefore);
        }
    }

    /** Whether there is anything to hand out. */
    boolean hasPending(RaftLog log) {
        return hardStateChanged || replacement.isPresent() || truncateFrom != NONE || log.lastIndex() > issuedIndex;
    }

    /** Hands out all that is pending, as one persist with the next sequence; an empty one if nothing is. */
    Persist issue(HardState hardState, RaftLog log) {
        if (!hasPending(log)) {
            return new Persist(issuedSequence, Optional.empty(), OptionalLong.empty(), List.of());
        }
        issuedSequence++;
        List<LogEntry> entries = log.lastIndex() > issuedIndex ? log.slice(issuedIndex + 1, Long.MAX_VALUE) : List.of();
        Persist persist = new Persist(
                issuedSequence,
                hardStateChanged ? Optional.of(hardState) : Optional.empty(),
                replacement,
                truncateFrom == NONE ? OptionalLong.empty() : OptionalLong.of(truncateFrom),
                entries);
        if (hardStateChanged) {
            hardStateSequence = issuedSequence;
        }
        hardStateChanged = false;
        replacement = Optional.empty();
        truncateFrom = NONE;
        issuedIndex += entries.size();
        Invariants.check(issuedIndex == log.lastIndex(), "everything was handed out", issuedIndex, log.lastIndex());
        inFlight.addLast(new InFlight(issuedSequence, issuedIndex));
        return persist;
    }

    /** Every persist up to {@code sequence} is on disk. */
    void completed(long sequence) {
        Invariants.check(sequence <= issuedSequence, "completed <= issued sequence", sequence, issuedSequence);
        completedSequence = Math.max(completedSequence, sequence);
        while (!inFlight.isEmpty() && inFlight.peekFirst().sequence <= sequence) {
            durableIndex = Math.max(durableIndex, inFlight.removeFirst().lastIndex);
        }
        Invariants.check(durableIndex <= issuedIndex, "durableIndex <= issuedIndex", durableIndex, issuedIndex);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.log;

import java.util.Arrays;

/**
 * Which term every index of a log belongs to, as the list of the indexes where a new term starts. Its size is the
 * number of elections that appended something, not the length of the log; look-ups are a binary search.
 *
 * <p>Covers [{@link #firstIndex}, {@link #lastIndex}] and knows the id just before, so that the predecessor of the
 * first entry can be named after a prefix was cut. Not thread-safe.
 */
public final class TermStarts {
    private EntryId before;
    private long lastIndex;
    private long[] starts = new long[8];
    private long[] terms = new long[8];
    private int size;

    /** An empty log whose first entry will follow {@code before}. */
    public TermStarts(EntryId before) {
        this.before = before;
        this.lastIndex = before.index();
    }

    public TermStarts copy() {
        TermStarts copy = new TermStarts(before);
        copy.lastIndex = lastIndex;
        copy.starts = starts.clone();
        copy.terms = terms.clone();
        copy.size = size;
        return copy;
    }

    /** The id just before the first entry; {@link EntryId#NONE} for a log that was never cut. */
    public EntryId before() {
        return before;
    }

    public long firstIndex() {
        return before.index() + 1;
    }

    /** Equal to {@code before().index()} when empty. */
    public long lastIndex() {
        return lastIndex;
    }

    public EntryId last() {
        return new EntryId(termAt(lastIndex), lastIndex);
    }

    /** Whether {@link #termAt} can answer for {@code index}. */
    public boolean knows(long index) {
        return index >= before.index() && index <= lastIndex;
    }

    /**
     * @param index from {@code before().index()} to {@link #lastIndex()}
     */
    public long termAt(long index) {
        if (!knows(index)) {
            throw new IndexOutOfBoundsException(
                    "index " + index + " outside [" + before.index() + ", " + lastIndex + "]");
        }
        if (index == before.index()) {
            return before.term();
        }
        int at = Arrays.binarySearch(starts, 0, size, index);
        return terms[at >= 0 ? at : -at - 2];
    }

    /** The first index of the run of entries that share the term of {@code index}, within what is known. */
    public long firstIndexOfTermAt(long index) {
        if (index == before.index()) {
            return index;
        }
        termAt(index);
        int at = Arrays.binarySearch(starts, 0, size, index);
        return starts[at >= 0 ? at : -at - 2];
    }

    /** The last index of that run, within what is known. */
    public long lastIndexOfTermAt(long index) {
        termAt(index);
        int at = Arrays.binarySearch(starts, 0, size, index);
        int next = at >= 0 ? at + 1 : -at - 1;
        return next < size ? starts[next] - 1 : lastIndex;
    }

    /** Notes the next entry: its index must follow the last one and its term must not fall. */
    public void append(EntryId id) {
        if (id.index() != lastIndex + 1 || id.term() < termAt(lastIndex)) {
            throw new IllegalArgumentException(id + " cannot follow " + last());
        }
        if (size == 0 || terms[size - 1] != id.term()) {
            if (size == starts.length) {
                starts = Arrays.copyOf(starts, size * 2);
                terms = Arrays.copyOf(terms, size * 2);
            }
            starts[size] = id.index();
            terms[size] = id.term();
            size++;
        }
        lastIndex = id.index();
    }

    /** Notes that all entries after the last one up to {@code toIndex} are of {@code term}, which must not fall. */
    public void appendRun(long term, long toIndex) {
        if (toIndex <= lastIndex) {
            throw new IllegalArgumentException("a run up to " + toIndex + " cannot follow " + last());
        }
        append(new EntryId(term, lastIndex + 1));
        lastIndex = toIndex;
    }

    /** Forgets {@code fromIndex} and all after it. */
    public void truncateSuffix(long fromIndex) {
        if (fromIndex <= before.index()) {
            throw new IllegalArgumentException("cannot cut at " + fromIndex + ", the log starts at " + firstIndex());
        }
        if (fromIndex > lastIndex) {
            return;
        }
        while (size > 0 && starts[size - 1] >= fromIndex) {
            size--;
        }
        lastIndex = fromIndex - 1;
    }

    /** Forgets all before {@code firstKept}, but keeps the id just before it. */
    public void truncatePrefix(long firstKept) {
        if (firstKept <= firstIndex()) {
            return;
        }
        EntryId newBefore = new EntryId(termAt(firstKept - 1), firstKept - 1);
        int drop = 0;
        while (drop + 1 < size && starts[drop + 1] <= firstKept) {
            drop++;
        }
        System.arraycopy(starts, drop, starts, 0, size - drop);
        System.arraycopy(terms, drop, terms, 0, size - drop);
        size -= drop;
        if (firstKept > lastIndex) {
            size = 0;
        } else if (size > 0 && starts[0] < firstKept) {
            starts[0] = firstKept;
        }
        before = newBefore;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TermStarts that
                && before.equals(that.before)
                && lastIndex == that.lastIndex
                && size == that.size
                && Arrays.equals(starts, 0, size, that.starts, 0, size)
                && Arrays.equals(terms, 0, size, that.terms, 0, size);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(lastIndex) * 31 + before.hashCode();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder().append(before).append(" then");
        for (int i = 0; i < size; i++) {
            text.append(" t").append(terms[i]).append('@').append(starts[i]);
        }
        return text.append(" to ").append(lastIndex).toString();
    }
}

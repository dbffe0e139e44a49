/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.raft.log.EntryId;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * Where to start looking in one segment: for a frame every so many bytes, the first one always among them, what it is and
 * what comes before it. There are at most {@value #ENTRIES_MAX} of them, for a node has one such index in memory for each of
 * its partitions: when there would be more, every other one goes, and from then on they lie twice as far apart. Only the
 * last one is always near the end, since whoever opens the segment reads from there on. One thread adds and cuts, any thread
 * looks up.
 */
final class SparseIndex {
    /** Size of one entry on disk. */
    static final int ENTRY_BYTES = 48;

    /** 48 KiB; of a full segment of 128 MiB an entry every 128 KiB. */
    static final int ENTRIES_MAX = 1_024;

    private final int intervalBytes;
    /** How far all but the last two are apart, at least. */
    private long spacingBytes;

    private long[] indexes;
    private long[] offsets;
    private long[] positions;
    /** Of what comes before the noted frame in the segment. */
    private long[] maxTimestamps;

    private long[] digests;
    private long[] termsBefore;
    private int size;

    SparseIndex(int intervalBytes) {
        this(intervalBytes, 16);
    }

    private SparseIndex(int intervalBytes, int capacity) {
        this.intervalBytes = intervalBytes;
        this.spacingBytes = intervalBytes;
        indexes = new long[capacity];
        offsets = new long[capacity];
        positions = new long[capacity];
        maxTimestamps = new long[capacity];
        digests = new long[capacity];
        termsBefore = new long[capacity];
    }

    /** Notes the frame, before which the segment reaches as far as {@code before}, if it is far enough from the last noted one. */
    synchronized void note(FrameFormat.Header frame, long position, Extent before) {
        if (size == 0 || position - positions[size - 1] >= intervalBytes) {
            if (size > 1 && positions[size - 1] - positions[size - 2] < spacingBytes) {
                size--;
            }
            if (size >= ENTRIES_MAX) {
                thin();
            }
            add(
                    frame.index(),
                    frame.baseOffset(),
                    position,
                    before.maxTimestampMillis(),
                    before.digest(),
                    before.last().term());
        }
    }

    /** Keeps the first of every two. */
    private void thin() {
        int kept = 0;
        for (int from = 0; from < size; from += 2) {
            move(from, kept++);
        }
        size = kept;
        spacingBytes *= 2;
    }

    private void move(int from, int to) {
        indexes[to] = indexes[from];
        offsets[to] = offsets[from];
        positions[to] = positions[from];
        maxTimestamps[to] = maxTimestamps[from];
        digests[to] = digests[from];
        termsBefore[to] = termsBefore[from];
    }

    private void add(
            long index, long offset, long position, long maxTimestampBefore, long digestBefore, long termBefore) {
        if (size == indexes.length) {
            indexes = Arrays.copyOf(indexes, size * 2);
            offsets = Arrays.copyOf(offsets, size * 2);
            positions = Arrays.copyOf(positions, size * 2);
            maxTimestamps = Arrays.copyOf(maxTimestamps, size * 2);
            digests = Arrays.copyOf(digests, size * 2);
            termsBefore = Arrays.copyOf(termsBefore, size * 2);
        }
        indexes[size] = index;
        offsets[size] = offset;
        positions[size] = position;
        maxTimestamps[size] = maxTimestampBefore;
        digests[size] = digestBefore;
        termsBefore[size] = termBefore;
        size++;
    }

    /** Forgets the noted frames from {@code index} on. */
    synchronized void truncateFrom(long index) {
        size = floor(indexes, index - 1) + 1;
    }

    /** How far the segment reaches before the last noted frame whose index is not above {@code index}; empty if there is none. */
    synchronized Optional<Extent> before(long index) {
        int at = floor(indexes, index);
        return at < 0
                ? Optional.empty()
                : Optional.of(new Extent(
                        positions[at],
                        new EntryId(termsBefore[at], indexes[at] - 1),
                        offsets[at],
                        maxTimestamps[at],
                        digests[at]));
    }

    /** The position of the last noted frame whose index is not above {@code index}; the first position if there is none. */
    synchronized long positionForIndex(long index) {
        return positionAt(floor(indexes, index));
    }

    /** The position of the last noted frame whose base offset is not above {@code offset}. */
    synchronized long positionForOffset(long offset) {
        return positionAt(floor(offsets, offset));
    }

    /** The position of the last noted frame before which all timestamps are below {@code millis}. */
    synchronized long positionForTimestamp(long millis) {
        return positionAt(millis == Long.MIN_VALUE ? -1 : floor(maxTimestamps, millis - 1));
    }

    private long positionAt(int at) {
        return at < 0 ? SegmentHeader.BYTES : positions[at];
    }

    /** Keys never fall but may repeat, so this looks for the last one that is not above {@code key}; -1 if all are. */
    private int floor(long[] keys, long key) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (keys[middle] <= key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    synchronized int size() {
        return size;
    }

    /** Writes all entries: index, base offset, position, and highest timestamp, digest and term of what comes before. */
    synchronized void encode(ByteBuffer target) {
        for (int i = 0; i < size; i++) {
            target.putLong(indexes[i]).putLong(offsets[i]).putLong(positions[i]);
            target.putLong(maxTimestamps[i]).putLong(digests[i]).putLong(termsBefore[i]);
        }
    }

    /**
     * Reads {@code count} entries, and keeps as many as there may be.
     *
     * @param header of the segment
     * @param extent of the segment
     * @throws IllegalArgumentException if they are impossible, such as places outside of the segment
     */
    static SparseIndex decode(ByteBuffer source, int count, int intervalBytes, SegmentHeader header, Extent extent) {
        int step = (count + ENTRIES_MAX - 1) / ENTRIES_MAX;
        SparseIndex index = new SparseIndex(intervalBytes, count / step + 2);
        index.spacingBytes = (long) intervalBytes * step;
        long lastIndex = header.baseIndex() - 1;
        long lastOffset = header.baseOffset();
        long lastPosition = SegmentHeader.BYTES - 1;
        for (int i = 0; i < count; i++) {
            long entryIndex = source.getLong();
            long offset = source.getLong();
            long position = source.getLong();
            long maxTimestamp = source.getLong();
            long digest = source.getLong();
            boolean isInOrder = entryIndex > lastIndex && offset >= lastOffset && position > lastPosition;
            if (!isInOrder
                    || entryIndex > extent.last().index()
                    || offset > extent.nextOffset()
                    || position >= extent.end()) {
                throw new IllegalArgumentException("entry " + entryIndex + " with offset " + offset + " at position "
                        + position + " behind entry " + lastIndex);
            }
            long termBefore = source.getLong();
            if (termBefore < 0) {
                throw new IllegalArgumentException("entry " + entryIndex + " behind term " + termBefore);
            }
            lastIndex = entryIndex;
            lastOffset = offset;
            lastPosition = position;
            if (i % step == 0 || i == count - 1) {
                index.add(entryIndex, offset, position, maxTimestamp, digest, termBefore);
            }
        }
        return index;
    }
}

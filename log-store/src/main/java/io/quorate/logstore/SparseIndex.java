/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.util.Arrays;

/**
 * Where to start looking in one segment: index, base offset and position of a frame every so many bytes, the first frame
 * always among them. One thread adds and cuts, any thread looks up.
 */
final class SparseIndex {
    private final int intervalBytes;
    private long[] indexes = new long[16];
    private long[] offsets = new long[16];
    private long[] positions = new long[16];
    private int size;

    SparseIndex(int intervalBytes) {
        this.intervalBytes = intervalBytes;
    }

    /** Notes the frame if it is far enough from the one noted last. */
    synchronized void note(long index, long offset, long position) {
        if (size == 0 || position - positions[size - 1] >= intervalBytes) {
            add(index, offset, position);
        }
    }

    synchronized void add(long index, long offset, long position) {
        if (size == indexes.length) {
            indexes = Arrays.copyOf(indexes, size * 2);
            offsets = Arrays.copyOf(offsets, size * 2);
            positions = Arrays.copyOf(positions, size * 2);
        }
        indexes[size] = index;
        offsets[size] = offset;
        positions[size] = position;
        size++;
    }

    /** Forgets {@code fromIndex} and all after it. */
    synchronized void truncateSuffix(long fromIndex) {
        while (size > 0 && indexes[size - 1] >= fromIndex) {
            size--;
        }
    }

    /** The position of the last noted frame whose index is not above {@code index}; the first position if there is none. */
    synchronized long positionForIndex(long index) {
        return floor(indexes, index);
    }

    /** The position of the last noted frame whose base offset is not above {@code offset}. */
    synchronized long positionForOffset(long offset) {
        return floor(offsets, offset);
    }

    /** Base offsets repeat (entries without records), so this looks for the last one that is not above. */
    private long floor(long[] keys, long key) {
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
        return low == 0 ? SegmentHeader.BYTES : positions[low - 1];
    }

    synchronized int size() {
        return size;
    }

    /** A copy that holds no spare room. */
    synchronized long[][] columns() {
        return new long[][] {Arrays.copyOf(indexes, size), Arrays.copyOf(offsets, size), Arrays.copyOf(positions, size)
        };
    }
}

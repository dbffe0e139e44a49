/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Where each record of a run was acknowledged to be, by sequence number: 10 bytes per record. Not thread-safe. */
final class AckBook {
    static final long NOT_ACKNOWLEDGED = -1;
    private static final int PAGE = 1 << 16;

    private final List<long[]> offsets = new ArrayList<>();
    private final List<short[]> partitions = new ArrayList<>();
    private long size;

    /** @param partition 0 to 32767 */
    void put(long sequence, int partition, long offset) {
        int page = (int) (sequence / PAGE);
        while (offsets.size() <= page) {
            long[] empty = new long[PAGE];
            Arrays.fill(empty, NOT_ACKNOWLEDGED);
            offsets.add(empty);
            partitions.add(new short[PAGE]);
        }
        offsets.get(page)[(int) (sequence % PAGE)] = offset;
        partitions.get(page)[(int) (sequence % PAGE)] = (short) partition;
        size = Math.max(size, sequence + 1);
    }

    /** {@link #NOT_ACKNOWLEDGED} if it was not. */
    long offset(long sequence) {
        return sequence < 0 || sequence >= size
                ? NOT_ACKNOWLEDGED
                : offsets.get((int) (sequence / PAGE))[(int) (sequence % PAGE)];
    }

    int partition(long sequence) {
        return partitions.get((int) (sequence / PAGE))[(int) (sequence % PAGE)];
    }

    /** One more than the highest sequence number that was acknowledged. */
    long size() {
        return size;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Takes the checksum of every sector of a segment while it is read in order, from its first frame on: so that a segment which
 * was active when the log was opened has its {@link SectorSums} in the end, and can be recycled. For one thread.
 */
final class ScannedSums {
    private final CRC32C crc = new CRC32C();
    private int[] sums = new int[SectorSums.SUMS_PER_BLOCK];
    private int count;

    /** First byte that was not seen yet. */
    private long next = SegmentHeader.BYTES;

    /** Something was read: {@code length} bytes from {@code position} on. What was seen before is passed over. */
    void see(byte[] bytes, int length, long position) {
        if (position > next) {
            return;
        }
        for (int at = (int) Math.min(length, next - position); at < length; ) {
            int step = Math.min(length - at, SectorSums.SECTOR_BYTES - (int) (next % SectorSums.SECTOR_BYTES));
            crc.update(bytes, at, step);
            at += step;
            next += step;
            if (next % SectorSums.SECTOR_BYTES == 0) {
                add((int) crc.getValue());
                crc.reset();
            }
        }
    }

    private void add(int sum) {
        if (count == sums.length) {
            sums = Arrays.copyOf(sums, 2 * count);
        }
        sums[count++] = sum;
    }

    /** Those of all sectors that end before {@code end} or there; empty if not all of them were seen. */
    Optional<int[]> upTo(long end) {
        int wanted = (int) ((end - SegmentHeader.BYTES) / SectorSums.SECTOR_BYTES);
        return wanted <= count ? Optional.of(Arrays.copyOf(sums, wanted)) : Optional.empty();
    }
}

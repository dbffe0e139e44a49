/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.SegmentInfo;
import java.util.List;

/**
 * How much of a partition is kept. Whole segments go, the oldest first, and never the one that is written.
 *
 * @param millis age of a segment's newest record, by the leaders' clocks, from which on it may go; 0: no limit
 * @param bytes  of the log on each replica that are kept at least, if there are as many; 0: no limit
 */
public record Retention(long millis, long bytes) {
    public static final Retention FOR_EVER = new Retention(0, 0);

    /** How many segments are kept at most for replicas that lag: beyond that a snapshot brings them on sooner. */
    static final int MAX_LACKED_SEGMENTS = 2;

    public Retention {
        if (millis < 0 || bytes < 0) {
            throw new IllegalArgumentException("retention of " + millis + " ms, " + bytes + " bytes is negative");
        }
    }

    /**
     * First offset to keep.
     *
     * @param segments     of the log, in order
     * @param lastIndex    of what is applied: nothing behind it is looked at
     * @param lowWatermark as it is; the least that is returned
     */
    long lowWatermark(List<SegmentInfo> segments, long lastIndex, long lowWatermark, long nowMillis) {
        long left = segments.stream().mapToLong(SegmentInfo::bytes).sum();
        long keepFrom = lowWatermark;
        for (SegmentInfo segment : segments) {
            boolean tooOld = millis > 0 && segment.maxTimestampMillis() < nowMillis - millis;
            boolean tooMuch = bytes > 0 && left - segment.bytes() >= bytes;
            if (!segment.isSealed() || segment.lastIndex() > lastIndex || !(tooOld || tooMuch)) {
                break;
            }
            left -= segment.bytes();
            keepFrom = Math.max(keepFrom, segment.nextOffset());
        }
        return keepFrom;
    }

    /**
     * First index to keep: segments that are wholly below the low-water mark and applied go, but for the newest few of
     * them that a replica still lacks.
     *
     * @param everywhere last index that all replicas that are waited for are known to have on disk
     */
    static long keepFromIndex(List<SegmentInfo> segments, long lastIndex, long everywhere, long lowWatermark) {
        int free = 0;
        while (free < segments.size()
                && segments.get(free).isSealed()
                && segments.get(free).nextOffset() <= lowWatermark
                && segments.get(free).lastIndex() <= lastIndex) {
            free++;
        }
        int lacked = 0;
        while (lacked < Math.min(free, MAX_LACKED_SEGMENTS)
                && segments.get(free - 1 - lacked).lastIndex() > everywhere) {
            lacked++;
        }
        int deletable = free - lacked;
        return deletable == 0 ? 0 : segments.get(deletable - 1).lastIndex() + 1;
    }
}

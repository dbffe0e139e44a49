/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.util.ArrayList;
import java.util.List;

/**
 * The segments of a log at one moment, in order, never none, the active one last. Immutable, except that the active segment
 * grows; all look-ups are binary searches.
 */
final class SegmentList {
    private final List<Segment> segments;
    /** Highest timestamp of each sealed segment and all before it. */
    private final long[] maxTimestamps;

    SegmentList(List<Segment> segments) {
        this.segments = List.copyOf(segments);
        this.maxTimestamps = new long[segments.size() - 1];
        long max = Long.MIN_VALUE;
        for (int i = 0; i < maxTimestamps.length; i++) {
            max = Math.max(max, segments.get(i).extent().maxTimestampMillis());
            maxTimestamps[i] = max;
        }
    }

    int size() {
        return segments.size();
    }

    Segment get(int at) {
        return segments.get(at);
    }

    List<Segment> all() {
        return segments;
    }

    Segment first() {
        return segments.get(0);
    }

    Segment active() {
        return segments.get(segments.size() - 1);
    }

    boolean isSealed(Segment segment) {
        int at = segments.indexOf(segment);
        return at >= 0 && at < segments.size() - 1;
    }

    SegmentList with(Segment newActive) {
        List<Segment> grown = new ArrayList<>(segments);
        grown.add(newActive);
        return new SegmentList(grown);
    }

    SegmentList withoutFirst() {
        return new SegmentList(segments.subList(1, segments.size()));
    }

    /** Those before {@code newActive}, and that one. */
    SegmentList endingWith(Segment newActive) {
        List<Segment> shrunk = new ArrayList<>(segments.subList(0, ofIndex(newActive.baseIndex())));
        shrunk.add(newActive);
        return new SegmentList(shrunk);
    }

    /** The last segment whose first index is not above {@code index}, or the first. */
    int ofIndex(long index) {
        int low = 0;
        int high = segments.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (segments.get(middle).baseIndex() <= index) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** The last segment with entries whose first offset is not above {@code offset}, or the first. */
    int ofOffset(long offset) {
        int low = 0;
        int high = segments.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (segments.get(middle).header().baseOffset() <= offset
                    && !segments.get(middle).isEmpty()) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** The first segment with an entry that is not older than {@code millis}, or the active one. */
    int ofTimestamp(long millis) {
        int low = 0;
        int high = maxTimestamps.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (maxTimestamps[middle] >= millis) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
}

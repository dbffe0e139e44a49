/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.raft.log.EntryId;

/**
 * How far a segment reaches, and what its entries have in sum.
 *
 * @param end                position after the last frame
 * @param last               the last entry; the one before the segment if it has none
 * @param nextOffset         first offset after the last entry
 * @param maxTimestampMillis highest timestamp of an entry, {@code Long.MIN_VALUE} if there is none
 * @param digest             of all entries, see {@link FrameFormat.Header#digest}
 */
record Extent(long end, EntryId last, long nextOffset, long maxTimestampMillis, long digest) {
    /** Of a segment that holds nothing yet. */
    static Extent empty(SegmentHeader header) {
        return new Extent(
                SegmentHeader.BYTES, header.before(), header.baseOffset(), Long.MIN_VALUE, FrameFormat.NO_ENTRIES);
    }

    /** With one more frame, which begins at {@link #end}. */
    Extent with(FrameFormat.Header frame) {
        return new Extent(
                end + FrameFormat.paddedBytes(frame.length()),
                new EntryId(frame.term(), frame.index()),
                frame.baseOffset() + frame.recordCount(),
                Math.max(maxTimestampMillis, frame.timestampMillis()),
                frame.digest(digest));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.TermStarts;
import java.io.IOException;

/**
 * What is noted of a segment's frames, one after the other, by whoever writes or scans them: all that its sidecar will
 * hold. For one thread, except for {@link #index}.
 */
final class SegmentTally {
    private final SegmentHeader header;
    private final TermStarts terms;
    private final SparseIndex index;
    private Extent extent;

    /** Of a segment without entries. */
    SegmentTally(SegmentHeader header, LogStoreConfig config) {
        this(
                header,
                new TermStarts(header.before()),
                new SparseIndex(config.indexIntervalBytes()),
                Extent.empty(header));
    }

    SegmentTally(SegmentHeader header, TermStarts terms, SparseIndex index, Extent extent) {
        this.header = header;
        this.terms = terms;
        this.index = index;
        this.extent = extent;
    }

    SegmentHeader header() {
        return header;
    }

    /** Terms of the segment's entries. */
    TermStarts terms() {
        return terms;
    }

    SparseIndex index() {
        return index;
    }

    Extent extent() {
        return extent;
    }

    /** Notes the next frame, which begins at {@code position}. */
    void add(FrameFormat.Header frame, long position) {
        index.note(frame, position, extent);
        EntryId id = new EntryId(frame.term(), frame.index());
        terms.append(id);
        extent = new Extent(
                position + FrameFormat.paddedBytes(frame.length()),
                id,
                frame.baseOffset() + frame.recordCount(),
                Math.max(extent.maxTimestampMillis(), frame.timestampMillis()),
                frame.digest(extent.digest()));
    }

    /** Goes back to what it was when the segment ended there, without a look at the file. */
    void truncateTo(Extent end) {
        long fromIndex = end.last().index() + 1;
        index.truncateBefore(fromIndex);
        if (fromIndex <= terms.lastIndex()) {
            terms.truncateSuffix(fromIndex);
        }
        extent = end;
    }

    /** Goes back to before {@code fromIndex}, an entry of the segment, reading from the noted place before it. */
    void truncateSuffix(FrameReader reader, long fromIndex) throws IOException {
        long written = extent.end();
        extent = index.truncateBefore(fromIndex).orElseGet(() -> Extent.empty(header));
        if (extent.last().index() + 1 <= terms.lastIndex()) {
            terms.truncateSuffix(extent.last().index() + 1);
        }
        while (extent.last().index() + 1 < fromIndex) {
            long position = extent.end();
            add(headerOf(extent.last().index() + 1, reader, position, written), position);
        }
    }

    /**
     * Reads what {@link #truncateSuffix} would read, and changes nothing.
     *
     * @throws CorruptLogException if an entry that stays is damaged so that its place cannot be told
     */
    void checkTruncation(FrameReader reader, long fromIndex) throws IOException {
        Extent noted = index.before(fromIndex).orElseGet(() -> Extent.empty(header));
        long position = noted.end();
        for (long next = noted.last().index() + 1; next < fromIndex; next++) {
            headerOf(next, reader, position, extent.end());
            position = reader.after(position);
        }
        // With what comes next the rest of the block in which this ends is written again.
        if (fromIndex > header.baseIndex() && !reader.canRead(position - 1, extent.end())) {
            throw reader.corrupt(position - 1, fromIndex - 1);
        }
    }

    private static FrameFormat.Header headerOf(long index, FrameReader reader, long position, long end)
            throws IOException {
        if (reader.lookAtHeader(position, end) != FrameReader.Look.FRAME
                || reader.header().index() != index) {
            throw reader.corrupt(position, index);
        }
        return reader.header();
    }
}

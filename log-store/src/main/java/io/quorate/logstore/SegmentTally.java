/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

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

    /** Notes the next frame, which begins where the last one ends. */
    void add(FrameFormat.Header frame) {
        index.note(frame, extent.end(), extent);
        extent = extent.with(frame);
        terms.append(extent.last());
    }

    /** Goes back to what it was when the segment reached as far as {@code end}. */
    void truncateTo(Extent end) {
        long fromIndex = end.last().index() + 1;
        index.truncateFrom(fromIndex);
        if (fromIndex <= terms.lastIndex()) {
            terms.truncateSuffix(fromIndex);
        }
        extent = end;
    }

    /**
     * How far the segment reaches before {@code fromIndex}, an entry of it; reads headers from the noted place before it on.
     *
     * @throws CorruptLogException if an entry that stays is damaged so that its place cannot be told, or its end cannot be read
     */
    Extent endBefore(FrameReader reader, long fromIndex) throws IOException {
        Extent end = index.before(fromIndex).orElseGet(() -> Extent.empty(header));
        while (end.last().index() + 1 < fromIndex) {
            end = end.with(headerOf(end.last().index() + 1, reader, end.end(), extent.end()));
        }
        // With what comes next the rest of the block in which this ends is written again.
        if (fromIndex > header.baseIndex() && !reader.canRead(end.end() - 1, extent.end())) {
            throw reader.corrupt(end.end() - 1, fromIndex - 1);
        }
        return end;
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

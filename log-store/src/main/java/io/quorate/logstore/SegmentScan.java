/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.TermStarts;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What reading a segment from its first frame to the last good one found.
 *
 * @param index      sparse index of the good frames
 * @param terms      ids of the good frames
 * @param end        position after the last good frame
 * @param nextOffset first offset after the last good frame
 * @param stoppedAt  what is at {@code end}: never a frame
 */
record SegmentScan(SparseIndex index, TermStarts terms, long end, long nextOffset, FrameReader.Look stoppedAt) {
    static final int BUFFER_BYTES = 256 << 10;

    /**
     * Reads frames up to the first position that holds none.
     *
     * @throws CorruptLogException if a frame with a right checksum does not follow its predecessor
     * @throws StorageException    if a frame is of a newer version
     */
    static SegmentScan of(Path path, SegmentHeader header, FrameReader reader, LogStoreConfig config, long limit)
            throws IOException {
        SparseIndex index = new SparseIndex(config.indexIntervalBytes());
        TermStarts terms = new TermStarts(header.before());
        long nextOffset = header.baseOffset();
        long position = SegmentHeader.BYTES;
        while (true) {
            FrameReader.Look look = reader.look(position, limit);
            if (look != FrameReader.Look.FRAME) {
                return new SegmentScan(index, terms, position, nextOffset, look);
            }
            reader.checkKnown();
            FrameFormat.Header frame = reader.header();
            checkFollows(path, position, frame, terms, nextOffset);
            terms.append(new EntryId(frame.term(), frame.index()));
            index.note(frame.index(), frame.baseOffset(), position);
            nextOffset = frame.baseOffset() + frame.recordCount();
            position = reader.after(position);
        }
    }

    private static void checkFollows(
            Path path, long position, FrameFormat.Header frame, TermStarts terms, long nextOffset) {
        boolean hasRecords = frame.typeCode() == EntryType.RECORDS.code();
        if (frame.index() != terms.lastIndex() + 1
                || frame.term() < terms.termAt(terms.lastIndex())
                || frame.term() < 1
                || frame.baseOffset() != nextOffset
                || (hasRecords ? frame.recordCount() <= 0 : frame.recordCount() != 0)) {
            throw new CorruptLogException(
                    path,
                    position,
                    terms.lastIndex() + 1,
                    "an intact entry " + frame.term() + "/" + frame.index() + " with offset " + frame.baseOffset()
                            + " follows entry " + terms.last() + ", which ends before offset " + nextOffset);
        }
    }

    /** Reads a sealed segment whose end is known. */
    static SegmentScan ofSealed(Segment segment, DiskFile file, LogStoreConfig config) throws IOException {
        int bufferBytes = (int) Math.min(BUFFER_BYTES, segment.end());
        FrameReader reader = new FrameReader(segment.path(), file, segment.seed(), bufferBytes);
        SegmentScan scan = of(segment.path(), segment.header(), reader, config, segment.end());
        if (scan.end() != segment.end()) {
            throw new CorruptLogException(
                    segment.path(),
                    scan.end(),
                    scan.terms().lastIndex() + 1,
                    "an entry of a sealed segment is damaged");
        }
        return scan;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.EntryType;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What reading a segment from its first frame to the last good one found.
 *
 * @param tally     of the good frames
 * @param stoppedAt what is at their end: never a frame
 */
record SegmentScan(SegmentTally tally, FrameReader.Look stoppedAt) {
    static final int BUFFER_BYTES = 256 << 10;

    long end() {
        return tally.extent().end();
    }

    /** Index of the entry that is expected at {@link #end}. */
    long nextIndex() {
        return tally.extent().last().index() + 1;
    }

    /**
     * Reads frames up to the first position that holds none.
     *
     * @throws CorruptLogException if a frame with a right checksum does not follow its predecessor
     * @throws StorageException    if a frame is of a newer version
     */
    static SegmentScan of(Path path, SegmentHeader header, FrameReader reader, LogStoreConfig config, long limit)
            throws IOException {
        SegmentTally tally = new SegmentTally(header, config);
        while (true) {
            long position = tally.extent().end();
            FrameReader.Look look = reader.look(position, limit);
            if (look != FrameReader.Look.FRAME) {
                return new SegmentScan(tally, look);
            }
            reader.checkKnown();
            checkFollows(path, position, reader.header(), tally.extent());
            tally.add(reader.header(), position);
        }
    }

    static void checkFollows(Path path, long position, FrameFormat.Header frame, Extent before) {
        boolean hasRecords = frame.typeCode() == EntryType.RECORDS.code();
        if (frame.index() != before.last().index() + 1
                || frame.term() < before.last().term()
                || frame.term() < 1
                || frame.baseOffset() != before.nextOffset()
                || (hasRecords ? frame.recordCount() <= 0 : frame.recordCount() != 0)) {
            throw new CorruptLogException(
                    path,
                    position,
                    before.last().index() + 1,
                    "an intact entry " + frame.term() + "/" + frame.index() + " with offset " + frame.baseOffset()
                            + " follows entry " + before.last() + ", which ends before offset "
                            + before.nextOffset());
        }
    }

    /** Reads a sealed segment whose extent is known. */
    static SegmentTally ofSealed(Segment segment, DiskFile file, LogStoreConfig config) throws IOException {
        long end = segment.extent().end();
        int bufferBytes = (int) Math.min(BUFFER_BYTES, end);
        FrameReader reader = new FrameReader(segment.path(), file, segment.seed(), bufferBytes);
        SegmentScan scan = of(segment.path(), segment.header(), reader, config, end);
        if (!scan.tally().extent().equals(segment.extent())) {
            throw reader.corrupt(scan.end(), scan.nextIndex());
        }
        return scan.tally();
    }
}

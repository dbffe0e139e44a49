/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What reading a segment from its first frame to the last good one found.
 *
 * @param tally     of the good frames
 * @param stoppedAt what is at their end; a frame if it does not follow the one before
 */
record SegmentScan(SegmentTally tally, FrameReader.Look stoppedAt) {
    static final int BUFFER_BYTES = 256 << 10;

    /**
     * What is behind the place where a scan stopped.
     *
     * @param firstIndex      of the first intact header
     * @param last            the entry of the last intact header
     * @param end             where its frame ends
     * @param nextOffset      the offset after it
     * @param hasLaterFlush   whether one of them begins a flush, so that all before it was durable
     */
    record Behind(long firstIndex, EntryId last, long end, long nextOffset, boolean hasLaterFlush) {}

    long end() {
        return tally.extent().end();
    }

    /** Index of the entry that is expected at {@link #end}. */
    long nextIndex() {
        return tally.extent().last().index() + 1;
    }

    /**
     * Reads frames up to the first position that holds none that follows.
     *
     * @throws StorageException if a frame is of a newer version
     */
    static SegmentScan of(SegmentHeader header, FrameReader reader, LogStoreConfig config, long limit)
            throws IOException {
        SegmentTally tally = new SegmentTally(header, config);
        while (true) {
            long position = tally.extent().end();
            FrameReader.Look look = reader.look(position, limit);
            if (look != FrameReader.Look.FRAME) {
                return new SegmentScan(tally, look);
            }
            reader.checkKnown();
            if (!follows(reader.header(), tally.extent())) {
                return new SegmentScan(tally, look);
            }
            tally.add(reader.header());
        }
    }

    static boolean follows(FrameFormat.Header frame, Extent before) {
        boolean hasRecords = frame.typeCode() == EntryType.RECORDS.code();
        return frame.index() == before.last().index() + 1
                && frame.term() >= before.last().term()
                && frame.term() >= 1
                && frame.baseOffset() == before.nextOffset()
                && (hasRecords ? frame.recordCount() > 0 : frame.recordCount() == 0);
    }

    /** @throws CorruptLogException if an intact frame does not follow what comes before it */
    static void checkFollows(Path path, long position, FrameFormat.Header frame, Extent before) {
        if (!follows(frame, before)) {
            throw new CorruptLogException(
                    path,
                    position,
                    before.last().index() + 1,
                    "GAP: an intact entry " + frame.term() + "/" + frame.index() + " with offset " + frame.baseOffset()
                            + " follows entry " + before.last() + ", which ends before offset " + before.nextOffset());
        }
    }

    /** Whether the segment ends here: nothing was written from here up to {@code limit}. */
    boolean isAtEnd(FrameReader reader, StaleSectors stale, long limit) throws IOException {
        return stoppedAt != FrameReader.Look.FRAME && stale.isMissing(reader, end(), limit);
    }

    /** Looks for later entries behind the place where the scan stopped. */
    Optional<Behind> behind(FrameReader reader, long limit) throws IOException {
        Behind behind = null;
        long position = reader.nextHeader(end() + FrameFormat.ALIGNMENT, limit);
        while (position >= 0) {
            FrameFormat.Header frame = reader.header();
            if (frame.index() > nextIndex()) {
                behind = new Behind(
                        behind == null ? frame.index() : behind.firstIndex(),
                        new EntryId(frame.term(), frame.index()),
                        Math.min(limit, reader.after(position)),
                        frame.baseOffset() + frame.recordCount(),
                        (behind != null && behind.hasLaterFlush()) || frame.isFlushStart());
            }
            position = reader.nextHeader(reader.after(position), limit);
        }
        return Optional.ofNullable(behind);
    }

    /** Reads a sealed segment whose extent is known. */
    static SegmentTally ofSealed(Segment segment, DiskFile file, LogStoreConfig config) throws IOException {
        long end = segment.extent().end();
        FrameReader reader = reader(segment.path(), file, segment.seed(), end);
        SegmentScan scan = of(segment.header(), reader, config, end);
        if (!scan.tally().extent().equals(segment.extent())) {
            throw reader.corrupt(scan.end(), scan.nextIndex());
        }
        return scan.tally();
    }

    /** A reader for scanning a file of {@code size} bytes. */
    static FrameReader reader(Path path, DiskFile file, long seed, long size) {
        return new FrameReader(path, file, seed, (int) Math.min(BUFFER_BYTES, size));
    }
}

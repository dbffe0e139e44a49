/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.TermStarts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The sidecar of a sealed segment, so that opening a log and finding a place in it need not read the segment. First the
 * summary, which is all that a start reads:
 *
 * <pre>
 *   0  32  {@link Headers}, magic "QRTIDX\r\n"
 *  32   8  base index
 *  40   8  term of the entry before the segment
 *  48   8  base offset
 *  56   8  position after the last frame
 *  64   8  term of the last entry
 *  72   8  index of the last entry
 *  80   8  next offset
 *  88   8  highest timestamp, ms since 1970
 *  96   8  digest of all entries
 * 104   4  number of term runs, r
 * 108   4  number of index entries, n
 * 112      r times: term 8, index of the run's first entry in this segment 8
 *       4  CRC32C of everything before it
 * </pre>
 *
 * then the sparse index: n times 48 bytes as {@link SparseIndex#encode} says, and 4 bytes of CRC32C of them.
 *
 * <p>It holds nothing that the segment does not: one that is missing, damaged, of another version, or that says anything
 * else than its neighbours is ignored and made again by reading the segment. Every frame found through its sparse index is
 * verified by the frame's own checksum.
 */
final class IndexFile {
    static final String SUFFIX = ".index";
    static final long MAGIC = 0x5152544944580D0AL;
    private static final int FIXED_BYTES = 112;
    private static final int CHECKSUM_BYTES = 4;
    /** More than the largest segment can need. */
    private static final long MAX_BYTES = 1L << 30;
    /** Holds the summary of a segment with some two hundred elections. */
    private static final int FIRST_READ_BYTES = 4096;

    private IndexFile() {}

    /** The part of a sidecar that says what the segment holds. */
    record Summary(SegmentHeader header, TermStarts terms, Extent extent) {
        static Summary of(SegmentTally tally) {
            return new Summary(tally.header(), tally.terms(), tally.extent());
        }
    }

    static String fileName(long baseIndex) {
        return Segment.stem(baseIndex) + SUFFIX;
    }

    static ByteBuffer encode(SegmentTally tally, StoreIdentity identity) {
        List<EntryId> runs = runs(tally.terms());
        int summaryBytes = FIXED_BYTES + 16 * runs.size() + CHECKSUM_BYTES;
        int indexBytes = SparseIndex.ENTRY_BYTES * tally.index().size();
        ByteBuffer bytes = ByteBuffer.allocate(summaryBytes + indexBytes + CHECKSUM_BYTES);
        Headers.begin(bytes, MAGIC, identity);
        SegmentHeader header = tally.header();
        Extent extent = tally.extent();
        bytes.position(Headers.BODY);
        bytes.putLong(header.baseIndex()).putLong(header.before().term()).putLong(header.baseOffset());
        bytes.putLong(extent.end())
                .putLong(extent.last().term())
                .putLong(extent.last().index());
        bytes.putLong(extent.nextOffset()).putLong(extent.maxTimestampMillis()).putLong(extent.digest());
        bytes.putInt(runs.size()).putInt(tally.index().size());
        for (EntryId run : runs) {
            bytes.putLong(run.term()).putLong(run.index());
        }
        bytes.putInt(Headers.checksum(bytes.array(), 0, summaryBytes - CHECKSUM_BYTES));
        tally.index().encode(bytes);
        bytes.putInt(Headers.checksum(bytes.array(), summaryBytes, indexBytes));
        return bytes.flip();
    }

    /** The first entry of every term, in order. */
    private static List<EntryId> runs(TermStarts terms) {
        List<EntryId> runs = new ArrayList<>();
        for (long at = terms.firstIndex(); at <= terms.lastIndex(); at = terms.lastIndexOfTermAt(at) + 1) {
            runs.add(new EntryId(terms.termAt(at), at));
        }
        return runs;
    }

    /** Reads the summary of the sidecar of the segment with {@code header}; empty if there is none that can be used. */
    static Optional<Summary> readSummary(Disk disk, Path directory, SegmentHeader header, StoreIdentity identity)
            throws IOException {
        Path path = directory.resolve(fileName(header.baseIndex()));
        if (!disk.exists(path)) {
            return Optional.empty();
        }
        try (DiskFile file = disk.open(path)) {
            return new Reading(file, header, identity).summary();
        }
    }

    /**
     * Whether {@code segment} ends where its sidecar says: from the last frame that the sparse index names, header by header, it is
     * exactly there and with the last entry. That does not read the payloads, and takes an index interval at most.
     */
    static boolean endsAsSaid(Disk disk, Path directory, Summary summary, StoreIdentity identity, FrameReader segment)
            throws IOException {
        try (DiskFile file =
                disk.open(directory.resolve(fileName(summary.header().baseIndex())))) {
            Reading reading = new Reading(file, summary.header(), identity);
            return reading.summary().isPresent()
                    && summary.extent().end() == segment.endOf(reading.lastEntryPosition(), summary.extent());
        }
    }

    /** What the header of a segment says, as its sidecar has it; empty if there is none that can be used. */
    static Optional<SegmentHeader> readHeader(Disk disk, Path directory, long baseIndex, StoreIdentity identity)
            throws IOException {
        Path path = directory.resolve(fileName(baseIndex));
        if (!disk.exists(path)) {
            return Optional.empty();
        }
        try (DiskFile file = disk.open(path)) {
            ByteBuffer start = ByteBuffer.allocate(FIXED_BYTES);
            if (file.read(start, 0) < FIXED_BYTES || start.getLong(40) < 0 || start.getLong(48) < 0) {
                return Optional.empty();
            }
            SegmentHeader header = new SegmentHeader(new EntryId(start.getLong(40), baseIndex - 1), start.getLong(48));
            return new Reading(file, header, identity).summary().map(Summary::header);
        }
    }

    /** Reads all of the sidecar of a segment that holds what {@code extent} says; empty if there is none that can be used. */
    static Optional<SegmentTally> read(
            Disk disk,
            Path directory,
            SegmentHeader header,
            StoreIdentity identity,
            LogStoreConfig config,
            Extent extent)
            throws IOException {
        Path path = directory.resolve(fileName(header.baseIndex()));
        if (!disk.exists(path)) {
            return Optional.empty();
        }
        try (DiskFile file = disk.open(path)) {
            Reading reading = new Reading(file, header, identity);
            Optional<Summary> summary =
                    reading.summary().filter(found -> found.extent().equals(extent));
            return summary.isPresent() ? reading.index(summary.get(), config) : Optional.empty();
        }
    }

    /** One look at one file. No count is believed before the file's size says the same. */
    private static final class Reading {
        private final DiskFile file;
        private final SegmentHeader header;
        private final StoreIdentity identity;
        private int summaryBytes;
        private int entries;

        Reading(DiskFile file, SegmentHeader header, StoreIdentity identity) {
            this.file = file;
            this.header = header;
            this.identity = identity;
        }

        Optional<Summary> summary() throws IOException {
            long size = file.size();
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(size, FIRST_READ_BYTES));
            if (size > MAX_BYTES
                    || bytes.capacity() < FIXED_BYTES + 2 * CHECKSUM_BYTES
                    || file.read(bytes, 0) < bytes.capacity()) {
                return Optional.empty();
            }
            long runs = bytes.getInt(104);
            long indexEntries = bytes.getInt(108);
            long summarySize = FIXED_BYTES + 16 * runs + CHECKSUM_BYTES;
            if (runs < 1
                    || indexEntries < 1
                    || size != summarySize + SparseIndex.ENTRY_BYTES * indexEntries + CHECKSUM_BYTES) {
                return Optional.empty();
            }
            if (summarySize > bytes.capacity()) {
                bytes = ByteBuffer.allocate((int) summarySize);
                if (file.read(bytes, 0) < summarySize) {
                    return Optional.empty();
                }
            }
            summaryBytes = (int) summarySize;
            entries = (int) indexEntries;
            return isIntact(bytes) && isOfSegment(bytes) ? decode(bytes, (int) runs) : Optional.empty();
        }

        private boolean isIntact(ByteBuffer bytes) {
            int end = summaryBytes - CHECKSUM_BYTES;
            return bytes.getLong(0) == MAGIC
                    && bytes.getInt(8) == Headers.VERSION
                    && bytes.getInt(end) == Headers.checksum(bytes.array(), 0, end);
        }

        private boolean isOfSegment(ByteBuffer bytes) {
            return Headers.isOwner(bytes, identity)
                    && bytes.getLong(32) == header.baseIndex()
                    && bytes.getLong(40) == header.before().term()
                    && bytes.getLong(48) == header.baseOffset();
        }

        private Optional<Summary> decode(ByteBuffer bytes, int runs) {
            try {
                EntryId last = new EntryId(bytes.getLong(64), bytes.getLong(72));
                TermStarts terms = new TermStarts(header.before());
                for (int i = 0; i < runs; i++) {
                    int at = FIXED_BYTES + 16 * i;
                    long runEnd = i + 1 < runs ? bytes.getLong(at + 16 + 8) - 1 : last.index();
                    terms.appendRun(bytes.getLong(at), runEnd);
                }
                Extent extent =
                        new Extent(bytes.getLong(56), last, bytes.getLong(80), bytes.getLong(88), bytes.getLong(96));
                return terms.last().equals(last) ? Optional.of(new Summary(header, terms, extent)) : Optional.empty();
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
        }

        /** The position in the last entry of the sparse index, believed without its checksum. */
        long lastEntryPosition() throws IOException {
            ByteBuffer last = ByteBuffer.allocate(SparseIndex.ENTRY_BYTES);
            long at = summaryBytes + (long) SparseIndex.ENTRY_BYTES * (entries - 1);
            return file.read(last, at) == SparseIndex.ENTRY_BYTES ? last.getLong(16) : 0;
        }

        Optional<SegmentTally> index(Summary summary, LogStoreConfig config) throws IOException {
            int indexBytes = SparseIndex.ENTRY_BYTES * entries;
            ByteBuffer bytes = ByteBuffer.allocate(indexBytes + CHECKSUM_BYTES);
            if (file.read(bytes, summaryBytes) < bytes.capacity()
                    || bytes.getInt(indexBytes) != Headers.checksum(bytes.array(), 0, indexBytes)) {
                return Optional.empty();
            }
            try {
                SparseIndex index = SparseIndex.decode(
                        bytes.flip(), entries, config.indexIntervalBytes(), header, summary.extent());
                return Optional.of(new SegmentTally(header, summary.terms(), index, summary.extent()));
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
        }
    }

    /**
     * Writes the sidecar in the background; it replaces what was there. Each step under the gate, and only while
     * {@code wanted} says that the segment is still sealed.
     */
    static void writeInBackground(
            Disk disk,
            Path directory,
            ByteBuffer contents,
            long baseIndex,
            Background background,
            BooleanSupplier wanted) {
        Path path = directory.resolve(fileName(baseIndex));
        Path temporary = directory.resolve(fileName(baseIndex) + Recovery.TEMPORARY_SUFFIX);
        background.run(() -> {
            try {
                DiskFile file;
                synchronized (background.gate()) {
                    if (background.isClosed() || !wanted.getAsBoolean() || disk.exists(temporary)) {
                        return;
                    }
                    file = disk.create(temporary);
                    file.write(contents, 0);
                }
                try (file) {
                    file.force();
                }
                synchronized (background.gate()) {
                    if (background.isClosed()) {
                        return;
                    }
                    if (wanted.getAsBoolean()) {
                        disk.rename(temporary, path);
                    } else {
                        disk.delete(temporary);
                    }
                }
            } catch (IOException e) {
                background.skipped();
            }
        });
    }
}

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
 * The sidecar of a sealed segment, so that opening a log and finding a place in it need not read the segment:
 *
 * <pre>
 *  0  8  magic "QRTIDX\r\n"
 *  8  4  format version
 * 12  4  number of term runs, r
 * 16  8  seed of the segment (owner and base index)
 * 24  8  position after the last frame
 * 32  8  term of the last entry
 * 40  8  index of the last entry
 * 48  8  next offset
 * 56  4  number of index entries, n
 * 60  4  zero
 * 64     r times: term 8, first index of the run 8
 *        n times: index 8, base offset 8, position 8
 * -4  4  CRC32C of everything before it
 * </pre>
 *
 * It holds nothing that the segment does not: one that is missing, damaged, of another version or of another segment is
 * ignored and made again by reading the segment. Its sparse index trusts the checksum; every frame found through it is
 * verified by its own.
 *
 * @param terms      the ids of the segment's entries
 * @param end        position after the last frame
 * @param nextOffset first offset after the last entry
 * @param index      where frames are
 */
record IndexFile(TermStarts terms, long end, long nextOffset, SparseIndex index) {
    static final String SUFFIX = ".index";
    private static final long MAGIC = 0x5152544944580D0AL;
    private static final int FIXED_BYTES = 64;

    EntryId last() {
        return terms.last();
    }

    static String fileName(long baseIndex) {
        return Segment.stem(baseIndex) + SUFFIX;
    }

    ByteBuffer encode(long seed) {
        List<EntryId> runs = runs();
        long[][] columns = index.columns();
        int entries = columns[0].length;
        ByteBuffer bytes = ByteBuffer.allocate(FIXED_BYTES + 16 * runs.size() + 24 * entries + 4);
        bytes.putLong(MAGIC).putInt(Headers.VERSION).putInt(runs.size()).putLong(seed);
        bytes.putLong(end).putLong(last().term()).putLong(last().index()).putLong(nextOffset);
        bytes.putInt(entries).putInt(0);
        for (EntryId run : runs) {
            bytes.putLong(run.term()).putLong(run.index());
        }
        for (int i = 0; i < entries; i++) {
            bytes.putLong(columns[0][i]).putLong(columns[1][i]).putLong(columns[2][i]);
        }
        Headers.seal(bytes);
        return bytes.clear();
    }

    /** The first entry of every term, in order. */
    private List<EntryId> runs() {
        List<EntryId> runs = new ArrayList<>();
        for (long at = terms.lastIndex(); at >= terms.firstIndex(); ) {
            long start = terms.firstIndexOfTermAt(at);
            runs.add(0, new EntryId(terms.termAt(start), start));
            at = start - 1;
        }
        return runs;
    }

    /**
     * Reads the sidecar of a segment; empty if there is none that can be used.
     *
     * @param segmentBytes size of the segment's file, which bounds what its sidecar can hold
     */
    static Optional<IndexFile> read(
            Disk disk,
            Path directory,
            SegmentHeader header,
            StoreIdentity identity,
            LogStoreConfig config,
            long segmentBytes)
            throws IOException {
        Path path = directory.resolve(fileName(header.baseIndex()));
        if (!disk.exists(path)) {
            return Optional.empty();
        }
        try (DiskFile file = disk.open(path)) {
            long size = file.size();
            if (size < FIXED_BYTES + 4 || size > maxBytes(segmentBytes)) {
                return Optional.empty();
            }
            ByteBuffer bytes = ByteBuffer.allocate((int) size);
            if (file.read(bytes, 0) < size || !Headers.isIntact(bytes, MAGIC)) {
                return Optional.empty();
            }
            return decode(bytes, header, identity, config);
        }
    }

    /** Every frame has at most one term run and one index entry, which together are smaller than it. */
    private static long maxBytes(long segmentBytes) {
        return Math.min(Integer.MAX_VALUE - 8, FIXED_BYTES + segmentBytes + 4);
    }

    private static Optional<IndexFile> decode(
            ByteBuffer bytes, SegmentHeader header, StoreIdentity identity, LogStoreConfig config) {
        long runs = bytes.getInt(12);
        long entries = bytes.getInt(56);
        if (bytes.getInt(8) != Headers.VERSION
                || bytes.getLong(16) != identity.seed(header.baseIndex())
                || runs < 1
                || entries < 1
                || FIXED_BYTES + runs * 16 + entries * 24 + 4 != bytes.capacity()) {
            return Optional.empty();
        }
        try {
            TermStarts terms = new TermStarts(header.before());
            long lastIndex = bytes.getLong(40);
            for (int i = 0; i < runs; i++) {
                int at = FIXED_BYTES + 16 * i;
                long runEnd = i + 1 < runs ? bytes.getLong(at + 16 + 8) - 1 : lastIndex;
                terms.appendRun(bytes.getLong(at), runEnd);
            }
            SparseIndex index = new SparseIndex(config.indexIntervalBytes());
            for (int i = 0; i < entries; i++) {
                int at = FIXED_BYTES + 16 * (int) runs + 24 * i;
                index.add(bytes.getLong(at), bytes.getLong(at + 8), bytes.getLong(at + 16));
            }
            return Optional.of(new IndexFile(terms, bytes.getLong(24), bytes.getLong(48), index));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * Writes the sidecar in the background; it replaces what was there. Each step under the gate, and only while
     * {@code wanted} says that the segment is still sealed.
     */
    static void writeInBackground(
            Disk disk, Segment segment, IndexFile sidecar, Background background, BooleanSupplier wanted) {
        Path directory = segment.path().getParent();
        Path path = directory.resolve(fileName(segment.baseIndex()));
        Path temporary = directory.resolve(fileName(segment.baseIndex()) + Recovery.TEMPORARY_SUFFIX);
        background.run(() -> {
            try {
                DiskFile file;
                synchronized (background.gate()) {
                    if (background.isClosed() || !wanted.getAsBoolean() || disk.exists(temporary)) {
                        return;
                    }
                    file = disk.create(temporary);
                    file.write(sidecar.encode(segment.seed()), 0);
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

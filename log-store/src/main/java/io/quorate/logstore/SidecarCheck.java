/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.EntryId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Holds every line of a sidecar against the segment, frame by frame, in the format that {@link IndexFile} describes. Of
 * term runs and index entries only a few kilobytes are in memory at a time. For one thread.
 */
final class SidecarCheck implements AutoCloseable {
    private static final int FIXED_BYTES = 112;
    private static final int CHECKSUM_BYTES = 4;
    private static final int RUN_BYTES = 16;

    private final Path path;
    private final DiskFile file;
    private final ByteBuffer fixed;
    private final Items runs;
    private final Items index;
    private Optional<Finding> difference = Optional.empty();
    private long termOfRun = -1;

    private SidecarCheck(Path path, DiskFile file, ByteBuffer fixed, long runCount, long indexCount) {
        this.path = path;
        this.file = file;
        this.fixed = fixed;
        this.runs = new Items(file, FIXED_BYTES, runCount, RUN_BYTES);
        this.index = new Items(
                file, FIXED_BYTES + RUN_BYTES * runCount + CHECKSUM_BYTES, indexCount, SparseIndex.ENTRY_BYTES);
    }

    /**
     * Opens an intact sidecar; of one that is not, {@code findings} hear.
     *
     * @param header what the segment's header says
     */
    static Optional<SidecarCheck> open(
            DiskFile file, Path path, SegmentHeader header, StoreIdentity identity, Findings findings)
            throws IOException {
        long size = file.size();
        ByteBuffer fixed = ByteBuffer.allocate(FIXED_BYTES);
        String problem;
        if (file.read(fixed, 0) < FIXED_BYTES || fixed.getLong(0) != IndexFile.MAGIC) {
            problem = "not a sidecar";
        } else {
            long runCount = fixed.getInt(104);
            long indexCount = fixed.getInt(108);
            long summaryBytes = FIXED_BYTES + RUN_BYTES * runCount;
            long indexBytes = SparseIndex.ENTRY_BYTES * indexCount;
            if (runCount < 1 || indexCount < 1 || size != summaryBytes + CHECKSUM_BYTES + indexBytes + CHECKSUM_BYTES) {
                problem = "its size of " + size + " bytes contradicts its counts";
            } else if (!isIntact(file, 0, summaryBytes) || !isIntact(file, summaryBytes + CHECKSUM_BYTES, indexBytes)) {
                problem = "a wrong checksum";
            } else if (fixed.getInt(8) != Headers.VERSION || !Headers.isOwner(fixed, identity)) {
                problem = "of another format version, cluster, node or group";
            } else if (fixed.getLong(32) != header.baseIndex()
                    || fixed.getLong(40) != header.before().term()
                    || fixed.getLong(48) != header.baseOffset()) {
                problem = "of another segment";
            } else if (fixed.getLong(64) < 0 || fixed.getLong(72) < header.baseIndex()) {
                problem = "an impossible last entry";
            } else {
                return Optional.of(new SidecarCheck(path, file, fixed, runCount, indexCount));
            }
        }
        findings.damage(path, 0, header.baseIndex(), "NO_INDEX: " + problem + "; it is made again from its segment");
        return Optional.empty();
    }

    private static boolean isIntact(DiskFile file, long from, long count) throws IOException {
        CRC32C crc = new CRC32C();
        ByteBuffer chunk = ByteBuffer.allocate(64 << 10);
        for (long done = 0; done < count; done += chunk.limit()) {
            chunk.clear().limit((int) Math.min(chunk.capacity(), count - done));
            if (file.read(chunk, from + done) < chunk.limit()) {
                return false;
            }
            crc.update(chunk.flip());
        }
        ByteBuffer stored = ByteBuffer.allocate(CHECKSUM_BYTES);
        return file.read(stored, from + count) == CHECKSUM_BYTES && stored.getInt(0) == (int) crc.getValue();
    }

    /** How far the segment reaches, as the sidecar says. */
    Extent extent() {
        return new Extent(
                fixed.getLong(56),
                new EntryId(fixed.getLong(64), fixed.getLong(72)),
                fixed.getLong(80),
                fixed.getLong(88),
                fixed.getLong(96));
    }

    /** Compares what the sidecar says of the next frame. @param before how far the segment reaches before it */
    void onFrame(FrameFormat.Header frame, long position, Extent before) throws IOException {
        if (difference.isPresent()) {
            return;
        }
        if (frame.term() != termOfRun) {
            termOfRun = frame.term();
            expect(
                    runs.hasNext() && runs.at(0) == frame.term() && runs.at(8) == frame.index(),
                    "term",
                    frame,
                    position);
            runs.next();
        }
        if (index.hasNext() && index.at(0) <= frame.index()) {
            boolean same = index.at(0) == frame.index()
                    && index.at(8) == frame.baseOffset()
                    && index.at(16) == position
                    && index.at(24) == before.maxTimestampMillis()
                    && index.at(32) == before.digest()
                    && index.at(40) == before.last().term();
            expect(same, "place", frame, position);
            index.next();
        }
    }

    private void expect(boolean same, String what, FrameFormat.Header frame, long position) {
        if (!same && difference.isEmpty()) {
            difference = Optional.of(new Finding(
                    Finding.Severity.DAMAGE,
                    path,
                    0,
                    frame.index(),
                    "the sidecar says something else of the " + what + " of entry " + frame.index()
                            + " than the segment, which has it at position " + position));
        }
    }

    /** What the sidecar says wrongly; empty if it is right in everything. @param extent how far the segment reaches */
    Optional<Finding> finish(Extent extent) throws IOException {
        if (difference.isEmpty() && (runs.hasNext() || index.hasNext() || !extent.equals(extent()))) {
            return Optional.of(new Finding(
                    Finding.Severity.DAMAGE,
                    path,
                    0,
                    extent.last().index(),
                    "the sidecar says that its segment reaches to entry "
                            + extent().last() + " and position " + extent().end() + ", but it reaches to entry "
                            + extent.last() + " and position " + extent.end()
                            + ", or has other entries than the sidecar says"));
        }
        return difference;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    /** Items of one size, one after the other, through a buffer. */
    private static final class Items {
        private static final int BUFFERED = 256;

        private final DiskFile file;
        private final long start;
        private final long count;
        private final int itemBytes;
        private final ByteBuffer buffer;
        private long bufferedFrom = -1;
        private long at;

        Items(DiskFile file, long start, long count, int itemBytes) {
            this.file = file;
            this.start = start;
            this.count = count;
            this.itemBytes = itemBytes;
            this.buffer = ByteBuffer.allocate(BUFFERED * itemBytes);
        }

        boolean hasNext() {
            return at < count;
        }

        void next() {
            at++;
        }

        long at(int offset) throws IOException {
            if (bufferedFrom < 0 || at >= bufferedFrom + BUFFERED) {
                bufferedFrom = at;
                buffer.clear();
                file.read(buffer, start + at * itemBytes);
            }
            return buffer.getLong((int) (at - bufferedFrom) * itemBytes + offset);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Keeps zero-filled, forced blocks in front of the active segment's writer, so that a flush only overwrites blocks the
 * file system knows: no new size, no new extent, no journal commit. Never needed for correctness: a writer that arrives
 * first simply appends.
 *
 * <pre>
 *   frames ... | zeros, forced | zeros being written | nothing
 *            writer         zeroedTo              target
 * </pre>
 *
 * No byte the writer may have written is ever zeroed: below {@code zeroedTo} the filler is done; whoever writes above it
 * first raises {@code claimed} under the gate, and the filler writes under the gate, in small pieces, and only from
 * {@code claimed} on.
 *
 * <p>The filler has a handle of its own, so that a failed write-back is reported to it and to the writer alike. A failed
 * force of the filler fails the store; a failed write (such as a full disk) only ends this fill, as the writer meets the
 * same condition if it persists.
 */
final class ZeroAhead {
    /** What is zero-filled when a segment is created, and the first step after. */
    static final int INITIAL_BYTES = 1 << 20;

    private static final int BLOCK_BYTES = 4096;
    static final int PIECE_BYTES = 256 << 10;
    /** Nothing is filled ahead on a disk with less room than so many times the most that is filled: others need it. */
    private static final int ROOM_FACTOR = 4;

    /** Bounds what of ours a force of the writer may have to write along. */
    private static final int FORCE_EVERY_BYTES = 1 << 20;

    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(PIECE_BYTES + Disk.MAX_DIRECT_BLOCK_BYTES)
            .alignedSlice(Disk.MAX_DIRECT_BLOCK_BYTES)
            .slice(0, PIECE_BYTES)
            .asReadOnlyBuffer();

    private final Disk disk;
    private final Path path;
    private final int blockBytes;
    private final int writeUnitBytes;
    private final Background background;
    private final LogStoreConfig config;
    private final long capBytes;
    private volatile long zeroedTo;
    private int stepBytes;

    // Guarded by the gate.
    private long claimed;
    private boolean filling;
    private boolean retired;

    /**
     * @param writeUnitBytes {@link WriteBuffer#blockBytes}
     * @param zeroedTo       up to where the file is known to be written
     * @param stepBytes      how much to fill next time, or 0 to start small
     */
    ZeroAhead(
            Disk disk,
            Path path,
            int writeUnitBytes,
            Background background,
            LogStoreConfig config,
            long writePosition,
            long zeroedTo,
            int stepBytes) {
        this.disk = disk;
        this.path = path;
        this.blockBytes = Math.max(BLOCK_BYTES, writeUnitBytes);
        this.writeUnitBytes = writeUnitBytes;
        this.background = background;
        this.config = config;
        this.capBytes = alignUp(Math.max(config.segmentBytes(), SegmentHeader.BYTES));
        this.claimed = writePosition;
        this.zeroedTo = zeroedTo;
        this.stepBytes = Math.max(stepBytes, initialBytes(config));
    }

    private static int initialBytes(LogStoreConfig config) {
        return Math.min(INITIAL_BYTES, Math.min(config.zeroAheadBytes(), config.segmentBytes()));
    }

    /** Up to where a new segment is zero-filled, its header included. */
    static long initialEnd(LogStoreConfig config, int writeUnitBytes) {
        return alignUp(SegmentHeader.BYTES + (long) initialBytes(config), writeUnitBytes);
    }

    /**
     * Opens a file to fill it.
     *
     * @param writeUnitBytes {@link WriteBuffer#blockBytes}
     */
    static DiskFile openToFill(Disk disk, Path path, int writeUnitBytes) throws IOException {
        return writeUnitBytes > 1 ? disk.openDirect(path) : disk.open(path);
    }

    /** Writes zeros over [{@code from}, {@code to}), both multiples of the unit, of a file nobody else writes there. */
    static void fill(DiskFile file, long from, long to) throws IOException {
        for (long at = from; at < to; ) {
            int piece = (int) Math.min(PIECE_BYTES, to - at);
            file.write(ZEROS.duplicate().limit(piece), at);
            at += piece;
        }
    }

    /** Whether there is more room than others may need soon. */
    static boolean hasRoom(Disk disk, Path directory, LogStoreConfig config) throws IOException {
        return disk.freeBytes(directory) >= (long) ROOM_FACTOR * config.zeroAheadBytes();
    }

    int stepBytes() {
        return stepBytes;
    }

    /** The writer is about to write up to {@code end}: from now on nothing below is zero-filled any more. */
    void claim(long end) {
        if (end > zeroedTo) {
            synchronized (background.gate()) {
                claimed = Math.max(claimed, end);
            }
        }
    }

    /** Starts to fill ahead if the writer, now at {@code position}, has used up half of what there was. */
    void advance(long position) {
        long from = alignUp(Math.max(position, zeroedTo), writeUnitBytes);
        if (config.zeroAheadBytes() == 0 || from >= capBytes || from - position > stepBytes / 2) {
            return;
        }
        synchronized (background.gate()) {
            if (filling || retired) {
                return;
            }
            filling = true;
            claimed = Math.max(claimed, from);
        }
        stepBytes = (int) Math.min(config.zeroAheadBytes(), 2L * stepBytes);
        long to = Math.min(capBytes, alignUp(from + stepBytes));
        background.run(() -> fillInBackground(from, to));
    }

    private long alignUp(long position) {
        return alignUp(position, blockBytes);
    }

    private static long alignUp(long position, int unit) {
        return position + unit - 1 & -unit;
    }

    private void fillInBackground(long from, long to) {
        try {
            if (hasRoom(disk, path.getParent(), config)) {
                fillRange(from, to);
            }
        } catch (IOException e) {
            background.skipped();
        } finally {
            synchronized (background.gate()) {
                filling = false;
            }
        }
    }

    private void fillRange(long from, long to) throws IOException {
        try (DiskFile file = openToFill(disk, path, writeUnitBytes)) {
            for (long at = from; at < to; ) {
                long end = Math.min(to, at + FORCE_EVERY_BYTES);
                if (!fillPieces(file, at, end)) {
                    return;
                }
                try {
                    file.force();
                } catch (IOException e) {
                    background.fail(new StorageException(path, "cannot force what was zero-filled ahead", e));
                    return;
                }
                synchronized (background.gate()) {
                    if (retired || background.isClosed()) {
                        return;
                    }
                    zeroedTo = end;
                }
                at = end;
            }
        }
    }

    private boolean fillPieces(DiskFile file, long from, long to) throws IOException {
        for (long at = from; at < to; ) {
            synchronized (background.gate()) {
                if (retired || background.isClosed()) {
                    return false;
                }
                long start = Math.max(at, claimed);
                long end = Math.min(to, at + PIECE_BYTES);
                if (start < end) {
                    fill(file, start, end);
                }
                at = end;
            }
        }
        return true;
    }

    /** Ends all filling of this segment: when it returns, nothing is written here any more. */
    void retire() {
        synchronized (background.gate()) {
            retired = true;
        }
    }
}

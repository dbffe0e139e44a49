/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the frames of the active segment go: past the operating system's cache, in whole blocks, or, where the file
 * system has no such thing, through the cache and byte by byte.
 *
 * <pre>
 *   file:  ... frames | block with the last frames, then zeros |
 *                     ^ blockStart(end)     ^ end
 * </pre>
 *
 * The bytes of the block that is not full yet are kept here and go out again with the next flush. What of them was
 * durable stays as it is meanwhile: the disk writes sectors whole, and a sector that gets the bytes it has loses none. The
 * cache does the same, by the page. For the writing thread.
 */
final class SegmentOutput implements AutoCloseable {
    private final DiskFile file;
    private final boolean ownsFile;
    private final int blockBytes;
    private final byte[] tail;
    private Optional<SumsCollector> sums;

    private SegmentOutput(DiskFile file, boolean ownsFile, int blockBytes, Optional<SumsCollector> sums) {
        this.file = file;
        this.ownsFile = ownsFile;
        this.blockBytes = blockBytes;
        this.sums = sums;
        this.tail = new byte[blockBytes - 1];
    }

    /**
     * {@link #resume} comes next.
     *
     * @param cached     a handle of the file through the cache; used here, but closed by its owner
     * @param blockBytes unit of direct writes, or 1 to write through the cache
     * @param sums       hears of every sector that is written directly
     */
    static SegmentOutput open(Disk disk, Path path, DiskFile cached, int blockBytes, Optional<SumsCollector> sums)
            throws IOException {
        return blockBytes == 1
                ? new SegmentOutput(cached, false, 1, Optional.empty())
                : new SegmentOutput(disk.openDirect(path), true, blockBytes, sums);
    }

    /**
     * The next frame goes to {@code end}.
     *
     * @param known what the file has before, at least from the beginning of the block on; what it has from {@code end} on does not
     *              count
     */
    void resume(byte[] known, long end) {
        System.arraycopy(known, 0, tail, 0, (int) (end - blockStart(end)));
    }

    long blockStart(long position) {
        return position & -blockBytes;
    }

    long blockEnd(long position) {
        return position + blockBytes - 1 & -blockBytes;
    }

    /** Puts the bytes between the start of the block that holds {@code end} and {@code end}. */
    void putTail(ByteBuffer target, long end) {
        target.put(tail, 0, (int) (end - blockStart(end)));
    }

    /**
     * The sectors from {@code from} on have {@code count} of these sums, and those before are complete.
     *
     * @param blocks as for {@link #write}, up to {@code from} at least; unchanged on return
     * @param from   start of a sector
     */
    void note(ByteBuffer blocks, long position, long from, int[] sectorSums, int first, int count) {
        sums.ifPresent(collector -> {
            collector.note(blocks, position, from);
            collector.note(sectorSums, first, count);
        });
    }

    /**
     * Writes whole blocks and keeps what of the last one comes before {@code end}.
     *
     * @param blocks from a block's start; its size a multiple of the block
     */
    void write(ByteBuffer blocks, long position, long end) throws IOException {
        int last = (int) (blockStart(end) - position);
        if (last < blocks.limit()) {
            blocks.get(last, tail, 0, (int) (end - blockStart(end)));
        }
        sums.ifPresent(collector -> collector.note(blocks, position, end));
        file.write(blocks, position);
    }

    /** Hands over what has the sums of all that was written, which is all there will be. */
    Optional<SumsCollector> takeSums() {
        Optional<SumsCollector> taken = sums;
        sums = Optional.empty();
        return taken;
    }

    /** What was written is about to be cut. */
    void abandonSums() {
        takeSums().ifPresent(SumsCollector::abandon);
    }

    void force() throws IOException {
        file.force();
    }

    @Override
    public void close() throws IOException {
        if (sums.isPresent()) {
            sums.get().close();
        }
        if (ownsFile) {
            file.close();
        }
    }
}

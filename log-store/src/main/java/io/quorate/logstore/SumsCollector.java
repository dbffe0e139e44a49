/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;

/**
 * Takes the {@link SectorSums} of a segment while it is written, and writes them in the background: 8 bytes per KiB, some
 * blocks at a time, so that memory does not grow with the segment. They get their name when the segment is sealed. Never needed for
 * correctness: a segment without sums is not recycled.
 *
 * <p>{@link #note}, {@link #finish} and {@link #abandon} are for the writing thread.
 */
final class SumsCollector {
    /** Blocks that wait for the background; each stands for half a MiB of log. */
    private static final int MOST_WAITING = 64;

    /** The background is not woken for less: it takes the processor from who wakes it. */
    private static final int HANDED_OVER_TOGETHER = 4;

    /** Until there is a sum: most groups write little. */
    private static final ByteBuffer NONE = ByteBuffer.allocate(0);

    private final Disk disk;
    private final Path path;
    private final Path temporary;
    private final StoreIdentity identity;
    private final long baseIndex;
    private final long seed;
    private final Background background;

    // Of the writing thread.
    private final CRC32C crc = new CRC32C();
    private ByteBuffer block = NONE;
    private long blockNumber = 1;
    private long next = SegmentHeader.BYTES;
    private int mostWaiting = MOST_WAITING;

    // Guarded by waiting, which the gate comes before: the writing thread must not wait for what others do under the
    // gate.
    private final ArrayDeque<Block> waiting = new ArrayDeque<>();
    private boolean abandoned;

    // Guarded by the gate.
    private boolean writing;

    /** Open from the first block to the last. */
    private Optional<DiskFile> file = Optional.empty();

    private record Block(ByteBuffer bytes, long position, Optional<BooleanSupplier> wanted) {}

    SumsCollector(Disk disk, Path directory, StoreIdentity identity, long baseIndex, Background background) {
        this.disk = disk;
        this.path = directory.resolve(SectorSums.fileName(baseIndex));
        this.temporary = directory.resolve(SectorSums.fileName(baseIndex) + Recovery.TEMPORARY_SUFFIX);
        this.identity = identity;
        this.baseIndex = baseIndex;
        this.seed = identity.seed(baseIndex);
        this.background = background;
    }

    /**
     * Notes the sectors that are complete now: those before {@code end}.
     *
     * @param blocks   what is written at {@code position}, from its position 0 on; unchanged on return
     * @param position start of a block, not behind what is noted already
     */
    void note(ByteBuffer blocks, long position, long end) {
        int before = blocks.position();
        int limit = blocks.limit();
        while (next + SectorSums.SECTOR_BYTES <= end) {
            int at = (int) (next - position);
            blocks.limit(at + SectorSums.SECTOR_BYTES).position(at);
            crc.reset();
            crc.update(blocks);
            blockOfNext().putInt((int) crc.getValue());
            handOverIfFull();
            next += SectorSums.SECTOR_BYTES;
        }
        blocks.limit(limit).position(before);
    }

    /** Notes sectors that were written before, at once: more may wait for the background then. */
    void noteKnown(int[] sums) {
        mostWaiting += sums.length / SectorSums.SUMS_PER_BLOCK;
        note(sums, 0, sums.length);
    }

    /** Notes the next sectors, whose sums are known: {@code count} of these from {@code first} on. */
    void note(int[] sums, int first, int count) {
        for (int done = 0; done < count; ) {
            int step = Math.min(
                    count - done, SectorSums.SUMS_PER_BLOCK - blockOfNext().position() / Integer.BYTES);
            block.asIntBuffer().put(sums, first + done, step);
            block.position(block.position() + step * Integer.BYTES);
            handOverIfFull();
            done += step;
        }
        next += (long) count * SectorSums.SECTOR_BYTES;
    }

    private ByteBuffer blockOfNext() {
        if (block == NONE) {
            block = ByteBuffer.allocate(SectorSums.BLOCK_BYTES);
        }
        return block;
    }

    private void handOverIfFull() {
        if (block.position() == SectorSums.SUMS_PER_BLOCK * Integer.BYTES) {
            handOver();
        }
    }

    private void handOver() {
        SectorSums.seal(block, seed, blockNumber);
        if (submit(new Block(block.clear(), blockNumber * SectorSums.BLOCK_BYTES, Optional.empty()))) {
            background.run(this::drain);
        }
        blockNumber++;
        block = NONE;
    }

    /**
     * The segment is sealed, as {@code extent} says: its sums are made durable and get their name, if {@code wanted} still says
     * so, under the gate.
     */
    void finish(Extent extent, BooleanSupplier wanted) {
        if (block.position() > 0) {
            handOver();
        }
        ByteBuffer header = SectorSums.encodeHeader(identity, baseIndex, next, extent.digest());
        submit(new Block(header, 0, Optional.of(wanted)));
        background.run(this::drain);
    }

    /** What was noted does not hold any more. */
    void abandon() {
        synchronized (background.gate()) {
            giveUpWaiting();
        }
        background.run(this::drain);
    }

    private void giveUpWaiting() {
        synchronized (waiting) {
            abandoned = true;
            waiting.clear();
        }
    }

    private Optional<Block> poll() {
        synchronized (waiting) {
            return abandoned ? Optional.empty() : Optional.ofNullable(waiting.poll());
        }
    }

    private boolean isAbandoned() {
        synchronized (waiting) {
            return abandoned;
        }
    }

    /** Returns whether enough waits to be written. */
    private boolean submit(Block complete) {
        synchronized (waiting) {
            if (abandoned) {
                return false;
            }
            abandoned = waiting.size() >= mostWaiting;
            waiting.add(complete);
            return abandoned || waiting.size() >= HANDED_OVER_TOGETHER;
        }
    }

    /** Writes what waits; one thread at a time, as the background may have more than one. */
    private void drain() {
        synchronized (background.gate()) {
            if (writing) {
                return;
            }
            writing = true;
        }
        boolean more = true;
        while (more) {
            more = writeNext();
        }
    }

    private boolean writeNext() {
        try {
            Optional<BooleanSupplier> complete;
            synchronized (background.gate()) {
                Optional<Block> next = background.isClosed() ? Optional.empty() : poll();
                if (next.isEmpty()) {
                    writing = false;
                    if (background.isClosed() || isAbandoned()) {
                        giveUp();
                    }
                    return false;
                }
                openFile().write(next.get().bytes(), next.get().position());
                complete = next.get().wanted();
            }
            if (complete.isPresent()) {
                name(complete.get());
            }
        } catch (IOException e) {
            background.skipped();
            giveUpWaiting();
        }
        return true;
    }

    private DiskFile openFile() throws IOException {
        if (file.isEmpty()) {
            if (disk.exists(temporary)) {
                disk.delete(temporary);
            }
            file = Optional.of(disk.create(temporary));
        }
        return file.get();
    }

    private void name(BooleanSupplier wanted) throws IOException {
        file.get().force();
        synchronized (background.gate()) {
            if (background.isClosed() || isAbandoned() || !wanted.getAsBoolean()) {
                giveUpWaiting();
            } else {
                file.get().close();
                file = Optional.empty();
                disk.rename(temporary, path);
            }
        }
    }

    /** What has no name yet at the end is deleted at the next start. */
    private void giveUp() throws IOException {
        giveUpWaiting();
        if (file.isPresent()) {
            DiskFile unfinished = file.get();
            file = Optional.empty();
            unfinished.close();
            if (!background.isClosed()) {
                disk.delete(temporary);
            }
        }
    }

    /** After the background was closed. */
    void close() throws IOException {
        synchronized (background.gate()) {
            if (!writing) {
                giveUp();
            }
        }
    }
}

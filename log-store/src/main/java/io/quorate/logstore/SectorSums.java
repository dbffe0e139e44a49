/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What the sectors of a sealed segment hold, one checksum each. When the segment is trimmed its file may become a later
 * segment, and whatever of it has not been written over yet is recognised by these sums: a sector that still has its old
 * bytes never arrived, as one of zeros has not in a file that is new. Blocks of {@value #BLOCK_BYTES} bytes:
 *
 * <pre>
 *    0   32  {@link Headers}, magic "QRTSUMS\n"
 *   32    8  base index of the segment
 *   40    8  position up to which sectors are described, a multiple of {@value #SECTOR_BYTES}
 *   48    8  digest of the segment's entries
 *   56       zeros
 * 4092    4  CRC32C of the block
 *
 * then blocks n = 1, 2, ..., each for {@value #SUMS_PER_BLOCK} sectors, the first of which follows the segment's header:
 *    0 4092  sums, 4 bytes each, CRC32C of a sector
 * 4092    4  CRC32C of the segment's seed (8), n (8) and the sums
 * </pre>
 *
 * A block that is damaged, or cannot be read, describes nothing. For one thread.
 */
final class SectorSums implements AutoCloseable {
    static final String SUFFIX = ".sums";
    static final int SECTOR_BYTES = 512;
    static final int BLOCK_BYTES = 4096;
    static final int SUMS_PER_BLOCK = BLOCK_BYTES / Integer.BYTES - 1;

    private static final long MAGIC = 0x51525453554D530AL;
    private static final int CHECKSUM_AT = BLOCK_BYTES - Integer.BYTES;

    private final DiskFile file;
    private final long seed;
    private final long end;
    private final ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
    private long blockNumber;
    private boolean isBlockIntact;

    private SectorSums(DiskFile file, long seed, long end) {
        this.file = file;
        this.seed = seed;
        this.end = end;
    }

    static String fileName(long baseIndex) {
        return Segment.stem(baseIndex) + SUFFIX;
    }

    /**
     * What can be read of the sums of the segment {@code baseIndex}; empty if there are none.
     *
     * @throws StorageException if they are of a newer version or of another owner
     */
    static Optional<SectorSums> open(Disk disk, Path directory, StoreIdentity identity, long baseIndex)
            throws IOException {
        Path path = directory.resolve(fileName(baseIndex));
        if (!disk.exists(path)) {
            return Optional.empty();
        }
        DiskFile file = disk.open(path);
        boolean kept = false;
        try {
            ByteBuffer header = ByteBuffer.allocate(BLOCK_BYTES);
            if (file.read(header, 0) < BLOCK_BYTES || !Headers.isIntact(header, MAGIC)) {
                return Optional.empty();
            }
            Headers.checkOwner(path, header, identity);
            kept = header.getLong(32) == baseIndex;
            return kept
                    ? Optional.of(new SectorSums(file, identity.seed(baseIndex), header.getLong(40)))
                    : Optional.empty();
        } catch (IOException unreadable) {
            return Optional.empty();
        } finally {
            if (!kept) {
                file.close();
            }
        }
    }

    /**
     * Up to where the sums describe {@code segment}, if they are of it as it is; 0 if they are not.
     *
     * @param segment sealed
     */
    static long describedEnd(Disk disk, Path directory, StoreIdentity identity, Segment segment) throws IOException {
        Path path = directory.resolve(fileName(segment.baseIndex()));
        if (!disk.exists(path)) {
            return 0;
        }
        try (DiskFile file = disk.open(path)) {
            ByteBuffer header = ByteBuffer.allocate(BLOCK_BYTES);
            boolean isOfSegment = file.read(header, 0) == BLOCK_BYTES
                    && Headers.isIntact(header, MAGIC)
                    && header.getInt(8) == Headers.VERSION
                    && Headers.isOwner(header, identity)
                    && header.getLong(32) == segment.baseIndex()
                    && header.getLong(48) == segment.extent().digest();
            long end = header.getLong(40);
            return isOfSegment
                            && end <= segment.extent().end()
                            && end > segment.extent().end() - SECTOR_BYTES
                            && file.size() >= BLOCK_BYTES + blockBytes(end)
                    ? end
                    : 0;
        } catch (IOException unreadable) {
            return 0;
        }
    }

    /** Size of all blocks of sums when sectors are described up to {@code end}. */
    private static long blockBytes(long end) {
        long sectors = (end - SegmentHeader.BYTES) / SECTOR_BYTES;
        return (sectors + SUMS_PER_BLOCK - 1) / SUMS_PER_BLOCK * BLOCK_BYTES;
    }

    /** The first block of a file. */
    static ByteBuffer encodeHeader(StoreIdentity identity, long baseIndex, long end, long digest) {
        ByteBuffer header = ByteBuffer.allocate(BLOCK_BYTES);
        Headers.begin(header, MAGIC, identity);
        header.putLong(32, baseIndex).putLong(40, end).putLong(48, digest);
        Headers.seal(header);
        return header;
    }

    /** Puts the checksum of block {@code number} behind its sums. */
    static void seal(ByteBuffer block, long seed, long number) {
        block.putInt(CHECKSUM_AT, checksum(block, seed, number));
    }

    private static int checksum(ByteBuffer block, long seed, long number) {
        CRC32C crc = new CRC32C();
        ByteBuffer prefix = ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(seed)
                .putLong(number)
                .flip();
        crc.update(prefix);
        crc.update(block.array(), 0, CHECKSUM_AT);
        return (int) crc.getValue();
    }

    /** Whether the sector at {@code position} had {@code sum} as its checksum. */
    boolean has(long position, int sum) {
        if (position < SegmentHeader.BYTES || position >= end) {
            return false;
        }
        long sector = (position - SegmentHeader.BYTES) / SECTOR_BYTES;
        read(1 + sector / SUMS_PER_BLOCK);
        return isBlockIntact && block.getInt((int) (sector % SUMS_PER_BLOCK) * Integer.BYTES) == sum;
    }

    private void read(long number) {
        if (number == blockNumber) {
            return;
        }
        blockNumber = number;
        try {
            isBlockIntact = file.read(block.clear(), number * BLOCK_BYTES) == BLOCK_BYTES
                    && block.getInt(CHECKSUM_AT) == checksum(block, seed, number);
        } catch (IOException unreadable) {
            isBlockIntact = false;
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Memory in which frames are laid one after the other until they are written. Payloads are copied and checksummed in one pass:
 * the checksums of the sectors that a payload fills make up its own.
 *
 * <p>Payloads may be put ahead, where they will be if the frames come as expected; {@link #put} takes what is there already. For
 * one thread at a time.
 */
final class Stage {
    /** Stays in the processor's first cache between copy and checksum; a multiple of a sector. */
    private static final int PIECE_BYTES = 16 << 10;

    /**
     * Memory of this size and alignment is one page to systems that have such pages and give them. The disk then gets a large write
     * as one piece of memory, not as one for every 4 KiB, of which it may not take enough at once.
     */
    private static final int LARGE_PAGE_BYTES = 2 << 20;

    /** Payloads that are put ahead; the gain is in few large ones. */
    private static final int MOST_AHEAD = 64;

    private static final byte[] ZEROS = new byte[FrameFormat.ALIGNMENT];

    private final ByteBuffer bytes;
    private final boolean bySector;
    private final CRC32C crc = new CRC32C();

    /** Of the sectors that payloads fill, in order. */
    private final int[] sums;

    private int sumCount;

    /** Of the payload that was put last. */
    private int firstSum;

    private final Payload[] ahead = new Payload[MOST_AHEAD];
    private final int[] aheadAt = new int[MOST_AHEAD];
    private final int[] aheadChecksums = new int[MOST_AHEAD];
    private final int[] aheadSums = new int[MOST_AHEAD];
    private int aheadCount;
    private int aheadNext;

    /**
     * @param capacityBytes a multiple of the block
     * @param blockBytes    unit of direct writes, or 1 to write through the cache
     */
    Stage(int capacityBytes, int blockBytes) {
        int alignment = capacityBytes > LARGE_PAGE_BYTES / 2 ? LARGE_PAGE_BYTES : blockBytes;
        bytes = ByteBuffer.allocateDirect((capacityBytes + alignment - 1 & -alignment) + alignment - 1)
                .alignedSlice(alignment)
                .slice(0, capacityBytes);
        bySector = blockBytes >= SectorSums.SECTOR_BYTES;
        sums = new int[bySector ? capacityBytes / SectorSums.SECTOR_BYTES : 0];
    }

    /** The memory; its position is where {@link #put} puts. */
    ByteBuffer bytes() {
        return bytes;
    }

    /** Forgets everything. */
    void clear() {
        bytes.clear();
        sumCount = 0;
        Arrays.fill(ahead, 0, aheadCount, null);
        aheadCount = 0;
        aheadNext = 0;
    }

    /** Forgets everything and puts the first payloads where they will be if the first frame begins at {@code start}. */
    void putAhead(List<LogEntry> entries, int start) {
        clear();
        int at = start;
        for (LogEntry entry : entries) {
            Payload payload = entry.payload();
            int frameBytes = FrameFormat.paddedBytes(FrameFormat.HEADER_BYTES + payload.size());
            if (aheadCount == MOST_AHEAD || frameBytes > bytes.capacity() - at) {
                break;
            }
            bytes.position(at + FrameFormat.HEADER_BYTES);
            aheadAt[aheadCount] = bytes.position();
            aheadSums[aheadCount] = sumCount;
            aheadChecksums[aheadCount] = copy(payload);
            ahead[aheadCount] = payload;
            aheadCount++;
            at += frameBytes;
        }
        bytes.clear();
    }

    /** Puts a payload and its padding, which fit, and returns the checksum of both. */
    int put(Payload payload) {
        if (aheadNext < aheadCount) {
            if (ahead[aheadNext] == payload && aheadAt[aheadNext] == bytes.position()) {
                bytes.position(bytes.position() + FrameFormat.paddedBytes(payload.size()));
                firstSum = aheadSums[aheadNext];
                return aheadChecksums[aheadNext++];
            }
            // Not what was expected: the rest is written over.
            Arrays.fill(ahead, aheadNext, aheadCount, null);
            aheadCount = aheadNext;
            sumCount = aheadSums[aheadNext];
        }
        firstSum = sumCount;
        return copy(payload);
    }

    /**
     * Tells which sums the payload has that was put last.
     *
     * @param payloadAt where it is here
     * @param position  in the file, of the first byte here
     */
    void noteSums(Payload payload, int payloadAt, SegmentOutput output, long position) {
        int sectors = sectors(payloadAt, payload.size());
        if (sectors > 0) {
            output.note(bytes, position, position + payloadAt + lead(payloadAt), sums, firstSum, sectors);
        }
    }

    /** Bytes from there to the next sector. */
    private static int lead(int at) {
        return -at & SectorSums.SECTOR_BYTES - 1;
    }

    /** How many sectors a payload there fills. */
    private int sectors(int at, int size) {
        return bySector ? Math.max(0, size - lead(at)) / SectorSums.SECTOR_BYTES : 0;
    }

    private int copy(Payload payload) {
        int lead = lead(bytes.position());
        int sectors = sectors(bytes.position(), payload.size());
        if (sectors == 0) {
            return copy(payload, 0, payload.size());
        }
        int checksum = copySectors(payload, lead, sectors, copy(payload, 0, lead));
        int done = lead + sectors * SectorSums.SECTOR_BYTES;
        int rest = payload.size() - done;
        return JoinedChecksum.with(checksum, copy(payload, done, rest), FrameFormat.paddedBytes(rest));
    }

    /** Copies a part of the payload and its padding, piece by piece as a large one then comes from memory once. */
    private int copy(Payload payload, int from, int count) {
        crc.reset();
        for (int done = 0; done < count; ) {
            int piece = Math.min(PIECE_BYTES, count - done);
            crc.update(payload.array(), payload.arrayOffset() + from + done, piece);
            bytes.put(payload.array(), payload.arrayOffset() + from + done, piece);
            done += piece;
        }
        int padding = FrameFormat.paddedBytes(count) - count;
        crc.update(ZEROS, 0, padding);
        bytes.put(ZEROS, 0, padding);
        return (int) crc.getValue();
    }

    /** Copies what fills sectors; returns the checksum of what has {@code before}, and of these. */
    private int copySectors(Payload payload, int from, int sectors, int before) {
        byte[] source = payload.array();
        int at = payload.arrayOffset() + from;
        int checksum = before;
        for (int sector = 0; sector < sectors; sector++) {
            if (sector % (PIECE_BYTES / SectorSums.SECTOR_BYTES) == 0) {
                bytes.put(source, at, Math.min(PIECE_BYTES, (sectors - sector) * SectorSums.SECTOR_BYTES));
            }
            crc.reset();
            crc.update(source, at, SectorSums.SECTOR_BYTES);
            int sum = (int) crc.getValue();
            sums[sumCount++] = sum;
            checksum = JoinedChecksum.withSector(checksum, sum);
            at += SectorSums.SECTOR_BYTES;
        }
        return checksum;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The memory through which one thread writes the frames of all its stores: frames are laid one after the other into a
 * direct buffer, which goes to the file when it is full, so that a flush is one write call per {@link #capacityBytes()}.
 * Holds nothing between two calls of {@link LogStore#append}. It also says how all its stores write: through the
 * operating system's cache or past it. Never for two threads at a time.
 */
public final class WriteBuffer {
    /**
     * The size at which fewer, larger writes stop paying, and what goes round a payload of that size: a second write for the last
     * block would cost a flush of 1 MiB a tenth.
     */
    public static final int DEFAULT_BYTES = (1 << 20) + (64 << 10);

    /** Stays in the processor's first cache between checksum and copy; a multiple of a sector. */
    private static final int PIECE_BYTES = 16 << 10;

    /**
     * Memory of this size and alignment is one page to systems that have such pages and give them unasked. The disk then gets a
     * large write as one piece of memory, not as one for every 4 KiB, of which it may not take enough at once.
     */
    private static final int LARGE_PAGE_BYTES = 2 << 20;

    private static final byte[] PADDING = new byte[Disk.MAX_DIRECT_BLOCK_BYTES];

    private final ByteBuffer bytes;
    private final int blockBytes;
    private final int readBlockBytes;
    private final FrameFormat.Header header = new FrameFormat.Header();

    /** Of the sectors that a payload fills. */
    private final int[] sums;

    private SegmentOutput output;
    private long position;

    /**
     * A buffer for stores that write through the operating system's cache.
     *
     * @param capacityBytes 4096 or more
     */
    public WriteBuffer(int capacityBytes) {
        this(capacityBytes, 1, 0);
    }

    private WriteBuffer(int capacityBytes, int blockBytes, int readBlockBytes) {
        if (capacityBytes < 4096) {
            throw new IllegalArgumentException("a write buffer of " + capacityBytes + " bytes, at least 4096 needed");
        }
        this.blockBytes = blockBytes;
        this.readBlockBytes = readBlockBytes;
        int capacity = capacityBytes + blockBytes - 1 & -blockBytes;
        int alignment = capacity > LARGE_PAGE_BYTES / 2 ? LARGE_PAGE_BYTES : blockBytes;
        bytes = ByteBuffer.allocateDirect((capacity + alignment - 1 & -alignment) + alignment - 1)
                .alignedSlice(alignment)
                .slice(0, capacity);
        sums = new int[blockBytes < SectorSums.SECTOR_BYTES ? 0 : capacity / SectorSums.SECTOR_BYTES];
    }

    /**
     * A buffer for stores under {@code root}, which must exist: they write past the operating system's cache if
     * {@code config} wants it and the file system can, what is found out by trying once. If it can they recover past it, too.
     *
     * @param capacityBytes 4096 or more
     * @throws StorageException if the directory cannot be looked at
     */
    public static WriteBuffer of(Disk disk, Path root, LogStoreConfig config, int capacityBytes) {
        try {
            int directBlockBytes = disk.directBlockBytes(root);
            int written = config.directIo() ? Math.max(1, directBlockBytes) : 1;
            return new WriteBuffer(capacityBytes, written, directBlockBytes);
        } catch (IOException e) {
            throw new StorageException(root, "cannot find out how it can be written", e);
        }
    }

    public int capacityBytes() {
        return bytes.capacity();
    }

    /** Unit in which stores write past the operating system's cache; 1 if they write through it. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Unit in which stores read what the disk has when they recover; 0 if they must believe the operating system's cache. */
    int readBlockBytes() {
        return readBlockBytes;
    }

    /** Begins to collect frames that belong at {@code start}. */
    void begin(SegmentOutput target, long start) {
        bytes.clear();
        output = target;
        position = target.blockStart(start);
        target.putTail(bytes, start);
    }

    /** Where the next frame will be. */
    long position() {
        return position + bytes.position();
    }

    /** Adds a frame and returns its header, which is valid until the next call. */
    FrameFormat.Header put(LogEntry entry, int flags, long seed) throws IOException {
        Payload payload = entry.payload();
        if (FrameFormat.paddedBytes(FrameFormat.HEADER_BYTES + payload.size()) <= bytes.remaining()) {
            return putWhole(entry, flags, seed);
        }
        header.encode(entry, flags, seed, position());
        put(header.array(), header.arrayOffset(), FrameFormat.HEADER_BYTES);
        put(payload.array(), payload.arrayOffset(), payload.size());
        put(PADDING, 0, FrameFormat.paddedBytes(header.length()) - header.length());
        return header;
    }

    private FrameFormat.Header putWhole(LogEntry entry, int flags, long seed) {
        Payload payload = entry.payload();
        int headerAt = bytes.position();
        int payloadAt = headerAt + FrameFormat.HEADER_BYTES;
        int lead = -payloadAt & SectorSums.SECTOR_BYTES - 1;
        int sectors = output.takesSums() ? Math.max(0, payload.size() - lead) / SectorSums.SECTOR_BYTES : 0;
        header.begin(entry, flags, seed, position());
        bytes.position(payloadAt);
        if (sectors == 0) {
            header.finish(copy(payload, 0, payload.size()));
        } else {
            int checksum = copySectors(payload, lead, sectors, copy(payload, 0, lead));
            int done = lead + sectors * SectorSums.SECTOR_BYTES;
            int rest = payload.size() - done;
            header.finish(JoinedChecksum.with(checksum, copy(payload, done, rest), FrameFormat.paddedBytes(rest)));
        }
        bytes.put(headerAt, header.array(), header.arrayOffset(), FrameFormat.HEADER_BYTES);
        if (sectors > 0) {
            output.note(bytes, position, position + payloadAt + lead, sums, sectors);
        }
        return header;
    }

    /** Copies a part of the payload, piece by piece as a large one then comes from memory once, and its padding; returns the checksum. */
    private int copy(Payload payload, int from, int count) {
        header.clearChecksum();
        for (int done = 0; done < count; ) {
            int piece = Math.min(PIECE_BYTES, count - done);
            header.add(payload.array(), payload.arrayOffset() + from + done, piece);
            bytes.put(payload.array(), payload.arrayOffset() + from + done, piece);
            done += piece;
        }
        int padding = FrameFormat.paddedBytes(count) - count;
        header.add(PADDING, 0, padding);
        bytes.put(PADDING, 0, padding);
        return header.checksum();
    }

    /** Copies what fills sectors, takes the sum of each, and returns the checksum of all that has {@code before} and of these. */
    private int copySectors(Payload payload, int from, int sectors, int before) {
        byte[] source = payload.array();
        int at = payload.arrayOffset() + from;
        int checksum = before;
        for (int sector = 0; sector < sectors; sector++) {
            if (sector % (PIECE_BYTES / SectorSums.SECTOR_BYTES) == 0) {
                bytes.put(source, at, Math.min(PIECE_BYTES, (sectors - sector) * SectorSums.SECTOR_BYTES));
            }
            header.clearChecksum();
            header.add(source, at, SectorSums.SECTOR_BYTES);
            sums[sector] = header.checksum();
            checksum = JoinedChecksum.withSector(checksum, sums[sector]);
            at += SectorSums.SECTOR_BYTES;
        }
        return checksum;
    }

    private void put(byte[] source, int offset, int count) throws IOException {
        int done = 0;
        while (done < count) {
            if (!bytes.hasRemaining()) {
                writeOut(position());
            }
            int step = Math.min(count - done, bytes.remaining());
            bytes.put(source, offset + done, step);
            done += step;
        }
    }

    /** Hands what was collected to the file, up to the end of a block; returns where the next frame will be. */
    long finish() throws IOException {
        long end = position();
        bytes.put(PADDING, 0, (int) (output.blockEnd(end) - end));
        writeOut(end);
        return end;
    }

    private void writeOut(long end) throws IOException {
        bytes.flip();
        int count = bytes.limit();
        if (count > 0) {
            output.write(bytes, position, end);
        }
        position += count;
        bytes.clear();
    }
}

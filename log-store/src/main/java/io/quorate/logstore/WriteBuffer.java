/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

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

    private static final byte[] PADDING = new byte[Disk.MAX_DIRECT_BLOCK_BYTES];

    private final int capacityBytes;
    private final int blockBytes;
    private final int readBlockBytes;
    private final FrameFormat.Header header = new FrameFormat.Header();
    private final NextStage next;
    private final byte[] noted;
    private Stage stage;
    private ByteBuffer bytes;
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
        this.capacityBytes = capacityBytes + blockBytes - 1 & -blockBytes;
        next = new NextStage(this.capacityBytes, blockBytes);
        noted = new byte[blockBytes];
        use(new Stage(this.capacityBytes, blockBytes));
    }

    private void use(Stage newStage) {
        stage = newStage;
        bytes = newStage.bytes();
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
        return capacityBytes;
    }

    /** Unit in which stores write past the operating system's cache; 1 if they write through it. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Unit in which stores read what the disk has when they recover; 0 if they must believe the operating system's cache. */
    int readBlockBytes() {
        return readBlockBytes;
    }

    /**
     * Says what {@code log} will probably append next, the first frame at a position with this remainder of the block: {@code
     * background} then copies and checksums it while the writing thread waits for the disk. For any thread.
     *
     * @param entries not empty, and never changed
     */
    void expect(Object log, List<LogEntry> entries, int start, Background background) {
        int firstBytes = FrameFormat.paddedBytes(
                FrameFormat.HEADER_BYTES + entries.get(0).payload().size());
        if (start + firstBytes <= capacityBytes && next.want(log, entries, start)) {
            background.run(next::run);
        }
    }

    /** What {@code target} has before {@code end} in the block in which that is. Valid until the next call. */
    byte[] noteTail(SegmentOutput target, long end) {
        target.putTail(ByteBuffer.wrap(noted), end);
        return noted;
    }

    /** Begins to collect frames that belong at {@code start}. */
    void begin(SegmentOutput target, long start) {
        stage.clear();
        beginStage(target, start);
    }

    /** As {@link #begin(SegmentOutput, long)}, of {@code log}, which may have expected {@code first} to come next. */
    void begin(Object log, SegmentOutput target, long start, LogEntry first) throws IOException {
        use(next.take(log, first.payload(), (int) (start - target.blockStart(start)), stage));
        beginStage(target, start);
    }

    private void beginStage(SegmentOutput target, long start) {
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
        header.begin(entry, flags, seed, position());
        bytes.position(payloadAt);
        header.finish(stage.put(payload));
        bytes.put(headerAt, header.array(), header.arrayOffset(), FrameFormat.HEADER_BYTES);
        stage.noteSums(payload, payloadAt, output, position);
        return header;
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
        stage.clear();
    }
}

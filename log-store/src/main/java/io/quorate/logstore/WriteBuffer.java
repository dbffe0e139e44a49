/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The memory through which one thread writes the frames of all its stores: frames are laid one after the other into a
 * direct buffer, which goes to the file when it is full, so that a flush is one write call per {@link #capacityBytes()}.
 * Holds nothing between two calls of {@link LogStore#append}. Never for two threads at a time.
 */
public final class WriteBuffer {
    /** The size at which fewer, larger writes stop paying. */
    public static final int DEFAULT_BYTES = 1 << 20;

    private static final byte[] PADDING = new byte[FrameFormat.ALIGNMENT];

    private final ByteBuffer bytes;
    private final FrameFormat.Header header = new FrameFormat.Header();
    private DiskFile file;
    private long position;

    /**
     * @param capacityBytes 4096 or more
     */
    public WriteBuffer(int capacityBytes) {
        if (capacityBytes < 4096) {
            throw new IllegalArgumentException("a write buffer of " + capacityBytes + " bytes, at least 4096 needed");
        }
        bytes = ByteBuffer.allocateDirect(capacityBytes);
    }

    public int capacityBytes() {
        return bytes.capacity();
    }

    /** Begins to collect frames that belong at {@code start}. */
    void begin(DiskFile target, long start) {
        bytes.clear();
        file = target;
        position = start;
    }

    /** Where the next frame will be. */
    long position() {
        return position + bytes.position();
    }

    void put(LogEntry entry, int flags, long seed) throws IOException {
        header.encode(entry, flags, seed, position());
        Payload payload = entry.payload();
        put(header.array(), header.arrayOffset(), FrameFormat.HEADER_BYTES);
        put(payload.array(), payload.arrayOffset(), payload.size());
        put(PADDING, 0, FrameFormat.paddedBytes(header.length()) - header.length());
    }

    private void put(byte[] source, int offset, int count) throws IOException {
        int done = 0;
        while (done < count) {
            if (!bytes.hasRemaining()) {
                flush();
            }
            int step = Math.min(count - done, bytes.remaining());
            bytes.put(source, offset + done, step);
            done += step;
        }
    }

    /** Hands what was collected to the file. */
    void flush() throws IOException {
        bytes.flip();
        int count = bytes.limit();
        if (count > 0) {
            file.write(bytes, position);
        }
        position += count;
        bytes.clear();
    }
}

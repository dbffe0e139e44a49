/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.zip.CRC32C;

/**
 * Reads and verifies the frames of one segment through one buffer. Holds at most that buffer, and the payload that was
 * asked for; no length is believed before it was found to be within the format's limit and the file. For one thread.
 *
 * <p>Blocks that cannot be read count as damaged: what is in them is taken for bytes that no frame has. Where there are too
 * many of them it is the disk that fails, not some sectors of it.
 */
final class FrameReader {
    /** What is at a position. */
    enum Look {
        /** Zeros where a frame's length and checksum would be, or the end. */
        NOTHING,
        /** Bytes that are no frame of this segment at this position. */
        INVALID,
        /** The header of a frame; what follows it is not its payload, or is cut off. */
        DAMAGED,
        /** A frame whose checksums are right. */
        FRAME
    }

    /** Sees what is read: {@code length} bytes, which are in the file from {@code position} on. */
    interface Listener {
        void see(byte[] bytes, int length, long position);
    }

    private static final int MIN_BUFFER_BYTES = 4096;

    /** What a file is read in by the operating system, at least: one bad sector makes all of it unreadable. */
    private static final int BLOCK_BYTES = 4096;

    /** Each may take seconds to fail. */
    static final int UNREADABLE_BLOCKS_MAX = 16;

    /** Neither zero, which could be taken for something that was never written, nor a possible length. */
    private static final byte UNREADABLE = (byte) 0xFF;

    private static final byte[] ZEROS = new byte[4096];

    private final Path path;
    private final DiskFile file;
    private final long seed;
    private final ByteBuffer buffer;
    private final FrameFormat.Header header = new FrameFormat.Header();
    private long bufferPosition;
    private int buffered;
    private byte[] payload = {};
    private Listener listener = (bytes, length, position) -> {};
    private final SortedSet<Long> unreadableBlocks = new TreeSet<>();
    private String unreadable = "";

    FrameReader(Path path, DiskFile file, long seed, int bufferBytes) {
        this.path = path;
        this.file = file;
        this.seed = seed;
        this.buffer = ByteBuffer.allocate(Math.max(MIN_BUFFER_BYTES, bufferBytes));
    }

    /** From now on {@code newListener} sees what is read. Blocks that cannot be read look as if they could. */
    void setListener(Listener newListener) {
        listener = newListener;
    }

    /** Verifies what is at {@code position}; bytes from {@code limit} on do not count. */
    Look look(long position, long limit) throws IOException {
        return look(position, limit, false);
    }

    /** Like {@link #look(long, long)}, but believes in the payload without reading it. */
    Look lookAtHeader(long position, long limit) throws IOException {
        int wanted = (int) Math.min(FrameFormat.HEADER_BYTES, limit - position);
        if (wanted < FrameFormat.HEADER_BYTES || !fill(position, wanted, limit)) {
            return isZero(position, limit) ? Look.NOTHING : Look.INVALID;
        }
        header.take(buffer.array(), offsetOf(position), seed, position);
        if (header.isNothing()) {
            return Look.NOTHING;
        }
        if (!header.isIntact()) {
            return Look.INVALID;
        }
        return FrameFormat.paddedBytes(header.length()) > limit - position ? Look.DAMAGED : Look.FRAME;
    }

    /** Like {@link #look(long, long)}; a frame's entry can be had from {@link #entry} then. */
    Look lookWithPayload(long position, long limit) throws IOException {
        return look(position, limit, true);
    }

    private Look look(long position, long limit, boolean keepPayload) throws IOException {
        Look look = lookAtHeader(position, limit);
        if (look != Look.FRAME) {
            return look;
        }
        return verifyPayload(position, header.length(), limit, keepPayload) ? Look.FRAME : Look.DAMAGED;
    }

    private boolean verifyPayload(long position, int length, long limit, boolean keepPayload) throws IOException {
        CRC32C crc = header.begin();
        int body = FrameFormat.paddedBytes(length) - FrameFormat.HEADER_BYTES;
        byte[] kept = keepPayload ? new byte[length - FrameFormat.HEADER_BYTES] : payload;
        int done = 0;
        while (done < body) {
            long at = position + FrameFormat.HEADER_BYTES + done;
            int step = Math.min(body - done, buffer.capacity());
            // What is buffered is used before the file is asked again, so that no byte is read twice.
            int ready = (int) Math.min(step, bufferPosition + buffered - at);
            if (ready > 0) {
                step = ready;
            } else if (!fill(at, step, limit)) {
                return false;
            }
            crc.update(buffer.array(), offsetOf(at), step);
            if (keepPayload && done < kept.length) {
                System.arraycopy(buffer.array(), offsetOf(at), kept, done, Math.min(step, kept.length - done));
            }
            done += step;
        }
        payload = kept;
        return header.isPayload(crc);
    }

    /**
     * The position of the first intact header of an entry behind {@code from}, at the latest before {@code limit}; -1 if
     * there is none. That header is looked at last then. Headers are checksummed with their position, so payloads
     * cannot pass for them.
     */
    long nextHeader(long from, long limit) throws IOException {
        for (long position = alignUp(from); limit - position >= FrameFormat.HEADER_BYTES; ) {
            position = firstNonZero(position, limit) & -FrameFormat.ALIGNMENT;
            if (limit - position < FrameFormat.HEADER_BYTES || !fill(position, FrameFormat.HEADER_BYTES, limit)) {
                return -1;
            }
            if (!FrameFormat.isLength(buffer.getInt(offsetOf(position)))) {
                position += FrameFormat.ALIGNMENT;
                continue;
            }
            Look look = lookAtHeader(position, limit);
            if (look == Look.FRAME || look == Look.DAMAGED) {
                return position;
            }
            position += FrameFormat.ALIGNMENT;
        }
        return -1;
    }

    private static long alignUp(long position) {
        return position + FrameFormat.ALIGNMENT - 1 & -FrameFormat.ALIGNMENT;
    }

    /**
     * Where the frames end that begin at {@code from}, by their headers, up to the one of the last entry of {@code extent}; -1 if
     * they do not lead there.
     */
    long endOf(long from, Extent extent) throws IOException {
        for (long position = from;
                position >= SegmentHeader.BYTES
                        && position < extent.end()
                        && lookAtHeader(position, extent.end()) == Look.FRAME; ) {
            position = after(position);
            if (header.index() == extent.last().index()
                    && header.term() == extent.last().term()) {
                return position;
            }
        }
        return -1;
    }

    /** {@code LogEntry.sizeBytes()} of the entry at {@code position} as its unverified header says; 0 if there is none. */
    long peekSizeBytes(long position, long limit) throws IOException {
        if (limit - position < FrameFormat.HEADER_BYTES || !fill(position, FrameFormat.HEADER_BYTES, limit)) {
            return 0;
        }
        return buffer.getInt(offsetOf(position)) - FrameFormat.HEADER_BYTES + LogEntry.OVERHEAD_BYTES;
    }

    /** Says that there is damage where an entry was. */
    CorruptLogException corrupt(long position, long index) {
        return new CorruptLogException(
                path, position, index, "an entry that was written before is damaged" + unreadable);
    }

    /** For people, to be added to what is found: why some blocks could not be read; empty if all could be so far. */
    String unreadable() {
        return unreadable;
    }

    /** The header that was looked at last. */
    FrameFormat.Header header() {
        return header;
    }

    /** Where the frame after the one at {@code position}, which was found last, begins. */
    long after(long position) {
        return position + FrameFormat.paddedBytes(header.length());
    }

    /**
     * The entry of the frame that was found last.
     *
     * @throws StorageException if a newer release wrote it
     */
    LogEntry entry() {
        checkKnown();
        return new LogEntry(
                new EntryId(header.term(), header.index()),
                EntryType.ofCode(header.typeCode()),
                header.baseOffset(),
                header.recordCount(),
                header.timestampMillis(),
                payload());
    }

    /** The payload of the frame that {@link #lookWithPayload} found last. */
    Payload payload() {
        return Payload.wrap(payload);
    }

    /** Refuses a valid frame with a type or flag of a newer release: it must never be skipped. */
    void checkKnown() {
        try {
            EntryType.ofCode(header.typeCode());
        } catch (IllegalArgumentException e) {
            throw Headers.tooNew(
                    path, "entry type " + header.typeCode() + " at index " + header.index(), "types 0 to 3");
        }
        if ((header.flags() & ~FrameFormat.KNOWN_FLAGS) != 0) {
            throw Headers.tooNew(
                    path,
                    "frame flags " + header.flags() + " at index " + header.index(),
                    "flags " + FrameFormat.KNOWN_FLAGS);
        }
    }

    /** CRC32C of {@code count} bytes, at most 4096, all before {@code limit}; of fewer if the file ends before. */
    int checksum(long position, int count, long limit) throws IOException {
        boolean complete = fill(position, count, limit);
        CRC32C crc = header.begin();
        crc.update(buffer.array(), offsetOf(position), complete ? count : buffered);
        return (int) crc.getValue();
    }

    /** Whether all bytes in [{@code from}, {@code limit}) are zeros. */
    boolean isZero(long from, long limit) throws IOException {
        return firstNonZero(from, limit) == limit;
    }

    /** The position of the first byte in [{@code from}, {@code limit}) that is not zero, or {@code limit}. */
    long firstNonZero(long from, long limit) throws IOException {
        for (long at = from; at < limit; at = bufferPosition + buffered) {
            if (at < bufferPosition || at >= bufferPosition + buffered) {
                fill(at, 1, limit);
                if (buffered == 0) {
                    return limit;
                }
            }
            int start = offsetOf(at);
            int end = (int) Math.min(buffered, limit - bufferPosition);
            while (start < end) {
                int count = Math.min(ZEROS.length, end - start);
                int mismatch = Arrays.mismatch(buffer.array(), start, start + count, ZEROS, 0, count);
                if (mismatch >= 0) {
                    return bufferPosition + start + mismatch;
                }
                start += count;
            }
        }
        return limit;
    }

    /** Makes [{@code position}, +{@code count}) available in the buffer; false if the file ends before. */
    private boolean fill(long position, int count, long limit) throws IOException {
        if (position >= bufferPosition && position + count <= bufferPosition + buffered) {
            return true;
        }
        buffer.clear().limit((int) Math.min(buffer.capacity(), limit - position));
        bufferPosition = position;
        buffered = 0;
        try {
            buffered = file.read(buffer, position);
        } catch (ClosedChannelException closed) {
            throw closed;
        } catch (IOException e) {
            buffered = readByBlocks(position, e);
        }
        listener.see(buffer.array(), buffered, position);
        return buffered >= count;
    }

    /** Reads what can be read where not everything can. */
    private int readByBlocks(long position, IOException failure) throws IOException {
        int end = buffer.limit();
        int done = 0;
        for (buffer.position(0); done < end; buffer.position(done)) {
            long block = (position + done) / BLOCK_BYTES;
            int next = (int) Math.min(end, (block + 1) * BLOCK_BYTES - position);
            buffer.limit(next);
            try {
                int count = unreadableBlocks.contains(block) ? 0 : file.read(buffer, position + done);
                if (count < next - done && !unreadableBlocks.contains(block)) {
                    return done + count;
                }
            } catch (IOException bad) {
                noteUnreadable(block, bad, failure);
            }
            if (unreadableBlocks.contains(block)) {
                Arrays.fill(buffer.array(), done, next, UNREADABLE);
            }
            done = next;
            buffer.limit(end);
        }
        return done;
    }

    private void noteUnreadable(long block, IOException bad, IOException failure) throws IOException {
        unreadableBlocks.add(block);
        if (unreadableBlocks.size() > UNREADABLE_BLOCKS_MAX) {
            throw new IOException(
                    "more than " + UNREADABLE_BLOCKS_MAX + " blocks of it cannot be read: " + bad.getMessage(),
                    failure);
        }
        unreadable = "; " + unreadableBlocks.size() + " blocks could not be read, the last one at position "
                + block * BLOCK_BYTES + ": " + bad.getMessage();
    }

    /** Whether the block that holds this byte can be read. */
    boolean canRead(long position, long limit) throws IOException {
        return fill(position, 1, limit) && !unreadableBlocks.contains(position / BLOCK_BYTES);
    }

    /** Fills {@code target} with what the file has from {@code from} on; returns false if some of it cannot be read or is not there. */
    boolean read(byte[] target, long from) throws IOException {
        long end = from + target.length;
        for (long at = from; at < end; ) {
            if (!canRead(at, end)) {
                return false;
            }
            ByteBuffer piece = bytes(at, Math.min(end, (at / BLOCK_BYTES + 1) * BLOCK_BYTES));
            int count = piece.remaining();
            piece.get(target, (int) (at - from), count);
            at += count;
        }
        return true;
    }

    /** What is in the file from {@code position} on, as much as is at hand; nothing at the end. Valid until the next call. */
    ByteBuffer bytes(long position, long limit) throws IOException {
        if (position >= limit || !fill(position, 1, limit)) {
            return ByteBuffer.allocate(0);
        }
        int from = offsetOf(position);
        return ByteBuffer.wrap(buffer.array(), from, (int) Math.min(limit - position, buffered - from));
    }

    private int offsetOf(long position) {
        return (int) (position - bufferPosition);
    }
}

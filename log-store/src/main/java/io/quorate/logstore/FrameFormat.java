/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * One entry on disk. Frames follow each other from the end of the segment's header, each at a multiple of 8:
 *
 * <pre>
 *  0  4  length of header and payload, without padding; 0 where nothing was written
 *  4  4  CRC32C, see below
 *  8  8  index
 * 16  8  term
 * 24  8  base offset
 * 32  8  timestamp, ms since 1970
 * 40  4  record count
 * 44  1  type, {@code EntryType.code()}
 * 45  1  flags: 1 = everything before this frame was durable when it was written
 * 46  2  zero
 * 48     payload, then zeros up to a multiple of 8
 * </pre>
 *
 * The checksum covers the segment's seed (owner and base index, 8 bytes), the frame's position in the file (8 bytes),
 * the header with zeros for the checksum, payload and padding. So a frame verifies only where it was written: not in
 * another file, another group's log, nor at another place; and a run of zeros is never a frame. What a crash can leave
 * is in {@link Recovery}.
 */
final class FrameFormat {
    static final int HEADER_BYTES = 48;
    static final int ALIGNMENT = 8;

    static final int MAX_PAYLOAD_BYTES = 64 << 20;
    /** Largest value of the length field. */
    static final int MAX_FRAME_BYTES = HEADER_BYTES + MAX_PAYLOAD_BYTES;

    static final int FLAG_FLUSH_START = 1;
    static final int KNOWN_FLAGS = FLAG_FLUSH_START;

    /** Seed and position, which are checksummed before the header but not written. */
    private static final int PREFIX_BYTES = 16;

    private static final byte[] ZEROS = new byte[ALIGNMENT];

    private FrameFormat() {}

    /** Bytes in the file of a frame whose length field is {@code length}. */
    static int paddedBytes(int length) {
        return (length + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** Seed, position and header of one frame as they are checksummed: the scratch space of a writer or reader. */
    static final class Header {
        private final ByteBuffer bytes = ByteBuffer.allocate(PREFIX_BYTES + HEADER_BYTES);
        private final CRC32C crc = new CRC32C();

        /** Fills in the header of {@code entry} at {@code position}, with its checksum. */
        void encode(LogEntry entry, int flags, long seed, long position) {
            Payload payload = entry.payload();
            int length = HEADER_BYTES + payload.size();
            bytes.putLong(0, seed)
                    .putLong(8, position)
                    .putInt(16, length)
                    .putInt(20, 0)
                    .putLong(24, entry.index())
                    .putLong(32, entry.term())
                    .putLong(40, entry.baseOffset())
                    .putLong(48, entry.timestampMillis())
                    .putInt(56, entry.recordCount())
                    .put(60, (byte) entry.type().code())
                    .put(61, (byte) flags)
                    .putShort(62, (short) 0);
            begin();
            crc.update(payload.array(), payload.arrayOffset(), payload.size());
            crc.update(ZEROS, 0, paddedBytes(length) - length);
            bytes.putInt(20, (int) crc.getValue());
        }

        /** Takes over a header that was read at {@code position}. */
        void take(byte[] source, int offset, long seed, long position) {
            bytes.putLong(0, seed).putLong(8, position);
            bytes.put(PREFIX_BYTES, source, offset, HEADER_BYTES);
        }

        /** Starts a checksum with what precedes the payload. */
        CRC32C begin() {
            int stored = bytes.getInt(20);
            bytes.putInt(20, 0);
            crc.reset();
            crc.update(bytes.array(), 0, PREFIX_BYTES + HEADER_BYTES);
            bytes.putInt(20, stored);
            return crc;
        }

        /** The array that holds the encoded header, from {@link #arrayOffset}. */
        byte[] array() {
            return bytes.array();
        }

        int arrayOffset() {
            return PREFIX_BYTES;
        }

        int length() {
            return bytes.getInt(16);
        }

        int checksum() {
            return bytes.getInt(20);
        }

        long index() {
            return bytes.getLong(24);
        }

        long term() {
            return bytes.getLong(32);
        }

        long baseOffset() {
            return bytes.getLong(40);
        }

        long timestampMillis() {
            return bytes.getLong(48);
        }

        int recordCount() {
            return bytes.getInt(56);
        }

        int typeCode() {
            return bytes.get(60);
        }

        int flags() {
            return bytes.get(61) & 0xFF;
        }

        boolean isFlushStart() {
            return (flags() & FLAG_FLUSH_START) != 0;
        }
    }
}

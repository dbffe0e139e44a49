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
 *  4  4  CRC32C of the header, see below
 *  8  8  index
 * 16  8  term
 * 24  8  base offset
 * 32  8  timestamp, ms since 1970
 * 40  4  record count
 * 44  1  type, {@code EntryType.code()}
 * 45  1  flags: 1 = everything before this frame was durable when it was written
 * 46  2  zero
 * 48  4  CRC32C of payload and padding
 * 52  4  zero
 * 56     payload, then zeros up to a multiple of 8
 * </pre>
 *
 * The header's checksum covers the segment's seed (owner and base index, 8 bytes), the frame's position in the file
 * (8 bytes), and the header with zeros for itself. So a frame verifies only where it was written: not in another file,
 * another group's log, nor at another place; and a run of zeros is never a frame. That the header stands for itself lets a
 * reader step over payloads, also over a damaged one, whose entry is known then. What a crash can leave is in
 * {@link Recovery}.
 */
final class FrameFormat {
    static final int HEADER_BYTES = 56;
    static final int ALIGNMENT = 8;

    static final int MAX_PAYLOAD_BYTES = 64 << 20;
    /** Largest value of the length field. */
    static final int MAX_FRAME_BYTES = HEADER_BYTES + MAX_PAYLOAD_BYTES;

    static final int FLAG_FLUSH_START = 1;
    static final int KNOWN_FLAGS = FLAG_FLUSH_START;

    /** Seed and position, which are checksummed before the header but not written. */
    private static final int PREFIX_BYTES = 16;

    /** The digest before the first entry. */
    static final long NO_ENTRIES = 0x51524F5541544531L;

    private static final byte[] ZEROS = new byte[ALIGNMENT];

    private FrameFormat() {}

    /** Bytes in the file of a frame whose length field is {@code length}. */
    static int paddedBytes(int length) {
        return (length + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** Whether a frame may have {@code length} in its length field. */
    static boolean isLength(int length) {
        return length >= HEADER_BYTES && length <= MAX_FRAME_BYTES;
    }

    /** Seed, position and header of one frame as they are checksummed: the scratch space of a writer or reader. */
    static final class Header {
        private final ByteBuffer bytes = ByteBuffer.allocate(PREFIX_BYTES + HEADER_BYTES);
        private final CRC32C crc = new CRC32C();

        /** Fills in the header of {@code entry} at {@code position}, with its checksums. */
        void encode(LogEntry entry, int flags, long seed, long position) {
            begin(entry, flags, seed, position);
            Payload payload = entry.payload();
            finish(payloadChecksum(payload.array(), payload.arrayOffset(), payload.size()));
        }

        /** Fills in the header of {@code entry} at {@code position} but for the checksums. */
        void begin(LogEntry entry, int flags, long seed, long position) {
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
                    .putShort(62, (short) 0)
                    .putInt(64, 0)
                    .putInt(68, 0);
        }

        private int payloadChecksum(byte[] array, int offset, int size) {
            crc.reset();
            crc.update(array, offset, size);
            crc.update(ZEROS, 0, paddedBytes(size) - size);
            return (int) crc.getValue();
        }

        /** Completes the header. @param payloadChecksum of payload and padding */
        void finish(int payloadChecksum) {
            bytes.putInt(64, payloadChecksum);
            bytes.putInt(20, headerChecksum());
        }

        private int headerChecksum() {
            int stored = bytes.getInt(20);
            bytes.putInt(20, 0);
            crc.reset();
            crc.update(bytes.array(), 0, PREFIX_BYTES + HEADER_BYTES);
            bytes.putInt(20, stored);
            return (int) crc.getValue();
        }

        /** Whether the header is one that was written here. */
        boolean isIntact() {
            return isLength(length()) && headerChecksum() == bytes.getInt(20);
        }

        /** A cleared checksum, for the payload and its padding. */
        CRC32C begin() {
            crc.reset();
            return crc;
        }

        /** Whether {@code entry} is what this header is of. */
        boolean isOf(LogEntry entry) {
            Payload payload = entry.payload();
            return index() == entry.index()
                    && term() == entry.term()
                    && baseOffset() == entry.baseOffset()
                    && recordCount() == entry.recordCount()
                    && timestampMillis() == entry.timestampMillis()
                    && typeCode() == entry.type().code()
                    && length() == HEADER_BYTES + payload.size()
                    && payloadChecksum() == payloadChecksum(payload.array(), payload.arrayOffset(), payload.size());
        }

        /**
         * Goes on with a digest of entries, whose start is {@link #NO_ENTRIES}: of all that is the same on every
         * replica, so not of places and flags. Two runs of entries with the same digest are the same, short of malice.
         */
        long digest(long before) {
            long digest = StoreIdentity.mix(before ^ index());
            digest = StoreIdentity.mix(digest ^ term());
            digest = StoreIdentity.mix(digest ^ baseOffset());
            digest = StoreIdentity.mix(digest ^ timestampMillis());
            digest = StoreIdentity.mix(digest ^ ((long) recordCount() << 8 | typeCode()));
            return StoreIdentity.mix(digest ^ ((long) length() << 32 | payloadChecksum() & 0xFFFFFFFFL));
        }

        /** Takes over a header that was read at {@code position}. */
        void take(byte[] source, int offset, long seed, long position) {
            bytes.putLong(0, seed).putLong(8, position);
            bytes.put(PREFIX_BYTES, source, offset, HEADER_BYTES);
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

        int payloadChecksum() {
            return bytes.getInt(64);
        }

        /** Whether the payload whose checksum this is belongs to the header. */
        boolean isPayload(CRC32C checksum) {
            return (int) checksum.getValue() == payloadChecksum();
        }

        boolean isNothing() {
            return bytes.getInt(16) == 0 && bytes.getInt(20) == 0;
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

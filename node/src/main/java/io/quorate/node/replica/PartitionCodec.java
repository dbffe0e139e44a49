/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.raft.log.Payload;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/**
 * Commands in a partition's log, and its state in snapshots, as bytes. Integers are big-endian; docs/formats.md has the
 * tables.
 *
 * <pre>
 *   command   version 1 (1) | kind 1: trim (1) | low-water mark (8) | first index to keep (8)
 *   state     version 1 (1) | low-water mark (8) | first index to keep (8) | number of producers (4)
 *             then each, the one that appended least recently first:
 *             producer id (8) | epoch (4) | number of ranges (4) | ranges: first sequence, count, base offset (24 each)
 * </pre>
 */
final class PartitionCodec {
    private static final byte VERSION = 1;
    private static final byte TRIM = 1;
    private static final int TRIM_BYTES = 2 + 2 * Long.BYTES;
    private static final int STATE_BYTES = 1 + 2 * Long.BYTES + Integer.BYTES;
    private static final int PRODUCER_BYTES = Long.BYTES + 2 * Integer.BYTES;
    private static final int NUMBERS_PER_RANGE = 3;
    private static final int RANGE_BYTES = NUMBERS_PER_RANGE * Long.BYTES;

    private PartitionCodec() {}

    static Payload encode(Trim trim) {
        return Payload.wrap(ByteBuffer.allocate(TRIM_BYTES)
                .put(VERSION)
                .put(TRIM)
                .putLong(trim.lowWatermark())
                .putLong(trim.keepFromIndex())
                .array());
    }

    /** @throws IllegalArgumentException if the bytes are no command that this version knows: the replica must stop */
    static Trim decodeTrim(Payload payload) {
        ByteBuffer bytes = bytesOf(payload);
        if (bytes.remaining() != TRIM_BYTES || bytes.get() != VERSION || bytes.get() != TRIM) {
            throw new IllegalArgumentException("partition command of " + payload.size()
                    + " bytes that this version does not know; a newer version wrote it");
        }
        return new Trim(bytes.getLong(), bytes.getLong());
    }

    static Payload encode(Trim begin, ProducerTable.View producers) {
        int[] size = {STATE_BYTES};
        producers.forEach((id, epoch, ranges, count) -> size[0] += PRODUCER_BYTES + count * RANGE_BYTES);
        ByteBuffer bytes = ByteBuffer.allocate(size[0])
                .put(VERSION)
                .putLong(begin.lowWatermark())
                .putLong(begin.keepFromIndex())
                .putInt(producers.size());
        producers.forEach((id, epoch, ranges, count) -> {
            bytes.putLong(id).putInt(epoch).putInt(count);
            for (int number = 0; number < count * NUMBERS_PER_RANGE; number++) {
                bytes.putLong(ranges[number]);
            }
        });
        return Payload.wrap(bytes.array());
    }

    /**
     * Fills an empty table with what {@link #encode(Trim, ProducerTable.View)} has written.
     *
     * @throws IllegalArgumentException if the bytes are not such
     */
    static Trim decodeState(Payload payload, ProducerTable producers) {
        ByteBuffer bytes = bytesOf(payload);
        try {
            if (bytes.get() != VERSION) {
                throw new IllegalArgumentException("partition state that a newer version wrote");
            }
            Trim begin = new Trim(bytes.getLong(), bytes.getLong());
            for (int left = bytes.getInt(); left > 0; left--) {
                long id = bytes.getLong();
                int epoch = bytes.getInt();
                producers.restore(id, epoch, ranges(bytes));
            }
            if (bytes.hasRemaining()) {
                throw new IllegalArgumentException(bytes.remaining() + " bytes too many in a partition's state");
            }
            return begin;
        } catch (BufferUnderflowException tooShort) {
            throw new IllegalArgumentException(
                    "a partition's state of " + payload.size() + " bytes is cut off", tooShort);
        }
    }

    private static long[] ranges(ByteBuffer bytes) {
        int count = bytes.getInt();
        if (count < 0 || count > ProducerTable.MAX_RANGES_PER_PRODUCER) {
            throw new IllegalArgumentException(
                    "a producer of " + count + " ranges, at most " + ProducerTable.MAX_RANGES_PER_PRODUCER);
        }
        long[] ranges = new long[NUMBERS_PER_RANGE * count];
        for (int i = 0; i < ranges.length; i++) {
            ranges[i] = bytes.getLong();
        }
        return ranges;
    }

    private static ByteBuffer bytesOf(Payload payload) {
        return ByteBuffer.wrap(payload.array(), payload.arrayOffset(), payload.size());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * The header of a record batch: all that a server ever looks at. Integers are big-endian.
 *
 * <pre>
 *  at size field
 *   0    4 sizeBytes      the whole batch, header included
 *   4    1 version        1
 *   5    1 attributes     0; anything else is refused
 *   6    2 reserved       0
 *   8    4 crc            CRC32C of bytes [12, sizeBytes)
 *  12    4 recordCount    1 or more
 *  16    8 producerId     0: not idempotent
 *  24    4 producerEpoch  0 or more
 *  28    4 reserved       0
 *  32    8 baseSequence   0 or more
 *  40    8 baseTimestamp  0 or more
 *  48    8 maxTimestamp   baseTimestamp or more
 *  56      records        see {@link RecordBatch}
 * </pre>
 *
 * The checksum leaves out what is compared with a known value anyway: the size with the number of bytes at hand, the
 * version and the zeros with what they must be. So every flipped bit of a batch is found.
 *
 * @param sizeBytes        whole batch, header included
 * @param attributes       format flags; 0 in version 1
 * @param recordCount      1 or more
 * @param producerId       0: not idempotent
 * @param producerEpoch    a newer epoch of the same id fences the older
 * @param baseSequence     the producer's number of the first record in this partition, from 0; contiguous
 * @param baseTimestamp    ms since 1970, of the first record
 * @param maxTimestamp     ms since 1970, the latest of all records
 */
public record BatchHeader(
        int sizeBytes,
        int attributes,
        int recordCount,
        long producerId,
        int producerEpoch,
        long baseSequence,
        long baseTimestamp,
        long maxTimestamp) {
    /** Size of the header in bytes. */
    public static final int BYTES = 56;

    /** The only version of the format so far. */
    public static final byte VERSION = 1;

    static final int CRC_AT = 8;
    static final int CRC_FROM = 12;

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    /**
     * Reads and verifies a header and the checksum of the whole batch; the records are not parsed.
     *
     * @throws InvalidBatchException     if size, version, checksum or counts do not agree with the bytes
     * @throws IndexOutOfBoundsException if the range is not within the array
     */
    public static BatchHeader verify(byte[] array, int offset, int size) throws InvalidBatchException {
        if (offset < 0 || size < 0 || size > array.length - offset) {
            throw new IndexOutOfBoundsException(
                    "range " + offset + "+" + size + " in an array of " + array.length + " bytes");
        }
        if (size < BYTES + RecordBatch.MIN_RECORD_BYTES) {
            throw new InvalidBatchException("batch of " + size + " bytes: a header and one record take at least "
                    + (BYTES + RecordBatch.MIN_RECORD_BYTES));
        }
        int sizeBytes = (int) INT.get(array, offset);
        if (sizeBytes != size) {
            throw new InvalidBatchException("batch says it has " + sizeBytes + " bytes, but there are " + size);
        }
        if (size > RecordBatch.MAX_BYTES) {
            throw new InvalidBatchException("batch of " + size + " bytes: the format ends at " + RecordBatch.MAX_BYTES);
        }
        if (array[offset + 4] != VERSION) {
            throw new InvalidBatchException(
                    "batch of format version " + array[offset + 4] + ": only version " + VERSION + " is known");
        }
        int attributes = array[offset + 5] & 0xff;
        if (attributes != 0 || array[offset + 6] != 0 || array[offset + 7] != 0) {
            throw new InvalidBatchException("batch has attributes or reserved bytes that version 1 does not know");
        }
        int stored = (int) INT.get(array, offset + CRC_AT);
        int computed = checksum(array, offset, size);
        if (stored != computed) {
            throw new InvalidBatchException(
                    String.format(Locale.ROOT, "batch has checksum %08x, but its bytes have %08x", stored, computed));
        }
        BatchHeader header = read(array, offset);
        header.check((int) INT.get(array, offset + 28));
        return header;
    }

    /**
     * Reads the header of a batch that {@link #verify} has accepted before, in this process or before it was stored under
     * a checksum of its own. Nothing is checked again.
     */
    public static BatchHeader read(byte[] array, int offset) {
        return new BatchHeader(
                (int) INT.get(array, offset),
                array[offset + 5] & 0xff,
                (int) INT.get(array, offset + 12),
                (long) LONG.get(array, offset + 16),
                (int) INT.get(array, offset + 24),
                (long) LONG.get(array, offset + 32),
                (long) LONG.get(array, offset + 40),
                (long) LONG.get(array, offset + 48));
    }

    /** What a checksum cannot tell: a sender that wrote nonsense and summed it correctly. */
    private void check(int reserved) throws InvalidBatchException {
        int most = (sizeBytes - BYTES) / RecordBatch.MIN_RECORD_BYTES;
        if (recordCount < 1 || recordCount > most) {
            throw new InvalidBatchException(
                    "batch says it has " + recordCount + " records; " + sizeBytes + " bytes hold 1 to " + most);
        }
        if (producerEpoch < 0) {
            throw new InvalidBatchException("producer epoch " + producerEpoch + " is negative");
        }
        if (reserved != 0) {
            throw new InvalidBatchException("reserved field is " + reserved + " instead of 0");
        }
        if (baseSequence < 0 || baseSequence > Long.MAX_VALUE - recordCount) {
            throw new InvalidBatchException("base sequence " + baseSequence + " is out of range");
        }
        if (baseTimestamp < 0 || maxTimestamp < baseTimestamp) {
            throw new InvalidBatchException("timestamps: base " + baseTimestamp + ", latest " + maxTimestamp
                    + "; 0 <= base <= latest must hold");
        }
    }

    /** Writes this header, checksum included, in front of records that are in place already. */
    void write(byte[] array) {
        INT.set(array, 0, sizeBytes);
        array[4] = VERSION;
        array[5] = (byte) attributes;
        array[6] = 0;
        array[7] = 0;
        INT.set(array, 12, recordCount);
        LONG.set(array, 16, producerId);
        INT.set(array, 24, producerEpoch);
        INT.set(array, 28, 0);
        LONG.set(array, 32, baseSequence);
        LONG.set(array, 40, baseTimestamp);
        LONG.set(array, 48, maxTimestamp);
        INT.set(array, CRC_AT, checksum(array, 0, sizeBytes));
    }

    private static int checksum(byte[] array, int offset, int size) {
        CRC32C crc = new CRC32C();
        crc.update(array, offset + CRC_FROM, size - CRC_FROM);
        return (int) crc.getValue();
    }
}

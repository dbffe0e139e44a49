/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.wire;

/**
 * A verified batch of records, over bytes that must not be modified while it is used. Written by {@link
 * RecordBatchBuilder}. After the header (see {@link BatchHeader}) the records follow one another:
 *
 * <pre>
 *  varint   bodyLength      bytes of all that follows
 *  byte     attributes      0; anything else is refused
 *  varint64 timestampDelta  zigzag; added to the batch's baseTimestamp
 *  varint   keyLength + 1   0: no key
 *  bytes    key
 *  varint   valueLength
 *  bytes    value
 *  varint   headerCount
 *  headerCount times: varint nameLength, bytes name (UTF-8), varint valueLength, bytes value
 * </pre>
 *
 * Lengths are unsigned varints of at most 5 bytes and at most 2^31 - 1. Nothing may follow the last record, nor the last
 * header of a record.
 */
public final class RecordBatch {
    /** Largest batch that the format allows; clusters and topics set lower limits. */
    public static final int MAX_BYTES = 64 << 20;

    /** A record with neither key nor value nor headers. */
    public static final int MIN_RECORD_BYTES = 6;

    /** Most headers of one record. */
    public static final int MAX_HEADERS = 1_000;

    private final byte[] array;
    private final int offset;
    private final BatchHeader header;

    private RecordBatch(byte[] array, int offset, BatchHeader header) {
        this.array = array;
        this.offset = offset;
        this.header = header;
    }

    /**
     * Verifies header and checksum. The records are checked as a cursor passes over them.
     *
     * @throws InvalidBatchException if the bytes are not a batch
     */
    public static RecordBatch of(byte[] array, int offset, int size) throws InvalidBatchException {
        return new RecordBatch(array, offset, BatchHeader.verify(array, offset, size));
    }

    public BatchHeader header() {
        return header;
    }

    /** A new cursor, before the first record. */
    public RecordCursor cursor() {
        return new RecordCursor(array, offset + BatchHeader.BYTES, offset + header.sizeBytes(), header);
    }
}

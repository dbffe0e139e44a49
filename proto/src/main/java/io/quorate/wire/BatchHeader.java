/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.wire;

/**
 * The header of a record batch: all that a server ever looks at. Layout in docs/formats.md and {@link RecordBatch}.
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

    /**
     * Reads and verifies a header and the checksum of the whole batch; the records are not parsed.
     *
     * @throws InvalidBatchException if size, version, checksum or counts do not agree with the bytes
     */
    public static BatchHeader verify(byte[] array, int offset, int size) throws InvalidBatchException {
        throw new UnsupportedOperationException();
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Encodes records, one after the other, into a growing array, and closes it as a batch with one pass of the checksum.
 * Format in {@link RecordBatch}. Not thread-safe; of no use after it has been built.
 */
public final class RecordBatchBuilder {
    private static final byte[][] NO_NAMES = {};

    private byte[] array;
    private int size = BatchHeader.BYTES;
    private int count;
    private long baseTimestamp;
    private long maxTimestamp;
    private boolean built;

    /** @param expectedBytes how large the batch will be, as far as one can tell: it grows when needed */
    public RecordBatchBuilder(int expectedBytes) {
        int capacity = Math.max(expectedBytes, BatchHeader.BYTES + RecordBatch.MIN_RECORD_BYTES);
        array = new byte[Math.min(capacity, RecordBatch.MAX_BYTES)];
    }

    /**
     * Most bytes that a record can take in any batch. What the batch needs besides it is {@link BatchHeader#BYTES}.
     *
     * @param keyLength negative: no key
     */
    public static long maxRecordBytes(int keyLength, int valueLength, List<RecordHeader> headers) {
        // Length of the body, attributes, timestamp, key length, value length, number of headers.
        long bytes = 5 + 1 + 10 + 5 + Math.max(0, keyLength) + 5 + (long) valueLength + 5;
        for (int i = 0; i < headers.size(); i++) {
            RecordHeader header = headers.get(i);
            bytes += 5 + 3L * header.name().length() + 5 + header.value().length;
        }
        return bytes;
    }

    /** Bytes of a batch that holds this record alone. */
    public static long batchBytes(byte[] key, byte[] value, List<RecordHeader> headers) {
        long body = bodyBytes(0, key, value, headers, encodeNames(headers));
        return BatchHeader.BYTES + Varint.sizeOf(body) + body;
    }

    /** As {@link #append(long, byte[], byte[], List)}, without headers. */
    public void append(long timestamp, byte[] key, byte[] value) {
        append(timestamp, key, value, List.of());
    }

    /**
     * Adds a record. The arrays are copied.
     *
     * @param timestamp ms since 1970, 0 or more
     * @param key       null: no key
     * @throws IllegalArgumentException if the batch would exceed {@link RecordBatch#MAX_BYTES}, there are more headers
     *                                  than {@link RecordBatch#MAX_HEADERS} or the timestamp is negative; the batch is as
     *                                  before
     */
    public void append(long timestamp, byte[] key, byte[] value, List<RecordHeader> headers) {
        if (built) {
            throw new IllegalStateException("the batch has been built");
        }
        if (timestamp < 0) {
            throw new IllegalArgumentException("timestamp " + timestamp + " is negative");
        }
        if (headers.size() > RecordBatch.MAX_HEADERS) {
            throw new IllegalArgumentException(
                    "record has " + headers.size() + " headers, " + RecordBatch.MAX_HEADERS + " are allowed");
        }
        long zigzag = count == 0 ? 0 : Varint.zigzag(timestamp - baseTimestamp);
        byte[][] names = encodeNames(headers);
        long body = bodyBytes(zigzag, key, value, headers, names);
        long total = size + body + Varint.sizeOf(body);
        if (total > RecordBatch.MAX_BYTES) {
            throw new IllegalArgumentException(
                    "batch would have " + total + " bytes, " + RecordBatch.MAX_BYTES + " are allowed");
        }
        ensureCapacity((int) total);
        int at = Varint.write(array, size, body);
        array[at++] = 0;
        at = Varint.write(array, at, zigzag);
        if (key == null) {
            array[at++] = 0;
        } else {
            at = Varint.write(array, at, key.length + 1L);
            at = copy(key, at);
        }
        at = copy(value, Varint.write(array, at, value.length));
        at = Varint.write(array, at, headers.size());
        for (int i = 0; i < names.length; i++) {
            byte[] headerValue = headers.get(i).value();
            at = copy(names[i], Varint.write(array, at, names[i].length));
            at = copy(headerValue, Varint.write(array, at, headerValue.length));
        }
        size = at;
        baseTimestamp = count == 0 ? timestamp : baseTimestamp;
        maxTimestamp = Math.max(maxTimestamp, timestamp);
        count++;
    }

    /** Bytes of the batch so far, header included. */
    public int sizeBytes() {
        return size;
    }

    public int recordCount() {
        return count;
    }

    /**
     * Closes the batch.
     *
     * @param producerId   0: not idempotent
     * @param baseSequence the producer's number of the first record
     * @return the batch, in an array of its own size
     */
    public byte[] build(long producerId, int producerEpoch, long baseSequence) {
        close(producerId, producerEpoch, baseSequence);
        return array.length == size ? array : Arrays.copyOf(array, size);
    }

    /** As {@link #build}, without a copy: a view of the builder's own array. */
    public ByteString buildView(long producerId, int producerEpoch, long baseSequence) {
        close(producerId, producerEpoch, baseSequence);
        return UnsafeByteOperations.unsafeWrap(array, 0, size);
    }

    /**
     * The same records under another numbering, for a producer that had to start anew. A copy: views that were given out
     * keep their bytes.
     *
     * @throws IllegalStateException if the batch has not been built
     */
    public ByteString rebuildView(long producerId, int producerEpoch, long baseSequence) {
        if (!built) {
            throw new IllegalStateException("the batch has not been built");
        }
        built = false;
        array = Arrays.copyOf(array, size);
        return buildView(producerId, producerEpoch, baseSequence);
    }

    private void close(long producerId, int producerEpoch, long baseSequence) {
        if (built || count == 0) {
            throw new IllegalStateException(built ? "the batch has been built" : "the batch has no records");
        }
        if (producerEpoch < 0 || baseSequence < 0 || baseSequence > Long.MAX_VALUE - count) {
            throw new IllegalArgumentException("epoch " + producerEpoch + ", base sequence " + baseSequence);
        }
        built = true;
        new BatchHeader(size, 0, count, producerId, producerEpoch, baseSequence, baseTimestamp, maxTimestamp)
                .write(array);
    }

    private static byte[][] encodeNames(List<RecordHeader> headers) {
        if (headers.isEmpty()) {
            return NO_NAMES;
        }
        byte[][] names = new byte[headers.size()][];
        for (int i = 0; i < names.length; i++) {
            names[i] = headers.get(i).name().getBytes(StandardCharsets.UTF_8);
        }
        return names;
    }

    private static long bodyBytes(long zigzag, byte[] key, byte[] value, List<RecordHeader> headers, byte[][] names) {
        long bytes = 1 + Varint.sizeOf(zigzag);
        bytes += key == null ? 1 : Varint.sizeOf(key.length + 1L) + (long) key.length;
        bytes += Varint.sizeOf(value.length) + (long) value.length;
        bytes += Varint.sizeOf(names.length);
        for (int i = 0; i < names.length; i++) {
            int length = headers.get(i).value().length;
            bytes += Varint.sizeOf(names[i].length) + (long) names[i].length + Varint.sizeOf(length) + length;
        }
        return bytes;
    }

    private int copy(byte[] source, int at) {
        System.arraycopy(source, 0, array, at, source.length);
        return at + source.length;
    }

    private void ensureCapacity(int needed) {
        if (needed > array.length) {
            array = Arrays.copyOf(array, Math.min(RecordBatch.MAX_BYTES, Math.max(needed, array.length * 2)));
        }
    }
}

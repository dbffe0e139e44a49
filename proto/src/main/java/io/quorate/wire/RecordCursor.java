/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.wire;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Passes over the records of a batch, in order. {@link #next} checks a record completely before any accessor shows it;
 * nothing is allocated until one is asked for. Not thread-safe.
 *
 * <p>Invariant: position &lt;= end, and every range shown lies between the two ends of its record's body.
 */
public final class RecordCursor {
    private final byte[] array;
    private final int end;
    private final BatchHeader header;

    private int index = -1;
    private int position;
    private int limit;

    private long timestamp;
    private int keyAt;
    private int keyLength;
    private int valueAt;
    private int valueLength;
    private int headersAt;
    private int headerCount;

    RecordCursor(byte[] array, int position, int end, BatchHeader header) {
        this.array = array;
        this.position = position;
        this.end = end;
        this.header = header;
    }

    /**
     * Moves to the next record.
     *
     * @return false after the last one
     * @throws InvalidBatchException if the bytes are not a record, or there are more or fewer than the header says. The
     *                               cursor must not be used any further.
     */
    public boolean next() throws InvalidBatchException {
        if (index + 1 == header.recordCount()) {
            if (position != end) {
                throw invalid((end - position) + " bytes follow the last record");
            }
            return false;
        }
        index++;
        limit = end;
        int bodyLength = readLength("body");
        limit = position + bodyLength;
        readAttributes();
        readTimestamp();
        readKeyAndValue();
        skipHeaders();
        if (position != limit) {
            throw invalid((limit - position) + " bytes follow its last header");
        }
        return true;
    }

    /** Place of the current record in its batch, from 0. */
    public int index() {
        return index;
    }

    /** Of the current record, ms since 1970. */
    public long timestamp() {
        return timestamp;
    }

    public boolean hasKey() {
        return keyLength >= 0;
    }

    /** A copy of the current record's key; empty if it has none. */
    public byte[] key() {
        return hasKey() ? Arrays.copyOfRange(array, keyAt, keyAt + keyLength) : new byte[0];
    }

    /** A copy of the current record's value. */
    public byte[] value() {
        return Arrays.copyOfRange(array, valueAt, valueAt + valueLength);
    }

    /** Length of the current record's value in bytes. */
    public int valueLength() {
        return valueLength;
    }

    /** Copies of the current record's headers. Names that are not UTF-8 have replacement characters. */
    public List<RecordHeader> headers() {
        if (headerCount == 0) {
            return List.of();
        }
        List<RecordHeader> headers = new ArrayList<>(headerCount);
        int at = headersAt;
        for (int i = 0; i < headerCount; i++) {
            int length = lengthAt(at);
            at += Varint.sizeOf(length);
            String name = new String(array, at, length, StandardCharsets.UTF_8);
            at += length;
            length = lengthAt(at);
            at += Varint.sizeOf(length);
            headers.add(new RecordHeader(name, Arrays.copyOfRange(array, at, at + length)));
            at += length;
        }
        return headers;
    }

    private void readAttributes() throws InvalidBatchException {
        if (position == limit) {
            throw invalid("it has no attributes");
        }
        byte attributes = array[position++];
        if (attributes != 0) {
            throw invalid("its attributes " + (attributes & 0xff) + " are not known in version 1");
        }
    }

    private void readTimestamp() throws InvalidBatchException {
        long delta = Varint.unzigzag(readVarint("timestamp", 10));
        timestamp = header.baseTimestamp() + delta;
        // Base and result are not negative, so a wrapped sum is either negative or on the wrong side of the base.
        boolean wrapped = delta > 0 && timestamp < header.baseTimestamp();
        if (timestamp < 0 || wrapped || timestamp > header.maxTimestamp()) {
            throw invalid("its timestamp is not between 0 and the batch's latest");
        }
    }

    private void readKeyAndValue() throws InvalidBatchException {
        long keyField = readVarint("key", Varint.MAX_BYTES);
        if (keyField > (long) limit - position + 1) {
            throw invalid("its key has " + (keyField - 1) + " bytes, " + (limit - position) + " are left");
        }
        keyLength = (int) keyField - 1;
        keyAt = position;
        position += Math.max(0, keyLength);
        valueLength = readLength("value");
        valueAt = position;
        position += valueLength;
    }

    private void skipHeaders() throws InvalidBatchException {
        long count = readVarint("header count", Varint.MAX_BYTES);
        if (count > RecordBatch.MAX_HEADERS) {
            throw invalid("it has " + count + " headers, " + RecordBatch.MAX_HEADERS + " are allowed");
        }
        headerCount = (int) count;
        headersAt = position;
        for (int i = 0; i < headerCount; i++) {
            skip("header name");
            skip("header value");
        }
    }

    private void skip(String what) throws InvalidBatchException {
        int length = readLength(what);
        position += length;
    }

    /** A length that fits into what is left of the current limit. */
    private int readLength(String what) throws InvalidBatchException {
        long length = readVarint(what, Varint.MAX_BYTES);
        if (length > limit - position) {
            throw invalid("its " + what + " has " + length + " bytes, " + (limit - position) + " are left");
        }
        return (int) length;
    }

    /** Only the shortest encoding of a value is valid, so that the same batch always has the same bytes. */
    private long readVarint(String what, int maxBytes) throws InvalidBatchException {
        long value = 0;
        for (int i = 0; i < maxBytes; i++) {
            if (position == limit) {
                throw invalid("it ends within its " + what);
            }
            byte b = array[position++];
            value |= (long) (b & 0x7f) << 7 * i;
            if (b >= 0) {
                boolean padded = b == 0 && i > 0;
                boolean overlong = i == 9 && b > 1;
                if (padded || overlong) {
                    throw invalid("its " + what + " is not a varint in its shortest form");
                }
                return value;
            }
        }
        throw invalid("its " + what + " is a varint of more than " + maxBytes + " bytes");
    }

    /** Reads what {@link #skipHeaders} has checked. */
    private int lengthAt(int at) {
        int value = 0;
        int shift = 0;
        for (int i = at; ; i++) {
            value |= (array[i] & 0x7f) << shift;
            if (array[i] >= 0) {
                return value;
            }
            shift += 7;
        }
    }

    private InvalidBatchException invalid(String problem) {
        return new InvalidBatchException(
                "record " + index + " of " + header.recordCount() + " of a batch is malformed: " + problem);
    }
}

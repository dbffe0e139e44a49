/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.log;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Bytes of an entry, opaque to {@code raft} and {@code log-store}. A view of an array that was handed over: whoever
 * wraps an array promises never to write to it again. Compared by content.
 */
public final class Payload {
    public static final Payload EMPTY = new Payload(new byte[0], 0, 0);

    private final byte[] array;
    private final int offset;
    private final int size;

    private Payload(byte[] array, int offset, int size) {
        this.array = array;
        this.offset = offset;
        this.size = size;
    }

    /** Takes the array over: the caller must not modify it any more. */
    public static Payload wrap(byte[] array) {
        return new Payload(array, 0, array.length);
    }

    /** Takes over {@code size} bytes of the array from {@code offset}. */
    public static Payload wrap(byte[] array, int offset, int size) {
        if (offset < 0 || size < 0 || offset > array.length - size) {
            throw new IndexOutOfBoundsException("[" + offset + ", +" + size + ") of " + array.length + " bytes");
        }
        return size == 0 ? EMPTY : new Payload(array, offset, size);
    }

    public static Payload utf8(String text) {
        return wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Size in bytes. */
    public int size() {
        return size;
    }

    /** The array behind this view, for bulk copies and checksums. Read only, by contract. */
    public byte[] array() {
        return array;
    }

    /** Where this view starts in {@link #array()}. */
    public int arrayOffset() {
        return offset;
    }

    /** Copies all bytes into {@code target} and advances its position. */
    public void copyTo(ByteBuffer target) {
        target.put(array, offset, size);
    }

    /** A fresh read-only buffer over the bytes, big-endian. */
    public ByteBuffer asReadOnlyBuffer() {
        return ByteBuffer.wrap(array, offset, size).slice().asReadOnlyBuffer();
    }

    public byte[] toByteArray() {
        return Arrays.copyOfRange(array, offset, offset + size);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Payload that
                && Arrays.equals(array, offset, offset + size, that.array, that.offset, that.offset + that.size);
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (int i = offset; i < offset + size; i++) {
            hash = 31 * hash + array[i];
        }
        return hash;
    }

    /** Only the size: payloads are user data and do not belong into logs. */
    @Override
    public String toString() {
        return size + " bytes";
    }
}

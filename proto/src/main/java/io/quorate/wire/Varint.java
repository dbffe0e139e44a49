/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.wire;

/** Sizes and encoding of variable-length integers: 7 bits a byte, lowest first, the top bit says that more follow. */
final class Varint {
    /** Longest encoding of 32 bits. */
    static final int MAX_BYTES = 5;

    private Varint() {}

    static int sizeOf(int value) {
        return (38 - Integer.numberOfLeadingZeros(value | 1)) / 7;
    }

    static int sizeOf(long value) {
        return (70 - Long.numberOfLeadingZeros(value | 1)) / 7;
    }

    static long zigzag(long value) {
        return value << 1 ^ value >> 63;
    }

    static long unzigzag(long value) {
        return value >>> 1 ^ -(value & 1);
    }

    /** Returns the position after the last byte written. */
    static int write(byte[] array, int position, long value) {
        long rest = value;
        int at = position;
        while ((rest & ~0x7fL) != 0) {
            array[at++] = (byte) (rest & 0x7f | 0x80);
            rest >>>= 7;
        }
        array[at++] = (byte) rest;
        return at;
    }
}

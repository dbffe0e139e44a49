/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

/**
 * Which partition a key belongs to: murmur2 (Austin Appleby, 32 bits, seed 0x9747b28c) of the key, sign bit cleared,
 * modulo the number of partitions. The same choice as other log clients make, so that keyed data can move between them.
 */
final class Partitioner {
    private static final int SEED = 0x9747b28c;
    private static final int MIX = 0x5bd1e995;
    private static final int ROTATE = 24;

    private Partitioner() {}

    static int partition(byte[] key, int partitions) {
        return (murmur2(key) & Integer.MAX_VALUE) % partitions;
    }

    static int murmur2(byte[] data) {
        int hash = SEED ^ data.length;
        int words = data.length / 4;
        for (int i = 0; i < words; i++) {
            int word = littleEndian(data, i * 4, 4) * MIX;
            word = (word ^ word >>> ROTATE) * MIX;
            hash = hash * MIX ^ word;
        }
        int rest = data.length % 4;
        if (rest > 0) {
            hash = (hash ^ littleEndian(data, words * 4, rest)) * MIX;
        }
        hash = (hash ^ hash >>> 13) * MIX;
        return hash ^ hash >>> 15;
    }

    private static int littleEndian(byte[] data, int at, int count) {
        int value = 0;
        for (int i = 0; i < count; i++) {
            value |= (data[at + i] & 0xff) << 8 * i;
        }
        return value;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What the records of one run look like: run id (8 bytes), sequence number (8 bytes), then bytes that do not compress and
 * that follow from these two, so that a reader can tell whether each is as it was sent.
 */
final class BenchRecord {
    static final int MIN_BYTES = 16;

    /** Slices of it, beginning anywhere in the first part, fill the records. */
    private static final int VARIETY = 4_096;

    private final long runId;
    private final int sizeBytes;
    private final byte[] noise;

    BenchRecord(long runId, int sizeBytes) {
        this.runId = runId;
        this.sizeBytes = sizeBytes;
        noise = new byte[VARIETY + sizeBytes];
        long state = runId;
        for (int i = 0; i < noise.length; i++) {
            // xorshift64*: a few instructions per byte, and the same on every JDK.
            state ^= state >>> 12;
            state ^= state << 25;
            state ^= state >>> 27;
            noise[i] = (byte) (state * 0x2545F4914F6CDD1DL >>> 56);
        }
    }

    byte[] encode(long sequence) {
        byte[] value = new byte[sizeBytes];
        System.arraycopy(noise, start(sequence), value, MIN_BYTES, sizeBytes - MIN_BYTES);
        ByteBuffer.wrap(value).putLong(runId).putLong(sequence);
        return value;
    }

    boolean isOfThisRun(byte[] value) {
        return value.length >= MIN_BYTES && ByteBuffer.wrap(value).getLong() == runId;
    }

    /** @param value of this run */
    long sequence(byte[] value) {
        return ByteBuffer.wrap(value).getLong(8);
    }

    /** Whether every byte is as it was sent. @param value of this run */
    boolean isIntact(byte[] value) {
        int start = start(sequence(value));
        return value.length == sizeBytes
                && Arrays.equals(value, MIN_BYTES, sizeBytes, noise, start, start + sizeBytes - MIN_BYTES);
    }

    private static int start(long sequence) {
        return (int) Long.remainderUnsigned(sequence * 31, VARIETY);
    }
}

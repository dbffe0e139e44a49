/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

/**
 * What happened in a run, in 64 bits: two runs with the same hash went through the same events in the same order, for all
 * that matters here. FNV-1a over 64-bit words with a final avalanche.
 */
public final class TraceHash {
    private long hash = 0xcbf29ce484222325L;
    private long folded;

    public void fold(long word) {
        hash = (hash ^ word) * 0x100000001b3L;
        hash ^= hash >>> 29;
        folded++;
    }

    public void fold(String text) {
        fold(text.hashCode());
    }

    public void fold(byte[] bytes) {
        long word = bytes.length;
        for (byte b : bytes) {
            word = word * 31 + b;
        }
        fold(word);
    }

    public long value() {
        long mixed = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
        return mixed ^ (mixed >>> 33);
    }

    /** How many words went in. */
    public long folded() {
        return folded;
    }
}

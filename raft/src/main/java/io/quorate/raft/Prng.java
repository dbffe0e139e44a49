/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

/**
 * The randomness of one member, from a seed: SplitMix64 (Steele, Lea, Flood 2014). Written out so that a seed means the
 * same on every JDK. Not thread-safe, not for secrets.
 */
public final class Prng {
    private long state;

    public Prng(long seed) {
        this.state = seed;
    }

    public long nextLong() {
        state += 0x9E3779B97F4A7C15L;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Uniform in [0, bound). */
    public int nextInt(int bound) {
        if (bound <= 0) {
            throw new IllegalArgumentException("bound " + bound);
        }
        return (int) Math.floorMod(nextLong() >>> 1, (long) bound);
    }

    /** Uniform in [0, 1). */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }

    /** An independent generator, so that one consumer's draws do not shift another's. */
    public Prng split() {
        return new Prng(nextLong());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.seam.Clock;

/**
 * The rate at which a node reads what it has long stored, whoever does it and for whomever: what is read later is put off
 * by what was read before. Event loop only.
 */
public final class ScrubPace {
    /** How much is read at a time, and the entry in which that ends. */
    static final int STEP_BYTES = 256 << 10;

    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long LEAST_NANOS = 1_000_000;

    private final Clock clock;
    private final long bytesPerSecond;
    private long freeAtNanos;

    public ScrubPace(Clock clock, ScrubSettings settings) {
        this.clock = clock;
        this.bytesPerSecond = settings.bytesPerSecond();
        this.freeAtNanos = clock.nanoTime();
    }

    /** Whether anything may be read at all. */
    boolean isOn() {
        return bytesPerSecond > 0;
    }

    /** So much was read; tells how long whoever has read it must leave the disk alone, in ns. Only while {@link #isOn}. */
    long read(long bytes) {
        long now = clock.nanoTime();
        freeAtNanos = Math.max(now, freeAtNanos) + nanosFor(bytes);
        return Math.max(LEAST_NANOS, freeAtNanos - now);
    }

    /** How long what was read already puts off the next read, in ns. */
    long nanosUntilFree() {
        return Math.max(0, freeAtNanos - clock.nanoTime());
    }

    /** How long it takes to read so much, if nobody else does. Only while {@link #isOn}. */
    long nanosFor(long bytes) {
        return bytes / bytesPerSecond * NANOS_PER_SECOND + bytes % bytesPerSecond * NANOS_PER_SECOND / bytesPerSecond;
    }
}

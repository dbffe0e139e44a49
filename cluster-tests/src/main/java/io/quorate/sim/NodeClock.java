/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.seam.Clock;

/** A node's own idea of time: it starts anywhere, runs a little fast or slow, and its wall clock is off, and is set now and then. */
final class NodeClock implements Clock {
    private static final long WALL_CLOCK_START_MILLIS = 1_800_000_000_000L;

    private final VirtualTime time;
    private long originNanos;
    private long wallClockErrorMillis;
    private int ratePermille;

    /** @param ratePermille 1000: as fast as true time; 900: it loses 100 ms per second */
    NodeClock(VirtualTime time, long originNanos, long wallClockErrorMillis, int ratePermille) {
        this.time = time;
        this.originNanos = originNanos;
        this.wallClockErrorMillis = wallClockErrorMillis;
        this.ratePermille = ratePermille;
    }

    @Override
    public long nanoTime() {
        return originNanos + time.nowNanos() / 1000 * ratePermille;
    }

    @Override
    public long currentTimeMillis() {
        return WALL_CLOCK_START_MILLIS + wallClockErrorMillis + time.nowMillis();
    }

    /** Somebody sets the wall clock. */
    void set(long byMillis) {
        wallClockErrorMillis += byMillis;
    }

    /** From now on it runs faster or slower; it does not jump. */
    void setRate(int permille) {
        long now = nanoTime();
        ratePermille = permille;
        originNanos += now - nanoTime();
    }

    /** How long a delay on this clock truly takes; rounded up, so that a timer never fires early on its own clock. */
    long toTrueNanos(long delayNanos) {
        return (delayNanos + ratePermille - 1) / ratePermille * 1000 + 1000;
    }
}

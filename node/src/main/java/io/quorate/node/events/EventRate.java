/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.events;

/**
 * Lets through bursts, as when thousands of replicas elect at once, but no storm that would push everything else out of
 * the ring. Not thread-safe.
 */
final class EventRate {
    static final int BURST = 4_096;
    static final int PER_SECOND = 100;

    private static final long NANOS_PER_EVENT = 1_000_000_000L / PER_SECOND;

    /** Up to when, had every event its share of time, the events so far would have lasted. */
    private long paidUntilNanos;

    private long dropped;

    EventRate(long nowNanos) {
        this.paidUntilNanos = nowNanos - BURST * NANOS_PER_EVENT;
    }

    boolean admits(long nowNanos) {
        paidUntilNanos = Math.max(paidUntilNanos, nowNanos - BURST * NANOS_PER_EVENT);
        if (paidUntilNanos + NANOS_PER_EVENT > nowNanos) {
            dropped++;
            return false;
        }
        paidUntilNanos += NANOS_PER_EVENT;
        return true;
    }

    /** How many were not let through since the last call. */
    long takeDropped() {
        long taken = dropped;
        dropped = 0;
        return taken;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Pauses that double up to a limit; each is drawn from the upper half of its range, so that clients spread out. */
final class Backoff {
    private final long initialNanos;
    private final long maxNanos;
    private int failures;

    Backoff(Duration initial, Duration max) {
        this.initialNanos = initial.toNanos();
        this.maxNanos = max.toNanos();
    }

    long nextNanos() {
        long range = Math.min(maxNanos, initialNanos << Math.min(failures, 20));
        failures++;
        return range / 2 + ThreadLocalRandom.current().nextLong(range / 2 + 1);
    }

    boolean hasFailed() {
        return failures > 0;
    }

    void reset() {
        failures = 0;
    }
}

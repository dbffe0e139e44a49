/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** When each record of a load with a rate is due: the only one here that waits for a time, and tests nothing by it. */
final class Pace {
    private final int ratePerSecond;
    private final long beginNanos = System.nanoTime();

    /** @param ratePerSecond 0: everything is due at once */
    Pace(int ratePerSecond) {
        this.ratePerSecond = ratePerSecond;
    }

    /** Returns when it is time for this one, at once if that is past. */
    void await(long number) {
        if (ratePerSecond > 0) {
            long due = beginNanos + number * TimeUnit.SECONDS.toNanos(1) / ratePerSecond;
            for (long early = due - System.nanoTime(); early > 0; early = due - System.nanoTime()) {
                LockSupport.parkNanos(early);
            }
        }
    }
}

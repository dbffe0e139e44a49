/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.testing;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits for what is to happen, and fails with its name if it does not. */
public final class Await {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Semaphore NEVER_RELEASED = new Semaphore(0);

    private Await() {}

    public static void until(String what, BooleanSupplier happened) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!happened.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within " + PATIENCE.toSeconds() + " s: " + what);
            }
            try {
                // A poll has no one to wake it up: only the condition's owner would know when to.
                if (NEVER_RELEASED.tryAcquire(2, TimeUnit.MILLISECONDS)) {
                    throw new AssertionError("never released");
                }
            } catch (InterruptedException stop) {
                throw new AssertionError("interrupted while waiting for: " + what, stop);
            }
        }
    }
}

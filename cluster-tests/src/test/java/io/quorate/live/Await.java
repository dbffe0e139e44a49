/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waits for something that another process will do: always for a condition, never for a time. */
final class Await {
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** A condition that may be unable to tell yet. */
    interface Condition {
        boolean holds() throws Exception;
    }

    private Await() {}

    /** Fails, saying what it waited for and what came in the way last, once {@code limit} has passed. */
    static void until(String what, Duration limit, Condition condition) {
        Exception last = null;
        long deadline = System.nanoTime() + limit.toNanos();
        do {
            try {
                if (condition.holds()) {
                    return;
                }
                last = null;
            } catch (Exception notYet) {
                last = notYet;
            }
            LockSupport.parkNanos(POLL_NANOS);
        } while (System.nanoTime() < deadline);
        fail("waited " + limit.toSeconds() + " s until " + what + (last == null ? "" : "; at last: " + last), last);
    }

    /** The first value that is there. */
    static <T> T value(String what, Duration limit, Supplier<Optional<T>> source) {
        AtomicReference<T> found = new AtomicReference<>();
        until(what, limit, () -> {
            source.get().ifPresent(found::set);
            return found.get() != null;
        });
        return found.get();
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waiting for futures that fail with {@link QuorateException} only. */
final class Futures {
    private Futures() {}

    /** The future's value. Its exception is thrown with the caller's stack, as the cause is from another thread. */
    static <T> T join(CompletableFuture<T> future) {
        try {
            return future.get();
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException e) {
            throw rethrown(e);
        }
    }

    /** Whether the future was done in time. */
    static boolean await(CompletableFuture<?> future, long timeoutNanos) {
        try {
            future.get(timeoutNanos, TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException e) {
            throw rethrown(e);
        }
    }

    static QuorateException interrupted(InterruptedException e) {
        return interrupted(e, QuorateException.Outcome.UNKNOWN);
    }

    static QuorateException interrupted(InterruptedException e, QuorateException.Outcome outcome) {
        Thread.currentThread().interrupt();
        return new QuorateException(
                "INTERRUPTED", "the calling thread was interrupted while it waited", true, outcome, e);
    }

    private static QuorateException rethrown(ExecutionException e) {
        if (e.getCause() instanceof QuorateException failure) {
            return new QuorateException(
                    failure.reason(), failure.getMessage(), failure.isRetriable(), failure.outcome(), failure);
        }
        return new QuorateException(
                "INTERNAL",
                "a bug in the client: " + e.getCause(),
                false,
                QuorateException.Outcome.UNKNOWN,
                e.getCause());
    }
}

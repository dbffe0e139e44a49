/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * One store's work off the write path, and what ties it to the store's life. Everything in the background that changes
 * the directory happens in short steps under {@link #gate} after a look at {@link #isClosed}: once {@link #close} has
 * returned, nothing of this store touches the disk any more, except for forces of what was written before.
 */
final class Background {
    private final Object gate = new Object();
    private final Executor executor;
    private boolean closed;
    private volatile StorageException failure;
    private long skippedSteps;

    Background(Executor executor) {
        this.executor = executor;
    }

    /** What a background step holds while it changes the directory. Never held while forcing. */
    Object gate() {
        return gate;
    }

    void run(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            // The node is stopping and its executor went first: all this work is optional.
            skipped();
        }
    }

    /** Guarded by {@link #gate}. */
    boolean isClosed() {
        return closed;
    }

    void close() {
        synchronized (gate) {
            closed = true;
        }
    }

    /** The first failure of the store, which is final. */
    void fail(StorageException cause) {
        synchronized (gate) {
            if (failure == null) {
                failure = cause;
            }
        }
    }

    /** Optional work could not be done; the store goes on without. */
    void skipped() {
        synchronized (gate) {
            skippedSteps++;
        }
    }

    long skippedSteps() {
        synchronized (gate) {
            return skippedSteps;
        }
    }

    boolean isAlive() {
        return failure == null;
    }

    /** Throws if the store has failed. */
    void checkAlive() {
        StorageException cause = failure;
        if (cause != null) {
            throw new StorageException(cause.file(), "the store has failed before, for good", cause);
        }
    }
}

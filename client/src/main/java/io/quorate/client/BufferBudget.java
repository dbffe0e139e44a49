/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bytes that a producer may hold. The common case is one atomic addition; only who finds no room takes the lock.
 *
 * <p>Invariant: used is the sum of all that was acquired and not yet released, and at most {@code limit} unless one
 * single request is larger, which is let in alone.
 */
final class BufferBudget {
    private final long limit;
    private final AtomicLong used = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock(true);
    private final Condition released = lock.newCondition();
    private volatile int waiting;
    private boolean closed;

    BufferBudget(long limit) {
        this.limit = limit;
    }

    /** Takes the bytes if there is room now. */
    boolean tryAcquire(long bytes) {
        long current = used.get();
        while (current == 0 || current + bytes <= limit) {
            if (used.compareAndSet(current, current + bytes)) {
                return true;
            }
            current = used.get();
        }
        return false;
    }

    /**
     * Waits for room.
     *
     * @return false if there was none in time
     * @throws IllegalStateException if it was closed meanwhile
     */
    boolean acquire(long bytes, long timeoutNanos) throws InterruptedException {
        lock.lockInterruptibly();
        waiting++;
        try {
            long remaining = timeoutNanos;
            while (true) {
                if (closed) {
                    throw new IllegalStateException("the producer has been closed");
                }
                if (tryAcquire(bytes)) {
                    return true;
                }
                if (remaining <= 0) {
                    return false;
                }
                remaining = released.awaitNanos(remaining);
            }
        } finally {
            waiting--;
            lock.unlock();
        }
    }

    void release(long bytes) {
        used.addAndGet(-bytes);
        // Whoever starts to wait counts itself first and then looks again, so it cannot be overlooked here.
        if (waiting > 0) {
            wakeAll();
        }
    }

    long limit() {
        return limit;
    }

    long used() {
        return used.get();
    }

    /** Nobody waits any more. */
    void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        wakeAll();
    }

    private void wakeAll() {
        lock.lock();
        try {
            released.signalAll();
        } finally {
            lock.unlock();
        }
    }
}

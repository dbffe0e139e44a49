/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A producer's buffer")
@Timeout(120)
class BufferBudgetTest {
    @Test
    @DisplayName("gives out what it has and no more")
    void bound() {
        BufferBudget budget = new BufferBudget(100);

        assertTrue(budget.tryAcquire(60));
        assertFalse(budget.tryAcquire(41));
        assertTrue(budget.tryAcquire(40));
        budget.release(60);
        assertTrue(budget.tryAcquire(60));
        assertEquals(100, budget.used());
    }

    @Test
    @DisplayName("lets in what is larger than itself, alone")
    void oversized() {
        BufferBudget budget = new BufferBudget(100);

        assertTrue(budget.tryAcquire(500));
        assertFalse(budget.tryAcquire(1));
        budget.release(500);
        assertTrue(budget.tryAcquire(1));
        assertFalse(budget.tryAcquire(500));
    }

    @Test
    @DisplayName("makes nobody wait longer than asked for")
    void timeout() throws InterruptedException {
        BufferBudget budget = new BufferBudget(100);
        budget.tryAcquire(100);

        assertFalse(budget.acquire(1, TimeUnit.MILLISECONDS.toNanos(20)));
        assertEquals(100, budget.used());
    }

    @Test
    @DisplayName("that is closed sends those who wait away")
    void close() throws Exception {
        BufferBudget budget = new BufferBudget(100);
        budget.tryAcquire(100);
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try {
            Future<Boolean> waiting = threads.submit(() -> budget.acquire(1, TimeUnit.SECONDS.toNanos(60)));
            budget.close();
            Exception error = assertThrows(Exception.class, () -> waiting.get(60, TimeUnit.SECONDS));
            assertEquals(IllegalStateException.class, error.getCause().getClass());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    @DisplayName("loses no wake-up and is never overdrawn, whoever competes for it")
    void contention() throws Exception {
        BufferBudget budget = new BufferBudget(10);
        AtomicLong inside = new AtomicLong();
        AtomicLong most = new AtomicLong();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                int bytes = 1 + i % 4;
                workers.add(threads.submit(() -> {
                    for (int round = 0; round < 5_000; round++) {
                        assertTrue(budget.acquire(bytes, TimeUnit.SECONDS.toNanos(60)));
                        most.accumulateAndGet(inside.addAndGet(bytes), Math::max);
                        inside.addAndGet(-bytes);
                        budget.release(bytes);
                    }
                    return null;
                }));
            }
            for (Future<?> worker : workers) {
                worker.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
        assertEquals(0, budget.used());
        assertTrue(most.get() <= 10, "most at a time: " + most.get());
    }
}

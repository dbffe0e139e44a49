/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the callers of one partition what became of their records, gives back the memory, and knows who waits in a flush.
 * Batches end in the order of their ordinals. Loop only.
 */
final class DeliveryReports {
    private record FlushWaiter(long ordinal, CompletableFuture<Void> done) {}

    private static final Logger LOG = LoggerFactory.getLogger(DeliveryReports.class);

    private final String topic;
    private final int partition;
    private final BufferBudget budget;
    private final List<FlushWaiter> flushWaiters = new ArrayList<>();
    private long flushOrdinal;
    private long completedOrdinal;

    DeliveryReports(String topic, int partition, BufferBudget budget) {
        this.topic = topic;
        this.partition = partition;
        this.budget = budget;
    }

    /** Completes the future when all batches up to this one have ended. */
    void awaitUpTo(long ordinal, CompletableFuture<Void> done) {
        flushOrdinal = Math.max(flushOrdinal, ordinal);
        flushWaiters.add(new FlushWaiter(ordinal, done));
    }

    /** Whether somebody waits for a batch that has not ended. */
    boolean isAwaited() {
        return flushOrdinal > completedOrdinal;
    }

    void acknowledge(PendingBatch batch, long baseOffset, long generation) {
        budget.release(batch.reservedBytes());
        int count = batch.recordCount();
        for (int i = 0; i < count; i++) {
            call(batch.callback(i), new AppendResult(partition, baseOffset + i, generation), null);
        }
        completed(batch);
    }

    void fail(PendingBatch batch, QuorateException error) {
        budget.release(batch.reservedBytes());
        for (int i = 0; i < batch.recordCount(); i++) {
            call(batch.callback(i), null, error);
        }
        completed(batch);
    }

    private void call(Producer.Callback callback, AppendResult result, QuorateException error) {
        try {
            callback.onCompletion(result, error);
        } catch (RuntimeException | Error e) {
            // Errors too: the other records of the batch, and whoever waits in flush, have a right to their answer.
            LOG.warn("a callback of the producer for {} failed", topic, e);
        }
    }

    private void completed(PendingBatch batch) {
        completedOrdinal = batch.ordinal();
        completeFlushes();
    }

    /** Lets go whoever waits for nothing any more. */
    void completeFlushes() {
        if (flushWaiters.isEmpty()) {
            return;
        }
        for (Iterator<FlushWaiter> waiters = flushWaiters.iterator(); waiters.hasNext(); ) {
            FlushWaiter waiter = waiters.next();
            if (waiter.ordinal() <= completedOrdinal) {
                waiters.remove();
                waiter.done().complete(null);
            }
        }
    }
}

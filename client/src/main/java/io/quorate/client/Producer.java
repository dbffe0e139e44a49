/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Appends records to one topic: batched, pipelined, idempotent and in order per partition. Thread-safe.
 *
 * <p>A topic that is deleted and created again under its name is another topic. In a partition that has acknowledged
 * something to this producer, all further records fail with TOPIC_RECREATED: use a new producer.
 */
public interface Producer extends AutoCloseable {
    /** Learns what became of one record; called on the client's own thread, in order per partition; must not block. */
    interface Callback {
        /** @param error null when acknowledged */
        void onCompletion(AppendResult result, QuorateException error);
    }

    /**
     * Accepts a record. Blocks while the buffer is full, at most for the delivery timeout. The future is completed on the
     * client's own thread: what is attached to it must not block.
     *
     * @throws IllegalStateException after {@link #close}
     */
    CompletableFuture<AppendResult> send(LogRecord record);

    /** As {@link #send(LogRecord)}, without a future: nothing is allocated per record beyond its place in the batch. */
    void send(LogRecord record, Callback callback);

    /** Sends what waits and returns when all of it is acknowledged or failed. */
    void flush();

    /**
     * Flushes for at most {@code timeout}, then gives up.
     *
     * @throws QuorateException naming what was not acknowledged
     */
    void close(Duration timeout);

    /** As {@link #close(Duration)} with the delivery timeout. */
    @Override
    void close();
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.wire.BatchHeader;
import io.quorate.wire.RecordBatchBuilder;
import io.quorate.wire.RecordHeader;
import java.util.ArrayDeque;
import java.util.List;
import java.util.OptionalLong;

/**
 * Batches of one partition that are not under way yet: full ones, and the one that is being filled. Records are encoded
 * straight into it by the thread that sends them. Thread-safe.
 */
final class Accumulator {
    private static final int SMALLEST_BUFFER = 512;

    private final ClientLoop loop;
    private final int batchBytes;
    private final int maxBatchBytes;
    private final Runnable onBatchTaken;
    private final ArrayDeque<PendingBatch> full = new ArrayDeque<>();
    private PendingBatch open;
    private long lastOrdinal;
    private int expectedBytes = SMALLEST_BUFFER;
    private boolean closed;

    /**
     * @param batchBytes    a batch of this size is full
     * @param maxBatchBytes a single record may need a larger one, up to this
     * @param onBatchTaken  called, under the lock, whenever no further record will be added to a batch
     */
    Accumulator(ClientLoop loop, int batchBytes, int maxBatchBytes, Runnable onBatchTaken) {
        this.loop = loop;
        this.batchBytes = Math.min(batchBytes, maxBatchBytes);
        this.maxBatchBytes = maxBatchBytes;
        this.onBatchTaken = onBatchTaken;
    }

    int maxBatchBytes() {
        return maxBatchBytes;
    }

    /**
     * Adds a record.
     *
     * @return whether the sender must look: a batch was begun or is full now
     * @throws IllegalStateException after it was closed
     */
    synchronized boolean append(
            long timestamp,
            byte[] key,
            byte[] value,
            List<RecordHeader> headers,
            Producer.Callback callback,
            long reserved) {
        if (closed) {
            throw new IllegalStateException("the producer has been closed");
        }
        long most = RecordBatchBuilder.maxRecordBytes(key == null ? -1 : key.length, value.length, headers);
        boolean news = false;
        if (open != null && open.sizeBytes() + most > batchBytes) {
            closeOpen();
            news = true;
        }
        if (open == null) {
            long expected = Math.max(expectedBytes, BatchHeader.BYTES + most);
            open = new PendingBatch(++lastOrdinal, (int) Math.min(expected, maxBatchBytes), loop.nanoTime());
            news = true;
        }
        open.append(timestamp, key, value, headers, callback, reserved);
        if (open.sizeBytes() >= batchBytes) {
            closeOpen();
            news = true;
        }
        return news;
    }

    /** The next full batch, or the open one if it may be taken; null if there is none. */
    synchronized PendingBatch poll(boolean alsoOpen) {
        if (full.isEmpty() && open != null && alsoOpen) {
            closeOpen();
        }
        return full.poll();
    }

    /** The next batch, full or not, if it was begun at that time or before; null if there is none. */
    synchronized PendingBatch pollBegunBy(long nanos) {
        OptionalLong oldest = oldestNanos();
        return oldest.isPresent() && oldest.getAsLong() - nanos <= 0 ? poll(true) : null;
    }

    /** When the oldest batch that is still here was begun. */
    synchronized OptionalLong oldestNanos() {
        PendingBatch oldest = full.isEmpty() ? open : full.peek();
        return oldest == null ? OptionalLong.empty() : OptionalLong.of(oldest.createdNanos());
    }

    synchronized boolean isEmpty() {
        return full.isEmpty() && open == null;
    }

    /** Whether the only batch is one that is being filled. */
    synchronized boolean hasOnlyOpen() {
        return full.isEmpty() && open != null;
    }

    /** Ordinal of the last batch that has records so far; 0: none ever. */
    synchronized long lastOrdinal() {
        return lastOrdinal;
    }

    /** No record is added any more. */
    synchronized void close() {
        closed = true;
    }

    private void closeOpen() {
        full.add(open);
        // The next one will probably be like this one; growing costs a copy.
        expectedBytes = Math.max(SMALLEST_BUFFER, Math.min(batchBytes, open.sizeBytes() + open.sizeBytes() / 8));
        open = null;
        onBatchTaken.run();
    }
}

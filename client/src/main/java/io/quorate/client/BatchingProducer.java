/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.client.QuorateException.Outcome;
import io.quorate.wire.BatchHeader;
import io.quorate.wire.RecordBatch;
import io.quorate.wire.RecordBatchBuilder;
import io.quorate.wire.RecordHeader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;

/** A producer: chooses the partition, keeps within the memory bound, and leaves the rest to one sender per partition. */
final class BatchingProducer implements Producer {
    /** What a record holds in memory besides its bytes: its place in the batch, roughly. */
    private static final long RECORD_OVERHEAD_BYTES = 16;

    private static final class FutureCallback extends CompletableFuture<AppendResult> implements Callback {
        @Override
        public void onCompletion(AppendResult result, QuorateException error) {
            if (error == null) {
                complete(result);
            } else {
                completeExceptionally(error);
            }
        }
    }

    private final Cluster cluster;
    private final ClientLoop loop;
    private final String topic;
    private final ProducerConfig config;
    private final int partitions;
    private final int maxBatchBytes;
    private final Consumer<Producer> onClosed;
    private final BufferBudget budget;
    private final AtomicReferenceArray<PartitionSender> senders;
    private volatile int sticky;
    private volatile boolean closed;

    /** @param onClosed called once */
    BatchingProducer(
            Cluster cluster,
            String topic,
            ProducerConfig config,
            int partitions,
            int maxBatchBytes,
            Consumer<Producer> onClosed) {
        this.cluster = cluster;
        this.loop = cluster.loop();
        this.topic = topic;
        this.config = config;
        this.partitions = partitions;
        this.maxBatchBytes = maxBatchBytes;
        this.onClosed = onClosed;
        this.budget = new BufferBudget(config.maxBufferedBytes());
        this.senders = new AtomicReferenceArray<>(partitions);
    }

    @Override
    public CompletableFuture<AppendResult> send(LogRecord record) {
        FutureCallback future = new FutureCallback();
        send(record, future);
        return future;
    }

    @Override
    public void send(LogRecord record, Callback callback) {
        checkOpen();
        byte[] key = record.key().orElse(null);
        List<RecordHeader> headers = convert(record.headers());
        if (headers.size() > RecordBatch.MAX_HEADERS) {
            refuse(
                    callback,
                    "INVALID_ARGUMENT",
                    "record has " + headers.size() + " headers, " + RecordBatch.MAX_HEADERS + " are allowed",
                    false);
            return;
        }
        byte[] value = record.value();
        long most = RecordBatchBuilder.maxRecordBytes(key == null ? -1 : key.length, value.length, headers);
        if (most > maxBatchBytes - BatchHeader.BYTES && !fits(callback, key, value, headers)) {
            return;
        }
        long reserved = most + RECORD_OVERHEAD_BYTES;
        if (!budget.tryAcquire(reserved) && !waitForRoom(callback, reserved)) {
            return;
        }
        long timestamp = record.timestampMillis() < 0 ? System.currentTimeMillis() : record.timestampMillis();
        PartitionSender sender = sender(choosePartition(key));
        try {
            if (sender.accumulator().append(timestamp, key, value, headers, callback, reserved)) {
                sender.wake();
            }
        } catch (IllegalStateException e) {
            budget.release(reserved);
            throw e;
        }
    }

    private static List<RecordHeader> convert(List<LogRecord.Header> headers) {
        if (headers.isEmpty()) {
            return List.of();
        }
        List<RecordHeader> converted = new ArrayList<>(headers.size());
        for (LogRecord.Header header : headers) {
            converted.add(new RecordHeader(header.name(), header.value()));
        }
        return converted;
    }

    private boolean fits(Callback callback, byte[] key, byte[] value, List<RecordHeader> headers) {
        long bytes = RecordBatchBuilder.batchBytes(key, value, headers);
        if (bytes <= maxBatchBytes) {
            return true;
        }
        refuse(
                callback,
                "RECORD_TOO_LARGE",
                "record for '" + topic + "' takes a batch of " + bytes + " bytes, " + maxBatchBytes
                        + " are allowed; split it, or raise the topic's limit on batches",
                false);
        return false;
    }

    private boolean waitForRoom(Callback callback, long bytes) {
        if (loop.isCurrent()) {
            refuse(
                    callback,
                    "OVERLOADED",
                    "the producer's buffer of " + budget.limit()
                            + " bytes is full, and a callback cannot wait for room",
                    true);
            return false;
        }
        // Nothing may wait for more records that cannot come.
        flushAll();
        try {
            if (budget.acquire(bytes, config.deliveryTimeout().toNanos())) {
                return true;
            }
        } catch (InterruptedException e) {
            throw Futures.interrupted(e, Outcome.NOT_APPLIED);
        }
        refuse(
                callback,
                "DEADLINE_EXCEEDED",
                "the producer's buffer of " + budget.limit() + " bytes was full for "
                        + config.deliveryTimeout().toMillis() + " ms: the cluster takes records too slowly",
                true);
        return false;
    }

    private void refuse(Callback callback, String reason, String message, boolean retriable) {
        QuorateException error = new QuorateException(reason, message, retriable, Outcome.NOT_APPLIED, null);
        loop.execute(() -> callback.onCompletion(null, error));
    }

    private int choosePartition(byte[] key) {
        if (config.partition().isPresent()) {
            return config.partition().getAsInt();
        }
        return key == null ? sticky : Partitioner.partition(key, partitions);
    }

    private PartitionSender sender(int partition) {
        PartitionSender sender = senders.get(partition);
        if (sender != null) {
            return sender;
        }
        Accumulator accumulator =
                new Accumulator(loop, config.batchBytes(), maxBatchBytes, () -> batchTaken(partition));
        PartitionSender created = new PartitionSender(cluster, topic, partition, config, accumulator, budget);
        boolean first = senders.compareAndSet(partition, null, created);
        if (first && closed) {
            // Lost a race with close(), which may have passed this place.
            accumulator.close();
        }
        return first ? created : senders.get(partition);
    }

    /** Records without a key go to one partition until its batch is on its way, then to the next one. */
    private void batchTaken(int partition) {
        if (partition == sticky) {
            sticky = partition + 1 == partitions ? 0 : partition + 1;
        }
    }

    @Override
    public void flush() {
        checkOpen();
        loop.await(flushAll());
    }

    private CompletableFuture<Void> flushAll() {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (PartitionSender sender : started()) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            all.add(done);
            loop.execute(() -> sender.flush(done));
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
    }

    private List<PartitionSender> started() {
        List<PartitionSender> started = new ArrayList<>();
        for (int i = 0; i < partitions; i++) {
            if (senders.get(i) != null) {
                started.add(senders.get(i));
            }
        }
        return started;
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the producer has been closed");
        }
    }

    @Override
    public void close(Duration timeout) {
        loop.checkNotCurrent();
        if (closed) {
            return;
        }
        closed = true;
        started().forEach(sender -> sender.accumulator().close());
        budget.close();
        Futures.await(flushAll(), timeout.toNanos());
        CompletableFuture<List<PartitionSender.Leftover>> stopped = new CompletableFuture<>();
        loop.execute(() -> {
            List<PartitionSender.Leftover> leftovers = new ArrayList<>();
            for (PartitionSender sender : started()) {
                leftovers.add(sender.close());
            }
            stopped.complete(leftovers);
        });
        List<PartitionSender.Leftover> leftovers = loop.await(stopped);
        onClosed.accept(this);
        report(leftovers, timeout);
    }

    private static void report(List<PartitionSender.Leftover> leftovers, Duration timeout) {
        StringBuilder text = new StringBuilder();
        for (PartitionSender.Leftover leftover : leftovers) {
            if (leftover.records() > 0) {
                text.append(text.isEmpty() ? "" : ", ").append(leftover.records());
                text.append(" records of ").append(leftover.partition());
            }
        }
        if (!text.isEmpty()) {
            throw new QuorateException(
                    "DEADLINE_EXCEEDED",
                    "closed after " + timeout.toMillis() + " ms; not acknowledged: " + text
                            + ". Their callbacks say what is known of each",
                    true,
                    Outcome.UNKNOWN,
                    null);
        }
    }

    @Override
    public void close() {
        close(config.deliveryTimeout());
    }
}

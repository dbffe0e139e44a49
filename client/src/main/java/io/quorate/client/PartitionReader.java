/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.client.QuorateException.Outcome;
import io.quorate.client.ReadPump.Item;
import io.quorate.v1.ReadBatch;
import io.quorate.wire.InvalidBatchException;
import io.quorate.wire.RecordBatch;
import io.quorate.wire.RecordCursor;
import io.quorate.wire.RecordHeader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Decodes on the caller's thread what a {@link ReadPump} fetches.
 *
 * <p>Invariant: every record that is returned has the offset {@code position}, which then grows by one. Anything else
 * from the server is an error, never a gap that nobody notices.
 */
final class PartitionReader implements Reader {
    private final ClientLoop loop;
    private final String topic;
    private final int partition;
    private final OptionalLong untilOffset;
    private final long limit;
    private final Consumer<Reader> onClosed;
    private final BlockingQueue<Item> queue = new LinkedBlockingQueue<>();
    private final ReadPump pump;
    private Optional<QuorateException> failure = Optional.empty();
    private long returned;
    private volatile long position;
    private volatile boolean finished;
    private volatile boolean closed;

    private PartitionReader(
            Cluster cluster,
            String topic,
            int partition,
            ReaderConfig config,
            ReadStart start,
            Consumer<Reader> onClosed) {
        this.loop = cluster.loop();
        this.topic = topic;
        this.partition = partition;
        this.untilOffset = config.untilOffset();
        this.limit = config.limit();
        this.position = start.offset();
        this.onClosed = onClosed;
        this.pump = new ReadPump(cluster, topic, partition, config, start, queue);
    }

    /** Loop only. */
    static PartitionReader open(
            Cluster cluster,
            String topic,
            int partition,
            ReaderConfig config,
            ReadStart start,
            Consumer<Reader> onClosed) {
        PartitionReader reader = new PartitionReader(cluster, topic, partition, config, start, onClosed);
        reader.finished = config.untilOffset().isPresent()
                && start.offset() >= config.untilOffset().getAsLong();
        if (!reader.finished) {
            reader.pump.start();
        }
        return reader;
    }

    @Override
    public List<ReceivedRecord> poll(Duration timeout) {
        loop.checkNotCurrent();
        long deadline = loop.nanoTime() + timeout.toNanos();
        while (!finished) {
            if (closed) {
                throw new IllegalStateException("the reader has been closed");
            }
            if (failure.isPresent()) {
                throw failure.get();
            }
            Optional<Item> item = next(deadline);
            if (item.isEmpty()) {
                return List.of();
            }
            List<ReceivedRecord> records = take(item.get());
            if (!records.isEmpty()) {
                return records;
            }
        }
        return List.of();
    }

    private Optional<Item> next(long deadline) {
        try {
            return Optional.ofNullable(queue.poll(Math.max(0, deadline - loop.nanoTime()), TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
            throw Futures.interrupted(e);
        }
    }

    private List<ReceivedRecord> take(Item item) {
        if (item instanceof Item.Chunk chunk) {
            loop.execute(() -> pump.consumed(chunk.bytes()));
            List<ReceivedRecord> records = new ArrayList<>();
            for (ReadBatch batch : chunk.batches()) {
                decode(batch, records);
            }
            return records;
        }
        if (item instanceof Item.Trouble trouble) {
            if (!trouble.error().isRetriable()) {
                failure = Optional.of(trouble.error());
            }
            throw trouble.error();
        }
        finished = !closed;
        return List.of();
    }

    private void decode(ReadBatch batch, List<ReceivedRecord> records) {
        if (finished) {
            return;
        }
        long offset = batch.getBaseOffset();
        if (offset > position) {
            fail("the next batch starts at offset " + offset + ": the records between are missing");
        }
        byte[] bytes = batch.getBatch().toByteArray();
        try {
            RecordCursor cursor = RecordBatch.of(bytes, 0, bytes.length).cursor();
            for (; !finished && cursor.next(); offset++) {
                if (offset >= position) {
                    records.add(received(batch, offset, cursor));
                    position = offset + 1;
                    returned++;
                    finishAtBound();
                }
            }
        } catch (InvalidBatchException e) {
            fail("the batch at offset " + batch.getBaseOffset() + " is damaged: " + e.getMessage());
        }
    }

    private void finishAtBound() {
        boolean untilReached = untilOffset.isPresent() && position >= untilOffset.getAsLong();
        boolean limitReached = limit > 0 && returned >= limit;
        if (untilReached || limitReached) {
            finished = true;
            loop.execute(pump::stop);
        }
    }

    private ReceivedRecord received(ReadBatch batch, long offset, RecordCursor cursor) {
        return new ReceivedRecord(
                partition,
                offset,
                batch.getGeneration(),
                cursor.timestamp(),
                cursor.hasKey() ? Optional.of(cursor.key()) : Optional.empty(),
                cursor.value(),
                convert(cursor.headers()));
    }

    private static List<LogRecord.Header> convert(List<RecordHeader> headers) {
        if (headers.isEmpty()) {
            return List.of();
        }
        List<LogRecord.Header> converted = new ArrayList<>(headers.size());
        for (RecordHeader header : headers) {
            converted.add(new LogRecord.Header(header.name(), header.value()));
        }
        return converted;
    }

    private void fail(String problem) {
        loop.execute(pump::stop);
        QuorateException error = new QuorateException(
                "CORRUPT_REPLICA",
                "read of " + topic + "/" + partition + " at offset " + position + ": " + problem
                        + ". Nothing was skipped; look at the logs of the partition's replicas",
                false,
                Outcome.NOT_APPLIED,
                null);
        failure = Optional.of(error);
        throw error;
    }

    @Override
    public boolean isFinished() {
        return finished;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            loop.run(() -> {
                pump.stop();
                queue.add(new Item.End());
            });
            onClosed.accept(this);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.client.AppendResult;
import io.quorate.client.LogRecord;
import io.quorate.client.Producer;
import io.quorate.client.ProducerConfig;
import io.quorate.client.QuorateClient;
import io.quorate.client.QuorateException;
import io.quorate.client.Reader;
import io.quorate.client.ReaderConfig;
import io.quorate.client.ReceivedRecord;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A producer that appends 0, 1, 2, … to one partition from a thread of its own until told to stop, and remembers where
 * each number was acknowledged. Afterwards the partition must hold exactly these numbers in this order.
 */
final class NumberedLoad implements AutoCloseable {
    private static final Duration DELIVERY_LIMIT = Duration.ofSeconds(60);
    private static final int VALUE_BYTES = 100;

    private final QuorateClient client;
    private final String topic;
    private final int ratePerSecond;
    private final Producer producer;
    private final Thread thread;
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong acknowledged = new AtomicLong();
    private final ConcurrentHashMap<Long, Long> offsets = new ConcurrentHashMap<>();
    private final List<QuorateException> errors = new ArrayList<>();
    /** Between acknowledgements; touched by the client's thread, and read when nothing is under way. */
    private final AtomicLong lastNanos = new AtomicLong(System.nanoTime());

    private final AtomicLong longestPauseNanos = new AtomicLong();

    /** As fast as it goes. */
    NumberedLoad(QuorateClient client, String topic, int partition) {
        this(client, topic, partition, 0);
    }

    /** @param ratePerSecond records, those of a pause as fast as it goes after it; 0: all of them as fast as it goes */
    NumberedLoad(QuorateClient client, String topic, int partition, int ratePerSecond) {
        this.client = client;
        this.topic = topic;
        this.ratePerSecond = ratePerSecond;
        ProducerConfig defaults = ProducerConfig.DEFAULT;
        this.producer = client.producer(
                topic,
                new ProducerConfig(
                        OptionalInt.of(partition),
                        defaults.linger(),
                        8 << 10,
                        256 << 10,
                        defaults.maxInflightBatches(),
                        DELIVERY_LIMIT));
        this.thread = new Thread(this::produce, "numbered-load");
        thread.start();
    }

    private void produce() {
        Pace pace = new Pace(ratePerSecond);
        while (!stopped.get()) {
            long number = sent.getAndIncrement();
            pace.await(number);
            try {
                producer.send(
                        LogRecord.of(
                                ByteBuffer.allocate(VALUE_BYTES).putLong(number).array()),
                        (result, error) -> onCompletion(number, result, error));
            } catch (IllegalStateException closed) {
                // A test has failed and closes what it opened; its own message is the one that matters.
                return;
            }
        }
    }

    private void onCompletion(long number, AppendResult result, QuorateException error) {
        if (error == null) {
            offsets.put(number, result.offset());
            acknowledged.incrementAndGet();
            long now = System.nanoTime();
            long pause = now - lastNanos.getAndSet(now);
            longestPauseNanos.accumulateAndGet(pause, Math::max);
        } else {
            synchronized (errors) {
                errors.add(error);
            }
        }
    }

    long acknowledged() {
        return acknowledged.get();
    }

    /** The longest time without an acknowledgement since this was asked last, in ms. */
    long longestPauseMillis() {
        return longestPauseNanos.getAndSet(0) / 1_000_000;
    }

    /** Waits until so many more records are acknowledged: the partition is served again. */
    void awaitProgress(String when, long records) {
        long goal = acknowledged() + records;
        Await.until(
                records + " more records are acknowledged " + when,
                LiveCluster.FAILOVER_LIMIT,
                () -> acknowledged() >= goal);
    }

    /** Sends no more, and returns how many were sent once all of them are acknowledged. */
    long finish() throws InterruptedException {
        stopped.set(true);
        thread.join();
        producer.flush();
        synchronized (errors) {
            assertEquals(List.of(), errors, "failed sends");
        }
        assertEquals(sent.get(), acknowledged(), "acknowledged records");
        return sent.get();
    }

    /** Reads the partition from its start: every number once, in order, where it was acknowledged. */
    void verify(int partition) {
        verify(partition, 0);
    }

    /** The same of a partition whose records below an offset are trimmed; nothing else was ever written to it. */
    void verify(int partition, long lowWatermark) {
        long expected = lowWatermark;
        try (Reader reader = client.reader(topic, partition, ReaderConfig.fromStart())) {
            while (!reader.isFinished()) {
                List<ReceivedRecord> records = reader.poll(Duration.ofSeconds(10));
                assertTrue(!records.isEmpty() || reader.isFinished(), "reading stopped at record " + expected);
                for (ReceivedRecord record : records) {
                    assertEquals(expected, ByteBuffer.wrap(record.value()).getLong(), "record at " + record.offset());
                    assertEquals(offsets.get(expected), record.offset(), "offset of record " + expected);
                    expected++;
                }
            }
        }
        assertEquals(sent.get(), expected, "records read");
    }

    @Override
    public void close() {
        stopped.set(true);
        producer.close(Duration.ofSeconds(1));
    }
}

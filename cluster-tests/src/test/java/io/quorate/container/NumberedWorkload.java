/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

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
import java.util.function.Predicate;

/**
 * A producer that appends 0, 1, 2, … to partition 0 of a topic until it is stopped, and remembers what was acknowledged.
 * It never retries by itself: getting through failures is the client's work.
 */
final class NumberedWorkload implements AutoCloseable {
    /** Enough to keep the cluster busy, few enough for a test that reads everything back. */
    private static final int MAX_UNACKNOWLEDGED = 32;

    private final QuorateClient client;
    private final String topic;
    private final Producer producer;
    private final Thread thread;

    // Guarded by this. The n-th element tells what became of number n.
    private final List<AppendResult> results = new ArrayList<>();
    private QuorateException failure;
    private int sent;
    private int acknowledged;
    private boolean stopping;

    NumberedWorkload(QuorateClient client, String topic) {
        this.client = client;
        this.topic = topic;
        this.producer = client.producer(topic, ProducerConfig.DEFAULT);
        this.thread = new Thread(this::run, "numbered-workload");
        thread.start();
    }

    /** Blocks until a record that is sent after this call is acknowledged. */
    synchronized AppendResult awaitProgress(Duration patience) {
        return awaitAcknowledgement(results.size(), any -> true, patience);
    }

    /** Blocks until a record that is acknowledged after this call is so in a newer generation. */
    synchronized AppendResult awaitNewerGeneration(long generation, Duration patience) {
        return awaitAcknowledgement(firstUnacknowledged(), result -> result.generation() > generation, patience);
    }

    private AppendResult awaitAcknowledgement(int from, Predicate<AppendResult> condition, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        int next = from;
        while (true) {
            for (; next < results.size() && results.get(next) != null; next++) {
                if (condition.test(results.get(next))) {
                    return results.get(next);
                }
            }
            assertTrue(failure == null, () -> "an append failed: " + failure);
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                fail("no such acknowledgement within " + patience.toSeconds() + " s; " + acknowledged + " of " + sent
                        + " were acknowledged so far");
            }
            awaitChange(left);
        }
    }

    /** Sends nothing more and waits for what is under way. */
    void stop(Duration patience) {
        synchronized (this) {
            stopping = true;
            notifyAll();
        }
        producer.close(patience);
    }

    /**
     * Reads the whole partition and holds it against what was acknowledged: each number once, in order, at the offset
     * that its acknowledgement named, and nothing else.
     */
    synchronized void verify() {
        assertTrue(failure == null, () -> "an append failed: " + failure);
        assertEquals(sent, acknowledged, "appends without an answer");
        int expected = 0;
        long lastGeneration = 0;
        try (Reader reader = client.reader(topic, 0, ReaderConfig.fromStart())) {
            while (!reader.isFinished()) {
                for (ReceivedRecord record : reader.poll(Duration.ofSeconds(10))) {
                    assertEquals(expected, ByteBuffer.wrap(record.value()).getInt(), "value at " + record.offset());
                    assertEquals(results.get(expected).offset(), record.offset(), "offset of " + expected);
                    assertTrue(record.generation() >= lastGeneration, "generations never fall");
                    lastGeneration = record.generation();
                    expected++;
                }
            }
        }
        assertEquals(sent, expected, "records in the partition");
    }

    @Override
    public void close() {
        synchronized (this) {
            stopping = true;
            notifyAll();
        }
        try {
            thread.join(Duration.ofSeconds(30).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        assertTrue(!thread.isAlive(), "the workload did not end");
    }

    private void run() {
        for (int number = nextToSend(); number >= 0; number = nextToSend()) {
            int sending = number;
            LogRecord record = LogRecord.of(
                    ByteBuffer.allocate(Integer.BYTES).putInt(number).array());
            try {
                producer.send(record, (result, error) -> onCompletion(sending, result, error));
            } catch (QuorateException e) {
                onCompletion(sending, null, e);
            }
        }
    }

    /** Blocks while too much is unacknowledged; negative when there is nothing to send any more. */
    private synchronized int nextToSend() {
        while (!stopping && failure == null && sent - acknowledged >= MAX_UNACKNOWLEDGED) {
            awaitChange(Long.MAX_VALUE);
        }
        if (stopping || failure != null) {
            return -1;
        }
        results.add(null);
        return sent++;
    }

    private synchronized void onCompletion(int number, AppendResult result, QuorateException error) {
        if (error != null) {
            failure = error;
        } else {
            results.set(number, result);
            acknowledged++;
        }
        notifyAll();
    }

    private int firstUnacknowledged() {
        int number = results.size();
        while (number > 0 && results.get(number - 1) == null) {
            number--;
        }
        return number;
    }

    private void awaitChange(long nanos) {
        try {
            wait(Math.min(nanos / 1_000_000 + 1, Integer.MAX_VALUE));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            fail("interrupted");
        }
    }
}

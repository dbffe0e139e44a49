/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.client.ReaderConfig.Position;
import io.quorate.wire.RecordBatchBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A reader")
@Timeout(120)
class ReaderTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private FakeCluster cluster;
    private QuorateClient client;
    private long nextSequence;

    @BeforeEach
    void start() {
        cluster = new FakeCluster(3, 1);
        client = connect(PATIENCE);
    }

    /** @param requestTimeout without an answer for so long, a reader is told of trouble */
    private QuorateClient connect(Duration requestTimeout) {
        return QuorateClient.connect(new ClientConfig(
                HostAndPort.parseUri(cluster.uri()), requestTimeout, Duration.ofMillis(5), Duration.ofMillis(50)));
    }

    @AfterEach
    void close() {
        client.close();
        cluster.close();
    }

    /** One batch; values are what they are offsets of, if started at 0. */
    private void append(String... values) {
        RecordBatchBuilder batch = new RecordBatchBuilder(100);
        for (String value : values) {
            batch.append(5, null, value.getBytes(UTF_8));
        }
        cluster.append(0, batch.buildView(7, 0, nextSequence));
        nextSequence += values.length;
    }

    private void appendNumbers(int batches, int perBatch) {
        for (int i = 0; i < batches; i++) {
            String[] values = new String[perBatch];
            for (int j = 0; j < perBatch; j++) {
                values[j] = Integer.toString(i * perBatch + j);
            }
            append(values);
        }
    }

    private Reader reader(ReaderConfig config) {
        return client.reader(FakeCluster.TOPIC, 0, config);
    }

    private static ReaderConfig from(Position position, boolean follow) {
        return new ReaderConfig(position, OptionalLong.empty(), 0, follow);
    }

    private static String text(ReceivedRecord record) {
        return new String(record.value(), UTF_8);
    }

    private static List<String> readAll(Reader reader) {
        List<String> values = new ArrayList<>();
        long offset = reader.position();
        while (!reader.isFinished()) {
            for (ReceivedRecord record : reader.poll(PATIENCE)) {
                assertEquals(offset++, record.offset());
                values.add(text(record));
            }
            assertEquals(offset, reader.position());
        }
        return values;
    }

    private static List<String> numbers(int from, int until) {
        List<String> numbers = new ArrayList<>();
        for (int i = from; i < until; i++) {
            numbers.add(Integer.toString(i));
        }
        return numbers;
    }

    @Test
    @DisplayName("returns every record with what its producer gave it and where it is")
    void fields() {
        RecordBatchBuilder batch = new RecordBatchBuilder(100);
        batch.append(99, "k".getBytes(UTF_8), "v".getBytes(UTF_8));
        batch.append(100, null, new byte[0]);
        cluster.append(0, batch.buildView(1, 0, 0));

        try (Reader reader = reader(ReaderConfig.fromStart())) {
            List<ReceivedRecord> records = reader.poll(PATIENCE);

            ReceivedRecord first = records.get(0);
            assertEquals(0, first.offset());
            assertEquals(1, first.generation());
            assertEquals(99, first.timestampMillis());
            assertArrayEquals("k".getBytes(UTF_8), first.key().orElseThrow());
            assertEquals("v", text(first));
            assertEquals(1, records.get(1).offset());
            assertEquals(Optional.empty(), records.get(1).key());
            assertEquals(List.of(), reader.poll(PATIENCE));
            assertTrue(reader.isFinished());
            assertEquals(2, reader.position());
        }
    }

    @Test
    @DisplayName("of an empty partition is finished at once, unless it follows")
    void empty() {
        try (Reader reader = reader(ReaderConfig.fromStart())) {
            assertEquals(List.of(), reader.poll(PATIENCE));
            assertTrue(reader.isFinished());
        }
        try (Reader follower = reader(from(Position.earliest(), true))) {
            assertEquals(List.of(), follower.poll(Duration.ofMillis(20)));
            assertFalse(follower.isFinished());
        }
    }

    @Test
    @DisplayName("starts within a batch at the very offset that it was asked for")
    void offsetWithinBatch() {
        appendNumbers(3, 4);

        try (Reader reader = reader(from(Position.offset(5), false))) {
            assertEquals(5, reader.position());
            assertEquals(numbers(5, 12), readAll(reader));
        }
    }

    @Test
    @DisplayName("stops at its limit or before its last offset, within a batch too")
    void bounds() {
        appendNumbers(3, 4);

        try (Reader limited = reader(new ReaderConfig(Position.offset(3), OptionalLong.empty(), 6, true))) {
            assertEquals(numbers(3, 9), readAll(limited));
            assertEquals(9, limited.position());
        }
        try (Reader until = reader(new ReaderConfig(Position.earliest(), OptionalLong.of(7), 0, true))) {
            assertEquals(numbers(0, 7), readAll(until));
        }
        try (Reader nothing = reader(new ReaderConfig(Position.offset(7), OptionalLong.of(7), 0, true))) {
            assertTrue(nothing.isFinished());
            assertEquals(List.of(), nothing.poll(PATIENCE));
        }
    }

    @Test
    @DisplayName("from the latest offset returns only what comes after its creation")
    void latest() throws InterruptedException {
        appendNumbers(1, 4);
        try (Reader reader = reader(from(Position.latest(), true))) {
            cluster.awaitRequests("Read 4@1", 1);
            append("new");
            assertEquals(4, reader.position());
            assertEquals("new", text(reader.poll(PATIENCE).get(0)));
        }
    }

    @Test
    @DisplayName("from a time starts with what was appended since, in a batch that may hold earlier records too")
    void since() {
        appendNumbers(3, 4);
        cluster.partitions.get(0).offsetsByTime.put(5_000L, 6L);

        try (Reader reader = reader(from(Position.since(Instant.ofEpochMilli(4_000)), false))) {
            assertEquals(numbers(6, 12), readAll(reader));
        }
        assertThrows(IllegalArgumentException.class, () -> Position.since(Instant.ofEpochMilli(-1)));
    }

    @Test
    @DisplayName("goes on where it was when its leader breaks off, each record once")
    void resumes() throws Exception {
        appendNumbers(6, 3);
        cluster.node(1).breakReadAfterBatches = 2;

        try (Reader reader = reader(ReaderConfig.fromStart())) {
            assertEquals(numbers(0, 18), readAll(reader));
        }
        cluster.awaitRequests("Read 6@1", 1);
    }

    @Test
    @DisplayName("goes on with the new leader when the old one was killed")
    void leaderKilled() throws Exception {
        appendNumbers(2, 3);
        try (Reader reader = reader(from(Position.earliest(), true))) {
            List<String> values = new ArrayList<>();
            while (values.size() < 6) {
                reader.poll(PATIENCE).forEach(record -> values.add(text(record)));
            }

            cluster.node(1).kill();
            cluster.elect(0, 2);
            cluster.awaitRequests("Read 6@2", 1);
        }
    }

    @Test
    @DisplayName("of a topic that was deleted and made again does not go on in the new one, and says so for good")
    void recreated() {
        appendNumbers(2, 3);
        try (Reader reader = reader(from(Position.earliest(), true))) {
            List<String> values = new ArrayList<>();
            while (values.size() < 6) {
                reader.poll(PATIENCE).forEach(record -> values.add(text(record)));
            }

            cluster.recreate(0, 9, 2);
            nextSequence = 0;
            appendNumbers(4, 3);
            cluster.node(1).kill();

            QuorateException error = refusal(reader);
            assertEquals("TOPIC_RECREATED", error.reason());
            assertThrows(QuorateException.class, () -> reader.poll(PATIENCE));
            assertEquals(6, reader.position());
        }
        try (Reader anew = reader(ReaderConfig.fromStart())) {
            assertEquals(numbers(0, 12), readAll(anew));
        }
    }

    @Test
    @DisplayName("that got its start from the former topic does not begin in the new one")
    void recreatedBeforeTheFirstRecord() {
        try (Reader reader = reader(from(Position.latest(), true))) {
            cluster.recreate(0, 9, 2);
            appendNumbers(1, 3);
            cluster.node(1).kill();

            assertEquals("TOPIC_RECREATED", refusal(reader).reason());
        }
    }

    @Test
    @DisplayName("waits for a new leader that has not yet committed what the old one had")
    void newLeaderBehind() throws Exception {
        appendNumbers(2, 3);
        cluster.node(1).breakReadAfterBatches = 1;
        cluster.node(2).laggingTail = 2;
        try (Reader reader = reader(ReaderConfig.fromStart())) {
            List<String> values = new ArrayList<>();
            reader.poll(PATIENCE).forEach(record -> values.add(text(record)));
            cluster.elect(0, 2);
            cluster.awaitRequests("Read 3@2", 2);
            synchronized (cluster) {
                cluster.node(2).laggingTail = -1;
            }

            values.addAll(readAll(reader));

            assertEquals(numbers(0, 6), values);
        }
    }

    @Test
    @DisplayName("is refused an offset that is no more, or not yet")
    void outOfRange() {
        appendNumbers(2, 3);
        cluster.partitions.get(0).lowWatermark = 3;

        assertEquals("TRIMMED", failure(from(Position.offset(2), false)).reason());
        QuorateException beyond = failure(from(Position.offset(7), false));
        assertEquals("BEYOND_TAIL", beyond.reason());
        try (Reader reader = reader(ReaderConfig.fromStart())) {
            assertEquals(3, reader.position());
            assertEquals(numbers(3, 6), readAll(reader));
        }
    }

    @Test
    @DisplayName("returns nothing behind a gap, and says where it is")
    void gap() {
        appendNumbers(3, 2);
        cluster.node(1).missingOffset = 2;

        try (Reader reader = reader(ReaderConfig.fromStart())) {
            assertEquals(
                    List.of("0", "1"),
                    reader.poll(PATIENCE).stream().map(ReaderTest::text).toList());
            QuorateException error = refusal(reader);
            assertEquals("CORRUPT_REPLICA", error.reason());
            assertTrue(error.getMessage().contains("offset 2"), error.getMessage());
            assertThrows(QuorateException.class, () -> reader.poll(PATIENCE));
            assertEquals(2, reader.position());
        }
    }

    @Test
    @DisplayName("returns nothing from a damaged batch")
    void damage() {
        appendNumbers(1, 2);
        cluster.node(1).damaging = true;

        QuorateException error = failure(ReaderConfig.fromStart());

        assertEquals("CORRUPT_REPLICA", error.reason());
        assertTrue(error.getMessage().contains("checksum"), error.getMessage());
    }

    @Test
    @DisplayName("tells that nobody leads, and goes on when somebody does")
    void noLeader() {
        appendNumbers(1, 2);
        cluster.elect(0, 0);
        client.close();
        client = connect(Duration.ofMillis(200));
        try (Reader reader = reader(from(Position.offset(0), false))) {
            QuorateException error = assertThrows(QuorateException.class, () -> reader.poll(PATIENCE));
            assertTrue(error.isRetriable());
            assertTrue(error.getMessage().contains("leader"), error.getMessage());

            cluster.elect(0, 3);

            List<String> values = new ArrayList<>();
            while (values.size() < 2) {
                try {
                    reader.poll(PATIENCE).forEach(record -> values.add(text(record)));
                } catch (QuorateException notYet) {
                    assertTrue(notYet.isRetriable(), notYet.toString());
                }
            }
            assertEquals(List.of("0", "1"), values);
        }
    }

    @Test
    @DisplayName("that nobody polls fetches no more than its bound ahead")
    void boundedPrefetch() throws Exception {
        for (int i = 0; i < 40; i++) {
            append("x".repeat(500_000));
        }
        BlockingQueue<ReadPump.Item> queue = new LinkedBlockingQueue<>();
        ClientLoop loop = new ClientLoop();
        Cluster view = new Cluster(loop, ClientConfig.of(HostAndPort.parseUri(cluster.uri())));
        CompletableFuture<ReadPump> started = new CompletableFuture<>();
        loop.execute(() -> {
            ReadPump pump = new ReadPump(
                    view, FakeCluster.TOPIC, 0, from(Position.earliest(), true), new ReadStart(0, true, 0), queue);
            pump.start();
            started.complete(pump);
        });
        ReadPump pump = loop.await(started);

        long taken = 0;
        long mostQueued = 0;
        int chunks = 0;
        while (chunks < 40) {
            // Each pause of the reader is as long as it takes until the pump has nothing left to do.
            mostQueued = Math.max(mostQueued, settledBytes(queue, 40 - chunks));
            ReadPump.Item.Chunk chunk = (ReadPump.Item.Chunk) queue.poll(60, TimeUnit.SECONDS);
            chunks++;
            taken += chunk.bytes();
            loop.execute(() -> pump.consumed(chunk.bytes()));
        }

        assertTrue(taken > 40 * 500_000L, taken + " bytes");
        long bound = ReadPump.PREFETCH_BYTES + ReadPump.MAX_REQUESTED * 500_100L;
        assertTrue(mostQueued <= bound, mostQueued + " bytes queued");
        assertTrue(mostQueued >= ReadPump.PREFETCH_BYTES, mostQueued + " bytes queued");
        loop.execute(() -> {
            pump.stop();
            view.close();
            loop.shutdown();
        });
    }

    /** Waits until the queue is as full as it must become: the bound is reached, or all that is left is there. */
    private static long settledBytes(BlockingQueue<ReadPump.Item> queue, int chunksLeft) {
        while (true) {
            long bytes = 0;
            int chunks = 0;
            for (ReadPump.Item item : queue) {
                bytes += ((ReadPump.Item.Chunk) item).bytes();
                chunks++;
            }
            if (bytes >= ReadPump.PREFETCH_BYTES || chunks == chunksLeft) {
                return bytes;
            }
            Thread.onSpinWait();
        }
    }

    @Test
    @DisplayName("of a partition that does not exist is refused")
    void unknownPartition() {
        QuorateException error = assertThrows(
                QuorateException.class, () -> client.reader(FakeCluster.TOPIC, 1, ReaderConfig.fromStart()));

        assertEquals("UNKNOWN_PARTITION", error.reason());
    }

    @Test
    @DisplayName("that was closed is of no use")
    void closed() {
        Reader reader = reader(from(Position.earliest(), true));
        reader.close();
        reader.close();
        assertThrows(IllegalStateException.class, () -> reader.poll(PATIENCE));
    }

    private QuorateException failure(ReaderConfig config) {
        try (Reader reader = reader(config)) {
            return refusal(reader);
        }
    }

    /** Why the read cannot go on, ever. That it cannot go on for now is told as well, by a machine that is too busy. */
    private static QuorateException refusal(Reader reader) {
        while (true) {
            QuorateException error = assertThrows(QuorateException.class, () -> reader.poll(PATIENCE));
            if (!error.isRetriable()) {
                return error;
            }
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.quorate.client.FakeCluster.Received;
import io.quorate.client.FakeCluster.Step;
import io.quorate.client.QuorateException.Outcome;
import io.quorate.v1.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A producer")
@Timeout(120)
class ProducerTest {
    private static final ProducerConfig DEFAULT = ProducerConfig.DEFAULT;

    private FakeCluster cluster;
    private QuorateClient client;

    @AfterEach
    void close() {
        if (client != null) {
            try {
                client.close(Duration.ZERO);
            } catch (QuorateException notAllAcknowledged) {
                assertEquals("DEADLINE_EXCEEDED", notAllAcknowledged.reason());
            }
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    private Producer producer(int nodes, int partitions, ProducerConfig config) {
        cluster = new FakeCluster(nodes, partitions);
        client = QuorateClient.connect(cluster.uri());
        return client.producer(FakeCluster.TOPIC, config);
    }

    private static ProducerConfig with(Duration deliveryTimeout, long maxBufferedBytes) {
        return new ProducerConfig(
                OptionalInt.empty(),
                DEFAULT.linger(),
                DEFAULT.batchBytes(),
                maxBufferedBytes,
                DEFAULT.maxInflightBatches(),
                deliveryTimeout);
    }

    private static ProducerConfig tinyBatches(int inflight) {
        return new ProducerConfig(OptionalInt.empty(), Duration.ZERO, 1, 1 << 20, inflight, Duration.ofSeconds(20));
    }

    private static LogRecord record(String value) {
        return LogRecord.of(value.getBytes(UTF_8));
    }

    private static AppendResult get(CompletableFuture<AppendResult> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private static QuorateException failure(CompletableFuture<AppendResult> future) {
        ExecutionException error = assertThrows(ExecutionException.class, () -> future.get(60, TimeUnit.SECONDS));
        return assertInstanceOf(QuorateException.class, error.getCause());
    }

    @Test
    @DisplayName("learns offset and generation of what it appends")
    void append() throws Exception {
        Producer producer = producer(3, 1, DEFAULT);

        AppendResult first = get(producer.send(record("a")));
        AppendResult second = get(producer.send(record("b")));

        assertEquals(new AppendResult(0, 0, 1), first);
        assertEquals(new AppendResult(0, 1, 1), second);
        assertEquals(List.of("a", "b"), cluster.values(0));
    }

    @Test
    @DisplayName("puts records into one batch while another one is under way, in order")
    void batching() throws Exception {
        Producer producer = producer(1, 1, with(Duration.ofSeconds(20), 1 << 20));
        cluster.script(new Step.Hold());
        CompletableFuture<AppendResult> first = producer.send(record("0"));
        cluster.awaitReceived(1);

        List<CompletableFuture<AppendResult>> rest = new ArrayList<>();
        for (int i = 1; i <= 1_000; i++) {
            rest.add(producer.send(record(Integer.toString(i))));
        }
        cluster.node(1).release();
        producer.flush();

        assertEquals(0, get(first).offset());
        for (int i = 0; i < rest.size(); i++) {
            assertEquals(i + 1, get(rest.get(i)).offset());
        }
        assertEquals(IntStream.rangeClosed(0, 1_000).mapToObj(Integer::toString).toList(), cluster.values(0));
        assertTrue(
                cluster.awaitReceived(1).size() < 1_000,
                "batches: " + cluster.awaitReceived(1).size());
    }

    @Test
    @DisplayName("finds the leader through any node that lives, whichever addresses it was given")
    void bootstrap() throws Exception {
        cluster = new FakeCluster(3, 1);
        cluster.elect(0, 3);
        cluster.node(1).kill();
        client = QuorateClient.connect(cluster.uri(1, 2));

        assertEquals(
                0,
                get(client.producer(FakeCluster.TOPIC, DEFAULT).send(record("a")))
                        .offset());
    }

    @Test
    @DisplayName("follows a redirection when the nodes that it asked were behind")
    void redirection() throws Exception {
        Producer producer = producer(3, 1, DEFAULT);
        cluster.nodes.forEach(node -> node.ownView = Optional.of(cluster.topic()));
        cluster.elect(0, 2);

        assertEquals(2, get(producer.send(record("a"))).generation());

        assertEquals(
                2,
                cluster.awaitReceived(1)
                        .get(cluster.awaitReceived(1).size() - 1)
                        .nodeId());
    }

    @Test
    @DisplayName("that lost the answer sends the same bytes again and learns the original offset")
    void duplicate() throws Exception {
        Producer producer = producer(1, 1, DEFAULT);
        get(producer.send(record("before")));
        cluster.script(new Step.AppendAndBreak());

        AppendResult result = get(producer.send(record("once")));

        assertEquals(1, result.offset());
        assertEquals(List.of("before", "once"), cluster.values(0));
        List<Received> received = cluster.awaitReceived(3);
        assertEquals(received.get(1).bytes(), received.get(2).bytes());
    }

    @Test
    @DisplayName(
            "says, when it sends a batch again, how far the log was when it sent it first; of a new one it does not")
    void triedSince() throws Exception {
        Producer producer = producer(1, 1, DEFAULT);
        get(producer.send(record("before")));
        cluster.script(new Step.AppendAndBreak(), new Step.Break());
        get(producer.send(record("once")));

        List<Received> received = cluster.awaitReceived(4);

        assertEquals(
                List.of(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.of(0), OptionalLong.of(0)),
                received.stream().map(Received::triedSince).toList());
        cluster.script(new Step.Break());
        get(producer.send(record("later")));
        assertEquals(OptionalLong.of(2), cluster.awaitReceived(6).get(5).triedSince());
    }

    @Test
    @DisplayName("sends what was not acknowledged again, in order and before anything new, to the new leader")
    void resendOrder() throws Exception {
        Producer producer = producer(3, 1, tinyBatches(3));
        cluster.script(new Step.Hold());
        List<CompletableFuture<AppendResult>> results = new ArrayList<>();
        for (String value : List.of("a", "b", "c", "d", "e")) {
            results.add(producer.send(record(value)));
        }
        List<Received> before = cluster.awaitReceived(3);

        cluster.elect(0, 2);
        cluster.node(1).breakSessions(Status.UNAVAILABLE.asRuntimeException());

        for (int i = 0; i < results.size(); i++) {
            AppendResult result = get(results.get(i));
            assertEquals(i, result.offset());
            assertEquals(2, result.generation());
        }
        assertEquals(List.of("a", "b", "c", "d", "e"), cluster.values(0));
        List<Received> after = cluster.awaitReceived(8).stream()
                .filter(batch -> batch.nodeId() == 2)
                .toList();
        assertEquals(
                before.stream().map(Received::bytes).toList(),
                after.subList(0, 3).stream().map(Received::bytes).toList());
    }

    @Test
    @DisplayName("goes on with the new leader when the old one was killed")
    void leaderKilled() throws Exception {
        Producer producer = producer(3, 1, DEFAULT);
        get(producer.send(record("a")));

        cluster.node(1).kill();
        CompletableFuture<AppendResult> result = producer.send(record("b"));
        cluster.elect(0, 3);

        assertEquals(1, get(result).offset());
        assertEquals(2, get(result).generation());
        assertEquals(List.of("a", "b"), cluster.values(0));
    }

    @Test
    @DisplayName("goes on with a leader that was restarted")
    void leaderRestarted() throws Exception {
        Producer producer = producer(1, 1, DEFAULT);
        get(producer.send(record("a")));

        cluster.node(1).kill();
        CompletableFuture<AppendResult> result = producer.send(record("b"));
        cluster.node(1).start();

        assertEquals(1, get(result).offset());
    }

    @Test
    @DisplayName("leaves a leader that is silent when another node knows of a newer one")
    void silentLeader() throws Exception {
        Producer producer = producer(3, 1, DEFAULT);
        cluster.script(new Step.Hold());
        CompletableFuture<AppendResult> result = producer.send(record("a"));
        cluster.awaitReceived(1);

        cluster.elect(0, 2);

        assertEquals(2, get(result).generation());
    }

    @Test
    @DisplayName("named an older generation: it takes the newer one and repeats itself")
    void fenced() throws Exception {
        Producer producer = producer(3, 1, DEFAULT);
        synchronized (cluster) {
            cluster.node(1)
                    .refusals
                    .add(FakeCluster.refusal(
                            Status.Code.FAILED_PRECONDITION,
                            "FENCED",
                            "generation is over",
                            Map.of("generation", "2")));
        }
        cluster.nodes.forEach(node -> node.ownView = Optional.of(cluster.topic()));
        cluster.elect(0, 1);
        cluster.nodes.forEach(node -> node.ownView = Optional.empty());

        assertEquals(2, get(producer.send(record("a"))).generation());
    }

    @Test
    @DisplayName("of which one batch is refused for good loses that batch only, and knows that it is not in the log")
    void refusedBatch() throws Exception {
        Producer producer = producer(1, 1, tinyBatches(5));
        Step refuse = new Step.Refuse(
                FakeCluster.refusal(Status.Code.INVALID_ARGUMENT, "RECORD_TOO_LARGE", "limit 10, was 11", Map.of()));
        // "a" is held so that all are in the session when "c" is refused; then one comes at a time.
        cluster.script(new Step.Hold());
        List<CompletableFuture<AppendResult>> results = new ArrayList<>();
        for (String value : List.of("a", "b", "c", "d", "e")) {
            results.add(producer.send(record(value)));
        }
        cluster.awaitReceived(5);
        cluster.script(new Step.Accept(), new Step.Accept(), refuse);
        cluster.node(1).breakSessions(((Step.Refuse) refuse).status());

        QuorateException refusal = failure(results.get(2));

        assertEquals("RECORD_TOO_LARGE", refusal.reason());
        assertEquals(Outcome.NOT_APPLIED, refusal.outcome());
        assertFalse(refusal.isRetriable());
        assertEquals(0, get(results.get(0)).offset());
        assertEquals(1, get(results.get(1)).offset());
        assertEquals(2, get(results.get(3)).offset());
        assertEquals(3, get(results.get(4)).offset());
        assertEquals(List.of("a", "b", "d", "e"), cluster.values(0));
    }

    @Test
    @DisplayName("that the partition has forgotten starts anew, unnoticed")
    void forgottenProducer() throws Exception {
        Producer producer = producer(1, 1, DEFAULT);
        get(producer.send(record("a")));
        synchronized (cluster) {
            cluster.partitions.get(0).nextSequences.clear();
        }

        assertEquals(1, get(producer.send(record("b"))).offset());

        List<Received> received = cluster.awaitReceived(3);
        assertNotEquals(
                received.get(0).header().producerId(), received.get(2).header().producerId());
        assertEquals(0, received.get(2).header().baseSequence());
    }

    @Test
    @DisplayName("does not know what became of a batch that was not acknowledged in time, and goes on under a new id")
    void timeoutWithUnknownOutcome() throws Exception {
        Producer producer = producer(1, 1, with(Duration.ofSeconds(2), 1 << 20));
        cluster.script(new Step.Hold());

        QuorateException late = failure(producer.send(record("a")));

        assertEquals("DEADLINE_EXCEEDED", late.reason());
        assertEquals(Outcome.UNKNOWN, late.outcome());
        assertTrue(late.getMessage().contains("orders/0"), late.getMessage());
        assertEquals(0, get(producer.send(record("b"))).offset());
        List<Received> received = cluster.awaitReceived(2);
        assertNotEquals(
                received.get(0).header().producerId(), received.get(1).header().producerId());
        assertEquals(0, received.get(1).header().baseSequence());
    }

    @Test
    @DisplayName("knows that a batch is not in the log that never found a leader")
    void timeoutWithoutLeader() throws Exception {
        Producer producer = producer(3, 1, with(Duration.ofSeconds(3), 1 << 20));
        cluster.elect(0, 0);

        QuorateException late = failure(producer.send(record("a")));

        assertEquals("DEADLINE_EXCEEDED", late.reason());
        assertEquals(Outcome.NOT_APPLIED, late.outcome());
        cluster.elect(0, 2);
        assertEquals(0, get(producer.send(record("b"))).offset());
    }

    @Test
    @DisplayName("whose buffer is full makes the sender wait for the next acknowledgement")
    void backPressure() throws Exception {
        Producer producer = producer(1, 1, with(Duration.ofSeconds(20), 300));
        cluster.script(new Step.Hold());
        producer.send(record("x".repeat(200)));
        cluster.awaitReceived(1);

        CompletableFuture<AppendResult> second = new CompletableFuture<>();
        Thread sender = new Thread(() -> producer.send(record("y".repeat(200))).whenComplete((result, error) -> {
            if (error == null) {
                second.complete(result);
            } else {
                second.completeExceptionally(error);
            }
        }));
        sender.start();
        while (sender.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertEquals(1, cluster.awaitReceived(1).size());

        cluster.node(1).release();

        assertEquals(1, get(second).offset());
        sender.join();
    }

    @Test
    @DisplayName("whose buffer is full refuses records from callbacks, which cannot wait")
    void fullBufferInCallback() throws Exception {
        ProducerConfig config =
                new ProducerConfig(OptionalInt.empty(), Duration.ZERO, 1, 400, 5, Duration.ofSeconds(20));
        Producer producer = producer(1, 1, config);
        cluster.script(new Step.Hold());
        CompletableFuture<QuorateException> refused = new CompletableFuture<>();
        producer.send(record("x".repeat(100)), (acknowledged, none) -> {
            cluster.script(new Step.Hold());
            producer.send(record("y".repeat(200)), (result, error) -> refused.complete(error));
        });
        cluster.awaitReceived(1);
        producer.send(record("z".repeat(200)));

        cluster.node(1).release();

        QuorateException error = refused.get(60, TimeUnit.SECONDS);
        assertEquals("OVERLOADED", error.reason());
        assertEquals(Outcome.NOT_APPLIED, error.outcome());
        assertTrue(error.isRetriable());
    }

    @Test
    @DisplayName("refuses a record that no batch can hold without asking the cluster")
    void recordTooLarge() throws Exception {
        Producer producer = producer(1, 1, DEFAULT);

        QuorateException refusal = failure(producer.send(LogRecord.of(new byte[1 << 20])));

        assertEquals("RECORD_TOO_LARGE", refusal.reason());
        assertEquals(Outcome.NOT_APPLIED, refusal.outcome());
        assertTrue(refusal.getMessage().contains("1048576"), refusal.getMessage());
        assertEquals(0, get(producer.send(record("small"))).offset());
    }

    @Test
    @DisplayName("takes a record that just fits")
    void largestRecord() throws Exception {
        Producer producer = producer(1, 1, DEFAULT);
        // Header, and of the record: length 3, attributes, timestamp, key, value length 3, headers.
        int overhead = 56 + 3 + 1 + 1 + 1 + 3 + 1;

        assertEquals(
                0,
                get(producer.send(LogRecord.of(new byte[(1 << 20) - overhead]))).offset());
        assertEquals(
                "RECORD_TOO_LARGE",
                failure(producer.send(LogRecord.of(new byte[(1 << 20) - overhead + 1])))
                        .reason());
    }

    @Test
    @DisplayName("keeps records of one key in one partition, and spreads those without")
    void partitioning() throws Exception {
        Producer producer = producer(1, 4, DEFAULT);

        int partition = get(producer.send(LogRecord.of("key".getBytes(UTF_8), new byte[0])))
                .partition();
        assertEquals(Partitioner.partition("key".getBytes(UTF_8), 4), partition);
        assertEquals(
                partition,
                get(producer.send(LogRecord.of("key".getBytes(UTF_8), new byte[0])))
                        .partition());
        List<Integer> used = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            used.add(get(producer.send(record("no key"))).partition());
        }
        assertEquals(List.of(0, 1, 2, 3), used.stream().sorted().toList());
    }

    @Test
    @DisplayName("calls back in the order of its records, on a thread on which waiting is refused")
    void callbacks() throws Exception {
        Producer producer = producer(1, 1, DEFAULT);
        List<Long> offsets = new ArrayList<>();
        CompletableFuture<Throwable> flushInCallback = new CompletableFuture<>();

        for (int i = 0; i < 100; i++) {
            producer.send(record("v"), (result, error) -> offsets.add(result.offset()));
        }
        producer.send(record("last"), (result, error) -> {
            try {
                producer.flush();
            } catch (IllegalStateException e) {
                flushInCallback.complete(e);
            }
        });

        assertInstanceOf(IllegalStateException.class, flushInCallback.get(60, TimeUnit.SECONDS));
        assertEquals(LongStream.range(0, 100).boxed().toList(), offsets);
    }

    @Test
    @DisplayName("survives a callback that throws")
    void throwingCallback() throws Exception {
        Producer producer = producer(1, 1, DEFAULT);

        producer.send(record("a"), (result, error) -> {
            throw new IllegalArgumentException("the application's own bug, expected in this test");
        });

        assertEquals(1, get(producer.send(record("b"))).offset());
    }

    @Test
    @DisplayName("that is closed too early says how many records of which partition were not acknowledged")
    void closeNamesLeftovers() throws Exception {
        Producer producer = producer(1, 1, DEFAULT);
        cluster.script(new Step.Hold());
        CompletableFuture<AppendResult> sent = producer.send(record("a"));
        cluster.awaitReceived(1);
        CompletableFuture<AppendResult> waiting = producer.send(record("b"));

        QuorateException error = assertThrows(QuorateException.class, () -> producer.close(Duration.ofMillis(50)));

        assertTrue(error.getMessage().contains("2 records of orders/0"), error.getMessage());
        assertEquals(Outcome.UNKNOWN, failure(sent).outcome());
        assertEquals("DEADLINE_EXCEEDED", failure(waiting).reason());
        assertThrows(IllegalStateException.class, () -> producer.send(record("c")));
    }

    @Test
    @DisplayName("that is closed flushes first")
    void closeFlushes() throws Exception {
        Producer producer = producer(3, 2, DEFAULT);
        List<CompletableFuture<AppendResult>> results = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            results.add(producer.send(record("v")));
        }

        producer.close();

        assertTrue(results.stream().allMatch(CompletableFuture::isDone));
        assertEquals(100, cluster.values(0).size() + cluster.values(1).size());
    }

    @Test
    @DisplayName("of a topic that does not exist cannot be made")
    void unknownTopic() {
        cluster = new FakeCluster(3, 1);
        client = QuorateClient.connect(cluster.uri());

        QuorateException error = assertThrows(QuorateException.class, () -> client.producer("nothing", DEFAULT));

        assertEquals("UNKNOWN_TOPIC", error.reason());
        assertEquals(Outcome.NOT_APPLIED, error.outcome());
    }

    @Test
    @DisplayName("whose topic is deleted learns it, and does not try for ever")
    void deletedTopic() throws Exception {
        Producer producer = producer(3, 1, DEFAULT);
        get(producer.send(record("a")));
        synchronized (cluster) {
            cluster.topicExists = false;
        }
        cluster.elect(0, 0);
        cluster.node(1).breakSessions(FakeCluster.refusal(Status.Code.NOT_FOUND, "UNKNOWN_TOPIC", "gone", Map.of()));

        QuorateException error = failure(producer.send(record("b")));

        assertEquals("UNKNOWN_TOPIC", error.reason());
    }

    @Test
    @DisplayName("finds the leader of a topic that was deleted and made again, though its generations start anew")
    void recreatedTopic() throws Exception {
        Producer producer = producer(3, 1, DEFAULT);
        synchronized (cluster) {
            cluster.partitions.get(0).generation = 50;
        }
        client.admin().describeCluster();

        cluster.recreate(0, 9, 3);

        assertEquals(new AppendResult(0, 0, 1), get(producer.send(record("a"))));
    }

    @Test
    @DisplayName("takes what nobody has acknowledged to the topic that was made again, once")
    void recreatedBeforeAnythingWasAcknowledged() throws Exception {
        Producer producer = producer(3, 1, DEFAULT);
        cluster.script(new Step.Hold());
        CompletableFuture<AppendResult> held = producer.send(record("a"));
        cluster.awaitReceived(1);

        cluster.recreate(0, 9, 3);
        cluster.node(1).breakSessions(FakeCluster.refusal(Status.Code.NOT_FOUND, "UNKNOWN_TOPIC", "gone", Map.of()));

        assertEquals(new AppendResult(0, 0, 1), get(held));
        assertEquals(List.of("a"), cluster.values(0));
    }

    @Test
    @DisplayName("that was acknowledged in a topic appends nothing to another one of its name, and says so for good")
    void recreatedAfterAcknowledgement() throws Exception {
        Producer producer = producer(3, 1, DEFAULT);
        get(producer.send(record("a")));
        cluster.script(new Step.Hold());
        CompletableFuture<AppendResult> held = producer.send(record("b"));
        cluster.awaitReceived(2);

        cluster.recreate(0, 9, 3);
        cluster.node(1).breakSessions(FakeCluster.refusal(Status.Code.NOT_FOUND, "UNKNOWN_TOPIC", "gone", Map.of()));

        QuorateException unsettled = failure(held);
        assertEquals("TOPIC_RECREATED", unsettled.reason());
        assertEquals(Outcome.UNKNOWN, unsettled.outcome());
        assertFalse(unsettled.isRetriable());
        QuorateException later = failure(producer.send(record("c")));
        assertEquals("TOPIC_RECREATED", later.reason());
        assertEquals(Outcome.NOT_APPLIED, later.outcome());
        assertEquals(List.of(), cluster.values(0));
        try (Producer anew = client.producer(FakeCluster.TOPIC, DEFAULT)) {
            assertEquals(new AppendResult(0, 0, 1), get(anew.send(record("d"))));
        }
    }

    @Test
    @DisplayName("is not led back to the former topic by a node that has not heard of the new one")
    void laggingNode() throws Exception {
        Producer producer = producer(3, 1, DEFAULT);
        Topic former = cluster.topic();
        cluster.recreate(0, 9, 3);
        client.admin().describeTopic(FakeCluster.TOPIC);
        synchronized (cluster) {
            cluster.node(1).ownView = Optional.of(former);
            cluster.node(2).ownView = Optional.of(former);
        }

        assertEquals(new AppendResult(0, 0, 1), get(producer.send(record("a"))));
        synchronized (cluster) {
            assertFalse(cluster.requests.contains("Open 0@1"), cluster.requests.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("has every record in the log once and in order, whatever breaks, and knows each offset")
    void chaos(long seed) throws Exception {
        Random random = new Random(seed);
        Producer producer = producer(3, 1, tinyBatches(4));
        List<CompletableFuture<AppendResult>> results = new ArrayList<>();
        List<String> values = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            if (random.nextInt(10) == 0) {
                cluster.script(List.of(new Step.Break(), new Step.AppendAndBreak(), new Step.Hold())
                        .get(random.nextInt(3)));
            }
            if (random.nextInt(20) == 0) {
                int leader;
                synchronized (cluster) {
                    leader = cluster.partitions.get(0).leaderId;
                    cluster.elect(0, 1 + random.nextInt(3));
                }
                cluster.node(leader).breakSessions(cluster.notLeader(0, 0));
            }
            values.add(Integer.toString(i));
            results.add(producer.send(record(values.get(i))));
        }
        synchronized (cluster) {
            cluster.script.clear();
        }
        cluster.nodes.forEach(node -> node.breakSessions(Status.UNAVAILABLE.asRuntimeException()));
        producer.flush();

        for (int i = 0; i < results.size(); i++) {
            assertEquals(i, get(results.get(i)).offset());
        }
        assertEquals(values, cluster.values(0));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.quorate.client.ReaderConfig.Position;
import io.quorate.v1.Consistency;
import io.quorate.wire.RecordBatchBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Node 1 leads. */
@DisplayName("A reader of any replica")
@Timeout(120)
class ReplicaReadTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ReaderConfig ALL = ReaderConfig.fromStart().with(ReadConsistency.ANY_REPLICA);
    private static final ReaderConfig OFFSET_0 = new ReaderConfig(Position.offset(0), OptionalLong.empty(), 0, false)
            .with(ReadConsistency.ANY_REPLICA)
            .preferring(3);
    private static final ReaderConfig FOLLOW = new ReaderConfig(Position.offset(0), OptionalLong.empty(), 0, true)
            .with(ReadConsistency.ANY_REPLICA)
            .preferring(3);

    private FakeCluster cluster;
    private QuorateClient client;
    private long appended;

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

    /** Batches of two; values are what they are offsets of. */
    private void append(int batches) {
        for (int i = 0; i < batches; i++) {
            RecordBatchBuilder batch = new RecordBatchBuilder(100);
            long first = appended;
            for (; appended < first + 2; appended++) {
                batch.append(5, null, Long.toString(appended).getBytes(UTF_8));
            }
            cluster.append(0, batch.buildView(7, 0, first));
        }
    }

    private Reader reader(ReaderConfig config) {
        return client.reader(FakeCluster.TOPIC, 0, config);
    }

    private static List<String> read(Reader reader, int records) {
        List<String> values = new ArrayList<>();
        while (values.size() < records && !reader.isFinished()) {
            try {
                reader.poll(PATIENCE).forEach(record -> values.add(new String(record.value(), UTF_8)));
            } catch (QuorateException notYet) {
                assertTrue(notYet.isRetriable(), notYet.toString());
            }
        }
        return values;
    }

    private List<String> readAll(ReaderConfig config) {
        try (Reader reader = reader(config)) {
            return read(reader, Integer.MAX_VALUE);
        }
    }

    private static List<String> numbers(int from, int until) {
        return IntStream.range(from, until).mapToObj(Integer::toString).toList();
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

    /** Who was asked for records. */
    private Set<String> readFrom() {
        synchronized (cluster) {
            Set<String> nodes = new TreeSet<>();
            cluster.requests.stream()
                    .filter(request -> request.startsWith("Read "))
                    .forEach(request -> nodes.add(request.substring(request.indexOf('@') + 1)));
            return nodes;
        }
    }

    @Test
    @DisplayName("spreads over all replicas, and each answer is linearizable")
    void spreads() {
        append(3);

        for (int i = 0; i < 40; i++) {
            assertEquals(numbers(0, 6), readAll(ALL));
        }

        assertEquals(Set.of("1", "2", "3"), readFrom());
        assertEquals(Set.of(Consistency.CONSISTENCY_LINEARIZABLE_ANY_REPLICA), Set.copyOf(cluster.consistencies));
    }

    @ParameterizedTest(name = "{0} asks for {1}")
    @CsvSource({
        "LEADER, CONSISTENCY_LEADER",
        "ANY_REPLICA, CONSISTENCY_LINEARIZABLE_ANY_REPLICA",
        "LOCAL, CONSISTENCY_LOCAL"
    })
    @DisplayName("asks for no less than it was told to")
    void consistencies(ReadConsistency chosen, Consistency onTheWire) {
        append(1);

        assertEquals(numbers(0, 2), readAll(ReaderConfig.fromStart().with(chosen)));

        assertEquals(List.of(onTheWire), cluster.consistencies);
    }

    @Test
    @DisplayName("asks the replica of the preferred node, for where to begin too")
    void prefers() {
        append(2);
        cluster.partitions.get(0).offsetsByTime.put(5_000L, 2L);
        Position since = Position.since(Instant.ofEpochMilli(4_000));

        assertEquals(numbers(0, 4), readAll(ALL.preferring(3)));
        assertEquals(
                numbers(2, 4),
                readAll(new ReaderConfig(since, OptionalLong.empty(), 0, false)
                        .with(ReadConsistency.LOCAL)
                        .preferring(3)));

        assertEquals(Set.of("3"), readFrom());
        assertTrue(cluster.requests.contains("GetTail@3"), cluster.requests::toString);
        assertTrue(cluster.requests.contains("FindOffset@3"), cluster.requests::toString);
    }

    @Test
    @DisplayName("reads elsewhere if the preferred node has no replica")
    void preferredHasNone() {
        append(2);
        cluster.partitions.get(0).replicas = List.of(1, 2);

        assertEquals(numbers(0, 4), readAll(ALL.preferring(3)));

        assertTrue(!readFrom().contains("3"), () -> readFrom().toString());
    }

    @Test
    @DisplayName("of the leader only has no preferred node")
    void leaderAndPreference() {
        assertThrows(
                IllegalArgumentException.class, () -> ReaderConfig.fromStart().preferring(3));
    }

    @Test
    @DisplayName("goes on where it was with another replica when its node is killed, each record once")
    void killed() throws Exception {
        append(2);
        try (Reader reader = reader(FOLLOW)) {
            List<String> values = new ArrayList<>(read(reader, 4));
            assertEquals(Set.of("3"), readFrom());

            cluster.node(3).kill();
            cluster.await(() -> readFrom().size() > 1, "another replica to be asked");
            append(2);

            values.addAll(read(reader, 4));
            assertEquals(numbers(0, 8), values);
        }
    }

    @Test
    @DisplayName("goes on where it was when its replica breaks off")
    void breaksOff() {
        append(6);
        cluster.node(3).breakReadAfterBatches = 2;

        assertEquals(numbers(0, 12), readAll(ALL.preferring(3)));

        assertTrue(readFrom().size() > 1, () -> readFrom().toString());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "NO_LEADER, UNAVAILABLE",
        "NO_QUORUM, UNAVAILABLE",
        "NOT_LEADER, FAILED_PRECONDITION",
        "CORRUPT_REPLICA, DATA_LOSS",
        "REPLICA_FAILED, UNAVAILABLE",
        "OVERLOADED, RESOURCE_EXHAUSTED",
        "SHUTTING_DOWN, UNAVAILABLE"
    })
    @DisplayName("goes to another replica if one cannot answer now")
    void cannotAnswer(String reason, Status.Code code) {
        append(2);
        cluster.node(3).readRefusal = Optional.of(FakeCluster.refusal(code, reason, "not now", Map.of()));

        assertEquals(numbers(0, 4), readAll(OFFSET_0));

        assertEquals(2, readFrom().size(), "one more was asked");
        assertTrue(readFrom().contains("3"));
    }

    @Test
    @DisplayName("gets what one replica has trimmed from another that still has it")
    void trimmedInOne() {
        append(3);
        cluster.node(3).ownLowWatermark = 4;

        assertEquals(numbers(0, 6), readAll(OFFSET_0));
    }

    @Test
    @DisplayName("is told TRIMMED once no replica that can be asked has it, though one is away")
    void trimmedInAll() {
        append(3);
        cluster.partitions.get(0).lowWatermark = 4;
        cluster.node(2).kill();

        try (Reader reader = reader(OFFSET_0)) {
            assertEquals("TRIMMED", refusal(reader).reason());
        }
    }

    @Test
    @DisplayName("is told TRIMMED though another replica cannot say yet")
    void trimmedOrUnknown() {
        append(3);
        cluster.partitions.get(0).lowWatermark = 4;
        cluster.node(1).readRefusal =
                Optional.of(FakeCluster.refusal(Status.Code.UNAVAILABLE, "NO_LEADER", "not now", Map.of()));

        try (Reader reader = reader(OFFSET_0)) {
            assertEquals("TRIMMED", refusal(reader).reason());
        }
    }

    @Test
    @DisplayName("gets from another replica what a lagging one does not know yet")
    void lagging() {
        append(3);
        cluster.node(3).laggingTail = 2;
        ReaderConfig config = new ReaderConfig(Position.offset(4), OptionalLong.empty(), 0, false)
                .with(ReadConsistency.LOCAL)
                .preferring(3);

        assertEquals(numbers(4, 6), readAll(config));
    }

    @Test
    @DisplayName("is refused an offset that no replica has")
    void beyondAll() {
        append(3);
        ReaderConfig config =
                new ReaderConfig(Position.offset(7), OptionalLong.empty(), 0, false).with(ReadConsistency.LOCAL);

        try (Reader reader = reader(config)) {
            assertEquals("BEYOND_TAIL", refusal(reader).reason());
        }
        assertEquals(Set.of("1", "2", "3"), readFrom());
    }

    @Test
    @DisplayName("follows replicas that move to other nodes")
    void moved() {
        append(2);
        cluster.partitions.get(0).replicas = List.of(3);
        try (Reader reader = reader(FOLLOW)) {
            List<String> values = new ArrayList<>(read(reader, 4));

            synchronized (cluster) {
                cluster.partitions.get(0).replicas = List.of(2);
            }
            cluster.node(3).kill();
            append(1);

            values.addAll(read(reader, 2));
            assertEquals(numbers(0, 6), values);
        }
        assertEquals(Set.of("2", "3"), readFrom());
    }

    @Test
    @DisplayName("reads of a cluster without a leader what replicas know, if old news will do")
    void withoutLeader() {
        append(2);
        cluster.elect(0, 0);

        assertEquals(numbers(0, 4), readAll(ReaderConfig.fromStart().with(ReadConsistency.LOCAL)));
    }

    @Test
    @DisplayName("does not go on in a topic that was created again")
    void recreated() {
        append(2);
        try (Reader reader = reader(FOLLOW)) {
            read(reader, 4);

            cluster.recreate(0, 9, 2);
            cluster.node(3).kill();

            assertEquals("TOPIC_RECREATED", refusal(reader).reason());
        }
    }

    @Test
    @DisplayName("tells that no replica answers, and goes on when one does")
    void nobody() {
        append(1);
        for (FakeNode node : cluster.nodes) {
            node.readRefusal =
                    Optional.of(FakeCluster.refusal(Status.Code.DATA_LOSS, "CORRUPT_REPLICA", "damaged", Map.of()));
        }
        client.close();
        client = connect(Duration.ofMillis(200));
        try (Reader reader = reader(OFFSET_0)) {
            QuorateException error;
            do {
                error = assertThrows(QuorateException.class, () -> reader.poll(PATIENCE));
                assertTrue(error.isRetriable());
                assertTrue(error.getMessage().contains("no replica that answers"), error.getMessage());
            } while (!error.reason().equals("CORRUPT_REPLICA"));

            synchronized (cluster) {
                cluster.node(2).readRefusal = Optional.empty();
            }

            assertEquals(numbers(0, 2), read(reader, 2));
        }
    }
}

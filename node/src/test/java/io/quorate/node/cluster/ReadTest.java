/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.follow;
import static io.quorate.node.cluster.VirtualCluster.from;
import static io.quorate.node.cluster.VirtualCluster.open;
import static io.quorate.node.cluster.VirtualCluster.plain;
import static io.quorate.node.cluster.VirtualCluster.refusalOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedDisk.Operation;
import io.quorate.node.api.FoundOffset;
import io.quorate.node.api.Marks;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("Reading a partition")
class ReadTest {
    /** Two records each; together far more than what is kept in memory or read at a time. */
    private static final int BATCHES = 60;

    /** The first look at a small log reads twice, as one that fails is tried again by the block. */
    private static final int VERIFYING_READ = 3;

    private final VirtualCluster cluster = VirtualCluster.started(3);
    private final TopicPartition orders = cluster.topic("orders");
    private final List<Payload> batches = new ArrayList<>();

    private VirtualNode filled() {
        for (int i = 0; i < BATCHES; i++) {
            batches.add(plain(i + "a", i + "b" + "x".repeat(40_000)));
            assertEquals(2 * i, cluster.append(orders, batches.get(i)).baseOffset);
        }
        return cluster.leader(orders);
    }

    @Test
    @DisplayName("what is long gone from memory is read from disk, chunk by chunk, and joined with what is not")
    void acrossChunks() {
        VirtualNode leader = filled();

        VirtualCluster.Collected read = cluster.read(leader, orders, from(0));

        assertEquals(batches, read.batches());
        assertTrue(read.calls > 3, "in " + read.calls + " pieces");
        assertEquals(2 * BATCHES, read.marks.highWatermark());
    }

    @ParameterizedTest(name = "from offset {0}: {1} batches, the first one at {2}")
    @CsvSource({"0, 60, 0", "1, 60, 0", "2, 59, 2", "77, 22, 76", "118, 1, 118", "119, 1, 118", "120, 0, -1"})
    @DisplayName("a read starts with the batch that holds the offset, in memory or on disk")
    void startsWithinABatch(long offset, int expectedBatches, long firstBase) {
        VirtualNode leader = filled();

        VirtualCluster.Collected read = cluster.read(leader, orders, from(offset));

        assertEquals(expectedBatches, read.entries.size());
        assertEquals(
                firstBase, read.entries.isEmpty() ? -1 : read.entries.get(0).baseOffset());
        assertEquals(batches.subList(BATCHES - expectedBatches, BATCHES), read.batches());
    }

    @ParameterizedTest(name = "from {0} until {1}, at most {2} records: {3} batches")
    @CsvSource({
        "0, 10, 0, 5",
        "0, 9, 0, 5",
        "5, 6, 0, 1",
        "0, , 3, 2",
        "1, , 3, 2",
        "1, , 4, 3",
        "0, 4, 100, 2",
        "6, 6, 0, 0"
    })
    @DisplayName("a bounded read ends with the batch that reaches the bound")
    void bounds(long offset, Long until, long maxRecords, int expectedBatches) {
        VirtualNode leader = filled();
        OptionalLong bound = until == null ? OptionalLong.empty() : OptionalLong.of(until);

        VirtualCluster.Collected read = cluster.read(
                leader,
                orders,
                new ReadSpec(new ReadSpec.From.Offset(offset), bound, maxRecords, true, ReadConsistency.LEADER));

        assertTrue(read.ended);
        assertEquals(expectedBatches, read.entries.size());
    }

    @Test
    @DisplayName("a sink that is not ready is left alone, and goes on where it stopped")
    void slowSink() {
        VirtualNode leader = filled();
        VirtualCluster.Collected read = open(leader, orders, follow(0));
        cluster.await("the first piece", () -> !read.entries.isEmpty());
        read.ready = false;
        cluster.run(10);
        int before = read.entries.size();

        cluster.run(1_000);
        assertEquals(before, read.entries.size());

        read.ready = true;
        read.session.resume();
        cluster.await("the rest", () -> read.entries.size() == BATCHES);
        assertEquals(batches, read.batches());
    }

    @Test
    @DisplayName("a read that follows is told when it has caught up, and gets what is committed later")
    void following() {
        VirtualNode leader = cluster.leader(orders);
        VirtualCluster.Collected read = open(leader, orders, follow(0));
        cluster.await("it has caught up", () -> read.caughtUp == 1);
        assertEquals(0, read.marks.highWatermark());

        Payload first = plain("a");
        Payload second = plain("b", "c");
        cluster.append(orders, first);
        cluster.append(orders, second);
        cluster.await("both batches", () -> read.entries.size() == 2);

        assertEquals(List.of(first, second), read.batches());
        assertEquals(
                List.of(0L, 1L), read.entries.stream().map(LogEntry::baseOffset).toList());
        assertFalse(read.ended);
    }

    @Test
    @DisplayName("a read from the latest offset sees only what comes after it")
    void fromLatest() {
        cluster.append(orders, plain("before"));
        VirtualCluster.Collected read = open(
                cluster.leader(orders),
                orders,
                new ReadSpec(new ReadSpec.From.Latest(), OptionalLong.empty(), 0, true, ReadConsistency.LEADER));
        cluster.await("it has caught up", () -> read.caughtUp == 1);

        Payload after = plain("after");
        cluster.append(orders, after);
        cluster.await("it", () -> !read.entries.isEmpty());

        assertEquals(List.of(after), read.batches());
    }

    @Test
    @DisplayName("a cancelled read is not called any more")
    void cancelled() {
        VirtualNode leader = cluster.leader(orders);
        VirtualCluster.Collected read = open(leader, orders, follow(0));
        cluster.await("it has caught up", () -> read.caughtUp == 1);

        read.session.cancel();
        cluster.append(orders, plain("a"));
        cluster.run(100);

        assertEquals(0, read.entries.size());
    }

    @ParameterizedTest
    @CsvSource({"2", "1000", "-1"})
    @DisplayName("an offset beyond the next one to be written is refused, with the high-water mark")
    void beyondTheTail(long offset) {
        cluster.append(orders, plain("a"));
        VirtualNode leader = cluster.leader(orders);

        Refusal refusal = cluster.read(leader, orders, from(offset)).refusal;

        assertEquals(Reason.BEYOND_TAIL, refusal.reason());
        assertEquals(Map.of("high_watermark", "1"), refusal.metadata());
    }

    @Test
    @DisplayName("a follower refuses a default read and serves one that any replica may answer")
    void anyReplica() {
        Payload batch = plain("a");
        cluster.append(orders, batch);
        VirtualNode follower = cluster.follower(orders);
        cluster.await(
                "the follower has it",
                () -> VirtualCluster.marks(follower, orders).highWatermark() == 1);

        Refusal refusal = refusalOf(follower.api().read(orders, from(0), new VirtualCluster.Collected()));
        VirtualCluster.Collected read = cluster.read(
                follower,
                orders,
                new ReadSpec(new ReadSpec.From.Offset(0), OptionalLong.empty(), 0, false, ReadConsistency.LOCAL));

        assertEquals(Reason.NOT_LEADER, refusal.reason());
        assertEquals(List.of(batch), read.batches());
    }

    @Test
    @DisplayName("a read at a leader that is deposed ends; one that any replica may answer goes on")
    void deposed() {
        VirtualNode old = cluster.leader(orders);
        VirtualCluster.Collected strict = open(old, orders, follow(0));
        VirtualCluster.Collected relaxed = open(
                old,
                orders,
                new ReadSpec(new ReadSpec.From.Offset(0), OptionalLong.empty(), 0, true, ReadConsistency.LOCAL));

        cluster.network().isolate(old.id());
        cluster.await("the strict one ends", () -> strict.refusal != null);
        cluster.network().heal(old.id());
        cluster.await("somebody else leads", () -> cluster.leader(orders) != old);
        cluster.append(orders, plain("a"));
        cluster.await("the relaxed one goes on", () -> relaxed.entries.size() == 1);

        assertTrue(
                List.of(Reason.NO_LEADER, Reason.NOT_LEADER, Reason.NO_QUORUM).contains(strict.refusal.reason()));
    }

    @Test
    @DisplayName(
            "P3: a leader that was replaced without knowing it tells nobody where the log ends, and starts no read")
    void replacedWithoutKnowing() {
        VirtualNode old = cluster.leader(orders);
        cluster.append(orders, plain("before"));
        cluster.network().isolate(old.id());
        List<Result<Marks>> tails = new ArrayList<>();
        old.api().tail(orders, ReadConsistency.LEADER, tails::add);
        VirtualCluster.Collected read = open(old, orders, from(0));
        VirtualCluster.Collected beyond = open(old, orders, from(2));

        cluster.await("it gives up", () -> read.refusal != null && beyond.refusal != null && !tails.isEmpty());

        List<Reason> retryable = List.of(Reason.NO_LEADER, Reason.NOT_LEADER, Reason.NO_QUORUM);
        assertTrue(retryable.contains(refusalOf(tails.get(0)).reason()), tails.toString());
        assertTrue(retryable.contains(read.refusal.reason()), read.refusal.toString());
        assertTrue(retryable.contains(beyond.refusal.reason()), beyond.refusal.toString());
        assertEquals(List.of(), read.entries);
    }

    @Test
    @DisplayName(
            "P3: what was acknowledged before a read or a question for the tail began is seen by it, at any leader")
    void seesWhatWasAcknowledged() {
        cluster.append(orders, plain("a"));
        cluster.leader(orders).crash();
        VirtualNode next = cluster.leader(orders);

        Result.Ok<Marks> tail = assertInstanceOf(Result.Ok.class, cluster.tail(next, orders));
        VirtualCluster.Collected read = cluster.read(next, orders, from(0));

        assertEquals(1, tail.value().highWatermark());
        assertEquals(List.of(plain("a")), read.batches());
    }

    @Test
    @DisplayName("reads that wait for their confirmation end with the node, and none of them is lost")
    void waitingWhenTheNodeStops() {
        VirtualNode leader = cluster.leader(orders);
        cluster.network().isolate(leader.id());
        VirtualCluster.Collected read = open(leader, orders, from(0));
        List<Result<Marks>> tails = new ArrayList<>();
        leader.api().tail(orders, ReadConsistency.LEADER, tails::add);

        leader.stop(() -> {});
        cluster.await("answers", () -> read.refusal != null && !tails.isEmpty());

        List<Reason> retryable = List.of(Reason.SHUTTING_DOWN, Reason.NO_LEADER, Reason.NOT_LEADER, Reason.NO_QUORUM);
        assertTrue(retryable.contains(read.refusal.reason()), read.refusal.toString());
        assertTrue(retryable.contains(refusalOf(tails.get(0)).reason()), tails.toString());
    }

    @Test
    @DisplayName("a read that is cancelled before it began is not called")
    void cancelledBeforeItBegan() {
        cluster.append(orders, plain("a"));
        VirtualCluster.Collected read = open(cluster.leader(orders), orders, follow(0));

        read.session.cancel();
        cluster.run(100);

        assertEquals(0, read.calls + read.caughtUp);
    }

    @Test
    @DisplayName("the deletion of its topic ends a read")
    void deletedTopic() {
        VirtualCluster.Collected read = open(cluster.leader(orders), orders, follow(0));

        assertTrue(cluster.delete("orders").value());
        cluster.await("the end", () -> read.refusal != null);

        assertEquals(Reason.UNKNOWN_TOPIC, read.refusal.reason());
    }

    private FoundOffset find(VirtualNode node, long millis, ReadConsistency consistency) {
        List<Result<FoundOffset>> answers = new ArrayList<>();
        node.api().findOffset(orders, millis, consistency, answers::add);
        cluster.await("an answer to what was appended since " + millis, () -> !answers.isEmpty());
        Result.Ok<FoundOffset> found = assertInstanceOf(Result.Ok.class, answers.get(0));
        return found.value();
    }

    @Test
    @DisplayName("what was appended since a time is found by the leaders' clocks, on any replica")
    void sinceATime() {
        List<Long> times = new ArrayList<>();
        for (int i = 0; i < BATCHES; i++) {
            times.add(cluster.currentTimeMillis());
            cluster.append(orders, plain(i + "a", i + "b" + "x".repeat(40_000)));
            cluster.run(10);
        }
        VirtualNode leader = cluster.leader(orders);
        VirtualNode follower = cluster.follower(orders);
        cluster.await(
                "everything on " + follower,
                () -> VirtualCluster.marks(follower, orders).highWatermark() == 2 * BATCHES);

        for (int i = 0; i < BATCHES; i++) {
            assertEquals(
                    2 * i, find(leader, times.get(i), ReadConsistency.LEADER).offset(), "batch " + i);
            assertEquals(
                    2 * i, find(follower, times.get(i), ReadConsistency.LOCAL).offset(), "batch " + i);
        }
        assertEquals(0, find(leader, 0, ReadConsistency.LEADER).offset());
        FoundOffset none = find(leader, Long.MAX_VALUE, ReadConsistency.LEADER);
        assertEquals(2 * BATCHES, none.offset());
        assertEquals(2 * BATCHES, none.marks().highWatermark());
    }

    @Test
    @DisplayName("what was appended since a time that is trimmed begins with what is kept")
    void sinceBeforeTheBeginning() {
        VirtualNode leader = filled();
        List<Result<Marks>> trimmed = new ArrayList<>();
        leader.api().trim(orders, 7, trimmed::add);
        cluster.await("the trim", () -> !trimmed.isEmpty());

        assertEquals(7, find(leader, 0, ReadConsistency.LEADER).offset());
    }

    @Test
    @DisplayName("only the leader says linearizably what was appended since a time")
    void sinceOnAFollower() {
        VirtualNode follower = cluster.follower(orders);
        List<Result<FoundOffset>> answers = new ArrayList<>();

        follower.api().findOffset(orders, 0, ReadConsistency.LEADER, answers::add);

        cluster.await("an answer", () -> !answers.isEmpty());
        assertEquals(Reason.NOT_LEADER, refusalOf(answers.get(0)).reason());
    }

    @ParameterizedTest
    @EnumSource(ReadConsistency.class)
    @DisplayName("a look-up by time that was disturbed, though nothing is damaged, is refused and can be tried again")
    void disturbedLookUp(ReadConsistency consistency) {
        cluster.append(orders, plain("a"));
        VirtualNode leader = cluster.leader(orders);
        Path segment = Path.of("/data/groups/1/00000000000000000001.log");
        int[] reads = {0};
        // The log is looked at, found to be damaged, verified from the beginning, found to be good, and looked at
        // again.
        leader.disk().inject(Operation.READ, path -> path.equals(segment) && ++reads[0] != VERIFYING_READ);
        List<Result<FoundOffset>> answers = new ArrayList<>();

        leader.api().findOffset(orders, 0, consistency, answers::add);
        cluster.await("an answer", () -> !answers.isEmpty());
        leader.disk().heal();

        assertEquals(Reason.CORRUPT_REPLICA, refusalOf(answers.get(0)).reason());
        assertTrue(reads[0] > VERIFYING_READ, reads[0] + " reads");
        assertEquals(0, find(leader, 0, consistency).offset());
        assertEquals(1, cluster.append(orders, plain("b")).baseOffset);
        assertEquals(leader, cluster.leader(orders));
    }
}

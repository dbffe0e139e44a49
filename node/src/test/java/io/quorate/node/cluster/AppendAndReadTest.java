/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.batch;
import static io.quorate.node.cluster.VirtualCluster.from;
import static io.quorate.node.cluster.VirtualCluster.plain;
import static io.quorate.node.cluster.VirtualCluster.refusalOf;
import static io.quorate.node.cluster.VirtualCluster.send;
import static io.quorate.node.cluster.VirtualCluster.target;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.TopicPartition;
import io.quorate.raft.log.Payload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Appending to and reading from a partition of three replicas")
class AppendAndReadTest {
    private final VirtualCluster cluster = VirtualCluster.started(3);
    private final TopicPartition orders = cluster.topic("orders");

    @Test
    @DisplayName("batches get dense offsets and are read back byte for byte")
    void batchesGetDenseOffsets() {
        Payload first = plain("a", "b", "c");
        Payload second = plain("d");

        assertEquals(0, cluster.append(orders, first).baseOffset);
        assertEquals(3, cluster.append(orders, second).baseOffset);

        VirtualCluster.Collected read = cluster.read(cluster.leader(orders), orders, from(0));
        assertEquals(List.of(first, second), read.batches());
        assertEquals(4, read.marks.highWatermark());
    }

    @Test
    @DisplayName("an acknowledged batch reaches every replica")
    void everyReplicaGetsIt() {
        cluster.append(orders, plain("a", "b"));

        cluster.await("all replicas have applied it", () -> cluster.all().stream()
                .allMatch(node -> VirtualCluster.marks(node, orders).highWatermark() == 2));
    }

    @Test
    @DisplayName("pipelined appends of one target are answered in their order, refused ones and duplicates included")
    void answersKeepTheOrder() {
        cluster.append(orders, batch(7, 0, 0, "already there"));
        AppendTarget target = target(cluster.leader(orders), orders);
        List<Integer> answered = new ArrayList<>();
        List<VirtualCluster.Append> appends = List.of(
                send(target, batch(8, 0, 0, "new")),
                send(target, batch(7, 0, 0, "already there")),
                send(target, batch(8, 0, 9, "gap")),
                send(target, batch(8, 0, 1, "next")),
                send(target, batch(8, 0, 0, "new")));
        for (int i = 0; i < appends.size(); i++) {
            int number = i;
            appends.get(i).then(() -> answered.add(number));
        }

        cluster.await("all answers", () -> answered.size() == appends.size());

        assertEquals(List.of(0, 1, 2, 3, 4), answered);
        assertEquals(
                List.of(1L, 0L, -1L, 2L, 1L),
                appends.stream().map(append -> append.baseOffset).toList());
        assertEquals(
                List.of(false, true, false, false, true),
                appends.stream().map(append -> append.duplicate).toList());
        assertEquals(Reason.OUT_OF_SEQUENCE, appends.get(2).refusal.reason());
    }

    @Test
    @DisplayName("the retry of a batch that is still under way is answered with the same offset and not appended again")
    void retryWhileUnderWay() {
        cluster.append(orders, plain("before"));
        AppendTarget first = target(cluster.leader(orders), orders);
        AppendTarget second = target(cluster.leader(orders), orders);

        VirtualCluster.Append original = send(first, batch(9, 0, 0, "x", "y"));
        VirtualCluster.Append retry = send(second, batch(9, 0, 0, "x", "y"));
        assertFalse(retry.isAnswered(), "nothing is durable yet");
        cluster.await("both answers", () -> original.isAnswered() && retry.isAnswered());

        assertEquals(1, original.baseOffset);
        assertEquals(1, retry.baseOffset);
        assertTrue(retry.duplicate);
        assertEquals(3, cluster.append(orders, plain("after")).baseOffset);
    }

    @Test
    @DisplayName("a gap in a producer's sequence is refused and names the sequence that is expected")
    void gapIsRefused() {
        cluster.append(orders, batch(5, 0, 0, "a", "b"));

        Refusal refusal = cluster.append(orders, batch(5, 0, 3, "d")).refusal;

        assertEquals(Reason.OUT_OF_SEQUENCE, refusal.reason());
        assertEquals(Map.of("expected_sequence", "2"), refusal.metadata());
    }

    @Test
    @DisplayName("a producer that is not known may only start at sequence 0")
    void unknownProducer() {
        assertEquals(
                Reason.UNKNOWN_PRODUCER,
                cluster.append(orders, batch(5, 0, 1, "a")).refusal.reason());
    }

    @Test
    @DisplayName("a newer epoch of a producer fences the older one")
    void newerEpochFences() {
        cluster.append(orders, batch(5, 0, 0, "old"));
        assertEquals(1, cluster.append(orders, batch(5, 1, 0, "new")).baseOffset);

        Refusal refusal = cluster.append(orders, batch(5, 0, 1, "zombie")).refusal;

        assertEquals(Reason.PRODUCER_FENCED, refusal.reason());
        assertEquals(Map.of("epoch", "1"), refusal.metadata());
    }

    @Test
    @DisplayName("damaged and oversized batches are refused with what is wrong")
    void badBatches() {
        byte[] flipped = plain("a").toByteArray();
        flipped[flipped.length - 1] ^= 1;
        assertEquals(
                Reason.CORRUPT_BATCH,
                cluster.append(orders, Payload.wrap(flipped)).refusal.reason());

        Payload large = plain("x".repeat(VirtualCluster.MAX_BATCH_BYTES));
        Refusal refusal = cluster.append(orders, large).refusal;
        assertEquals(Reason.RECORD_TOO_LARGE, refusal.reason());
        assertEquals(
                Map.of(
                        "limit_bytes", Integer.toString(VirtualCluster.MAX_BATCH_BYTES),
                        "size_bytes", Integer.toString(large.size())),
                refusal.metadata());
    }

    @Test
    @DisplayName("more than the node may have under way is refused at once, with a time to try again")
    void overload() {
        AppendTarget target = target(cluster.leader(orders), orders);
        String text = "x".repeat(90_000);
        VirtualCluster.Append first = send(target, plain(text));
        VirtualCluster.Append second = send(target, plain(text));

        VirtualCluster.Append third = send(target(cluster.leader(orders), orders), plain(text));

        assertEquals(Reason.OVERLOADED, third.refusal.reason());
        assertTrue(third.refusal.retryAfterMillis() > 0);
        cluster.await("the others", () -> first.isAnswered() && second.isAnswered());
        assertEquals(2, cluster.append(orders, plain(text)).baseOffset, "room again");
    }

    @Test
    @DisplayName("an older generation is refused as fenced, with the current one; a newer one is not known yet")
    void generations() {
        VirtualNode leader = cluster.leader(orders);
        long current = VirtualCluster.marks(leader, orders).generation();

        Refusal fenced = refusalOf(leader.api().openAppend(orders, OptionalLong.of(current - 1)));
        Refusal unknown = refusalOf(leader.api().openAppend(orders, OptionalLong.of(current + 1)));

        assertEquals(Reason.FENCED, fenced.reason());
        assertEquals(Map.of("generation", Long.toString(current)), fenced.metadata());
        assertEquals(Reason.NO_LEADER, unknown.reason());
    }

    @Test
    @DisplayName("a follower names the leader, its address and its generation")
    void followerNamesTheLeader() {
        VirtualNode leader = cluster.leader(orders);
        VirtualNode follower = cluster.follower(orders);
        cluster.run(2_000);

        Refusal refusal = refusalOf(follower.api().openAppend(orders, OptionalLong.empty()));

        assertEquals(Reason.NOT_LEADER, refusal.reason());
        assertEquals(Integer.toString(leader.id().value()), refusal.metadata().get("leader_id"));
        assertEquals("client-" + leader.id().value() + ":74", refusal.metadata().get("leader_address"));
        assertEquals(
                Long.toString(VirtualCluster.marks(leader, orders).generation()),
                refusal.metadata().get("generation"));
    }

    @Test
    @DisplayName("unknown topics and partitions are refused by name")
    void unknownNames() {
        VirtualNode node = cluster.leader(orders);

        Refusal topic = refusalOf(cluster.tail(node, new TopicPartition("nothing", 0)));
        Refusal partition = refusalOf(cluster.tail(node, new TopicPartition("orders", 1)));
        Refusal negative = refusalOf(cluster.tail(node, new TopicPartition("orders", -1)));

        assertEquals(Reason.UNKNOWN_TOPIC, topic.reason());
        assertEquals(Map.of("topic", "nothing"), topic.metadata());
        assertEquals(Reason.UNKNOWN_PARTITION, partition.reason());
        assertEquals("1", partition.metadata().get("partition"));
        assertEquals(Reason.UNKNOWN_PARTITION, negative.reason());
    }
}

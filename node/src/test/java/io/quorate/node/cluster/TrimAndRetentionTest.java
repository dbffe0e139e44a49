/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.batch;
import static io.quorate.node.cluster.VirtualCluster.follow;
import static io.quorate.node.cluster.VirtualCluster.from;
import static io.quorate.node.cluster.VirtualCluster.marks;
import static io.quorate.node.cluster.VirtualCluster.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.api.TopicSettings;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Segments hold 256 KiB here, which is six batches of 40 kB. */
@DisplayName("The beginning of a partition's log")
class TrimAndRetentionTest {
    private static final int BATCHES = 40;
    private static final ReadSpec ALL_FROM_ANYWHERE =
            new ReadSpec(new ReadSpec.From.Earliest(), OptionalLong.empty(), 0, false, ReadConsistency.LOCAL);

    private final VirtualCluster cluster = VirtualCluster.started(3);
    private final TopicPartition orders = cluster.topic("orders");

    private void append(int count) {
        long next = marks(cluster.leader(orders), orders).highWatermark();
        for (long sequence = next; sequence < next + count; sequence++) {
            assertEquals(sequence, cluster.append(orders, record(sequence)).baseOffset);
        }
    }

    private static io.quorate.raft.log.Payload record(long sequence) {
        return batch(77, 0, sequence, sequence + "x".repeat(40_000));
    }

    private static long segments(VirtualNode node) {
        return node.disk().list(Path.of("/data/groups/1")).stream()
                .filter(file -> file.endsWith(".log"))
                .count();
    }

    private void awaitLowWatermark(VirtualNode node, long offset) {
        cluster.await(
                node.id() + " has a low-water mark of " + offset,
                () -> node.api().isReady()
                        && isOpen(node)
                        && marks(node, orders).lowWatermark() == offset);
    }

    private static boolean isOpen(VirtualNode node) {
        return node.api().view().localGroups().stream().anyMatch(group -> group.groupId() == 1);
    }

    @Test
    @DisplayName("is where an operator trims it to, on every replica; what is below is refused, and its segments go")
    void trim() {
        append(BATCHES);
        cluster.run(200);
        long before = segments(cluster.leader(orders));

        assertEquals(25, cluster.trim(orders, 25).value().lowWatermark());

        cluster.all().forEach(node -> awaitLowWatermark(node, 25));
        cluster.run(2_000);
        for (VirtualNode node : cluster.all()) {
            assertTrue(segments(node) <= before - 3, node.id() + " keeps " + segments(node) + " of " + before);
        }
        VirtualCluster.Collected below = cluster.read(cluster.leader(orders), orders, from(24));
        assertEquals(Reason.TRIMMED, below.refusal.reason());
        assertEquals("25", below.refusal.metadata().get("low_watermark"));
        VirtualCluster.Collected rest = cluster.read(cluster.leader(orders), orders, from(25));
        assertEquals(BATCHES - 25, rest.entries.size());
        assertEquals(record(25), rest.batches().get(0));
    }

    @Test
    @DisplayName("is not trimmed beyond what is committed, and not back")
    void limits() {
        append(3);

        assertEquals(Reason.BEYOND_TAIL, cluster.trim(orders, 4).refusal().reason());
        assertEquals(2, cluster.trim(orders, 2).value().lowWatermark());
        assertEquals(2, cluster.trim(orders, 1).value().lowWatermark(), "it never falls");
        assertEquals(3, cluster.trim(orders, 3).value().lowWatermark(), "nothing may be left");
        assertEquals(3, cluster.append(orders, record(3)).baseOffset, "offsets are never used again");
        VirtualCluster.Answer<io.quorate.node.api.Marks> elsewhere = new VirtualCluster.Answer<>();
        cluster.follower(orders).api().trim(orders, 1, elsewhere::take);
        assertEquals(Reason.NOT_LEADER, elsewhere.refusal().reason());
    }

    @Test
    @DisplayName(
            "RF-30 after a restart is found again, with producers that are remembered although their records are gone")
    void restart() {
        append(BATCHES);
        cluster.trim(orders, BATCHES).value();
        cluster.run(3_000);

        cluster.all().forEach(VirtualNode::crash);
        cluster.all().forEach(VirtualNode::start);
        cluster.awaitReady();

        VirtualNode leader = cluster.leader(orders);
        assertEquals(BATCHES, marks(leader, orders).lowWatermark());
        assertEquals(BATCHES, marks(leader, orders).highWatermark());
        VirtualCluster.Append retry = cluster.append(orders, record(7));
        assertTrue(retry.duplicate);
        assertEquals(7, retry.baseOffset);
        assertEquals(BATCHES, cluster.append(orders, record(BATCHES)).baseOffset);
        cluster.all()
                .forEach(node ->
                        cluster.await("it has all", () -> marks(node, orders).highWatermark() == BATCHES + 1));
    }

    @Test
    @DisplayName("keeps a few segments for a replica that has just gone away, and none when it stays away")
    void replicaAway() {
        append(6);
        VirtualNode away = cluster.follower(orders);
        away.kill();
        append(BATCHES);
        VirtualNode leader = cluster.leader(orders);
        long before = segments(leader);

        cluster.trim(orders, 30).value();
        cluster.run(1_000);
        assertEquals(before - 3, segments(leader), "five are of no use but for the absent one");
        cluster.await("the others have deleted them all", () -> cluster.running().stream()
                .allMatch(node -> segments(node) == before - 5));
    }

    @Test
    @DisplayName("overtakes a reader that is too slow, which is told so; one that is ahead of it notices nothing")
    void readers() {
        append(BATCHES);
        VirtualNode leader = cluster.leader(orders);
        VirtualCluster.Collected slow = open(leader, orders, from(0));
        cluster.await("it has begun", () -> slow.calls == 1);
        slow.ready = false;
        long got = slow.entries.size();
        VirtualCluster.Collected tail = open(leader, orders, follow(BATCHES));
        cluster.run(100);

        cluster.trim(orders, BATCHES).value();
        cluster.run(3_000);
        slow.ready = true;
        slow.session.resume();
        append(1);
        cluster.run(100);

        assertTrue(got < BATCHES);
        assertEquals(Reason.TRIMMED, slow.refusal.reason());
        assertNull(tail.refusal);
        assertEquals(1, tail.entries.size());
        assertEquals(BATCHES, tail.entries.get(0).baseOffset());
    }

    @Test
    @DisplayName("follows retention by size: whole segments go as long as enough is left")
    void retentionBySize() {
        cluster.alter(
                        "orders",
                        new TopicSettings.Change(OptionalInt.empty(), OptionalLong.empty(), OptionalLong.of(600_000)),
                        0)
                .value();
        append(BATCHES);
        cluster.run(3_000);

        VirtualNode leader = cluster.leader(orders);
        long kept = BATCHES - marks(leader, orders).lowWatermark();
        assertTrue(kept * 40_000 >= 600_000 - 40_000 && kept * 40_000 < 600_000 + 300_000, kept + " batches kept");
        assertEquals(
                kept, cluster.read(leader, orders, ALL_FROM_ANYWHERE).entries.size());
        cluster.all().forEach(node -> cluster.await("few segments are left", () -> segments(node) <= 5));
    }

    @Test
    @DisplayName("follows retention by age: a segment goes when its newest record is too old, never the newest segment")
    void retentionByAge() {
        append(BATCHES);
        cluster.alter(
                        "orders",
                        new TopicSettings.Change(OptionalInt.empty(), OptionalLong.of(60_000), OptionalLong.empty()),
                        0)
                .value();
        cluster.run(5_000);
        assertEquals(0, marks(cluster.leader(orders), orders).lowWatermark(), "nothing is old enough");

        cluster.run(60_000);

        long lowWatermark = marks(cluster.leader(orders), orders).lowWatermark();
        assertTrue(lowWatermark > BATCHES - 7 && lowWatermark < BATCHES, "low-water mark " + lowWatermark);
    }

    @Test
    @DisplayName("stays where it is without retention, however long that may be")
    void keptForEver() {
        append(BATCHES);

        cluster.run(100_000);

        assertEquals(0, marks(cluster.leader(orders), orders).lowWatermark());
        assertEquals(
                BATCHES,
                cluster.read(cluster.leader(orders), orders, from(0)).entries.size());
    }
}

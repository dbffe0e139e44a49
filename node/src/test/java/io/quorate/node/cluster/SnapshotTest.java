/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.batch;
import static io.quorate.node.cluster.VirtualCluster.from;
import static io.quorate.node.cluster.VirtualCluster.localTail;
import static io.quorate.node.cluster.VirtualCluster.marks;
import static io.quorate.node.cluster.VirtualCluster.open;
import static io.quorate.node.cluster.VirtualCluster.refusalOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterView;
import io.quorate.node.api.Marks;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.api.TopicSettings;
import io.quorate.raft.log.Payload;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Segments hold 256 KiB here, which is six batches of 40 kB. */
@DisplayName("A replica that needs what is in no log any more")
class SnapshotTest {
    private static final int BATCHES = 46;
    private static final long TRIMMED = 30;

    /** Longer than an absent replica is waited for. */
    private static final long LONG_MILLIS = 10_000;

    private final VirtualCluster cluster = VirtualCluster.started(3);
    private final TopicPartition orders = cluster.topic("orders");

    /** What happens to a replica while it is away. */
    private enum Absence {
        /** It comes back with the log that it had. */
        DOWN,
        /** It comes back without its log, to a leader that never heard otherwise. */
        WIPED
    }

    private static Payload record(long sequence) {
        return batch(77, 0, sequence, sequence + "x".repeat(40_000));
    }

    private void append(long from, long to) {
        for (long sequence = from; sequence < to; sequence++) {
            assertEquals(sequence, cluster.append(orders, record(sequence)).baseOffset);
        }
    }

    private static ReadSpec anywhere(long offset) {
        return new ReadSpec(new ReadSpec.From.Offset(offset), OptionalLong.empty(), 0, false, ReadConsistency.LOCAL);
    }

    private boolean has(VirtualNode node, long highWatermark) {
        return node.api().isReady()
                && node.api().view().localGroups().stream().anyMatch(group -> group.groupId() == 1)
                && localTail(node, orders) instanceof Result.Ok<Marks> tail
                && tail.value().highWatermark() == highWatermark;
    }

    private static long segments(VirtualNode node, long group) {
        return node.disk().list(Path.of("/data/groups/" + group)).stream()
                .filter(file -> file.endsWith(".log"))
                .count();
    }

    /** A follower that has missed records which are trimmed now, and is away still. */
    private VirtualNode leaveBehind(Absence absence) {
        append(0, 6);
        VirtualNode away = cluster.follower(orders);
        away.kill();
        append(6, BATCHES);
        long before = segments(cluster.leader(orders), 1);
        cluster.run(LONG_MILLIS);
        assertEquals(TRIMMED, cluster.trim(orders, TRIMMED).value().lowWatermark());
        cluster.await("its peers have deleted what is trimmed", () -> cluster.running().stream()
                .allMatch(node -> segments(node, 1) == before - 5));
        if (absence == Absence.WIPED) {
            away.loseGroup(1);
            List<VirtualNode> others = cluster.running();
            others.forEach(VirtualNode::crash);
            others.forEach(VirtualNode::start);
            cluster.await("they lead again", () -> others.stream()
                    .allMatch(node -> node.api().isReady()));
        }
        return away;
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(Absence.class)
    @DisplayName("gets a snapshot and then the segments behind it: every record that is kept, while the others go on")
    void catchesUp(Absence absence) {
        VirtualNode back = leaveBehind(absence);

        back.start();
        append(BATCHES, BATCHES + 4);
        cluster.await("it has caught up", () -> has(back, BATCHES + 4));

        VirtualCluster.Collected read = cluster.read(back, orders, anywhere(TRIMMED));
        assertNull(read.refusal);
        assertEquals(BATCHES + 4 - TRIMMED, read.entries.size());
        assertEquals(record(TRIMMED), read.batches().get(0));
        assertEquals(TRIMMED, marks(back, orders).lowWatermark());
        Result<?> below = back.api().read(orders, anywhere(TRIMMED - 1), new VirtualCluster.Collected());
        assertEquals(Reason.TRIMMED, refusalOf(below).reason());
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(Absence.class)
    @DisplayName("knows the producers again: as a leader it recognises a retry of what it never saw (promise P4)")
    void remembersProducers(Absence absence) {
        VirtualNode back = leaveBehind(absence);
        back.start();
        cluster.await("it has caught up", () -> has(back, BATCHES));

        VirtualNode outdated = cluster.leader(orders);
        outdated.crash();
        append(BATCHES, BATCHES + 1);
        cluster.await("it has that too", () -> has(back, BATCHES + 1));
        cluster.running().stream().filter(node -> node != back).forEach(VirtualNode::crash);
        outdated.start();
        assertEquals(back, cluster.leader(orders), "nobody else has everything");

        for (long sequence : new long[] {7, 25, BATCHES}) {
            VirtualCluster.Append retry = cluster.append(orders, record(sequence));
            assertTrue(retry.duplicate);
            assertEquals(sequence, retry.baseOffset);
        }
        append(BATCHES + 1, BATCHES + 2);
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(Absence.class)
    @DisplayName("goes on from its snapshot after a loss of power at any time")
    void survivesCrashes(Absence absence) {
        VirtualNode back = leaveBehind(absence);

        for (int millis = 1; millis < 400; millis += 13) {
            back.start();
            cluster.run(millis);
            back.crash();
        }
        back.start();
        append(BATCHES, BATCHES + 1);
        cluster.await("it has caught up", () -> has(back, BATCHES + 1));

        assertEquals(
                BATCHES + 1 - TRIMMED,
                cluster.read(back, orders, anywhere(TRIMMED)).entries.size());
    }

    @Test
    @DisplayName("tells its readers that what they want next is trimmed, and serves those that are ahead")
    void readers() {
        append(0, 6);
        VirtualNode away = cluster.follower(orders);
        cluster.await("it has all", () -> has(away, 6));
        VirtualCluster.Collected reader = open(
                away,
                orders,
                new ReadSpec(new ReadSpec.From.Offset(0), OptionalLong.empty(), 0, true, ReadConsistency.LOCAL));
        cluster.await("it has read all", () -> reader.entries.size() == 6);

        cluster.network().isolate(away.id());
        append(6, BATCHES);
        cluster.run(LONG_MILLIS);
        cluster.trim(orders, TRIMMED).value();
        cluster.run(3_000);
        cluster.network().heal(away.id());
        cluster.await("it has caught up", () -> has(away, BATCHES));

        assertEquals(Reason.TRIMMED, reader.refusal.reason());
        assertEquals(6, reader.entries.size());
        assertEquals(
                BATCHES - 40, cluster.read(away, orders, anywhere(40)).entries.size());
    }

    @Test
    @DisplayName("may be one of the registry: it learns what topics there are, and removes what was deleted meanwhile")
    void registry() {
        VirtualNode away = cluster.follower(orders);
        cluster.create("gone", 1, 3, 0).value();
        append(0, 3);
        cluster.run(1_000);
        away.kill();
        cluster.delete("gone").value();
        cluster.create("later", 2, 3, 0).value();
        changeSettingsOften();
        assertTrue(segments(cluster.metadataLeader(), 0) <= 3, "the registry's log is trimmed");

        away.start();
        cluster.await("it knows the topics", () -> away.api().isReady() && holds(away, 1L, 3L, 4L));
        cluster.await(
                "the deleted one is gone from its disk",
                () -> !away.disk().list(Path.of("/data/groups")).contains("2"));
        assertFalse(away.disk().list(Path.of("/data/groups/3")).isEmpty());
        append(3, 5);
        cluster.await("it has all", () -> has(away, 5));
    }

    /** Exactly these groups, beside the registry. */
    private static boolean holds(VirtualNode node, Long... groups) {
        return node.api().view().localGroups().stream()
                .map(ClusterView.GroupView::groupId)
                .filter(group -> group > 0)
                .toList()
                .equals(List.of(groups));
    }

    /** Until the registry's log has been trimmed several times. */
    private void changeSettingsOften() {
        String longName = "long-" + "n".repeat(190);
        cluster.create(longName, 1, 1, 0).value();
        for (int change = 0; change < 4_000; change++) {
            cluster.alter(
                            longName,
                            new TopicSettings.Change(
                                    OptionalInt.empty(), OptionalLong.of(1_000_000 + change), OptionalLong.empty()),
                            0)
                    .value();
        }
        cluster.delete(longName).value();
        cluster.run(3_000);
    }
}

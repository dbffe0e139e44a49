/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.from;
import static io.quorate.node.cluster.VirtualCluster.marks;
import static io.quorate.node.cluster.VirtualCluster.plain;
import static io.quorate.node.cluster.VirtualCluster.send;
import static io.quorate.node.cluster.VirtualCluster.target;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterView.ReplicaRole;
import io.quorate.node.api.ClusterView.SpaceLevel;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.seam.PeerMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Promise P7; RF-55 and RF-56 as far as the watermarks go. Appends need 16 MiB of free space here. */
@DisplayName("A disk that fills up")
class DiskFullTest {
    private static final long MIB = 1 << 20;
    private static final long CRITICAL = VirtualCluster.DISK.criticalFreeBytes();

    /** The interval of the checks, and some for the news to get around. */
    private static final long NOTICED_MILLIS = 1_100;

    private final VirtualCluster cluster = VirtualCluster.started(3);
    private final TopicPartition orders = cluster.topic("orders");

    private void fill(VirtualNode node) {
        node.disk().leaveFree(CRITICAL - MIB);
    }

    private void free(VirtualNode node) {
        node.disk().limitCapacity(Long.MAX_VALUE);
    }

    private static SpaceLevel level(VirtualNode node) {
        return node.api().view().disk().space();
    }

    private VirtualCluster.Append tryAppend(VirtualNode leader) {
        VirtualCluster.Append append = send(target(leader, orders), plain("one more"));
        cluster.await("an answer", append::isAnswered);
        return append;
    }

    @Test
    @DisplayName("at the leader moves leadership to where there is room: appends go on")
    void leaderHandsOver() {
        cluster.append(orders, plain("before"));
        VirtualNode full = cluster.leader(orders);

        fill(full);
        cluster.run(NOTICED_MILLIS + 2_000);

        assertEquals(SpaceLevel.FULL, level(full));
        assertNotSame(full, cluster.leader(orders));
        assertEquals(1, cluster.append(orders, plain("after")).baseOffset);
        cluster.await(
                "the full node keeps up: what leaders admit fits into its reserve",
                () -> marks(full, orders).highWatermark() == 2);
    }

    @Test
    @DisplayName(
            "everywhere makes the partition read-only with a reason that says what to do; with room it goes on by itself")
    void readOnlyAndBack() {
        cluster.append(orders, plain("before"));
        cluster.all().forEach(this::fill);
        cluster.run(NOTICED_MILLIS);

        VirtualNode leader = cluster.leader(orders);
        Refusal refusal = tryAppend(leader).refusal;

        assertEquals(Reason.DISK_FULL, refusal.reason());
        assertEquals(VirtualCluster.DISK.checkIntervalMillis(), refusal.retryAfterMillis());
        assertEquals("1,2,3", refusal.metadata().get("full_nodes"));
        assertEquals(Long.toString(CRITICAL), refusal.metadata().get("required_bytes"));
        assertTrue(Long.parseLong(refusal.metadata().get("free_bytes")) < CRITICAL, refusal::toString);
        assertEquals(1, cluster.read(leader, orders, from(0)).entries.size(), "reading goes on");

        cluster.all().forEach(this::free);
        cluster.run(NOTICED_MILLIS);

        assertEquals(1, cluster.append(orders, plain("after")).baseOffset);
    }

    @Test
    @DisplayName("everywhere does not keep nodes from voting, or topics from being deleted; new topics are refused")
    void votesAndRegistry() {
        cluster.topic("unwanted");
        cluster.append(orders, plain("before"));
        cluster.all().forEach(this::fill);
        cluster.run(NOTICED_MILLIS);
        long generation = marks(cluster.leader(orders), orders).generation();

        assertEquals(Reason.DISK_FULL, cluster.create("more", 1, 3, 0).refusal().reason());
        assertTrue(cluster.delete("unwanted").value());
        cluster.leader(orders).kill();
        VirtualNode successor = cluster.leader(orders);

        assertTrue(marks(successor, orders).generation() > generation);
        assertEquals(1, cluster.read(successor, orders, from(0)).entries.size());
    }

    @Test
    @DisplayName(
            "to the last byte at once, amid appends, fails no replica: what was under way is appended when there is room")
    void noRoomAtAll() {
        cluster.append(orders, plain("before"));
        VirtualNode leader = cluster.leader(orders);
        cluster.all().forEach(node -> node.disk().leaveFree(0));
        List<VirtualCluster.Append> stuck = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            stuck.add(send(target(leader, orders), plain("x".repeat(9_000))));
        }
        cluster.run(NOTICED_MILLIS);
        assertEquals(SpaceLevel.FULL, level(leader));
        assertEquals(Reason.DISK_FULL, tryAppend(leader).refusal.reason());

        cluster.all().forEach(this::free);
        cluster.run(NOTICED_MILLIS + 2_000);

        VirtualCluster.Append after = cluster.append(orders, plain("after"));
        assertTrue(after.baseOffset > 0);
        assertTrue(stuck.stream().allMatch(VirtualCluster.Append::isAnswered));
        for (VirtualNode node : cluster.all()) {
            cluster.await(node.id() + " goes on", () -> marks(node, orders).highWatermark() == after.baseOffset + 1);
        }
    }

    @Test
    @DisplayName(
            "to the last byte, by somebody else, keeps nodes neither from voting nor from reading; whoever leads goes on later")
    void votesWithoutAnyRoom() {
        cluster.append(orders, plain("before"));
        VirtualNode dead = cluster.leader(orders);
        long generation = marks(dead, orders).generation();
        cluster.all().forEach(node -> node.disk().leaveFree(0));
        cluster.run(NOTICED_MILLIS);

        dead.kill();
        cluster.await("there is a leader of a later generation", () -> cluster.running().stream()
                .anyMatch(node -> node.api().view().localGroups().stream()
                        .anyMatch(group -> group.role() == ReplicaRole.LEADER && group.generation() > generation)));
        for (VirtualNode node : cluster.running()) {
            ReadSpec all =
                    new ReadSpec(new ReadSpec.From.Earliest(), OptionalLong.empty(), 0, false, ReadConsistency.LOCAL);
            assertEquals(1, cluster.read(node, orders, all).entries.size());
        }

        cluster.running().forEach(this::free);
        cluster.run(NOTICED_MILLIS + 2_000);
        assertEquals(1, cluster.append(orders, plain("after")).baseOffset);
    }

    @Test
    @DisplayName("at a majority stops appends at the leader that has room: what it took could not be committed")
    void majorityFull() {
        VirtualNode leader = cluster.leader(orders);
        List<VirtualNode> others =
                cluster.all().stream().filter(node -> node != leader).toList();
        others.forEach(this::fill);
        cluster.run(NOTICED_MILLIS);

        Refusal refusal = tryAppend(cluster.leader(orders)).refusal;

        assertEquals(Reason.DISK_FULL, refusal.reason());
        assertEquals(
                others.get(0).id().value() + "," + others.get(1).id().value(),
                refusal.metadata().get("full_nodes"));
        free(others.get(0));
        cluster.run(NOTICED_MILLIS);
        assertEquals(0, cluster.append(orders, plain("a majority has room")).baseOffset);
    }

    @Test
    @DisplayName(
            "to half the reserve at a follower makes it take no more records, which holds up nobody; later it catches up")
    void exhaustedFollower() {
        VirtualNode follower = cluster.follower(orders);
        follower.disk().leaveFree(CRITICAL / 2 - MIB);
        cluster.run(NOTICED_MILLIS);

        for (int i = 0; i < 5; i++) {
            assertEquals(i, cluster.append(orders, plain("x".repeat(10_000))).baseOffset);
        }
        cluster.run(1_000);
        assertEquals(0, marks(follower, orders).highWatermark());

        free(follower);
        cluster.await("it has caught up", () -> marks(follower, orders).highWatermark() == 5);
    }

    @Test
    @DisplayName(
            "at the only one that has all records does not keep it from leading: it must serve what nobody else has")
    void fullButNeeded() {
        VirtualNode full = cluster.leader(orders);
        VirtualNode behind = cluster.follower(orders);
        cluster.network().isolate(behind.id());
        cluster.append(orders, plain("the isolated one lacks this"));
        fill(full);
        cluster.run(NOTICED_MILLIS);
        cluster.running().stream()
                .filter(node -> node != full && node != behind)
                .forEach(VirtualNode::kill);
        cluster.run(3_000);

        cluster.network().heal(behind.id());

        assertEquals(full, cluster.leader(orders));
        assertEquals(1, cluster.read(full, orders, from(0)).entries.size());
        assertEquals(Reason.DISK_FULL, tryAppend(full).refusal.reason());
    }

    @Test
    @DisplayName("is full until there is clearly more than the watermark again, and is told as low first")
    void watermarks() {
        VirtualNode node = cluster.follower(orders);
        node.disk().leaveFree(VirtualCluster.DISK.lowFreeBytes() - MIB);
        cluster.run(NOTICED_MILLIS);
        assertEquals(SpaceLevel.LOW, level(node));

        fill(node);
        cluster.run(NOTICED_MILLIS);
        assertEquals(SpaceLevel.FULL, level(node));

        node.disk().leaveFree(CRITICAL + MIB);
        cluster.run(NOTICED_MILLIS);
        assertEquals(SpaceLevel.FULL, level(node), "a little more is not enough");

        node.disk().leaveFree(2 * CRITICAL);
        cluster.run(NOTICED_MILLIS);
        assertEquals(SpaceLevel.LOW, level(node));

        free(node);
        cluster.run(NOTICED_MILLIS);
        assertEquals(SpaceLevel.PLENTY, level(node));
    }

    @Test
    @DisplayName("is noticed before the next check when much is written")
    void noticedEarly() {
        VirtualCluster single = VirtualCluster.started(1);
        TopicPartition log = single.topic("log");
        VirtualNode node = single.node(1);
        single.run(NOTICED_MILLIS);
        node.disk().leaveFree(CRITICAL + 2 * MIB);

        int appended = 0;
        long before = single.nowMillis();
        while (single.append(log, plain("x".repeat(90_000))).refusal == null) {
            appended++;
        }

        assertTrue(appended * 90_000L < 2 * MIB + CRITICAL / 2, appended + " appended");
        assertTrue(single.nowMillis() - before < VirtualCluster.DISK.checkIntervalMillis(), "no check was due");
        assertTrue(single.tail(single.node(1), log) instanceof Result.Ok);
    }

    @Test
    @DisplayName("before a cluster is formed owes each node that asks meanwhile one answer, however often it has asked")
    void owesOneAnswer() {
        VirtualCluster forming = new VirtualCluster(3);
        VirtualNode full = forming.node(1);
        full.start();
        full.disk().leaveFree(0);
        List<PeerMessage.Standing> answered = new ArrayList<>();
        forming.network().tap((from, message) -> {
            if (from.equals(full.id()) && message instanceof PeerMessage.Standing standing) {
                answered.add(standing);
            }
        });
        forming.node(2).start();
        forming.run(60_000);
        assertEquals(List.of(), answered, "it promises to remember whom it has met, and cannot yet");

        free(full);
        forming.await("it has met node 2", () -> !answered.isEmpty());

        assertEquals(1, answered.size(), "at once, before node 2 asks again");
        forming.node(3).start();
        forming.awaitReady();
    }
}

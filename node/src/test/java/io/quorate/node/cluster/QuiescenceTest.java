/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.plain;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterView;
import io.quorate.node.api.Marks;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.seam.PeerMessage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Idle partitions rest, and")
class QuiescenceTest {
    private static final int AFTER_TICKS = 20;
    private static final int ELECTION_MILLIS =
            2 * VirtualCluster.RAFT.electionTimeoutTicks() * VirtualCluster.TICK_MILLIS;
    /** Leaderships have settled, and everything has had time to rest. */
    private static final int UNTIL_REST_MILLIS = 20_000;

    private final VirtualCluster cluster = new VirtualCluster(3, VirtualCluster.RAFT.quiescingAfter(AFTER_TICKS));
    private final List<PeerMessage> messages = new ArrayList<>();
    private TopicPartition partition;
    private VirtualNode leader;

    @BeforeEach
    void rest() {
        cluster.all().forEach(VirtualNode::start);
        cluster.awaitReady();
        cluster.create("orders", 6, 3, 0).value();
        partition = new TopicPartition("orders", 0);
        cluster.append(partition, plain("first"));
        cluster.run(UNTIL_REST_MILLIS);
        leader = cluster.leader(partition);
        cluster.run(5_000);
        cluster.network().tap((from, message) -> messages.add(message));
    }

    private List<PeerMessage> messagesOfGroups() {
        return messages.stream().filter(PeerMessage.ForGroup.class::isInstance).toList();
    }

    /** Longest time until an append is taken again after {@code loss}, in virtual ms. */
    private long millisWithoutLeader(Runnable loss) {
        long before = cluster.nowMillis();
        loss.run();
        cluster.await("another leader", () -> cluster.running().stream()
                .filter(node -> node != leader)
                .flatMap(node -> node.api().view().localGroups().stream())
                .anyMatch(group -> group.topic().equals("orders")
                        && group.partition() == 0
                        && group.role() == ClusterView.ReplicaRole.LEADER));
        return cluster.nowMillis() - before;
    }

    @Test
    @DisplayName("say nothing to each other, however many they are; nodes give one sign of life for all")
    void nothingIsSaid() {
        cluster.run(10_000);
        assertEquals(List.of(), messagesOfGroups());
        int signsPerSecond = 1_000 / (VirtualCluster.RAFT.electionTimeoutTicks() / 4 * VirtualCluster.TICK_MILLIS);
        int pairs = 6;
        assertTrue(messages.size() <= 10 * pairs * (signsPerSecond + 1), () -> messages.size() + " messages in 10 s");
        assertTrue(messages.size() >= 10 * pairs * signsPerSecond * 9 / 10, () -> messages.size() + " in 10 s");
    }

    @Test
    @DisplayName("nobody counts as silent, behind or down meanwhile")
    void nobodyIsSuspected() {
        cluster.run(10_000);
        ClusterView view = leader.api().view();
        assertTrue(view.nodes().stream().allMatch(ClusterView.NodeView::up));
        view.localGroups().stream().flatMap(group -> group.followers().stream()).forEach(follower -> {
            assertTrue(follower.silentMillis() <= ELECTION_MILLIS / 2, follower::toString);
            assertEquals(0, follower.lagEntries(), follower::toString);
        });
    }

    @Test
    @DisplayName("take an append as if they had not rested, in one round trip, and rest again")
    void appendsAtOnce() {
        long before = cluster.nowMillis();
        assertEquals(1, cluster.append(partition, plain("second")).baseOffset);
        assertTrue(cluster.nowMillis() - before < 50, () -> cluster.nowMillis() - before + " ms");
        cluster.run(5_000);
        messages.clear();
        cluster.run(1_000);
        assertEquals(List.of(), messagesOfGroups());
    }

    @Test
    @DisplayName("serve a linearizable read after asking a majority")
    void reads() {
        Result<Marks> tail = cluster.tail(leader, partition);
        assertEquals(1, ((Result.Ok<Marks>) tail).value().highWatermark());
        assertFalse(messagesOfGroups().isEmpty(), "time has passed that nobody counted: a majority is asked");
    }

    @Test
    @DisplayName(
            "serve a linearizable read on a follower after asking the leader, as if they had not rested, and rest again")
    void readsOfAFollower() {
        long before = cluster.nowMillis();
        VirtualCluster.Answer<Marks> tail = new VirtualCluster.Answer<>();
        cluster.follower(partition).api().tail(partition, ReadConsistency.LINEARIZABLE_ANY_REPLICA, tail::take);
        cluster.await("an answer", tail::isThere);
        assertEquals(1, tail.value().highWatermark());
        assertTrue(cluster.nowMillis() - before < 50, () -> cluster.nowMillis() - before + " ms");
        cluster.run(5_000);
        messages.clear();
        cluster.run(1_000);
        assertEquals(List.of(), messagesOfGroups());
    }

    @Test
    @DisplayName("have another leader soon when the connection to the node of the old one breaks")
    void leaderCrashes() {
        long millis = millisWithoutLeader(leader::crash);
        assertTrue(millis < ELECTION_MILLIS / 2, () -> millis + " ms");
        assertEquals(1, cluster.append(partition, plain("second")).baseOffset);
    }

    @Test
    @DisplayName("have another leader within two timeouts and an election when the node of the old one falls silent")
    void leaderIsCutOff() {
        long millis = millisWithoutLeader(() -> cluster.network().isolate(leader.id()));
        assertTrue(millis < ELECTION_MILLIS + ELECTION_MILLIS / 2, () -> millis + " ms");
    }

    @Test
    @DisplayName("a leader that is cut off steps down within a timeout, though nobody asks anything of it")
    void cutOffLeaderStepsDown() {
        cluster.network().isolate(leader.id());
        cluster.run(ELECTION_MILLIS);
        leader.api()
                .view()
                .localGroups()
                .forEach(group -> assertNotEquals(ClusterView.ReplicaRole.LEADER, group.role(), group::toString));
    }

    @Test
    @DisplayName("keep their leader when a follower's node restarts, which finds its way back")
    void followerRestarts() {
        long generation =
                ((Result.Ok<Marks>) cluster.tail(leader, partition)).value().generation();
        VirtualNode follower = cluster.follower(partition);
        follower.crash();
        cluster.run(2_000);
        follower.start();
        cluster.run(5_000);
        assertEquals(generation, cluster.append(partition, plain("second")).generation);
        cluster.run(1_000);
        assertEquals(2, VirtualCluster.marks(follower, partition).highWatermark());
    }

    @Test
    @DisplayName("keep their leader when all processes are stopped for a while and go on")
    void allPaused() {
        long generation =
                ((Result.Ok<Marks>) cluster.tail(leader, partition)).value().generation();
        cluster.run(3_000);
        cluster.pauseAll(30_000);
        cluster.run(3_000);
        assertEquals(generation, cluster.append(partition, plain("second")).generation);
    }

    @Test
    @DisplayName(
            "are handed over, without an election timeout, when the disk of their leader's node does not answer the writes"
                    + " of another partition")
    void diskHangs() {
        TopicPartition busy = new TopicPartition("orders", 1);
        for (int number = 1; number < 6; number++) {
            busy = new TopicPartition("orders", number);
            if (cluster.leader(busy) == leader) {
                break;
            }
        }
        int stallMillis = VirtualCluster.DISK.stallTimeoutTicks() * VirtualCluster.TICK_MILLIS;
        leader.hangDisk();
        VirtualCluster.send(VirtualCluster.target(leader, busy), plain("is never flushed"));
        long millis = millisWithoutLeader(() -> {});
        assertTrue(millis >= stallMillis, () -> millis + " ms");
        assertTrue(millis < stallMillis + 100, () -> millis + " ms");
    }
}

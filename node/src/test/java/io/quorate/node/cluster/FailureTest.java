/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.batch;
import static io.quorate.node.cluster.VirtualCluster.from;
import static io.quorate.node.cluster.VirtualCluster.marks;
import static io.quorate.node.cluster.VirtualCluster.plain;
import static io.quorate.node.cluster.VirtualCluster.refusalOf;
import static io.quorate.node.cluster.VirtualCluster.send;
import static io.quorate.node.cluster.VirtualCluster.target;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.api.TopicSettings;
import io.quorate.raft.log.Payload;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Three nodes of which some fail")
class FailureTest {
    private final VirtualCluster cluster = VirtualCluster.started(3);
    private final TopicPartition orders = cluster.topic("orders");

    private static final ReadSpec ALL_FROM_ANYWHERE =
            new ReadSpec(new ReadSpec.From.Earliest(), OptionalLong.empty(), 0, false, ReadConsistency.LOCAL);

    private static String othersThan(VirtualNode node) {
        return switch (node.id().value()) {
            case 1 -> "2,3";
            case 2 -> "1,3";
            default -> "1,2";
        };
    }

    @Test
    @DisplayName(
            "an isolated leader's appends are of unknown outcome, a new leader serves, and what only the old one had is gone")
    void isolatedLeader() {
        Payload kept = plain("kept");
        cluster.append(orders, kept);
        VirtualNode old = cluster.leader(orders);
        long generation = marks(old, orders).generation();
        AppendTarget target = target(old, orders);

        cluster.network().isolate(old.id());
        VirtualCluster.Append lost = send(target, plain("lost"));
        cluster.await("the old leader steps down", lost::isAnswered);

        assertEquals(Reason.LEADERSHIP_LOST, lost.refusal.reason());
        assertEquals(Reason.NO_QUORUM, afterTwoSeconds(old).reason());
        VirtualNode successor = cluster.leader(orders);
        assertNotSame(old, successor);
        assertTrue(marks(successor, orders).generation() > generation);
        Payload later = plain("later");
        assertEquals(1, cluster.append(orders, later).baseOffset, "the offset was never given away");

        cluster.network().heal(old.id());
        cluster.await("the old leader has caught up", () -> marks(old, orders).highWatermark() == 2);
        assertEquals(
                List.of(kept, later),
                cluster.read(old, orders, ALL_FROM_ANYWHERE).batches());
    }

    private Refusal afterTwoSeconds(VirtualNode node) {
        cluster.run(2_100);
        Refusal refusal = refusalOf(node.api().openAppend(orders, OptionalLong.empty()));
        assertEquals(othersThan(node), refusal.metadata().get("missing_nodes"));
        return refusal;
    }

    @Test
    @DisplayName("a target of a generation that is over says who leads now, and the old generation is fenced")
    void targetOfAnOldGeneration() {
        VirtualNode old = cluster.leader(orders);
        AppendTarget target = target(old, orders);
        cluster.network().isolate(old.id());
        cluster.await("it steps down", () -> cluster.leader(orders) != old);
        cluster.network().heal(old.id());
        VirtualNode successor = cluster.leader(orders);
        cluster.await(
                "the old leader follows",
                () -> marks(old, orders).leaderId() == successor.id().value());
        cluster.run(1);

        VirtualCluster.Append append = send(target, plain("late"));
        Refusal fenced = refusalOf(successor.api().openAppend(orders, OptionalLong.of(target.generation())));

        assertEquals(Reason.NOT_LEADER, append.refusal.reason());
        assertEquals(
                Integer.toString(successor.id().value()),
                append.refusal.metadata().get("leader_id"));
        assertEquals(Reason.FENCED, fenced.reason());
        assertEquals(
                Long.toString(marks(successor, orders).generation()),
                fenced.metadata().get("generation"));
    }

    @Test
    @DisplayName("a retry at the next leader is answered with the original offset")
    void retryAcrossFailover() {
        cluster.append(orders, plain("before"));
        Payload batch = batch(77, 0, 0, "a", "b");
        long original = cluster.append(orders, batch).baseOffset;

        cluster.leader(orders).kill();
        VirtualCluster.Append retry = cluster.append(orders, batch);

        assertEquals(original, retry.baseOffset);
        assertTrue(retry.duplicate);
        assertEquals(3, cluster.append(orders, batch(77, 0, 2, "c")).baseOffset);
    }

    @Test
    @DisplayName("after a power failure of all nodes topics, batches and producers are as before")
    void powerFailureOfAll() {
        Payload first = batch(77, 0, 0, "a", "b");
        Payload second = plain("c");
        cluster.append(orders, first);
        cluster.append(orders, second);
        long generation = marks(cluster.leader(orders), orders).generation();

        cluster.all().forEach(VirtualNode::crash);
        cluster.all().forEach(VirtualNode::start);
        cluster.awaitReady();

        VirtualNode leader = cluster.leader(orders);
        assertTrue(marks(leader, orders).generation() > generation);
        assertEquals(
                List.of(first, second), cluster.read(leader, orders, from(0)).batches());
        VirtualCluster.Append retry = cluster.append(orders, first);
        assertEquals(0, retry.baseOffset);
        assertTrue(retry.duplicate);
    }

    @Test
    @DisplayName("a log that is longer than memory is applied in pieces after a restart, and its duplicates are known")
    void longLogIsRecovered() {
        for (int i = 0; i < 60; i++) {
            assertEquals(i, cluster.append(orders, batch(78, 0, i, "x".repeat(40_000))).baseOffset);
        }

        cluster.all().forEach(VirtualNode::crash);
        cluster.all().forEach(VirtualNode::start);
        cluster.awaitReady();

        assertEquals(60, marks(cluster.leader(orders), orders).highWatermark());
        VirtualCluster.Append retry = cluster.append(orders, batch(78, 0, 3, "x".repeat(40_000)));
        assertEquals(3, retry.baseOffset);
        assertTrue(retry.duplicate);
    }

    @Test
    @DisplayName("a node that was away is fed from disk what its peers no longer have in memory")
    void laggardIsFed() {
        VirtualNode away = cluster.follower(orders);
        away.kill();
        for (int i = 0; i < 30; i++) {
            cluster.append(orders, plain("x".repeat(40_000)));
        }

        away.start();

        cluster.await(
                "it has caught up",
                () -> away.api().isReady()
                        && VirtualCluster.localTail(away, orders) instanceof Result.Ok
                        && marks(away, orders).highWatermark() == 30);
    }

    @Test
    @DisplayName("without a majority, appends and changes of topics name the nodes that are missing")
    void noMajority() {
        VirtualNode survivor = cluster.metadataLeader();
        cluster.all().stream().filter(node -> node != survivor).forEach(VirtualNode::kill);
        cluster.run(3_000);

        Refusal append = refusalOf(survivor.api().openAppend(orders, OptionalLong.empty()));
        VirtualCluster.Answer<ClusterView.TopicView> create = new VirtualCluster.Answer<>();
        survivor.api().createTopic("more", 1, 1, TopicSettings.DEFAULT, create::take);

        assertEquals(Reason.NO_QUORUM, append.reason());
        assertEquals(othersThan(survivor), append.metadata().get("missing_nodes"));
        assertTrue(append.retryAfterMillis() > 0);
        assertEquals(Reason.NO_QUORUM, create.refusal().reason());
        assertEquals(othersThan(survivor), create.refusal().metadata().get("missing_nodes"));
    }

    @Test
    @DisplayName("the nodes that are down show as down, with the time since they were heard of")
    void livenessInTheView() {
        VirtualNode observer = cluster.node(1);
        cluster.node(3).kill();
        cluster.run(500);

        List<ClusterView.NodeView> nodes = observer.api().view().nodes();

        assertEquals(
                List.of(true, true, false),
                nodes.stream().map(ClusterView.NodeView::up).toList());
        assertEquals(OptionalLong.of(0), nodes.get(0).lastContactMillis());
        assertTrue(nodes.get(2).lastContactMillis().orElseThrow() >= 400);
        assertEquals("client-3:74", nodes.get(2).clientAddress(), "still known");
    }

    @Test
    @DisplayName("a failed flush ends that replica for good, and nothing else on the node")
    void failedFlush() {
        TopicPartition payments = cluster.topic("payments");
        VirtualNode broken = cluster.leader(orders);
        long group = broken.api().topic("orders") instanceof Result.Ok<ClusterView.TopicView> topic
                ? topic.value().partitions().get(0).groupId()
                : -1;
        broken.disk()
                .inject(SimulatedDisk.Operation.FORCE, path -> path.toString().contains("groups/" + group + "/"));

        VirtualCluster.Append append = send(target(broken, orders), plain("lost"));
        cluster.await("an answer", append::isAnswered);

        assertEquals(Reason.LEADERSHIP_LOST, append.refusal.reason());
        broken.disk().heal();
        Refusal later = refusalOf(broken.api().openAppend(orders, OptionalLong.empty()));
        assertEquals(Reason.REPLICA_FAILED, later.reason(), "not even when the disk is well again");
        ClusterView.GroupView view = broken.api().view().localGroups().stream()
                .filter(candidate -> candidate.groupId() == group)
                .findFirst()
                .orElseThrow();
        assertEquals(ClusterView.ReplicaRole.FAILED, view.role());
        assertFalse(view.failure().isEmpty());
        assertNotSame(broken, cluster.leader(orders));
        assertEquals(0, cluster.append(payments, plain("fine")).baseOffset);
        cluster.await(
                "the node's other replica goes on",
                () -> marks(broken, payments).highWatermark() == 1);
    }

    @Test
    @DisplayName("a node that is stopped refuses, lets its directory go and can start again")
    void stopAndStart() {
        cluster.append(orders, plain("a"));
        VirtualNode node = cluster.follower(orders);
        AtomicBoolean stopped = new AtomicBoolean();

        node.runtime().stop(() -> stopped.set(true));
        assertEquals(
                Reason.SHUTTING_DOWN,
                refusalOf(node.api().openAppend(orders, OptionalLong.empty())).reason());
        cluster.await("it has stopped", stopped::get);

        node.start();
        cluster.await(
                "it serves again",
                () -> node.api().isReady()
                        && VirtualCluster.localTail(node, orders) instanceof Result.Ok
                        && marks(node, orders).highWatermark() == 1);
    }

    @Test
    @DisplayName("a leader that is stopped tells those who wait that the outcome is unknown")
    void stoppedLeader() {
        VirtualNode leader = cluster.leader(orders);
        VirtualCluster.Append append = send(target(leader, orders), plain("a"));

        leader.runtime().stop(() -> {});

        assertEquals(Reason.LEADERSHIP_LOST, append.refusal.reason());
        assertEquals(
                Reason.SHUTTING_DOWN,
                refusalOf(leader.api().openAppend(orders, OptionalLong.empty())).reason());
    }
}

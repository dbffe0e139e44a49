/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.from;
import static io.quorate.node.cluster.VirtualCluster.plain;
import static io.quorate.node.cluster.VirtualCluster.refusalOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterView;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A topic that was deleted and created again under its name")
class TopicIncarnationTest {
    private final VirtualCluster cluster = VirtualCluster.started(3);

    private static TopicPartition partition(ClusterView.TopicView topic, int number) {
        return new TopicPartition(
                topic.name(), number, topic.partitions().get(number).groupId());
    }

    /** What the node answers to every kind of request for the partition. */
    private static List<Result<?>> answers(VirtualNode node, TopicPartition partition) {
        return List.of(
                node.api().openAppend(partition, OptionalLong.empty()),
                node.api().read(partition, from(0), new VirtualCluster.Collected()),
                VirtualCluster.localTail(node, partition));
    }

    private static void assertRefused(Reason reason, VirtualNode node, TopicPartition partition) {
        for (Result<?> answer : answers(node, partition)) {
            assertEquals(reason, refusalOf(answer).reason(), answer.toString());
        }
    }

    @Test
    @DisplayName("refuses who means the former one, and serves who means the new one or does not say")
    void formerAndNew() {
        TopicPartition former = partition(cluster.create("orders", 1, 3, 0).value(), 0);
        assertEquals(0, cluster.append(former, plain("a")).baseOffset);
        cluster.delete("orders").value();
        TopicPartition current = partition(cluster.create("orders", 1, 3, 0).value(), 0);
        VirtualNode leader = cluster.leader(current);

        assertRefused(Reason.TOPIC_RECREATED, leader, former);

        Refusal refusal = refusalOf(cluster.tail(leader, former));
        assertEquals("orders", refusal.metadata().get("topic"));
        assertEquals(Long.toString(current.groupId()), refusal.metadata().get("group_id"));
        assertTrue(refusal.retryAfterMillis() < 0, "trying again is of no use");
        assertEquals(0, cluster.append(current, plain("b")).baseOffset);
        assertEquals(1, cluster.append(new TopicPartition("orders", 0), plain("c")).baseOffset);
    }

    @Test
    @DisplayName("is not served from the former one by a node that has heard of neither end nor beginning")
    void laggingNode() {
        ClusterView.TopicView topic = cluster.create("solo", 1, 1, 0).value();
        TopicPartition former = partition(topic, 0);
        cluster.append(former, plain("a"));
        VirtualNode holder = cluster.node(topic.partitions().get(0).replicas().get(0));
        cluster.network().isolate(holder.id());
        cluster.await("another metadata leader", () -> cluster.metadataLeader() != holder);
        cluster.delete("solo").value();
        TopicPartition current = partition(cluster.create("solo", 1, 1, 0).value(), 0);

        assertRefused(Reason.NO_LEADER, holder, current);

        assertTrue(refusalOf(VirtualCluster.localTail(holder, current)).retryAfterMillis() >= 0, "it will hear of it");
        assertInstanceOf(Result.Ok.class, cluster.tail(holder, former), "the former one is all it knows");
        cluster.network().heal(holder.id());
        cluster.await(
                "the node hears of it",
                () -> cluster.tail(holder, former) instanceof Result.Refused<?> refused
                        && refused.refusal().reason() == Reason.TOPIC_RECREATED);
        assertEquals(0, cluster.append(current, plain("b")).baseOffset);
    }

    @Test
    @DisplayName("is unknown between its end and its beginning")
    void between() {
        TopicPartition former = partition(cluster.create("orders", 1, 3, 0).value(), 0);
        cluster.delete("orders").value();

        assertRefused(Reason.UNKNOWN_TOPIC, cluster.metadataLeader(), former);
    }

    @Test
    @DisplayName("is not deleted by a request to delete the former one that comes late")
    void lateDeletion() {
        long former = partition(cluster.create("orders", 1, 3, 0).value(), 0).groupId();
        assertTrue(cluster.delete("orders", former).value());
        TopicPartition current = partition(cluster.create("orders", 1, 3, 0).value(), 0);

        Refusal late = cluster.delete("orders", former).refusal();

        assertEquals(Reason.TOPIC_RECREATED, late.reason());
        assertEquals(Long.toString(current.groupId()), late.metadata().get("group_id"));
        assertEquals(0, cluster.append(current, plain("b")).baseOffset);
        assertEquals(
                Reason.INVALID_ARGUMENT,
                cluster.delete("orders", current.groupId() + 1).refusal().reason());
        assertTrue(cluster.delete("orders", current.groupId()).value());
    }

    @Test
    @DisplayName("is no business of a group that was never one of its own")
    void otherPartitionsGroup() {
        ClusterView.TopicView topic = cluster.create("orders", 2, 3, 0).value();
        TopicPartition mixedUp =
                new TopicPartition("orders", 0, topic.partitions().get(1).groupId());

        assertRefused(Reason.INVALID_ARGUMENT, cluster.metadataLeader(), mixedUp);

        Refusal refusal = refusalOf(VirtualCluster.localTail(cluster.metadataLeader(), mixedUp));
        assertEquals("group_id", refusal.metadata().get("field"));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.plain;
import static io.quorate.node.cluster.VirtualCluster.refusalOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterView;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.api.TopicSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Creating, altering and deleting topics")
class TopicsTest {
    private final VirtualCluster cluster = VirtualCluster.started(3);

    @Test
    @DisplayName("zero asks for one partition, three replicas and the cluster's batch limit")
    void defaults() {
        ClusterView.TopicView topic = cluster.create("orders", 0, 0, 0).value();

        assertEquals(1, topic.partitions().size());
        assertEquals(3, topic.replicationFactor());
        assertEquals(VirtualCluster.MAX_BATCH_BYTES, topic.settings().maxBatchBytes());
        assertEquals(3, topic.partitions().get(0).replicas().size());
    }

    @Test
    @DisplayName("replicas and preferred leaders are spread evenly, and every node learns every leader")
    void spreadEvenly() {
        ClusterView.TopicView topic = cluster.create("orders", 6, 3, 0).value();

        Map<Integer, Integer> firsts = new TreeMap<>();
        topic.partitions()
                .forEach(partition -> firsts.merge(partition.replicas().get(0), 1, Integer::sum));
        assertEquals(List.of(2, 2, 2), new ArrayList<>(firsts.values()));
        cluster.await("all nodes know all leaders", () -> cluster.all().stream()
                .allMatch(node -> node.api().topic("orders") instanceof Result.Ok<ClusterView.TopicView> known
                        && known.value().partitions().stream()
                                .allMatch(partition -> partition.leaderId() > 0 && partition.generation() > 0)));
        assertEquals(
                cluster.node(1).api().view().topics(),
                cluster.node(2).api().view().topics(),
                "and agree on them");
    }

    @Test
    @DisplayName("a node that does not lead the metadata group says who does and where")
    void notTheLeader() {
        VirtualNode leader = cluster.metadataLeader();
        VirtualNode other = cluster.all().stream()
                .filter(node -> node != leader)
                .findFirst()
                .orElseThrow();
        VirtualCluster.Answer<ClusterView.TopicView> answer = new VirtualCluster.Answer<>();

        other.api().createTopic("orders", 1, 3, TopicSettings.DEFAULT, answer::take);

        assertEquals(Reason.NOT_LEADER, answer.refusal().reason());
        assertEquals(
                Integer.toString(leader.id().value()),
                answer.refusal().metadata().get("leader_id"));
        assertEquals(
                "client-" + leader.id().value() + ":74",
                answer.refusal().metadata().get("leader_address"));
        assertTrue(answer.refusal().metadata().containsKey("generation"));
    }

    @ParameterizedTest(name = "\"{0}\"")
    @CsvSource({"''", ".", "..", "a/b", "a b", "grün", "'a\nb'", "../../etc"})
    @DisplayName("a bad name is refused with the rule")
    void badNames(String name) {
        Refusal refusal = cluster.create(name, 1, 3, 0).refusal();

        assertEquals(Reason.INVALID_ARGUMENT, refusal.reason());
        assertEquals(Map.of("field", "topic"), refusal.metadata());
        assertTrue(refusal.message().contains("[A-Za-z0-9._-]"), refusal.message());
    }

    @ParameterizedTest(name = "{0} partitions, {1} replicas, batches of {2}: {3} {4}")
    @CsvSource({
        "1001, 3, 0,       INVALID_ARGUMENT, partitions",
        "-1,   3, 0,       INVALID_ARGUMENT, partitions",
        "1,    2, 0,       INVALID_ARGUMENT, replication_factor",
        "1,   -1, 0,       INVALID_ARGUMENT, replication_factor",
        "1,    5, 0,       NOT_ENOUGH_NODES,",
        "1,    3, 100001,  INVALID_ARGUMENT, max_batch_bytes",
        "1,    3, -5,      INVALID_ARGUMENT, max_batch_bytes"
    })
    @DisplayName("limits are named with the field that broke them")
    void limits(int partitions, int replicationFactor, int maxBatchBytes, Reason reason, String field) {
        Refusal refusal = cluster.create("orders", partitions, replicationFactor, maxBatchBytes)
                .refusal();

        assertEquals(reason, refusal.reason(), refusal.message());
        assertEquals(field, refusal.metadata().get("field"));
    }

    @Test
    @DisplayName("all topics together have a limit too")
    void limitOfAllPartitions() {
        for (int i = 0; i < 4; i++) {
            cluster.create("t" + i, 1000, 1, 0).value();
        }

        Refusal refusal = cluster.create("one-more", 1, 1, 0).refusal();

        assertEquals(Reason.INVALID_ARGUMENT, refusal.reason());
        assertTrue(refusal.message().contains("4000"), refusal.message());
    }

    @Test
    @DisplayName("of two creations of one name under way, the second is refused")
    void createdTwice() {
        VirtualNode leader = cluster.metadataLeader();
        VirtualCluster.Answer<ClusterView.TopicView> first = new VirtualCluster.Answer<>();
        VirtualCluster.Answer<ClusterView.TopicView> second = new VirtualCluster.Answer<>();

        leader.api().createTopic("orders", 1, 3, TopicSettings.DEFAULT, first::take);
        leader.api().createTopic("orders", 2, 3, TopicSettings.DEFAULT, second::take);
        cluster.await("both answers", () -> first.isThere() && second.isThere());

        assertEquals(1, first.value().partitions().size());
        assertEquals(Reason.TOPIC_EXISTS, second.refusal().reason());
        assertEquals(
                Reason.TOPIC_EXISTS, cluster.create("orders", 1, 3, 0).refusal().reason());
    }

    @Test
    @DisplayName("a topic can get more partitions, not fewer, and they serve at once")
    void growing() {
        TopicPartition first = cluster.topic("orders");
        cluster.append(first, plain("a"));

        ClusterView.TopicView grown =
                cluster.alter("orders", TopicSettings.Change.NONE, 3).value();
        Refusal shrunk = cluster.alter("orders", TopicSettings.Change.NONE, 2).refusal();

        assertEquals(3, grown.partitions().size());
        assertEquals(Reason.INVALID_ARGUMENT, shrunk.reason());
        assertEquals(0, cluster.append(new TopicPartition("orders", 2), plain("b")).baseOffset);
        assertEquals(1, cluster.append(first, plain("c")).baseOffset);
    }

    @Test
    @DisplayName("a new batch limit holds from then on, for targets that are open too")
    void newBatchLimit() {
        TopicPartition orders = cluster.topic("orders");
        cluster.append(orders, plain("x".repeat(2_000)));

        assertEquals(
                1_000,
                cluster.alter("orders", TopicSettings.Change.ofMaxBatchBytes(1_000), 0)
                        .value()
                        .settings()
                        .maxBatchBytes());
        cluster.await(
                "the leader knows",
                () -> cluster.leader(orders)
                                .api()
                                .view()
                                .topics()
                                .get(0)
                                .settings()
                                .maxBatchBytes()
                        == 1_000);

        Refusal refusal = cluster.append(orders, plain("x".repeat(2_000))).refusal;
        assertEquals(Reason.RECORD_TOO_LARGE, refusal.reason());
        assertEquals("1000", refusal.metadata().get("limit_bytes"));
    }

    @Test
    @DisplayName(
            "a deleted topic is unknown, its logs are removed, and a new one of the same name starts empty in a new group")
    void deletion() {
        TopicPartition orders = cluster.topic("orders");
        cluster.append(orders, plain("a"));

        assertTrue(cluster.delete("orders").value());
        cluster.await("all logs are gone", () -> cluster.all().stream()
                .noneMatch(node -> node.disk().list(Path.of("/data/groups")).contains("1")
                        && !node.disk().list(Path.of("/data/groups/1")).isEmpty()));
        assertEquals(
                Reason.UNKNOWN_TOPIC,
                refusalOf(cluster.node(1).api().topic("orders")).reason());
        assertEquals(Reason.UNKNOWN_TOPIC, cluster.delete("orders").refusal().reason());

        assertEquals(
                2, cluster.create("orders", 1, 3, 0).value().partitions().get(0).groupId());
        assertEquals(0, cluster.append(orders, plain("b")).baseOffset);
        cluster.all().forEach(VirtualNode::crash);
        cluster.all().forEach(VirtualNode::start);
        cluster.awaitReady();
        assertEquals(1, cluster.append(orders, plain("c")).baseOffset);
        assertFalse(cluster.node(1).disk().list(Path.of("/data/groups")).contains("3"));
    }

    @Test
    @DisplayName("topics that not all nodes hold are served by those who do, and the others point there")
    void notHeldByAll() {
        ClusterView.TopicView topic = cluster.create("solo", 1, 1, 0).value();
        TopicPartition solo = new TopicPartition("solo", 0);
        int holder = topic.partitions().get(0).replicas().get(0);
        VirtualNode other = cluster.node(holder == 1 ? 2 : 1);

        assertEquals(0, cluster.append(solo, plain("a")).baseOffset);
        cluster.await("gossip", () -> refusalOf(cluster.tail(other, solo)).reason() == Reason.NOT_LEADER);

        assertEquals(
                Integer.toString(holder),
                refusalOf(cluster.tail(other, solo)).metadata().get("leader_id"));
    }

    @Test
    @DisplayName("nodes are registered with their addresses")
    void registration() {
        cluster.run(2_500);

        assertEquals(
                List.of("client-1:74", "client-2:74", "client-3:74"),
                cluster.node(1).api().view().nodes().stream()
                        .map(ClusterView.NodeView::clientAddress)
                        .toList());
    }
}

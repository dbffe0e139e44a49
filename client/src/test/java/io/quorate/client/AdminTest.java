/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.quorate.client.Admin.NodeAnswer;
import io.quorate.client.QuorateException.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("An administrator")
@Timeout(120)
class AdminTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private FakeCluster cluster;
    private QuorateClient client;

    @BeforeEach
    void start() {
        cluster = new FakeCluster(3, 2);
        connect(PATIENCE, 1, 2, 3);
    }

    private void connect(Duration timeout, int... nodes) {
        if (client != null) {
            client.close();
        }
        client = QuorateClient.connect(new ClientConfig(
                HostAndPort.parseUri(cluster.uri(nodes)), timeout, Duration.ofMillis(5), Duration.ofMillis(50)));
    }

    @AfterEach
    void close() {
        client.close();
        cluster.close();
    }

    private void refuseOnAll(String reason, String message, int times) {
        synchronized (cluster) {
            for (FakeNode node : cluster.nodes) {
                for (int i = 0; i < times; i++) {
                    node.refusals.add(FakeCluster.refusal(Status.Code.UNAVAILABLE, reason, message, Map.of()));
                }
            }
        }
    }

    @Test
    @DisplayName("creates a topic at the metadata leader, through any node")
    void create() {
        cluster.topicExists = false;
        cluster.metadataLeader = 3;
        connect(PATIENCE, 2);

        Admin.TopicInfo topic = client.admin().createTopic(FakeCluster.TOPIC, 2, 3);

        assertEquals(FakeCluster.TOPIC, topic.name());
        assertEquals(2, topic.partitions().size());
        assertEquals(
                1, cluster.requests.stream().filter("CreateTopic@3"::equals).count());
    }

    @Test
    @DisplayName("follows the redirection of a metadata leader that is none any more")
    void redirected() {
        client.admin().describeCluster();
        cluster.topicExists = false;
        cluster.metadataLeader = 2;

        client.admin().createTopic(FakeCluster.TOPIC, 2, 3);

        assertTrue(
                cluster.requests.containsAll(List.of("CreateTopic@1", "CreateTopic@2")), cluster.requests.toString());
    }

    @Test
    @DisplayName("is told at once that a topic exists already")
    void exists() {
        QuorateException error =
                assertThrows(QuorateException.class, () -> client.admin().createTopic(FakeCluster.TOPIC, 2, 3));

        assertEquals("TOPIC_EXISTS", error.reason());
        assertEquals(Outcome.NOT_APPLIED, error.outcome());
        assertFalse(error.isRetriable());
    }

    @Test
    @DisplayName("whose creation got lost on the way back takes the topic that exists now for its own")
    void ambiguousCreation() {
        client.admin().describeCluster();
        synchronized (cluster) {
            cluster.node(1)
                    .refusals
                    .add(Status.UNAVAILABLE.withDescription("lost").asRuntimeException());
        }

        Admin.TopicInfo topic = client.admin().createTopic(FakeCluster.TOPIC, 2, 3);

        assertEquals(2, topic.partitions().size());
    }

    @Test
    @DisplayName("waits for a majority, and succeeds when there is one in time")
    void waitsForMajority() {
        client.admin().describeCluster();
        cluster.topicExists = false;
        refuseOnAll("NO_QUORUM", "nodes 2, 3 do not answer", 3);

        assertEquals(
                2,
                client.admin().createTopic(FakeCluster.TOPIC, 2, 3).partitions().size());
    }

    @Test
    @DisplayName("is told which nodes are missing when there is no majority in time")
    void noMajority() {
        connect(Duration.ofSeconds(3), 1, 2, 3);
        client.admin().describeCluster();
        refuseOnAll("NO_QUORUM", "nodes 2, 3 do not answer", 10_000);

        QuorateException error =
                assertThrows(QuorateException.class, () -> client.admin().createTopic("another", 1, 1));

        assertEquals("NO_QUORUM", error.reason());
        assertTrue(error.getMessage().contains("nodes 2, 3 do not answer"), error.getMessage());
        assertTrue(error.isRetriable());
    }

    @Test
    @DisplayName("that reaches nobody is told which addresses were tried and why they failed")
    void unreachable() {
        // Time enough to be refused on a busy machine, too: else it is the deadline that is told.
        connect(Duration.ofSeconds(2), 1, 2);
        cluster.nodes.forEach(FakeNode::kill);

        QuorateException error =
                assertThrows(QuorateException.class, () -> client.admin().listTopics());

        assertEquals("UNAVAILABLE", error.reason());
        assertEquals(Outcome.NOT_APPLIED, error.outcome());
        assertTrue(error.getMessage().contains(cluster.node(1).address()), error.getMessage());
        assertTrue(error.getMessage().contains(cluster.node(2).address()), error.getMessage());
        assertTrue(error.getMessage().contains("onnection refused"), error.getMessage());
    }

    @Test
    @DisplayName("sees what every node says for itself, and why one says nothing")
    void describeNodes() {
        connect(PATIENCE, 1);
        // The very first answer of a process takes its time; then a node that takes long counts as silent.
        client.admin().describeCluster();
        cluster.node(3).kill();

        List<NodeAnswer> answers = client.admin().describeNodes();

        assertEquals(3, answers.size(), answers.toString());
        NodeAnswer dead = answers.stream()
                .filter(answer -> answer.address().equals(cluster.node(3).address()))
                .findFirst()
                .orElseThrow();
        assertEquals(3, dead.nodeId());
        assertTrue(dead.error().orElseThrow().getMessage().contains("onnection refused"));
        assertEquals(
                List.of(1, 2),
                answers.stream()
                        .flatMap(answer -> answer.view().stream())
                        .map(Admin.ClusterInfo::answeringNode)
                        .toList());
    }

    @Test
    @DisplayName("asks one node by its address")
    void describeOne() {
        assertEquals(
                2, client.admin().describeCluster(cluster.node(2).address()).answeringNode());
        cluster.node(2).kill();
        assertThrows(QuorateException.class, () -> client.admin()
                .describeCluster(cluster.node(2).address()));
    }

    @Test
    @DisplayName("learns the tail from the partition's leader")
    void tail() {
        cluster.partitions.get(1).nextOffset = 42;
        cluster.partitions.get(1).lowWatermark = 7;

        assertEquals(new Admin.TailInfo(7, 42, 1), client.admin().tail(FakeCluster.TOPIC, 1));
        assertTrue(cluster.requests.contains("GetTail@2"), cluster.requests.toString());
    }

    @Test
    @DisplayName("learns from the partition's leader what was appended since a time")
    void findOffset() {
        cluster.partitions.get(1).nextOffset = 42;
        cluster.partitions.get(1).offsetsByTime.put(5_000L, 17L);

        assertEquals(17, client.admin().findOffset(FakeCluster.TOPIC, 1, Instant.ofEpochMilli(4_999)));
        assertEquals(42, client.admin().findOffset(FakeCluster.TOPIC, 1, Instant.ofEpochMilli(5_001)));
        assertThrows(QuorateException.class, () -> client.admin()
                .findOffset(FakeCluster.TOPIC, 1, Instant.ofEpochMilli(-1)));
    }

    @Test
    @DisplayName("is not held up by a node that hangs")
    void hangingNode() {
        synchronized (cluster) {
            cluster.node(1).mute = true;
        }
        cluster.metadataLeader = 2;

        assertEquals(
                FakeCluster.TOPIC,
                client.admin().describeTopic(FakeCluster.TOPIC).name());
    }

    @Test
    @DisplayName("deletes a topic, and is told when there is none")
    void delete() {
        client.admin().deleteTopic(FakeCluster.TOPIC);

        QuorateException error =
                assertThrows(QuorateException.class, () -> client.admin().describeTopic(FakeCluster.TOPIC));
        assertEquals("UNKNOWN_TOPIC", error.reason());
    }

    @Test
    @DisplayName("whose alteration has to be repeated never alters a topic that was created again meanwhile")
    void alteredAgain() throws Exception {
        refuseOnAll("NO_QUORUM", "nodes 2, 3 do not answer", 10_000);
        CompletableFuture<Admin.TopicInfo> alteration =
                CompletableFuture.supplyAsync(() -> client.admin().alterTopic(FakeCluster.TOPIC, 0, TopicOptions.NONE));
        cluster.awaitRequests("AlterTopic@1", 1);

        cluster.recreate(0, 9, 2);
        synchronized (cluster) {
            cluster.nodes.forEach(node -> node.refusals.clear());
        }

        ExecutionException failed =
                assertThrows(ExecutionException.class, () -> alteration.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        assertEquals(
                "TOPIC_RECREATED",
                assertInstanceOf(QuorateException.class, failed.getCause()).reason());
    }

    @Test
    @DisplayName("cannot use a client that was closed")
    void closed() {
        client.close();
        assertThrows(IllegalStateException.class, () -> client.admin());
    }
}

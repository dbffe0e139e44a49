/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.quorate.client.AppendResult;
import io.quorate.client.QuorateClient;
import io.quorate.v1.Group;
import io.quorate.v1.ReplicaRole;
import java.time.Duration;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.utility.DockerImageName;

/** The image that users run, through the client that they use, with the faults that a container engine can make. */
@DisplayName("A cluster of three containers")
@Timeout(300)
class ContainerClusterTest {
    private static final String TOPIC = "orders";
    private static final Duration FAILOVER = Duration.ofSeconds(30);
    private static final Duration REJOIN = Duration.ofSeconds(60);

    private DockerImageName image;

    /** Not once for all: an assumption that fails before all tests leaves no trace in the reports. */
    @BeforeEach
    void dockerAndImage() {
        DockerEngine.require();
        image = NodeImage.require();
    }

    /**
     * The leader of a partition loses its peers, but not its clients, while a producer writes. The others elect a leader
     * in a newer generation and the producer goes on by itself; the old leader acknowledges nothing any more. Back among
     * its peers it follows: with the new leader frozen, nothing can be acknowledged without it.
     */
    @Test
    @DisplayName(
            "fences a leader that lost its peers, goes on without it, takes it back, and loses and doubles nothing")
    void leaderLosesItsPeers() {
        try (ContainerCluster cluster = new ContainerCluster(image)) {
            cluster.start();
            try (QuorateClient client = QuorateClient.connect(cluster.bootstrapUri())) {
                client.admin().createTopic(TOPIC, 1, 3);
                try (NumberedWorkload workload = new NumberedWorkload(client, TOPIC)) {
                    AppendResult first = workload.awaitAcknowledgement(any -> true, FAILOVER);
                    int oldLeader = leader(client);

                    cluster.cutOffFromPeers(oldLeader);
                    AppendResult second = workload.awaitAcknowledgement(newerThan(first), FAILOVER);
                    int newLeader = leaderAsSeenBy(cluster, otherThan(oldLeader));
                    assertNotEquals(oldLeader, newLeader);
                    try (RawNode isolated = new RawNode(cluster.port(oldLeader));
                            RawNode elected = new RawNode(cluster.port(newLeader))) {
                        assertAcknowledgesNothing(isolated, first.generation());
                        assertFenced(elected, first.generation(), second.generation());
                    }

                    cluster.joinPeers(oldLeader);
                    try (RawNode returned = new RawNode(cluster.port(oldLeader))) {
                        // A local read that follows the log ends when this replica has what it missed.
                        returned.awaitRecord(TOPIC, second.offset(), REJOIN);
                        Group replica = returned.replica(TOPIC);
                        assertEquals(ReplicaRole.REPLICA_ROLE_FOLLOWER, replica.getRole());
                        assertTrue(replica.getGeneration() >= second.generation());
                        assertFenced(returned, first.generation(), second.generation());
                    }

                    cluster.pause(newLeader);
                    AppendResult third = workload.awaitAcknowledgement(newerThan(second), FAILOVER);
                    cluster.unpause(newLeader);
                    try (RawNode thawed = new RawNode(cluster.port(newLeader))) {
                        thawed.awaitRecord(TOPIC, third.offset(), REJOIN);
                        assertFenced(thawed, second.generation(), third.generation());
                    }

                    workload.stop(FAILOVER);
                    workload.verify();
                }
            }
        }
    }

    private static Predicate<AppendResult> newerThan(AppendResult earlier) {
        return result -> result.generation() > earlier.generation();
    }

    private static int leader(QuorateClient client) {
        return client.admin().describeTopic(TOPIC).partitions().get(0).leaderId();
    }

    private static int leaderAsSeenBy(ContainerCluster cluster, int node) {
        try (RawNode witness = new RawNode(cluster.port(node))) {
            return witness.replica(TOPIC).getLeaderId();
        }
    }

    private static int otherThan(int node) {
        return node == 1 ? 2 : 1;
    }

    /** It may still believe that it leads; what it is given must not be acknowledged. */
    private static void assertAcknowledgesNothing(RawNode node, long generation) {
        assertThrows(
                StatusRuntimeException.class,
                () -> node.append(TOPIC, generation, ByteString.copyFromUtf8("split brain"), Duration.ofSeconds(3)));
    }

    private static void assertFenced(RawNode node, long oldGeneration, long atLeast) {
        RawNode.RefusedSession refused = node.openAppendSession(TOPIC, oldGeneration);
        assertEquals("FENCED", refused.reason(), refused::message);
        assertTrue(refused.generation() >= atLeast, refused::message);
    }
}

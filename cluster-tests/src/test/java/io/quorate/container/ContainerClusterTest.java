/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.container;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.quorate.client.AppendResult;
import io.quorate.client.QuorateClient;
import io.quorate.v1.Group;
import io.quorate.v1.ReplicaRole;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.utility.DockerImageName;

/** The image that users run, through the client that they use, with the faults that a container engine can make. */
@DisplayName("A cluster of three containers")
@Timeout(600)
class ContainerClusterTest {
    private static final String TOPIC = "orders";
    private static final Duration FAILOVER = Duration.ofSeconds(60);
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
     * its peers it follows: with one of the others frozen, nothing can be acknowledged without it.
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
                    AppendResult before = workload.awaitProgress(FAILOVER);
                    int oldLeader = client.admin()
                            .describeTopic(TOPIC)
                            .partitions()
                            .get(0)
                            .leaderId();

                    cluster.cutOffFromPeers(oldLeader);
                    AppendResult after = workload.awaitNewerGeneration(before.generation(), FAILOVER);
                    assertAcknowledgesNothing(cluster, oldLeader, before.generation());
                    assertFenced(cluster, before.generation(), after.generation());

                    cluster.joinPeers(oldLeader);
                    assertFollowsAgain(cluster, oldLeader, before, after);
                    int frozen = oldLeader % ContainerCluster.NODES + 1;
                    cluster.pause(frozen);
                    AppendResult withOldLeader = workload.awaitProgress(FAILOVER);
                    cluster.unpause(frozen);
                    awaitReplica(cluster, frozen, withOldLeader);

                    workload.stop(FAILOVER);
                    workload.verify();
                }
            }
        }
    }

    /** The old leader may still believe that it leads; what it is given must not be acknowledged. */
    private static void assertAcknowledgesNothing(ContainerCluster cluster, int oldLeader, long generation) {
        try (RawNode isolated = new RawNode(cluster.port(oldLeader))) {
            assertThrows(
                    StatusRuntimeException.class,
                    () -> isolated.append(
                            TOPIC, generation, ByteString.copyFromUtf8("split brain"), Duration.ofSeconds(3)));
        }
    }

    /** Wherever the partition is led now: a session of the old generation is refused with the newer one. */
    private static void assertFenced(ContainerCluster cluster, long oldGeneration, long atLeast) {
        List<RawNode.RefusedSession> refusals = new ArrayList<>();
        long deadline = System.nanoTime() + FAILOVER.toNanos();
        while (System.nanoTime() < deadline) {
            for (int node = 1; node <= ContainerCluster.NODES; node++) {
                try (RawNode asked = new RawNode(cluster.port(node))) {
                    RawNode.RefusedSession refused = asked.openAppendSession(TOPIC, oldGeneration);
                    if (refused.reason().equals("FENCED")) {
                        assertTrue(refused.generation() >= atLeast, refused::message);
                        return;
                    }
                    refusals.add(refused);
                }
            }
        }
        fail("nobody fenced generation " + oldGeneration + ": " + refusals);
    }

    private static void assertFollowsAgain(
            ContainerCluster cluster, int oldLeader, AppendResult before, AppendResult after) {
        awaitReplica(cluster, oldLeader, after);
        try (RawNode returned = new RawNode(cluster.port(oldLeader))) {
            Group replica = returned.replica(TOPIC);
            // It may have been elected again since, but then in a generation of its own.
            boolean follows = replica.getGeneration() == after.generation()
                    ? replica.getRole() == ReplicaRole.REPLICA_ROLE_FOLLOWER
                    : replica.getGeneration() > after.generation();
            assertTrue(follows, replica::toString);
            RawNode.RefusedSession refused = returned.openAppendSession(TOPIC, before.generation());
            assertTrue(refused.generation() >= after.generation(), refused::toString);
        }
    }

    /** A local read that follows the log ends when this replica has what it missed. */
    private static void awaitReplica(ContainerCluster cluster, int node, AppendResult record) {
        try (RawNode replica = new RawNode(cluster.port(node))) {
            replica.awaitRecord(TOPIC, record.offset(), REJOIN);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.cli.cluster.ClusterSnapshot.GroupView;
import io.quorate.cli.cluster.ClusterSnapshot.State;
import io.quorate.cli.output.Json;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.Disk;
import io.quorate.v1.DiskSpace;
import io.quorate.v1.Group;
import io.quorate.v1.Node;
import io.quorate.v1.NodeState;
import io.quorate.v1.Partition;
import io.quorate.v1.ReplicaRole;
import io.quorate.v1.Topic;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What the nodes of a cluster answer is put together")
class HealthTest {
    private static final long METADATA_GROUP = 0;
    private static final long DEMO_GROUP = 1;

    @Test
    @DisplayName("healthy when every node hears every other and everything has a leader")
    void healthy() {
        ClusterSnapshot cluster = ClusterSnapshot.of(List.of(
                answer(1, Set.of(1, 2, 3), 2, 4, 10),
                answer(2, Set.of(1, 2, 3), 2, 4, 12),
                answer(3, Set.of(1, 2, 3), 2, 4, 9)));

        assertEquals(
                new Health(
                        Health.Level.HEALTHY,
                        "healthy: all 3 nodes are up, everything has a leader and all its replicas"),
                Health.of(cluster));
        GroupView demo = cluster.partition("demo", 0).orElseThrow();
        assertEquals(2, demo.leaderId());
        assertEquals(12, demo.highWatermark().orElseThrow(), "the leader's own, which is the most recent");
        assertEquals(1, cluster.node(2).orElseThrow().leads());
    }

    @Test
    @DisplayName("degraded when one node is down: named, and what it takes along is marked")
    void oneDown() {
        ClusterSnapshot cluster =
                ClusterSnapshot.of(List.of(answer(1, Set.of(1, 2), 2, 4, 10), answer(2, Set.of(1, 2), 2, 4, 10)));

        assertEquals(State.DOWN, cluster.node(3).orElseThrow().state());
        assertEquals(
                new Health(
                        Health.Level.DEGRADED,
                        "degraded: node 3 is down; under-replicated: metadata, demo/0; everything is served"),
                Health.of(cluster));
    }

    @Test
    @DisplayName("without a leader while the last known one is down and no other has been elected")
    void leaderDown() {
        ClusterSnapshot cluster =
                ClusterSnapshot.of(List.of(answer(1, Set.of(1, 3), 2, 4, 10), answer(3, Set.of(1, 3), 2, 4, 10)));

        assertEquals(0, cluster.partition("demo", 0).orElseThrow().leaderId());
        assertEquals(
                new Health(
                        Health.Level.UNAVAILABLE,
                        "unavailable: node 2 is down; no leader yet: metadata, demo/0"
                                + "; under-replicated: metadata, demo/0"),
                Health.of(cluster));
    }

    @Test
    @DisplayName("unavailable when a majority is missing")
    void quorumLost() {
        ClusterSnapshot cluster = ClusterSnapshot.of(List.of(answer(1, Set.of(1), 1, 4, 10)));

        assertEquals(
                new Health(
                        Health.Level.UNAVAILABLE,
                        "unavailable: node 2 is down; node 3 is down; no quorum: metadata, demo/0"),
                Health.of(cluster));
    }

    @Test
    @DisplayName("with the newer generation where they differ: a leader that was cut off does not know that it is over")
    void newerGenerationWins() {
        ClusterSnapshot cluster = ClusterSnapshot.of(List.of(
                answer(1, Set.of(1), 1, 4, 10), answer(2, Set.of(2, 3), 3, 5, 11), answer(3, Set.of(2, 3), 3, 5, 11)));

        GroupView demo = cluster.partition("demo", 0).orElseThrow();
        assertEquals(3, demo.leaderId());
        assertEquals(5, demo.generation());
        assertEquals(State.CUT_OFF, cluster.node(1).orElseThrow().state());
        assertEquals(Health.Level.DEGRADED, Health.of(cluster).level());
    }

    @Test
    @DisplayName("a node that only its peers hear is silent, and its replicas still count")
    void silent() {
        ClusterSnapshot cluster =
                ClusterSnapshot.of(List.of(answer(1, Set.of(1, 2, 3), 2, 4, 10), answer(3, Set.of(1, 2, 3), 2, 4, 10)));

        assertEquals(State.SILENT, cluster.node(2).orElseThrow().state());
        assertEquals(2, cluster.partition("demo", 0).orElseThrow().leaderId());
        assertEquals(
                "degraded: node 2 does not answer here, though its peers hear it; everything is served",
                Health.of(cluster).sentence());
    }

    @Test
    @DisplayName("a replica whose disk failed does not count, and says why")
    void failedReplica() {
        DescribeClusterResponse broken = answer(3, Set.of(1, 2, 3), 2, 4, 10).toBuilder()
                .setLocalGroups(
                        0,
                        Group.newBuilder()
                                .setGroupId(DEMO_GROUP)
                                .setRole(ReplicaRole.REPLICA_ROLE_FAILED)
                                .setFailure("CORRUPT at position 7"))
                .build();
        ClusterSnapshot cluster = ClusterSnapshot.of(
                List.of(answer(1, Set.of(1, 2, 3), 2, 4, 10), answer(2, Set.of(1, 2, 3), 2, 4, 10), broken));

        assertEquals(List.of(1, 2), cluster.partition("demo", 0).orElseThrow().live());
        assertTrue(
                Health.of(cluster)
                        .sentence()
                        .contains("the replica of demo/0 on node 3 has failed: CORRUPT at position 7"),
                Health.of(cluster).sentence());
    }

    @Test
    @DisplayName("degraded when a node's disk hangs, for how long it has, and that the node leads nothing for it")
    void diskHangs() {
        DescribeClusterResponse slow = answer(1, Set.of(1, 2, 3), 2, 4, 10).toBuilder()
                .setDisk(Disk.newBuilder().setPendingMs(1_250).setStalled(true))
                .build();
        ClusterSnapshot cluster = ClusterSnapshot.of(
                List.of(slow, answer(2, Set.of(1, 2, 3), 2, 4, 10), answer(3, Set.of(1, 2, 3), 2, 4, 10)));

        assertEquals(
                new Health(
                        Health.Level.DEGRADED,
                        "degraded: the disk of node 1 has not answered for 1250 ms, so it leads nothing"
                                + "; everything is served"),
                Health.of(cluster));
    }

    @Test
    @DisplayName("degraded when disks are full or nearly so, with how much is left")
    void diskFull() {
        DescribeClusterResponse full = answer(1, Set.of(1, 2, 3), 2, 4, 10).toBuilder()
                .setDisk(Disk.newBuilder().setSpace(DiskSpace.DISK_SPACE_FULL).setFreeBytes(12 << 20))
                .build();
        DescribeClusterResponse low = answer(3, Set.of(1, 2, 3), 2, 4, 10).toBuilder()
                .setDisk(Disk.newBuilder().setSpace(DiskSpace.DISK_SPACE_LOW).setFreeBytes(900 << 20))
                .build();
        ClusterSnapshot cluster = ClusterSnapshot.of(List.of(full, answer(2, Set.of(1, 2, 3), 2, 4, 10), low));

        assertEquals(
                new Health(
                        Health.Level.DEGRADED,
                        "degraded: the disk of node 1 is full (12 MiB left): it takes no appends"
                                + "; the disk of node 3 is nearly full (900 MiB left); everything is served"),
                Health.of(cluster));
    }

    @Test
    @DisplayName("as JSON with these fields")
    void json() {
        ClusterSnapshot cluster =
                ClusterSnapshot.of(List.of(answer(1, Set.of(1, 2), 2, 4, 10), answer(2, Set.of(1, 2), 2, 4, 10)));

        assertEquals(
                "{\"clusterId\":\"c\",\"version\":\"1.0\",\"health\":\"degraded\",\"sentence\":\"degraded: node 3 is"
                        + " down; under-replicated: metadata, demo/0; everything is served\",\"nodes\":["
                        + "{\"nodeId\":1,\"clientAddress\":\"h:1\",\"peerAddress\":\"p:1\",\"state\":\"up\",\"standing\":\"active\",\"leads\":0,"
                        + "\"lastContactMs\":5,\"disk\":{\"pendingMs\":0,\"stalled\":false,\"space\":\"plenty\",\"freeBytes\":null},\"scrub\":null},"
                        + "{\"nodeId\":2,\"clientAddress\":\"h:2\",\"peerAddress\":\"p:2\",\"state\":\"up\",\"standing\":\"active\",\"leads\":1,"
                        + "\"lastContactMs\":5,\"disk\":{\"pendingMs\":0,\"stalled\":false,\"space\":\"plenty\",\"freeBytes\":null},\"scrub\":null},"
                        + "{\"nodeId\":3,\"clientAddress\":\"h:3\",\"peerAddress\":\"p:3\",\"state\":\"down\",\"standing\":\"active\","
                        + "\"leads\":0,\"lastContactMs\":null,\"disk\":null,\"scrub\":null}],"
                        + "\"metadata\":{\"leaderId\":2,\"generation\":4,\"replicas\":[1,2,3],\"live\":[1,2],"
                        + "\"underReplicated\":true,\"moving\":\"\",\"failures\":[],\"quarantined\":[]},"
                        + "\"partitions\":[{\"topic\":\"demo\",\"partition\":0,\"leaderId\":2,\"generation\":4,"
                        + "\"replicas\":[1,2,3],\"live\":[1,2],\"underReplicated\":true,\"moving\":\"\",\"failures\":[],\"quarantined\":[],"
                        + "\"highWatermark\":10}]}",
                Json.write(StatusVerb.json(cluster, Health.of(cluster))));
    }

    /** What node {@code id} of three answers that hears {@code heard}; the same leader for metadata and demo/0. */
    private static DescribeClusterResponse answer(int id, Set<Integer> heard, int leader, long generation, long mark) {
        Set<Integer> up = new TreeSet<>(heard);
        DescribeClusterResponse.Builder answer = DescribeClusterResponse.newBuilder()
                .setClusterId("c")
                .setVersion("1.0")
                .setNodeId(id)
                .setMetadata(Group.newBuilder()
                        .setGroupId(METADATA_GROUP)
                        .setGeneration(generation)
                        .setLeaderId(leader))
                .addTopics(Topic.newBuilder()
                        .setName("demo")
                        .setReplicationFactor(3)
                        .addPartitions(Partition.newBuilder()
                                .setGroupId(DEMO_GROUP)
                                .addAllReplicas(List.of(1, 2, 3))
                                .setLeaderId(leader)
                                .setGeneration(generation)))
                .addLocalGroups(Group.newBuilder()
                        .setGroupId(DEMO_GROUP)
                        .setTopic("demo")
                        .setRole(id == leader ? ReplicaRole.REPLICA_ROLE_LEADER : ReplicaRole.REPLICA_ROLE_FOLLOWER)
                        .setHighWatermark(mark));
        answer.setDisk(Disk.getDefaultInstance());
        IntStream.rangeClosed(1, 3).forEach(node -> {
            Node.Builder seen = Node.newBuilder()
                    .setNodeId(node)
                    .setClientAddress("h:" + node)
                    .setPeerAddress("p:" + node)
                    .setState(up.contains(node) ? NodeState.NODE_STATE_UP : NodeState.NODE_STATE_DOWN);
            if (up.contains(node)) {
                seen.setLastContactMs(node == id ? 0 : 5);
            }
            answer.addNodes(seen);
        });
        return answer.build();
    }
}

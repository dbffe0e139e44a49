/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterChange;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.message.PreVoteRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The members of a cluster")
class MembersTest {
    private static final TopicPartition T0 = new TopicPartition("t", 0);

    private static ClusterView.PartitionView partition(VirtualCluster cluster, TopicPartition partition) {
        return cluster.metadataLeader().api().view().topics().stream()
                .filter(topic -> topic.name().equals(partition.topic()))
                .findFirst()
                .orElseThrow()
                .partitions()
                .get(partition.partition());
    }

    private static void awaitPlaced(VirtualCluster cluster, TopicPartition partition, List<Integer> nodes) {
        cluster.await(partition + " to be on " + nodes, () -> {
            ClusterView.PartitionView now = partition(cluster, partition);
            return now.replicas().equals(nodes)
                    && now.leaving().isEmpty()
                    && now.joining().isEmpty();
        });
    }

    private static boolean holds(VirtualNode node, long groupId) {
        return node.api().view().localGroups().stream().anyMatch(group -> group.groupId() == groupId);
    }

    private static ClusterView.GroupView group(VirtualNode node, long groupId) {
        return node.api().view().localGroups().stream()
                .filter(group -> group.groupId() == groupId)
                .findFirst()
                .orElseThrow();
    }

    private static long generation(VirtualNode node, long groupId) {
        return group(node, groupId).generation();
    }

    private static ClusterView.Standing standing(VirtualCluster cluster, int node) {
        return cluster.metadataLeader().api().view().nodes().stream()
                .filter(view -> view.nodeId() == node)
                .map(ClusterView.NodeView::standing)
                .findFirst()
                .orElse(ClusterView.Standing.REMOVED);
    }

    private static List<Integer> metadataVoters(VirtualCluster cluster) {
        return cluster.metadataLeader().api().view().metadata().voters();
    }

    private static void append(VirtualCluster cluster, TopicPartition partition, int count) {
        for (int number = 0; number < count; number++) {
            cluster.append(partition, VirtualCluster.plain("record " + number));
        }
    }

    @Test
    @DisplayName("a replica moves to another node with everything it has, and leaves nothing behind")
    void move() {
        VirtualCluster cluster = VirtualCluster.started(4);
        cluster.create("t", 1, 3, 0).value();
        append(cluster, T0, 5);
        ClusterView.PartitionView before = partition(cluster, T0);
        int free = List.of(1, 2, 3, 4).stream()
                .filter(node -> !before.replicas().contains(node))
                .findFirst()
                .orElseThrow();
        List<Integer> wanted =
                List.of(free, before.replicas().get(1), before.replicas().get(2));

        cluster.change(new ClusterChange.MovePartition("t", 0, wanted)).value();
        awaitPlaced(cluster, T0, wanted);

        VirtualNode left = cluster.node(before.replicas().get(0));
        cluster.await("the old replica to be gone", () -> !holds(left, before.groupId()));
        cluster.run(2_000);
        assertFalse(left.disk().exists(Path.of("/data/groups/" + before.groupId())));
        append(cluster, T0, 1);
        assertEquals(
                6,
                cluster.read(cluster.leader(T0), T0, VirtualCluster.from(0))
                        .entries
                        .size());
        cluster.await(
                "all to be on the new node",
                () -> VirtualCluster.marks(cluster.node(free), T0).highWatermark() == 6);
    }

    @Test
    @DisplayName("a replica whose node is killed before it hears that it has left is gone once the node is back")
    void killedBeforeItHears() {
        VirtualCluster cluster = VirtualCluster.started(4);
        cluster.create("t", 1, 3, 0).value();
        append(cluster, T0, 5);
        ClusterView.PartitionView before = partition(cluster, T0);
        int free = 10 - before.replicas().stream().mapToInt(Integer::intValue).sum();
        VirtualNode leaving = before.replicas().stream()
                .map(cluster::node)
                .filter(node -> node != cluster.metadataLeader())
                .findFirst()
                .orElseThrow();
        List<Integer> wanted = before.replicas().stream()
                .map(node -> cluster.node(node) == leaving ? free : node)
                .toList();
        cluster.change(new ClusterChange.MovePartition("t", 0, wanted)).value();

        // At this moment the leader of the registry alone knows that it is committed. The others find out from their
        // disks.
        awaitPlaced(cluster, T0, wanted);
        cluster.all().forEach(VirtualNode::kill);
        cluster.all().forEach(VirtualNode::start);

        cluster.awaitReady();
        cluster.await(
                "the log to be gone",
                () -> !leaving.disk().exists(Path.of("/data/groups/" + before.groupId()))
                        && !holds(leaving, before.groupId()));
    }

    @Test
    @DisplayName("a replica that comes back to a node is another member than the one that left it")
    void moveAwayAndBack() {
        VirtualCluster cluster = VirtualCluster.started(4);
        cluster.create("t", 1, 3, 0).value();
        append(cluster, T0, 2);
        List<Integer> home = partition(cluster, T0).replicas();
        int free = 10 - home.stream().mapToInt(Integer::intValue).sum();
        List<Integer> away = List.of(free, home.get(1), home.get(2));

        cluster.change(new ClusterChange.MovePartition("t", 0, away)).value();
        awaitPlaced(cluster, T0, away);
        cluster.change(new ClusterChange.MovePartition("t", 0, home)).value();
        awaitPlaced(cluster, T0, home);
        cluster.all().forEach(VirtualNode::crash);
        cluster.all().forEach(VirtualNode::start);
        cluster.awaitReady();

        append(cluster, T0, 1);
        assertEquals(
                3,
                cluster.read(cluster.leader(T0), T0, VirtualCluster.from(0))
                        .entries
                        .size());
        cluster.await(
                "all to be at home",
                () -> VirtualCluster.marks(cluster.node(home.get(0)), T0).highWatermark() == 3);
    }

    @Test
    @DisplayName("a node whose replica has campaigned in vain, and left the group since, knows who leads it")
    void campaignedInVain() {
        VirtualCluster cluster = VirtualCluster.started(4);
        cluster.create("t", 1, 3, 0).value();
        append(cluster, T0, 1);
        ClusterView.PartitionView before = partition(cluster, T0);
        long group = before.groupId();
        VirtualNode leader = cluster.leader(T0);
        VirtualNode candidate = before.replicas().stream()
                .map(cluster::node)
                .filter(node -> node != leader)
                .findFirst()
                .orElseThrow();
        cluster.network()
                .drop((from, message) -> from.equals(candidate.id())
                        && message instanceof PeerMessage.ForGroup forGroup
                        && forGroup.groupId() == group
                        && !(forGroup.message() instanceof PreVoteRequest));
        leader.kill();
        cluster.await("it to campaign in vain", () -> generation(candidate, group) > before.generation() + 3);
        leader.start();
        cluster.awaitReady();
        int free = 10 - before.replicas().stream().mapToInt(Integer::intValue).sum();
        List<Integer> wanted = before.replicas().stream()
                .map(node -> cluster.node(node) == candidate ? free : node)
                .toList();

        cluster.change(new ClusterChange.MovePartition("t", 0, wanted)).value();
        awaitPlaced(cluster, T0, wanted);
        cluster.await("the replica to be gone", () -> !holds(candidate, group));

        int leads = cluster.leader(T0).id().value();
        cluster.await(
                "the node to know the leader",
                () -> candidate.api().view().topics().get(0).partitions().get(0).leaderId() == leads);
    }

    @Test
    @DisplayName("a leader that has not heard that a move was taken back does not go on with it")
    void moveTakenBackUnheard() {
        VirtualCluster cluster = VirtualCluster.started(5);
        cluster.create("t", 1, 3, 0).value();
        append(cluster, T0, 1);
        ClusterView.PartitionView before = partition(cluster, T0);
        long group = before.groupId();
        VirtualNode leader = cluster.leader(T0);
        VirtualNode deaf = before.replicas().stream()
                .map(cluster::node)
                .filter(node -> node != leader && node != cluster.metadataLeader())
                .findFirst()
                .orElseThrow();
        int newcomer = IntStream.rangeClosed(1, 5)
                .filter(node -> !before.replicas().contains(node) && cluster.node(node) != cluster.metadataLeader())
                .findFirst()
                .orElseThrow();
        cluster.node(newcomer).kill();
        List<Integer> moved = before.replicas().stream()
                .map(node -> cluster.node(node) == leader || cluster.node(node) == deaf ? node : newcomer)
                .toList();
        cluster.change(new ClusterChange.MovePartition("t", 0, moved)).value();
        cluster.await("all to have heard of the move", () -> deaf.api()
                .view()
                .topics()
                .get(0)
                .partitions()
                .get(0)
                .joining()
                .contains(newcomer));

        cluster.network().isolate(deaf.id());
        cluster.change(new ClusterChange.MovePartition("t", 0, before.replicas()))
                .value();
        awaitPlaced(cluster, T0, before.replicas());
        cluster.network()
                .drop((from, message) -> message instanceof PeerMessage.ForGroup forGroup
                        && (forGroup.groupId() == 0
                                || !from.equals(deaf.id()) && forGroup.message() instanceof PreVoteRequest));
        cluster.network().heal(deaf.id());
        cluster.await(
                "its replica to have all",
                () -> group(deaf, group).lastIndex() == group(leader, group).lastIndex());
        leader.kill();
        cluster.await("it to lead", () -> group(deaf, group).role() == ClusterView.ReplicaRole.LEADER);
        cluster.run(5_000);

        assertEquals(
                before.replicas().stream()
                        .filter(node -> node != deaf.id().value())
                        .sorted()
                        .toList(),
                group(deaf, group).followers().stream()
                        .map(ClusterView.FollowerView::nodeId)
                        .sorted()
                        .toList());
    }

    @Test
    @DisplayName("a node that lost its disk gets everything back once it is readmitted, as a new member")
    void readmission() {
        VirtualCluster cluster = VirtualCluster.started(3);
        TopicPartition partition = cluster.topic("t");
        append(cluster, partition, 3);
        cluster.node(3).kill();
        cluster.node(3).loseDisk();
        cluster.node(3).start();
        cluster.await("the loss to be seen", () -> standing(cluster, 3) == ClusterView.Standing.LOST);

        cluster.change(new ClusterChange.ReadmitNode(3)).value();

        cluster.await("node 3 to be ready", () -> cluster.node(3).api().isReady());
        awaitPlaced(cluster, partition, partition(cluster, partition).replicas());
        cluster.await(
                "node 3 to have all",
                () -> holds(cluster.node(3), partition(cluster, partition).groupId())
                        && VirtualCluster.marks(cluster.node(3), partition).highWatermark() == 3);
        assertEquals(List.of(1, 2, 3), metadataVoters(cluster));
        // It counts: one of the others may go now.
        cluster.node(1).kill();
        append(cluster, partition, 1);
    }

    @Test
    @DisplayName("a node that has its disk cannot be readmitted")
    void readmissionOfTheHealthy() {
        VirtualCluster cluster = VirtualCluster.started(3);

        assertEquals(
                Reason.CHANGE_REFUSED,
                cluster.change(new ClusterChange.ReadmitNode(3)).refusal().reason());
    }

    @Test
    @DisplayName("a cluster grows from three nodes to five and shrinks again, with its records")
    void growAndShrink() {
        VirtualCluster cluster = VirtualCluster.started(3);
        cluster.create("t", 4, 3, 0).value();
        for (int number = 0; number < 4; number++) {
            append(cluster, new TopicPartition("t", number), 3);
        }

        cluster.join(4);
        cluster.join(5);
        cluster.await("five voters", () -> metadataVoters(cluster).equals(List.of(1, 2, 3, 4, 5)));
        cluster.change(new ClusterChange.Rebalance(false)).value();
        for (int node : List.of(4, 5)) {
            cluster.await(
                    "replicas on node " + node,
                    () -> cluster.node(node).api().view().localGroups().size() >= 2);
        }
        for (int node : List.of(1, 2)) {
            cluster.change(new ClusterChange.RemoveNode(node)).value();
            cluster.await(
                    "node " + node + " to be gone", () -> standing(cluster, node) == ClusterView.Standing.REMOVED);
        }

        assertEquals(List.of(3, 4, 5), metadataVoters(cluster));
        for (int node : List.of(1, 2)) {
            cluster.await(
                    "node " + node + " to know that it was removed",
                    () -> cluster.node(node).api().view().metadata().failure().contains("was removed"));
            cluster.node(node).kill();
        }
        for (int number = 0; number < 4; number++) {
            TopicPartition partition = new TopicPartition("t", number);
            append(cluster, partition, 1);
            assertEquals(
                    4,
                    cluster.read(cluster.leader(partition), partition, VirtualCluster.from(0))
                            .entries
                            .size());
        }
    }

    @Test
    @DisplayName("a node cannot be removed if the others could not hold its replicas")
    void tooFewNodes() {
        VirtualCluster cluster = VirtualCluster.started(3);
        cluster.topic("t");

        assertEquals(
                Reason.NOT_ENOUGH_NODES,
                cluster.change(new ClusterChange.RemoveNode(2)).refusal().reason());
    }

    @Test
    @DisplayName("a dead node is replaced by a new one")
    void replaceDeadNode() {
        VirtualCluster cluster = VirtualCluster.started(3);
        TopicPartition partition = cluster.topic("t");
        append(cluster, partition, 3);
        cluster.node(2).kill();
        cluster.join(4);

        cluster.change(new ClusterChange.ReplaceNode(2, 4)).value();

        cluster.await("node 2 to be gone", () -> standing(cluster, 2) == ClusterView.Standing.REMOVED);
        assertEquals(List.of(1, 3, 4), metadataVoters(cluster));
        assertEquals(
                new TreeSet<>(List.of(1, 3, 4)),
                new TreeSet<>(partition(cluster, partition).replicas()));
        cluster.node(1).kill();
        append(cluster, partition, 1);
    }

    @Test
    @DisplayName("a node that was removed joins again with an empty disk, as another member, and not with its old one")
    void removedAndAddedAgain() {
        VirtualCluster cluster = VirtualCluster.started(3);
        cluster.join(4);
        cluster.change(new ClusterChange.RemoveNode(4)).value();
        cluster.await("node 4 to be gone", () -> standing(cluster, 4) == ClusterView.Standing.REMOVED);
        cluster.node(4).kill();
        cluster.change(new ClusterChange.AddNode(4, "peer-4:75")).value();

        cluster.node(4).start();
        cluster.run(3_000);
        assertEquals(List.of(1, 2, 3), metadataVoters(cluster));
        cluster.node(4).kill();
        cluster.node(4).loseDisk();
        cluster.node(4).start();

        cluster.await("node 4 to take part", () -> cluster.node(4).api().isReady());
        cluster.await("four voters", () -> metadataVoters(cluster).equals(List.of(1, 2, 3, 4)));
    }

    @Test
    @DisplayName("a node that was not added waits, and says for what")
    void uninvited() {
        VirtualCluster cluster = VirtualCluster.started(3);
        cluster.prepare(4).start();
        cluster.run(3_000);

        assertFalse(cluster.node(4).api().isReady());
        assertTrue(cluster.node(4).api().view().metadata().failure().contains("quorate node add 4"));
        assertEquals(List.of(1, 2, 3), metadataVoters(cluster));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterChange;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.RaftConfig;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A node that lost its disk (promise P10)")
class AmnesiaTest {
    /** Enough for the registry's log to take longer than the others' heartbeats. */
    private static final int TOPICS = 120;

    private final VirtualCluster cluster = VirtualCluster.started(3);

    private String whyNotTakingPart(int node) {
        ClusterView.GroupView metadata = cluster.node(node).api().view().metadata();
        return metadata.role() == ClusterView.ReplicaRole.FAILED ? metadata.failure() : "";
    }

    @Test
    @DisplayName("RF-34 never votes: one that remembers and one that does not are no quorum")
    void amnesiacIsNoQuorum() {
        TopicPartition partition = cluster.topic("t");
        // Node 2 sleeps while 1 and 3 acknowledge a record; then 1 is away, and 3 comes back without its disk.
        cluster.node(2).kill();
        assertEquals(0, cluster.append(partition, VirtualCluster.plain("acknowledged")).baseOffset);
        cluster.node(1).kill();
        cluster.node(3).kill();
        cluster.node(3).loseDisk();
        cluster.node(2).start();
        cluster.node(3).start();

        cluster.run(20_000);

        assertFalse(cluster.node(2).api().isReady(), "node 2 found a leader with the help of a vote from amnesia");
        cluster.node(1).start();
        cluster.await("1 and 2 to go on", () -> cluster.node(2).api().isReady());
        assertEquals(
                1,
                cluster.read(cluster.leader(partition), partition, VirtualCluster.from(0))
                        .entries
                        .size());
    }

    @Test
    @DisplayName("RF-35 is one of a majority that did: the group stays down, and serves nothing")
    void majorityLost() {
        TopicPartition partition = cluster.topic("t");
        assertEquals(0, cluster.append(partition, VirtualCluster.plain("acknowledged")).baseOffset);
        cluster.all().forEach(VirtualNode::kill);
        cluster.node(2).loseDisk();
        cluster.node(3).loseDisk();

        cluster.all().forEach(VirtualNode::start);
        cluster.run(30_000);

        for (VirtualNode node : cluster.all()) {
            assertFalse(node.api().isReady(), () -> node.id() + " serves what two of three have forgotten");
        }
    }

    @Test
    @DisplayName("says nothing in any group, and says why and what to do")
    void saysWhy() {
        cluster.topic("t");
        cluster.node(3).kill();
        cluster.node(3).loseDisk();
        List<PeerMessage> said = new ArrayList<>();
        cluster.network().tap((from, message) -> {
            if (from.value() == 3 && message instanceof PeerMessage.ForGroup) {
                said.add(message);
            }
        });

        cluster.node(3).start();
        cluster.await("node 3 to learn of its loss", () -> !whyNotTakingPart(3).isEmpty());
        cluster.run(5_000);

        assertTrue(whyNotTakingPart(3).contains("node 3 has lost its disk"), whyNotTakingPart(3));
        assertTrue(whyNotTakingPart(3).contains("quorate node readmit 3"), whyNotTakingPart(3));
        assertEquals(List.of(), said);
        assertFalse(cluster.node(3).api().isReady());
    }

    @Test
    @DisplayName("does not vote as who it was while it is told, step by step, what has been until it was readmitted")
    void registryOfThePast() {
        // One entry of the registry's log at a time.
        VirtualCluster slow = new VirtualCluster(
                3, new RaftConfig(20, 3, LogEntry.OVERHEAD_BYTES, 256 << 10, 1, 256 << 10, 64 << 10));
        slow.all().forEach(VirtualNode::start);
        slow.awaitReady();
        for (int i = 0; i < TOPICS; i++) {
            slow.topic("t" + i);
        }
        slow.node(3).kill();
        slow.node(3).loseDisk();
        List<PeerMessage.ForGroup> asBefore = new ArrayList<>();
        slow.network().tap((from, message) -> {
            if (from.value() == 3 && message instanceof PeerMessage.ForGroup said && said.fromStay() == 0) {
                asBefore.add(said);
            }
        });
        slow.node(3).start();
        slow.await(
                "node 3 to learn of its loss",
                () -> slow.node(3).api().view().metadata().role() == ClusterView.ReplicaRole.FAILED);

        slow.change(new ClusterChange.ReadmitNode(3)).value();

        slow.await(
                "node 3 to hold its new replicas",
                () -> slow.node(3).api().view().topics().size() == TOPICS
                        && slow.node(3).api().view().topics().stream()
                                .flatMap(topic -> topic.partitions().stream())
                                .allMatch(partition -> partition.joining().isEmpty()));

        assertEquals(List.of(), asBefore);
    }

    @Test
    @DisplayName("is not shut out, once it is readmitted, by an answer from before that comes late")
    void lateAnswer() {
        List<PeerMessage.Standing> answers = new ArrayList<>();
        cluster.network().tap((from, message) -> {
            if (message instanceof PeerMessage.Standing standing
                    && standing.verdict() == PeerMessage.Standing.Verdict.LOST) {
                answers.add(standing);
            }
        });
        cluster.node(3).kill();
        cluster.node(3).loseDisk();
        cluster.node(3).start();
        cluster.await("node 3 to learn of its loss", () -> !whyNotTakingPart(3).isEmpty());
        cluster.change(new ClusterChange.ReadmitNode(3)).value();
        cluster.await("node 3 to be ready", () -> cluster.node(3).api().isReady());

        cluster.network().transport(new NodeId(1), Runnable::run).send(new NodeId(3), answers.get(0));
        cluster.run(1_000);

        assertTrue(cluster.node(3).api().isReady(), whyNotTakingPart(3));
    }

    @Test
    @DisplayName("does not come back by being started again")
    void restartDoesNotHelp() {
        cluster.node(3).kill();
        cluster.node(3).loseDisk();
        cluster.node(3).start();
        cluster.await("node 3 to learn of its loss", () -> !whyNotTakingPart(3).isEmpty());

        cluster.node(3).crash();
        cluster.node(3).start();

        cluster.await(
                "node 3 to learn of its loss again", () -> !whyNotTakingPart(3).isEmpty());
    }

    @Test
    @DisplayName("is told apart from one that is new: a cluster forms only when all three nodes are there")
    void formation() {
        VirtualCluster forming = new VirtualCluster(3);
        forming.node(1).start();
        forming.node(2).start();
        forming.run(5_000);
        assertFalse(forming.node(1).api().isReady());

        forming.node(3).start();

        forming.awaitReady();
    }

    @Test
    @DisplayName("is told apart from one that was formed and restarted: two of three then suffice")
    void restart() {
        cluster.all().forEach(VirtualNode::crash);
        cluster.node(1).start();
        cluster.node(2).start();

        cluster.awaitReady();
    }
}

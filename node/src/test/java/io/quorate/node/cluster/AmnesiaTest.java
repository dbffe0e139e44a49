/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterView;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.seam.PeerMessage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A node that lost its disk (promise P10)")
class AmnesiaTest {
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

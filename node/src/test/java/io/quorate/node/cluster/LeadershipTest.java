/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.plain;
import static io.quorate.node.cluster.VirtualCluster.send;
import static io.quorate.node.cluster.VirtualCluster.target;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterView;
import io.quorate.node.api.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Who leads, and how leadership moves")
class LeadershipTest {
    private static final int PARTITIONS = 6;

    private final VirtualCluster cluster = VirtualCluster.started(3);

    private List<TopicPartition> partitions() {
        cluster.create("orders", PARTITIONS, 3, 0).value();
        List<TopicPartition> partitions = new ArrayList<>();
        for (int i = 0; i < PARTITIONS; i++) {
            partitions.add(new TopicPartition("orders", i));
            cluster.append(partitions.get(i), plain("first of " + i));
        }
        return partitions;
    }

    /** Leader by partition, and that of the registry as partition -1, once there is one of each. */
    private SortedMap<Integer, Integer> leaders(List<TopicPartition> partitions) {
        SortedMap<Integer, Integer> leaders = new TreeMap<>();
        for (TopicPartition partition : partitions) {
            leaders.put(partition.partition(), cluster.leader(partition).id().value());
        }
        leaders.put(-1, cluster.metadataLeader().id().value());
        return leaders;
    }

    private boolean allLedByPreferred() {
        for (ClusterView.TopicView topic : cluster.metadataLeader().api().view().topics()) {
            for (ClusterView.PartitionView partition : topic.partitions()) {
                if (partition.leaderId() != partition.replicas().get(0)) {
                    return false;
                }
            }
        }
        return true;
    }

    @Test
    @DisplayName(
            "a node that stops hands over first: appends go on elsewhere within 100 ms, and none is of unknown outcome")
    void stopsWithoutAnElection() {
        List<TopicPartition> partitions = partitions();
        VirtualNode leaving = cluster.metadataLeader();
        List<VirtualCluster.Append> underWay = new ArrayList<>();
        for (TopicPartition partition : partitions) {
            if (cluster.leader(partition) == leaving) {
                underWay.add(send(target(leaving, partition), plain("under way")));
            }
        }
        boolean[] stopped = new boolean[1];

        leaving.stop(() -> stopped[0] = true);
        cluster.run(100);

        assertTrue(stopped[0], "it has gone");
        underWay.forEach(append -> assertTrue(append.baseOffset >= 0 && append.refusal == null, append.toString()));
        SortedMap<Integer, Integer> leaders = leaders(partitions);
        leaders.values().forEach(leader -> assertNotEquals(leaving.id().value(), leader));
        for (TopicPartition partition : partitions) {
            cluster.append(partition, plain("after"));
        }
    }

    @Test
    @DisplayName(
            "leaderships return to the preferred replicas of their partitions, one by one, some time after a restart")
    void returnsToPreferred() {
        List<TopicPartition> partitions = partitions();
        VirtualNode node = cluster.leader(partitions.get(0));
        node.crash();
        leaders(partitions);
        node.start();

        cluster.run(2_000);
        boolean atOnce = allLedByPreferred();
        cluster.run(30_000);

        assertTrue(!atOnce, "not before the others have led for a while");
        assertTrue(
                allLedByPreferred(), () -> cluster.metadataLeader().api().view().toString());
        for (TopicPartition partition : partitions) {
            assertEquals(1, cluster.append(partition, plain("second")).baseOffset);
        }
    }

    @Test
    @DisplayName("the only node of a cluster stops at once: there is nobody to hand over to")
    void nobodyToHandOverTo() {
        VirtualCluster single = VirtualCluster.started(1);
        single.topic("alone");
        boolean[] stopped = new boolean[1];

        single.node(1).stop(() -> stopped[0] = true);
        single.run(20);

        assertTrue(stopped[0]);
    }

    @Test
    @DisplayName("a node whose peers do not answer waits two election timeouts for them, and stops")
    void nobodyAnswers() {
        TopicPartition orders = cluster.topic("orders");
        VirtualNode leaving = cluster.leader(orders);
        cluster.network().isolate(leaving.id());
        boolean[] stopped = new boolean[1];

        leaving.stop(() -> stopped[0] = true);
        cluster.run(2 * 20 * VirtualCluster.TICK_MILLIS + 100);

        assertTrue(stopped[0]);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.marks;
import static io.quorate.node.cluster.VirtualCluster.plain;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterView.GroupView;
import io.quorate.node.api.ClusterView.ReplicaRole;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.TopicPartition;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A replica that was repaired while it ran")
class RepairedReplicaTest {
    private static final int BATCHES = 20;
    private static final int REPAIRS = 3;

    private final VirtualCluster cluster = VirtualCluster.started(3);
    private final TopicPartition orders = cluster.topic("orders");

    private static GroupView view(VirtualNode node) {
        return node.api().view().localGroups().get(0);
    }

    /** Damages the first segment, lets a reader find that, and waits until the others have given back what is gone. */
    private void damageAndAwaitRepair(VirtualNode node) {
        String sealed = node.disk().list(Path.of("/data/groups/1")).stream()
                .filter(name -> name.endsWith(".log"))
                .sorted()
                .findFirst()
                .orElseThrow();
        node.disk().corrupt(Path.of("/data/groups/1").resolve(sealed), 64_096, 4);
        ReadSpec all =
                new ReadSpec(new ReadSpec.From.Earliest(), OptionalLong.empty(), 0, false, ReadConsistency.LOCAL);
        assertEquals(
                Reason.CORRUPT_REPLICA, cluster.read(node, orders, all).refusal.reason());
        cluster.await("it is repaired", () -> view(node).role() == ReplicaRole.FOLLOWER);
    }

    @Test
    @DisplayName("even before its next tick counts time as before: cut off, it campaigns no earlier than others would")
    void countsTimeOnce() {
        for (int i = 0; i < BATCHES; i++) {
            cluster.append(orders, plain(i + "x".repeat(40_000)));
        }
        VirtualNode follower = cluster.follower(orders);
        cluster.await("it has all", () -> marks(follower, orders).highWatermark() == BATCHES);
        for (int i = 0; i < REPAIRS; i++) {
            damageAndAwaitRepair(follower);
        }
        cluster.append(orders, plain("so that the group does not rest"));

        cluster.network().isolate(follower.id());
        long cutOff = cluster.nowMillis();
        cluster.await("it looks for another leader", () -> view(follower).role() == ReplicaRole.PRE_CANDIDATE);

        long silence = VirtualCluster.RAFT.electionTimeoutTicks() * (long) VirtualCluster.TICK_MILLIS;
        long heartbeat = VirtualCluster.RAFT.heartbeatTicks() * (long) VirtualCluster.TICK_MILLIS;
        long patience = cluster.nowMillis() - cutOff;
        assertTrue(patience >= silence - heartbeat, "it campaigned after " + patience + " ms without its leader");
    }
}

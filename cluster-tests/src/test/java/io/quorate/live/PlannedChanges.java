/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import io.quorate.client.Admin.PartitionInfo;
import io.quorate.client.QuorateClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** What operators do to a cluster on purpose, each step of it waited for; the partition is {@code orders/0}. */
final class PlannedChanges {
    static final String TOPIC = "orders";

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final LiveCluster cluster;
    private final QuorateClient client;

    PlannedChanges(LiveCluster cluster, QuorateClient client) {
        this.cluster = cluster;
        this.client = client;
    }

    /** The leader is asked to end, and does; {@link #startAgain} it afterwards. */
    LiveCluster.Node stopLeader() {
        LiveCluster.Node leader = cluster.node(leader());
        stop(leader);
        return leader;
    }

    /** Returns when the node has everything that was acknowledged before. */
    void startAgain(LiveCluster.Node node) {
        long acknowledged = client.admin().tail(TOPIC, 0).highWatermark();
        node.start();
        Await.until(
                "node " + node.id() + " has caught up",
                LIMIT,
                () -> client.admin().describeCluster(node.clientAddress()).localGroups().stream()
                        .anyMatch(group -> group.topic().equals(TOPIC)
                                && group.leaderId() != 0
                                && group.highWatermark() >= acknowledged));
    }

    /** Another replica is preferred from now on, and takes over. */
    void transfer() {
        int leader = leader();
        List<Integer> order = new ArrayList<>(partition().replicas());
        order.remove(Integer.valueOf(leader));
        order.add(leader);
        client.admin().movePartition(TOPIC, 0, order);
        Await.until("node " + order.get(0) + " leads", LIMIT, () -> leader() == order.get(0));
    }

    /** One node after the other ends and starts again. */
    void rollingRestart() {
        for (LiveCluster.Node node : cluster.nodes()) {
            stop(node);
            startAgain(node);
        }
    }

    /** A new node takes the place of the leader's node, which then ends. */
    void replaceLeader() {
        LiveCluster.Node fresh = join();
        int former = leader();
        client.admin().replaceNode(former, fresh.id());
        awaitGone(former);
        stop(cluster.node(former));
    }

    /** Two more nodes join, all replicas but one move to them, and they leave again. */
    void growAndShrink() {
        int stays = partition().replicas().get(0);
        LiveCluster.Node one = join();
        LiveCluster.Node two = join();
        move(List.of(one.id(), two.id(), stays));
        for (LiveCluster.Node leaving : List.of(one, two)) {
            client.admin().removeNode(leaving.id());
            awaitGone(leaving.id());
            stop(leaving);
        }
    }

    /** Returns when exactly these have replicas, and one of them leads. */
    void move(List<Integer> nodes) {
        client.admin().movePartition(TOPIC, 0, nodes);
        Await.until("the replicas are on " + nodes, LIMIT, () -> {
            PartitionInfo now = partition();
            return now.joining().isEmpty()
                    && now.leaving().isEmpty()
                    && new TreeSet<>(now.replicas()).equals(new TreeSet<>(nodes))
                    && nodes.contains(now.leaderId());
        });
    }

    LiveCluster.Node join() {
        LiveCluster.Node node = cluster.prepare();
        client.admin().addNode(node.id(), "127.0.0.1:" + node.peerPort());
        node.start();
        Await.until("node " + node.id() + " is a member", LIMIT, () -> client.admin().describeCluster().nodes().stream()
                .anyMatch(info -> info.nodeId() == node.id()
                        && info.up()
                        && info.standing().equals("ACTIVE")));
        return node;
    }

    private void awaitGone(int id) {
        Await.until("node " + id + " is gone", LIMIT, () -> client.admin().describeCluster().nodes().stream()
                .noneMatch(info -> info.nodeId() == id));
    }

    private static void stop(LiveCluster.Node node) {
        node.process().terminate();
        node.process().awaitExit(LIMIT);
    }

    private PartitionInfo partition() {
        return client.admin().describeTopic(TOPIC).partitions().get(0);
    }

    private int leader() {
        return Await.value(
                "somebody leads", LIMIT, () -> Optional.of(partition().leaderId())
                        .filter(id -> id != 0));
    }
}

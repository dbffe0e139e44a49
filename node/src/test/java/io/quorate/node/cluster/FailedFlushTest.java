/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.batch;
import static io.quorate.node.cluster.VirtualCluster.marks;
import static io.quorate.node.cluster.VirtualCluster.plain;
import static io.quorate.node.cluster.VirtualCluster.refusalOf;
import static io.quorate.node.cluster.VirtualCluster.send;
import static io.quorate.node.cluster.VirtualCluster.target;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedDisk.Operation;
import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.seam.PeerMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Promise P6, RF-50. The operating system reports a failed flush once, forgets the bytes and calls the next one good. */
@DisplayName("A flush that fails once, on a disk that is well again at once")
class FailedFlushTest {
    private final VirtualCluster cluster = VirtualCluster.started(3);
    private final TopicPartition orders = cluster.topic("orders");
    private final long group = groupOf(orders);

    private long groupOf(TopicPartition partition) {
        Result.Ok<ClusterView.TopicView> topic =
                (Result.Ok<ClusterView.TopicView>) cluster.node(1).api().topic(partition.topic());
        return topic.value().partitions().get(partition.partition()).groupId();
    }

    private void failNextFlush(VirtualNode node) {
        node.disk().injectOnce(Operation.FORCE, path -> path.toString().contains("groups/" + group + "/"));
    }

    private boolean hasFailed(VirtualNode node) {
        return node.api().view().localGroups().stream()
                .filter(view -> view.groupId() == group)
                .allMatch(view -> view.role() == ClusterView.ReplicaRole.FAILED);
    }

    /** What the node's replica says to its peers from now on. */
    private List<PeerMessage> saidBy(VirtualNode node) {
        List<PeerMessage> said = new ArrayList<>();
        Predicate<PeerMessage> ofGroup =
                message -> message instanceof PeerMessage.ForGroup forGroup && forGroup.groupId() == group;
        cluster.network().tap((from, message) -> {
            if (from.equals(node.id()) && ofGroup.test(message)) {
                said.add(message);
            }
        });
        return said;
    }

    @Test
    @DisplayName("silences a follower for good: it acknowledges nothing, votes for nobody, and the others go on")
    void follower() {
        VirtualNode broken = cluster.follower(orders);
        failNextFlush(broken);
        assertEquals(0, cluster.append(orders, plain("a")).baseOffset);
        cluster.await("the follower has failed", () -> hasFailed(broken));

        List<PeerMessage> said = saidBy(broken);
        assertEquals(1, cluster.append(orders, plain("b")).baseOffset);
        cluster.leader(orders).kill();
        cluster.run(5_000);

        assertEquals(List.of(), said, "neither acknowledgements nor votes, though nobody else can be elected now");
    }

    @Test
    @DisplayName(
            "ends a leader: what waited is of unknown outcome, peers take over, nothing is acknowledged on it again")
    void leader() {
        VirtualNode broken = cluster.leader(orders);
        AppendTarget target = target(broken, orders);
        failNextFlush(broken);
        VirtualCluster.Append first = send(target, batch(77, 0, 0, "a"));
        VirtualCluster.Append queuedBehind = send(target, batch(77, 0, 1, "b"));
        cluster.await("answers", () -> first.isAnswered() && queuedBehind.isAnswered());

        VirtualCluster.Append later = send(target, batch(77, 0, 2, "c"));
        VirtualNode successor = cluster.leader(orders);

        assertEquals(Reason.LEADERSHIP_LOST, first.refusal.reason());
        assertEquals(Reason.LEADERSHIP_LOST, queuedBehind.refusal.reason());
        assertEquals(Reason.REPLICA_FAILED, later.refusal.reason());
        assertNotSame(broken, successor);
        assertEquals(0, cluster.append(orders, batch(77, 0, 0, "a")).baseOffset, "once, whichever attempt it was");
        assertEquals(1, cluster.append(orders, batch(77, 0, 1, "b")).baseOffset);
    }

    @Test
    @DisplayName("on a majority at once acknowledges nothing; after a loss of power all that was acknowledged is there")
    void majority() {
        assertEquals(0, cluster.append(orders, plain("acknowledged")).baseOffset);
        VirtualNode leader = cluster.leader(orders);
        List<VirtualNode> followers =
                cluster.all().stream().filter(node -> node != leader).toList();
        followers.forEach(this::failNextFlush);

        VirtualCluster.Append append = send(target(leader, orders), plain("on one disk only"));
        cluster.run(5_000);
        assertEquals(Reason.LEADERSHIP_LOST, append.refusal.reason());
        assertTrue(followers.stream().allMatch(this::hasFailed));

        followers.forEach(VirtualNode::crash);
        followers.forEach(VirtualNode::start);
        cluster.awaitReady();

        VirtualNode next = cluster.leader(orders);
        assertEquals(
                plain("acknowledged"),
                cluster.read(next, orders, VirtualCluster.from(0)).batches().get(0));
    }

    @Test
    @DisplayName("is told in the node's view, and a restart takes part again with what is really on its disk")
    void restart() {
        VirtualNode broken = cluster.follower(orders);
        failNextFlush(broken);
        cluster.append(orders, plain("a"));
        cluster.await("it has failed", () -> hasFailed(broken));
        ClusterView.GroupView view = broken.api().view().localGroups().get(0);
        assertTrue(view.failure().contains("injected failure of FORCE"), view.failure());
        assertEquals(
                Reason.REPLICA_FAILED,
                refusalOf(VirtualCluster.localTail(broken, orders)).reason());

        broken.crash();
        broken.start();
        cluster.await(
                "it has caught up",
                () -> broken.api().isReady()
                        && VirtualCluster.localTail(broken, orders) instanceof Result.Ok
                        && marks(broken, orders).highWatermark() == 1);
    }
}

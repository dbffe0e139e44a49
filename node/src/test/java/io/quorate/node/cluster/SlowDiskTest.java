/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.batch;
import static io.quorate.node.cluster.VirtualCluster.marks;
import static io.quorate.node.cluster.VirtualCluster.plain;
import static io.quorate.node.cluster.VirtualCluster.send;
import static io.quorate.node.cluster.VirtualCluster.target;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterView;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.TopicPartition;
import io.quorate.raft.log.Payload;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** RF-33: the network is fine and heartbeats flow, but the leader's disk does not answer. */
@DisplayName("A disk that hangs")
class SlowDiskTest {
    /** The stall timeout and the longest election timeout, both 40 ticks, and some for the votes. */
    private static final long TAKEOVER_MILLIS = 2 * 40 * VirtualCluster.TICK_MILLIS + 200;

    private final VirtualCluster cluster = VirtualCluster.started(3);
    private final TopicPartition orders = cluster.topic("orders");

    @Test
    @DisplayName(
            "costs its node the leadership within two election timeouts; the append that waited is of unknown outcome")
    void leaderGivesUp() {
        VirtualNode slow = cluster.leader(orders);
        slow.hangDisk();
        VirtualCluster.Append append = send(target(slow, orders), plain("stuck"));

        cluster.run(TAKEOVER_MILLIS);

        assertEquals(Reason.LEADERSHIP_LOST, append.refusal.reason());
        assertNotSame(slow, cluster.leader(orders));
        assertTrue(slow.api().view().disk().stalled());
        assertTrue(slow.api().view().disk().pendingMillis() >= 40 * VirtualCluster.TICK_MILLIS);
    }

    @Test
    @DisplayName("is told of while it takes long, before it is called stalled, and no more once it answers")
    void visible() {
        VirtualNode slow = cluster.leader(orders);
        slow.hangDisk();
        send(target(slow, orders), plain("stuck"));

        cluster.run(400);
        ClusterView.DiskView soon = slow.api().view().disk();
        slow.unhangDisk();
        cluster.run(100);

        assertFalse(soon.stalled());
        assertTrue(soon.pendingMillis() >= 300 && soon.pendingMillis() <= 400, soon::toString);
        assertEquals(0, slow.api().view().disk().pendingMillis());
        assertEquals(slow, cluster.leader(orders), "a short hang changes nothing");
    }

    @Test
    @DisplayName("that answers after others have taken over acknowledges nothing late, and its node follows")
    void noLateAcknowledgement() {
        Payload stuck = batch(77, 0, 0, "stuck");
        VirtualNode slow = cluster.leader(orders);
        long generation = marks(slow, orders).generation();
        slow.hangDisk();
        VirtualCluster.Append first = send(target(slow, orders), stuck);
        cluster.run(TAKEOVER_MILLIS);
        VirtualNode successor = cluster.leader(orders);
        VirtualCluster.Append retry = cluster.append(orders, stuck);

        slow.unhangDisk();
        cluster.await(
                "the slow node has caught up",
                () -> marks(slow, orders).highWatermark()
                        == marks(successor, orders).highWatermark());

        assertEquals(Reason.LEADERSHIP_LOST, first.refusal.reason(), "answered once");
        assertEquals(0, retry.baseOffset, "once in the log, whichever attempt it was");
        assertEquals(1, marks(successor, orders).highWatermark());
        assertTrue(marks(slow, orders).generation() > generation);
        assertEquals(successor, cluster.leader(orders), "the one that leads goes on to lead");
    }

    @Test
    @DisplayName("keeps its node from campaigning, however long it hangs, and from raising generations")
    void noCampaigns() {
        VirtualNode slow = cluster.follower(orders);
        slow.hangDisk();
        cluster.append(orders, plain("the others have it"));
        cluster.run(TAKEOVER_MILLIS);
        long generation = marks(cluster.leader(orders), orders).generation();
        cluster.network().isolate(slow.id());
        cluster.run(5_000);

        cluster.network().heal(slow.id());
        slow.unhangDisk();
        cluster.await("it follows again", () -> marks(slow, orders).highWatermark() == 1);

        assertEquals(generation, marks(slow, orders).generation());
    }

    @Test
    @DisplayName("leads again as soon as it answers, if nobody else is left")
    void leadsAgain() {
        VirtualNode slow = cluster.leader(orders);
        VirtualNode dead = cluster.follower(orders);
        dead.kill();
        cluster.append(orders, plain("before"));
        VirtualNode behind = cluster.follower(orders);
        cluster.network().isolate(behind.id());
        slow.hangDisk();
        VirtualCluster.Append stuck = send(target(slow, orders), plain("stuck"));
        cluster.run(3_000);
        assertEquals(Reason.LEADERSHIP_LOST, stuck.refusal.reason());

        cluster.network().heal(behind.id());
        slow.unhangDisk();

        assertTrue(cluster.append(orders, plain("after")).baseOffset > 0);
    }

    @Test
    @DisplayName("of an only replica is waited for: nobody could take over")
    void onlyReplica() {
        VirtualCluster single = VirtualCluster.started(1);
        TopicPartition alone = single.topic("alone");
        VirtualNode node = single.node(1);
        node.hangDisk();
        VirtualCluster.Append append = send(target(node, alone), plain("patience"));
        single.run(5_000);
        assertFalse(append.isAnswered());

        node.unhangDisk();
        single.await("the append", append::isAnswered);

        assertEquals(0, append.baseOffset);
    }

    @Test
    @DisplayName("is not suspected when the whole process was paused: it had no time to answer")
    void pausedProcess() {
        VirtualNode leader = cluster.leader(orders);
        leader.hangDisk();
        VirtualCluster.Append append = send(target(leader, orders), plain("a"));
        cluster.run(100);

        cluster.pauseAll(5_000);
        cluster.run(100);

        assertFalse(leader.api().view().disk().stalled());
        leader.unhangDisk();
        cluster.await("an answer", append::isAnswered);
        assertEquals(0, append.baseOffset);
    }
}

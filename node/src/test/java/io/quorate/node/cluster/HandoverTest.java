/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.batch;
import static io.quorate.node.cluster.VirtualCluster.plain;
import static io.quorate.node.cluster.VirtualCluster.send;
import static io.quorate.node.cluster.VirtualCluster.target;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.ClusterView.GroupView;
import io.quorate.node.api.ClusterView.ReplicaRole;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("When a partition changes hands")
class HandoverTest {
    private static final int MANY = 150;
    private static final int AT_A_TIME = 8;
    private static final int STOP_LIMIT_MILLIS = 3_000;
    private static final int HELD_MAX = 1_024;
    /** The election timeout of these clusters. */
    private static final int SEND_OFF_MILLIS = 400;

    private final VirtualCluster cluster = VirtualCluster.started(3);

    private static Optional<GroupView> groupOf(VirtualNode node, TopicPartition partition) {
        return node.api().view().localGroups().stream()
                .filter(group -> group.topic().equals(partition.topic()) && group.partition() == partition.partition())
                .findFirst();
    }

    /** Stops the partition's leader and returns the new one, which has not applied its first entry yet. */
    private VirtualNode successorOfKilledLeader(TopicPartition orders) {
        cluster.append(orders, batch(7, 0, 0, "first"));
        VirtualNode former = cluster.leader(orders);
        former.kill();
        List<VirtualNode> others = cluster.running();
        cluster.await("another one takes appends", () -> others.stream().anyMatch(node -> takesAppends(node, orders)));
        VirtualNode successor = others.stream()
                .filter(node -> takesAppends(node, orders))
                .findFirst()
                .orElseThrow();
        GroupView group = groupOf(successor, orders).orElseThrow();
        assertTrue(group.appliedIndex() < group.lastIndex(), group.toString());
        return successor;
    }

    private static boolean takesAppends(VirtualNode node, TopicPartition partition) {
        return node.api().openAppend(partition, OptionalLong.empty()) instanceof Result.Ok;
    }

    private static boolean leads(VirtualNode node, TopicPartition partition) {
        return groupOf(node, partition)
                .filter(group -> group.role() == ReplicaRole.LEADER)
                .isPresent();
    }

    private static long led(VirtualNode node) {
        ClusterView view = node.api().view();
        return view.localGroups().stream()
                        .filter(group -> group.role() == ReplicaRole.LEADER)
                        .count()
                + (view.metadata().role() == ReplicaRole.LEADER ? 1 : 0);
    }

    private static long withoutLeader(VirtualNode node) {
        return node.api().view().localGroups().stream()
                .filter(group -> group.leaderId() == 0)
                .count();
    }

    @Test
    @DisplayName("an append that comes to the new leader before it has applied what it inherited waits, and is taken")
    void earlyAppendWaits() {
        TopicPartition orders = cluster.topic("orders");
        VirtualNode successor = successorOfKilledLeader(orders);

        VirtualCluster.Append early = send(target(successor, orders), batch(7, 0, 1, "second"));
        boolean answeredAtOnce = early.isAnswered();
        cluster.await("an answer", early::isAnswered);

        assertFalse(answeredAtOnce);
        assertNull(early.refusal);
        assertEquals(1, early.baseOffset);
        assertFalse(early.duplicate);
    }

    @Test
    @DisplayName("a retry that comes that early is recognised once the new leader knows what it has inherited")
    void earlyRetryIsRecognised() {
        TopicPartition orders = cluster.topic("orders");
        VirtualNode successor = successorOfKilledLeader(orders);

        VirtualCluster.Append retry = send(target(successor, orders), batch(7, 0, 0, "first"));
        cluster.await("an answer", retry::isAnswered);

        assertEquals(0, retry.baseOffset);
        assertTrue(retry.duplicate);
    }

    private List<VirtualCluster.Append> sendOneEachMilli(AppendTarget target, int count) {
        List<VirtualCluster.Append> appends = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            appends.add(send(target, plain("number " + i)));
            cluster.run(1);
        }
        return appends;
    }

    @Test
    @DisplayName(
            "an append to the old leader is not refused before it is known who takes over, and then with its address")
    void refusalNamesTheNewLeader() {
        TopicPartition orders = cluster.topic("orders");
        VirtualNode leader = cluster.leader(orders);
        AppendTarget target = target(leader, orders);
        send(target, plain("before"));
        leader.stop(() -> {});
        List<VirtualCluster.Append> appends = sendOneEachMilli(target, 20);
        cluster.run(200);
        int refused = 0;
        for (VirtualCluster.Append append : appends) {
            assertTrue(append.isAnswered(), append::toString);
            if (append.refusal != null && append.refusal.reason() != Reason.SHUTTING_DOWN) {
                refused++;
                assertEquals(Reason.NOT_LEADER, append.refusal.reason(), append::toString);
                assertNotNull(append.refusal.metadata().get("leader_address"), append::toString);
            }
        }
        assertTrue(refused > 0, "the handover took no time at all");
    }

    @Test
    @DisplayName("there is no moment in which the old leader knows that there is a new one and does not say who")
    void refusalNamesTheNewLeaderAtOnce() {
        TopicPartition orders = cluster.topic("orders");
        VirtualNode leader = cluster.leader(orders);
        AppendTarget target = target(leader, orders);
        List<VirtualCluster.Append> appends = new ArrayList<>();

        leader.stop(() -> {});
        cluster.await("some are sent away", () -> {
            appends.add(send(target, plain("between two events")));
            return appends.stream().filter(append -> append.refusal != null).count() > AT_A_TIME;
        });

        appends.stream().filter(append -> append.refusal != null).forEach(append -> {
            assertEquals(Reason.NOT_LEADER, append.refusal.reason(), append::toString);
            assertNotNull(append.refusal.metadata().get("leader_address"), append::toString);
        });
    }

    @Test
    @DisplayName("an append to the old leader is answered all the same if the handover comes to nothing")
    void answeredAfterAll() {
        TopicPartition orders = cluster.topic("orders");
        VirtualNode leader = cluster.leader(orders);
        AppendTarget target = target(leader, orders);
        cluster.all().stream().filter(node -> node != leader).forEach(node -> cluster.network()
                .isolate(node.id()));
        leader.stop(() -> {});
        List<VirtualCluster.Append> appends = sendOneEachMilli(target, 5);
        appends.forEach(append -> assertFalse(append.isAnswered(), append::toString));
        cluster.all().stream().filter(node -> node != leader).forEach(node -> cluster.network()
                .heal(node.id()));
        cluster.run(3_000);
        appends.forEach(append -> assertTrue(append.isAnswered(), append::toString));
    }

    /** A writer whose append was under way when its leader began to stop, and who was told where to go. */
    private VirtualNode successorOfStopping(TopicPartition orders, boolean[] stopped) {
        VirtualNode leader = cluster.leader(orders);
        AppendTarget target = target(leader, orders);
        leader.stop(() -> stopped[0] = true);
        List<VirtualCluster.Append> appends = sendOneEachMilli(target, 20);
        cluster.await("answers", () -> appends.stream().allMatch(VirtualCluster.Append::isAnswered));
        assertEquals(Reason.NOT_LEADER, appends.get(19).refusal.reason());
        return cluster.leader(orders);
    }

    @Test
    @DisplayName("a node that stops stays until a writer that it has sent to the new leader is served there")
    void staysUntilWritersAreServed() {
        TopicPartition orders = cluster.topic("orders");
        boolean[] stopped = new boolean[1];
        VirtualNode successor = successorOfStopping(orders, stopped);
        cluster.run(SEND_OFF_MILLIS / 2);
        boolean stoppedBefore = stopped[0];

        VirtualCluster.Append again = send(target(successor, orders), plain("again"));
        cluster.await("an answer", again::isAnswered);
        boolean stoppedMeanwhile = stopped[0];
        cluster.run(SEND_OFF_MILLIS / 4);

        assertFalse(stoppedBefore);
        assertNull(again.refusal);
        assertFalse(stoppedMeanwhile);
        assertTrue(stopped[0]);
    }

    @Test
    @DisplayName("a node that stops does not stay for long if the writers that it has sent away write nothing more")
    void doesNotStayForWritersThatHaveGone() {
        TopicPartition orders = cluster.topic("orders");
        boolean[] stopped = new boolean[1];
        successorOfStopping(orders, stopped);

        cluster.run(2 * SEND_OFF_MILLIS);

        assertTrue(stopped[0]);
    }

    @Test
    @DisplayName("no more than 1,024 appends wait for the new leader; the next one is refused and may come again soon")
    void earlyAppendsAreBounded() {
        TopicPartition orders = cluster.topic("orders");
        VirtualNode successor = successorOfKilledLeader(orders);
        List<VirtualCluster.Append> held = new ArrayList<>();
        for (int i = 1; i <= HELD_MAX; i++) {
            held.add(send(target(successor, orders), batch(7, 0, i, "x")));
        }

        VirtualCluster.Append over = send(target(successor, orders), batch(7, 0, HELD_MAX + 1, "x"));

        assertEquals(Reason.NO_LEADER, over.refusal.reason());
        assertTrue(over.refusal.message().contains("recovering"), over.refusal.message());
        cluster.await("answers", () -> held.stream().allMatch(VirtualCluster.Append::isAnswered));
        for (int i = 0; i < HELD_MAX; i++) {
            assertEquals(1 + i, held.get(i).baseOffset);
        }
    }

    @Test
    @DisplayName(
            "who waited for a new leader that comes to nothing is refused when it gives up, and nothing was appended")
    void earlyAppendIsRefusedWhenTheLeaderFails() {
        TopicPartition orders = cluster.topic("orders");
        VirtualNode successor = successorOfKilledLeader(orders);
        VirtualCluster.Append early = send(target(successor, orders), batch(7, 0, 1, "second"));

        cluster.network().isolate(successor.id());
        cluster.await("an answer", early::isAnswered);

        assertFalse(leads(successor, orders));
        assertEquals(Reason.NO_LEADER, early.refusal.reason());
    }

    @Test
    @DisplayName(
            "a node that leads dozens of partitions and stops leaves no more than eight at a time without a leader")
    void stopHandsOverFewAtATime() {
        cluster.create("orders", MANY, 3, 0).value();
        cluster.run(3_000);
        VirtualNode leaving = cluster.running().stream()
                .max(Comparator.comparingLong(HandoverTest::led))
                .orElseThrow();
        List<VirtualNode> others =
                cluster.running().stream().filter(node -> node != leaving).toList();
        long led = led(leaving);
        List<Long> ledByOthers = others.stream().map(HandoverTest::led).toList();
        boolean[] stopped = new boolean[1];
        long most = 0;

        leaving.stop(() -> stopped[0] = true);
        for (int millis = 0; !stopped[0] && millis < STOP_LIMIT_MILLIS; millis++) {
            cluster.run(1);
            most = stopped[0] ? most : Math.max(most, withoutLeader(leaving));
        }

        assertTrue(stopped[0], "it has stopped");
        assertTrue(led > 5 * AT_A_TIME, "it led " + led);
        assertTrue(most > 1 && most <= AT_A_TIME, "at a time: " + most);
        assertEquals(MANY + 1, led(others.get(0)) + led(others.get(1)));
        for (int i = 0; i < others.size(); i++) {
            long taken = led(others.get(i)) - ledByOthers.get(i);
            assertTrue(taken >= led / 3, others.get(i).id() + " took " + taken + " of " + led);
        }
    }
}

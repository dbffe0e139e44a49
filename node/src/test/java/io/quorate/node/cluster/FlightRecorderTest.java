/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.plain;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedDisk.Operation;
import io.quorate.node.api.EventKind;
import io.quorate.node.api.EventPage;
import io.quorate.node.api.EventQuery;
import io.quorate.node.api.NodeEvent;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The flight recorder of a node")
class FlightRecorderTest {
    private static final EventQuery ALL = new EventQuery("", OptionalInt.empty(), 0, 0, EventQuery.MAX_LIMIT, false);

    private final VirtualCluster cluster = VirtualCluster.started(3);

    private EventPage events(VirtualNode node, EventQuery query) {
        List<Result<EventPage>> answers = new ArrayList<>();
        node.api().events(query, answers::add);
        cluster.await("events of " + node.id(), () -> !answers.isEmpty());
        Result.Ok<EventPage> ok = assertInstanceOf(Result.Ok.class, answers.get(0));
        return ok.value();
    }

    private static EventQuery of(String topic) {
        return new EventQuery(topic, OptionalInt.empty(), 0, 0, EventQuery.MAX_LIMIT, false);
    }

    private List<NodeEvent> events(VirtualNode node, EventKind kind) {
        return events(node, ALL).events().stream()
                .filter(event -> event.kind() == kind)
                .toList();
    }

    @Test
    @DisplayName("tells who was elected, by whom, in which generation, and names the partition")
    void election() {
        TopicPartition demo = cluster.topic("demo");
        VirtualNode leader = cluster.leader(demo);

        EventPage page = events(leader, of("demo"));
        NodeEvent elected = page.events().stream()
                .filter(event -> event.kind() == EventKind.BECAME_LEADER)
                .findFirst()
                .orElseThrow();

        assertEquals("demo/0", page.partitions().get(elected.groupId()).toString());
        assertEquals(VirtualCluster.marks(leader, demo).generation(), elected.generation());
        assertTrue(page.events().stream().anyMatch(NodeEvent::concernsNode), "what concerns the node belongs to it");
        assertFalse(page.events().stream().anyMatch(event -> event.groupId() == 0), "the registry does not");
        VirtualNode voter = cluster.follower(demo);
        assertTrue(events(voter, EventKind.VOTE_GRANTED).stream()
                .anyMatch(event -> event.groupId() == elected.groupId()
                        && event.peer() == leader.id().value()));
    }

    @Test
    @DisplayName("tells why a leader leads no more, and who was lost")
    void lossOfLeadership() {
        TopicPartition demo = cluster.topic("demo");
        VirtualNode leader = cluster.leader(demo);
        cluster.running().stream().filter(node -> node != leader).forEach(VirtualNode::kill);
        cluster.await("the leader to give up", () -> !events(leader, EventKind.LEADERSHIP_LOST)
                .isEmpty());

        NodeEvent lost = events(leader, EventKind.LEADERSHIP_LOST).get(0);

        assertFalse(lost.detail().isEmpty());
        assertEquals(2, events(leader, EventKind.PEER_DISCONNECTED).size());
    }

    @Test
    @DisplayName("is not filled by a minority that asks for votes again and again")
    void minority() {
        TopicPartition demo = cluster.topic("demo");
        VirtualNode alone = cluster.leader(demo);
        cluster.running().stream().filter(node -> node != alone).forEach(VirtualNode::kill);
        cluster.run(30_000);

        List<NodeEvent> asked = events(alone, EventKind.PRE_VOTE_STARTED).stream()
                .filter(event -> event.groupId() != 0)
                .skip(1)
                .toList();

        assertEquals(2, asked.size(), asked::toString);
        assertTrue(asked.get(1).detail().endsWith(", for the 10th time in a row"), asked.get(1)::detail);
    }

    @Test
    @DisplayName("goes on over restarts with rising sequences, and has kept what was before")
    void restart() {
        TopicPartition demo = cluster.topic("demo");
        VirtualNode node = cluster.follower(demo);
        List<NodeEvent> before = events(node, ALL).events();
        cluster.run(100);
        node.kill();
        node.start();
        cluster.awaitReady();

        List<NodeEvent> after = events(node, ALL).events();

        assertEquals(before, after.subList(0, before.size()));
        assertEquals(2, events(node, EventKind.NODE_STARTED).size());
        for (int i = 0; i < after.size(); i++) {
            assertEquals(i + 1, after.get(i).sequence());
        }
    }

    @Test
    @DisplayName("writes down that it stops")
    void stop() {
        VirtualNode node = cluster.node(1);
        List<String> stopped = new ArrayList<>();
        node.stop(() -> stopped.add("stopped"));
        cluster.await("the stop", () -> !stopped.isEmpty());
        node.kill();
        node.start();
        cluster.awaitReady();

        assertEquals(1, events(node, EventKind.NODE_STOPPING).size());
    }

    @Test
    @DisplayName("answers what is asked: newest, since, after, one topic")
    void queries() {
        TopicPartition demo = cluster.topic("demo");
        cluster.run(100);
        VirtualNode node = cluster.leader(demo);
        List<NodeEvent> all = events(node, ALL).events();
        int size = all.size();
        NodeEvent middle = all.get(size / 2);

        assertAll(
                () -> assertEquals(
                        all.subList(size - 2, size),
                        events(node, new EventQuery("", OptionalInt.empty(), 0, 0, 2, false))
                                .events()),
                () -> assertEquals(
                        all.subList(size / 2 + 1, size),
                        events(node, new EventQuery("", OptionalInt.empty(), 0, middle.sequence(), 5_000, true))
                                .events()),
                () -> assertTrue(
                        events(node, new EventQuery("", OptionalInt.empty(), middle.timeMillis(), 0, 5_000, false))
                                .events()
                                .stream()
                                .allMatch(event -> event.timeMillis() >= middle.timeMillis())),
                () -> assertEquals(
                        all.get(size - 1).sequence(), events(node, ALL).lastSequence()));
    }

    @Test
    @DisplayName("refuses to tell of a topic that is not there")
    void unknownTopic() {
        List<Result<EventPage>> answers = new ArrayList<>();
        cluster.node(1).api().events(of("missing"), answers::add);

        Result.Refused<EventPage> refused = assertInstanceOf(Result.Refused.class, answers.get(0));
        assertEquals(Reason.UNKNOWN_TOPIC, refused.refusal().reason());
    }

    @Test
    @DisplayName("tells that requests are refused, and counts instead of repeating itself")
    void refusals() {
        VirtualNode node = cluster.node(1);
        for (int i = 0; i < 500; i++) {
            node.api().openAppend(new TopicPartition("missing", 0), java.util.OptionalLong.empty());
        }
        cluster.run(11_000);

        List<NodeEvent> refused = events(node, EventKind.REQUESTS_REFUSED);

        assertEquals(2, refused.size());
        assertTrue(refused.get(0).detail().startsWith("1 × UNKNOWN_TOPIC: "), refused.get(0)::detail);
        assertTrue(refused.get(1).detail().startsWith("499 × UNKNOWN_TOPIC: "), refused.get(1)::detail);
    }

    @Test
    @DisplayName("tells of a follower that falls behind, and that it has caught up")
    void lag() {
        TopicPartition demo = cluster.topic("demo");
        VirtualNode preferred = cluster.node(cluster.node(1)
                .api()
                .view()
                .topics()
                .get(0)
                .partitions()
                .get(0)
                .replicas()
                .get(0));
        cluster.await("leadership to settle", () -> cluster.leader(demo) == preferred);
        VirtualNode leader = preferred;
        VirtualNode slow = cluster.follower(demo);
        slow.hangDisk();
        cluster.append(demo, plain("x"));
        cluster.await("the follower to lag", () -> !events(leader, EventKind.FOLLOWER_LAGS)
                .isEmpty());

        NodeEvent lags = events(leader, EventKind.FOLLOWER_LAGS).get(0);
        assertEquals(slow.id().value(), lags.peer());
        assertTrue(lags.detail().startsWith("1 entries behind"), lags.detail());
        assertEquals(1, events(slow, EventKind.DISK_STALLED).size());

        slow.unhangDisk();
        cluster.await("it to catch up", () -> !events(leader, EventKind.FOLLOWER_CAUGHT_UP)
                .isEmpty());
    }

    @Test
    @DisplayName("is never in the way: without its files the node runs and tells what it has in memory")
    void diskRefusesEvents() {
        VirtualNode node = cluster.node(1);
        node.kill();
        node.disk().inject(Operation.WRITE, path -> path.toString().endsWith(".events"));
        node.start();
        cluster.awaitReady();
        TopicPartition demo = cluster.topic("demo");

        cluster.append(demo, plain("x"));

        assertFalse(events(node, EventKind.FOLLOWS_LEADER).isEmpty()
                && events(node, EventKind.BECAME_LEADER).isEmpty());
    }

    @Test
    @DisplayName("names a partition that is deleted with its topic, since nobody else will")
    void deleted() {
        cluster.topic("demo");
        cluster.delete("demo").value();
        cluster.run(500);

        assertEquals(
                List.of("demo/0"),
                events(cluster.node(1), EventKind.TOPIC_DELETED).stream()
                        .map(NodeEvent::detail)
                        .toList());
    }
}

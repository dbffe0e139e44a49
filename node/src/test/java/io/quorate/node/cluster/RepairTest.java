/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.marks;
import static io.quorate.node.cluster.VirtualCluster.plain;
import static io.quorate.node.cluster.VirtualCluster.refusalOf;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.LogStore;
import io.quorate.logstore.StoreIdentity;
import io.quorate.logstore.WriteBuffer;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.node.api.ClusterView.GroupView;
import io.quorate.node.api.ClusterView.ReplicaRole;
import io.quorate.node.api.ClusterView.ScrubView;
import io.quorate.node.api.EventKind;
import io.quorate.node.api.EventPage;
import io.quorate.node.api.EventQuery;
import io.quorate.node.api.NodeEvent;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.replica.ScrubSettings;
import io.quorate.raft.log.LogEntry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A replica whose log is damaged")
class RepairTest {
    /** Of the log store's format: where frames begin, and how long a frame's header is. */
    private static final int FIRST_FRAME = 4096;

    private static final int BATCHES = 20;

    private static final ReadSpec ALL =
            new ReadSpec(new ReadSpec.From.Earliest(), OptionalLong.empty(), 0, false, ReadConsistency.LOCAL);

    private VirtualCluster cluster;
    private TopicPartition orders;

    @BeforeEach
    void start() {
        cluster = VirtualCluster.started(3);
        orders = cluster.topic("orders");
    }

    private void fill() {
        for (int i = 0; i < BATCHES; i++) {
            cluster.append(orders, plain(i + "x".repeat(40_000)));
        }
        cluster.await("everyone has all", () -> cluster.running().stream()
                .allMatch(node -> marks(node, orders).highWatermark() == BATCHES));
    }

    private static GroupView view(VirtualNode node, long group) {
        return group == 0
                ? node.api().view().metadata()
                : node.api().view().localGroups().stream()
                        .filter(candidate -> candidate.groupId() == group)
                        .findFirst()
                        .orElseThrow();
    }

    private static List<Path> segments(VirtualNode node, long group) {
        Path directory = Path.of("/data/groups/" + group);
        return node.disk().list(directory).stream()
                .filter(name -> name.endsWith(".log"))
                .sorted()
                .map(directory::resolve)
                .toList();
    }

    /** The last byte that is not zero. */
    private static int lastByte(SimulatedDisk disk, Path file) {
        byte[] contents = disk.contents(file);
        int at = contents.length - 1;
        while (contents[at] == 0) {
            at--;
        }
        return at;
    }

    private void awaitRepaired(VirtualNode node, long group) {
        cluster.await(node.id() + " is repaired", () -> List.of(ReplicaRole.FOLLOWER, ReplicaRole.LEADER)
                .contains(view(node, group).role()));
    }

    private List<LogEntry> readLocally(VirtualNode node) {
        VirtualCluster.Collected read = cluster.read(node, orders, ALL);
        assertEquals(null, read.refusal);
        return read.entries;
    }

    private List<EventKind> events(VirtualNode node) {
        return eventsOf(node).stream().map(NodeEvent::kind).toList();
    }

    private List<NodeEvent> eventsOf(VirtualNode node) {
        List<Result<EventPage>> pages = new ArrayList<>();
        node.api().events(new EventQuery("", OptionalInt.empty(), 0, 0, 1_000, true), pages::add);
        cluster.await("events", () -> !pages.isEmpty());
        return ((Result.Ok<EventPage>) pages.get(0)).value().events();
    }

    @Test
    @DisplayName("RF-37 at its start is repaired from the others before it takes part, and then has what they have")
    void sealedSegmentAtStart() {
        fill();
        VirtualNode node = cluster.follower(orders);
        node.kill();
        Path sealed = segments(node, 1).get(0);
        node.disk().corrupt(sealed, 50_000, 0xff);
        node.disk().lose(Path.of(sealed.toString().replace(".log", ".index")));

        node.start();
        cluster.await("it is quarantined", () -> node.api().view().localGroups().stream()
                .anyMatch(group -> group.role() == ReplicaRole.QUARANTINED));
        assertTrue(
                view(node, 1).failure().contains("CORRUPT at position"),
                view(node, 1).failure());
        awaitRepaired(node, 1);

        cluster.await("it has caught up", () -> marks(node, orders).highWatermark() == BATCHES);
        assertEquals(readLocally(cluster.leader(orders)), readLocally(node));
        assertEquals("", view(node, 1).failure());
        assertTrue(
                events(node).containsAll(List.of(EventKind.REPLICA_QUARANTINED, EventKind.REPLICA_REPAIRED)),
                events(node).toString());
    }

    @Test
    @DisplayName("in its last entry, so that nothing tells how far the log went, waits for a new generation")
    void lastEntry() {
        fill();
        VirtualNode node = cluster.follower(orders);
        long generation = marks(node, orders).generation();
        node.kill();
        Path last = segments(node, 1).get(segments(node, 1).size() - 1);
        node.disk().corrupt(last, lastByte(node.disk(), last), 1);

        node.start();
        cluster.await(
                "it opens its logs", () -> !node.api().view().localGroups().isEmpty());
        assertEquals(ReplicaRole.QUARANTINED, view(node, 1).role());
        awaitRepaired(node, 1);

        cluster.await("it has caught up", () -> marks(node, orders).highWatermark() == BATCHES);
        assertEquals(readLocally(cluster.leader(orders)), readLocally(node));
        assertTrue(marks(node, orders).generation() > generation);
    }

    @Test
    @DisplayName("found by a reader while it runs: the reader is refused, the log repaired, and nothing else stops")
    void foundByReader() {
        fill();
        VirtualNode node = cluster.follower(orders);
        Path sealed = segments(node, 1).get(0);
        node.disk().corrupt(sealed, FIRST_FRAME + 60_000, 4);

        VirtualCluster.Collected refused = cluster.read(node, orders, ALL);

        assertEquals(Reason.CORRUPT_REPLICA, refused.refusal.reason());
        assertEquals(ReplicaRole.QUARANTINED, view(node, 1).role());
        assertEquals(
                Reason.CORRUPT_REPLICA,
                refusalOf(VirtualCluster.localTail(node, orders)).reason());
        awaitRepaired(node, 1);
        cluster.await(
                "it is the same as the others", () -> VirtualCluster.localTail(node, orders) instanceof Result.Ok);
        assertEquals(BATCHES, cluster.append(orders, plain("more")).baseOffset);
        cluster.await("it follows again", () -> marks(node, orders).highWatermark() == BATCHES + 1);
        assertEquals(readLocally(cluster.leader(orders)), readLocally(node));
    }

    @Test
    @DisplayName("gives up leadership at once")
    void leader() {
        fill();
        VirtualNode leader = cluster.leader(orders);
        Path sealed = segments(leader, 1).get(0);
        leader.disk().corrupt(sealed, FIRST_FRAME + 60_000, 4);

        long before = cluster.nowMillis();
        VirtualCluster.Collected refused = cluster.read(leader, orders, VirtualCluster.from(0));
        assertEquals(Reason.CORRUPT_REPLICA, refused.refusal.reason());

        assertNotSame(leader, cluster.leader(orders));
        long millis = cluster.nowMillis() - before;
        assertTrue(millis < 200, "the next one led after " + millis + " ms");
        assertEquals(BATCHES, cluster.append(orders, plain("more")).baseOffset);
        awaitRepaired(leader, 1);
        cluster.await("it follows", () -> marks(leader, orders).highWatermark() == BATCHES + 1);
        assertEquals(readLocally(cluster.leader(orders)), readLocally(leader));
    }

    @Test
    @DisplayName("of the registry is repaired like any other, and the node serves its partitions afterwards")
    void registry() {
        for (int i = 0; i < 5; i++) {
            cluster.topic("t" + i);
        }
        VirtualNode node = cluster.running().stream()
                .filter(candidate -> candidate != cluster.metadataLeader())
                .findFirst()
                .orElseThrow();
        node.kill();
        Path log = segments(node, 0).get(0);
        node.disk().corrupt(log, FIRST_FRAME + 100, 1);

        node.start();
        assertEquals(ReplicaRole.QUARANTINED, view(node, 0).role());
        assertEquals(
                Reason.REPLICA_FAILED,
                refusalOf(VirtualCluster.localTail(node, orders)).reason());
        awaitRepaired(node, 0);
        cluster.awaitReady();
        cluster.await("it has all topics", () -> node.api().view().topics().size() == 6);
    }

    @Test
    @DisplayName("waits as long as it takes for others that know what is committed")
    void nobodyToAsk() {
        fill();
        VirtualNode node = cluster.follower(orders);
        List<VirtualNode> others =
                cluster.running().stream().filter(other -> other != node).toList();
        cluster.running().forEach(VirtualNode::kill);
        Path sealed = segments(node, 1).get(0);
        node.disk().corrupt(sealed, 50_000, 0xff);
        node.disk().lose(Path.of(sealed.toString().replace(".log", ".index")));
        node.disk().corrupt(segments(node, 0).get(0), FIRST_FRAME + 100, 1);

        node.start();
        cluster.run(8_000);
        cluster.await(
                "it says that nobody answers", () -> view(node, 0).failure().contains("does not answer"));
        assertEquals(ReplicaRole.QUARANTINED, view(node, 0).role());

        others.forEach(VirtualNode::start);
        cluster.awaitReady();
        awaitRepaired(node, 0);
        cluster.await(
                "its partition is open", () -> !node.api().view().localGroups().isEmpty());
        awaitRepaired(node, 1);
        cluster.await("it has all", () -> marks(node, orders).highWatermark() == BATCHES);
        assertEquals(readLocally(cluster.leader(orders)), readLocally(node));
    }

    @Test
    @DisplayName("RF-40 on every replica in the same entry stays out and loses nothing; other partitions go on")
    void damagedEverywhere() {
        fill();
        TopicPartition other = cluster.topic("other");
        cluster.append(other, plain("before"));
        List<VirtualNode> nodes = List.copyOf(cluster.running());
        nodes.forEach(VirtualNode::kill);
        Path sealed = segments(nodes.get(0), 1).get(0);
        for (VirtualNode node : nodes) {
            node.disk().corrupt(sealed, 50_000, 0xff);
            node.disk().lose(Path.of(sealed.toString().replace(".log", ".index")));
        }
        List<byte[]> damaged =
                nodes.stream().map(node -> node.disk().contents(sealed)).toList();

        nodes.forEach(VirtualNode::start);
        cluster.awaitReady();
        cluster.await("the other partition goes on", () -> nodes.stream()
                .anyMatch(node -> node.api().view().localGroups().stream()
                        .anyMatch(group -> group.topic().equals("other") && group.role() == ReplicaRole.LEADER)));
        cluster.append(other, plain("after"));
        cluster.run(10_000);

        for (int i = 0; i < nodes.size(); i++) {
            assertEquals(ReplicaRole.QUARANTINED, view(nodes.get(i), 1).role());
            assertArrayEquals(damaged.get(i), nodes.get(i).disk().contents(sealed));
            assertEquals(
                    Reason.CORRUPT_REPLICA,
                    refusalOf(VirtualCluster.localTail(nodes.get(i), orders)).reason());
        }
    }

    private String whyQuarantined(VirtualNode node) {
        return eventsOf(node).stream()
                .filter(event -> event.kind() == EventKind.REPLICA_QUARANTINED)
                .findFirst()
                .orElseThrow()
                .detail();
    }

    @ParameterizedTest(name = "leader: {0}")
    @ValueSource(booleans = {true, false})
    @DisplayName("by a block that cannot be read is served by the others meanwhile, repaired from them, and says so")
    void unreadableBlock(boolean ofLeader) {
        fill();
        VirtualNode node = ofLeader ? cluster.leader(orders) : cluster.follower(orders);
        List<LogEntry> before = readLocally(node);
        Path sealed = segments(node, 1).get(0);
        assertTrue(node.disk().spoil(sealed, FIRST_FRAME + 60_000));

        VirtualCluster.Collected refused = cluster.read(node, orders, ALL);

        assertEquals(Reason.CORRUPT_REPLICA, refused.refusal.reason());
        assertEquals(before.subList(0, refused.entries.size()), refused.entries);
        assertEquals(ReplicaRole.QUARANTINED, view(node, 1).role());
        VirtualNode other = cluster.leader(orders);
        assertNotSame(node, other);
        assertEquals(before, readLocally(other));
        assertEquals(BATCHES, cluster.append(orders, plain("more")).baseOffset);
        awaitRepaired(node, 1);
        cluster.await("it follows", () -> marks(node, orders).highWatermark() == BATCHES + 1);
        assertEquals(readLocally(cluster.leader(orders)), readLocally(node));
        assertTrue(whyQuarantined(node).contains("Input/output error"), whyQuarantined(node));
        assertTrue(events(node).contains(EventKind.REPLICA_REPAIRED));
        cluster.running().stream()
                .filter(whole -> whole != node)
                .forEach(whole -> assertFalse(events(whole).contains(EventKind.REPLICA_QUARANTINED)));
    }

    @Test
    @DisplayName("by blocks that cannot be read, of one copy of term and vote and of a segment's header, mends itself")
    void unreadableMarginalia() {
        fill();
        VirtualNode node = cluster.follower(orders);
        List<LogEntry> before = readLocally(node);
        node.kill();
        for (long group = 0; group <= 1; group++) {
            assertTrue(node.disk().spoil(Path.of("/data/groups/" + group + "/hardstate"), 4096));
            assertTrue(node.disk().spoil(segments(node, group).get(0), 0));
        }

        node.start();
        cluster.awaitReady();
        cluster.await("it serves", () -> VirtualCluster.localTail(node, orders) instanceof Result.Ok);
        cluster.await("it knows all", () -> marks(node, orders).highWatermark() == BATCHES);

        assertEquals(before, readLocally(node));
        assertEquals(BATCHES, cluster.append(orders, plain("more")).baseOffset);
        cluster.await("it follows", () -> marks(node, orders).highWatermark() == BATCHES + 1);
        assertFalse(
                events(node).contains(EventKind.REPLICA_QUARANTINED),
                events(node).toString());
    }

    private static ScrubView scrub(VirtualNode node) {
        return node.api().view().scrub();
    }

    @Test
    @DisplayName("in segments that nobody reads is found by reading them again in the background, and repaired")
    void scrub() {
        cluster = VirtualCluster.scrubbing(3, new ScrubSettings(1 << 20, 2_000));
        orders = cluster.topic("orders");
        fill();
        VirtualNode node = cluster.follower(orders);
        cluster.await(
                "a pass is in the midst of a log",
                () -> scrub(node).running() && scrub(node).bytes() > 0);
        ScrubView begun = scrub(node);
        assertTrue(begun.logsDone() < begun.logs() && begun.logs() == 2, begun.toString());
        Path sealed = segments(node, 1).get(0);
        byte[] whole = node.disk().contents(sealed);
        node.disk().corrupt(sealed, FIRST_FRAME + 60_000, 4);

        cluster.await("it is quarantined", () -> view(node, 1).role() == ReplicaRole.QUARANTINED);
        assertTrue(
                view(node, 1).failure().contains("found by reading it again"),
                view(node, 1).failure());
        awaitRepaired(node, 1);

        assertEquals(readLocally(cluster.leader(orders)), readLocally(node));
        assertEquals(whole.length, node.disk().contents(sealed).length);
        cluster.run(4_000);
        assertTrue(events(node).contains(EventKind.SCRUBBED), events(node).toString());
        ScrubView passed = scrub(node);
        assertTrue(passed.lastEndedMillis().isPresent() && passed.lastBytes() > 0, passed.toString());
        assertTrue(
                cluster.running().stream().filter(other -> other != node).noneMatch(other -> events(other)
                        .contains(EventKind.REPLICA_QUARANTINED)),
                "what is whole is left alone");
    }

    @Test
    @DisplayName(
            "by other entries than the others have, under right checksums, is found by comparing digests, and repaired")
    void diverged() {
        cluster = VirtualCluster.scrubbing(3, new ScrubSettings(1 << 20, 2_000));
        orders = cluster.topic("orders");
        fill();
        VirtualNode node = cluster.follower(orders);
        node.kill();
        Path sealed = segments(node, 1).get(0);
        plantOtherEntries(node, sealed);

        node.start();
        cluster.await("it serves what it has", () -> VirtualCluster.localTail(node, orders) instanceof Result.Ok);
        cluster.await("it is quarantined", () -> view(node, 1).role() == ReplicaRole.QUARANTINED);
        assertTrue(view(node, 1).failure().contains("DIVERGED"), view(node, 1).failure());
        awaitRepaired(node, 1);

        cluster.await("it has all", () -> marks(node, orders).highWatermark() == BATCHES);
        assertEquals(readLocally(cluster.leader(orders)), readLocally(node));
    }

    /** Starts a follower with other entries than the others have, whose nodes compare them. */
    private VirtualNode startDiverged() {
        cluster = VirtualCluster.scrubbing(3, new ScrubSettings(1 << 20, 2_000));
        orders = cluster.topic("orders");
        fill();
        VirtualNode node = cluster.follower(orders);
        node.kill();
        plantOtherEntries(node, segments(node, 1).get(0));
        node.start();
        return node;
    }

    private boolean serves(VirtualNode node, List<LogEntry> entries) {
        return VirtualCluster.localTail(node, orders) instanceof Result.Ok
                && cluster.read(node, orders, ALL).entries.equals(entries);
    }

    /** How much work there was in the background until it was found; the last one begins the repair. */
    private int tasksUntilRepair() {
        VirtualNode node = startDiverged();
        cluster.await("it is quarantined", () -> node.api().view().localGroups().stream()
                .anyMatch(group -> group.role() == ReplicaRole.QUARANTINED));
        return node.backgroundTasks();
    }

    @Test
    @DisplayName("and is found to be otherwise damaged, at whatever point of a comparison, is repaired of both")
    void damagedWhileCompared() {
        int repair = tasksUntilRepair() - 1;
        for (int held = repair - 7; held < repair; held++) {
            VirtualNode node = startDiverged();
            node.holdBackground(held);
            cluster.await("it compares", node::holdsBackground);
            node.disk().corrupt(segments(node, 1).get(1), FIRST_FRAME + 60_000, 4);
            assertEquals(
                    Reason.CORRUPT_REPLICA,
                    cluster.read(node, orders, ALL).refusal.reason());

            node.releaseBackground();
            List<LogEntry> right = readLocally(cluster.leader(orders));
            while (!serves(node, right)) {
                assertTrue(cluster.nowMillis() < 60_000, "it is never repaired, held at " + held);
                cluster.run(500);
            }
        }
    }

    @Test
    @DisplayName("by other entries than the others have is looked for at the rate of a scrub, though others ask for it")
    void divergedSlowly() {
        cluster = VirtualCluster.scrubbing(3, new ScrubSettings(64 << 10, 1_000));
        orders = cluster.topic("orders");
        fill();
        VirtualNode node = cluster.follower(orders);
        node.kill();
        Path sealed = segments(node, 1).get(0);
        plantOtherEntries(node, sealed);
        long segmentMillis = 1_000L * lastByte(node.disk(), sealed) / (64 << 10);

        node.start();
        long startedMillis = cluster.nowMillis();
        cluster.await("it serves what it has", () -> VirtualCluster.localTail(node, orders) instanceof Result.Ok);
        while (!events(node).contains(EventKind.REPLICA_QUARANTINED)) {
            assertTrue(cluster.nowMillis() - startedMillis < 120_000, "it is never found");
            cluster.run(500);
        }

        // For the leader, and once more before the leader is believed; what is scrubbed meanwhile comes on top.
        long tookMillis = cluster.nowMillis() - startedMillis;
        assertTrue(tookMillis > 2 * segmentMillis, tookMillis + " ms, but a segment takes " + segmentMillis);
        awaitRepaired(node, 1);
    }

    @Test
    @DisplayName("in both copies of term and vote is not repaired: it says that it must come back as another member")
    void lostVote() {
        fill();
        VirtualNode node = cluster.follower(orders);
        node.kill();
        Path hardState = Path.of("/data/groups/1/hardstate");
        for (int copy = 0; copy < 2; copy++) {
            node.disk().corrupt(hardState, copy * 4096 + 40, 1);
        }
        byte[] damaged = node.disk().contents(hardState);

        for (int start = 0; start < 2; start++) {
            node.start();
            cluster.await("it fails", () -> node.api().view().localGroups().stream()
                    .anyMatch(group -> group.groupId() == 1 && group.role() == ReplicaRole.FAILED));
            String failure = view(node, 1).failure();
            assertTrue(failure.contains("may have voted"), failure);
            assertTrue(failure.contains("quorate node readmit " + node.id().value()), failure);
            cluster.append(orders, plain("the others go on, " + start));
            assertArrayEquals(damaged, node.disk().contents(hardState), "it is left for people to look at");
            node.kill();
        }
    }

    /** The same log, but for the time at which its third entry says that it was taken. */
    private static void plantOtherEntries(VirtualNode node, Path sealed) {
        Path directory = sealed.getParent();
        StoreIdentity identity = new StoreIdentity("test", node.id().value(), 1);
        LogStore real = LogStore.open(
                node.disk().forcedOnly(directory),
                directory,
                identity,
                VirtualCluster.LOG_STORE,
                Runnable::run,
                new WriteBuffer(4096));
        List<LogEntry> entries =
                new ArrayList<>(real.read(1, real.segments().get(0).lastIndex() + 1, Integer.MAX_VALUE));
        LogEntry third = entries.get(2);
        entries.set(
                2,
                new LogEntry(
                        third.id(),
                        third.type(),
                        third.baseOffset(),
                        third.recordCount(),
                        third.timestampMillis() + 1,
                        third.payload()));
        SimulatedDisk other = new SimulatedDisk(1);
        LogStore wrong = LogStore.open(
                other, directory, identity, VirtualCluster.LOG_STORE, Runnable::run, new WriteBuffer(4096));
        wrong.putHardState(real.recovered().hardState());
        wrong.append(entries);
        wrong.force();
        node.disk().plant(sealed, other.contents(sealed));
        node.disk().lose(Path.of(sealed.toString().replace(".log", ".index")));
    }

    @Test
    @DisplayName("and is the only one stays out, and says so")
    void onlyReplica() {
        cluster.create("single", 1, 1, 0).value();
        TopicPartition single = new TopicPartition("single", 0);
        VirtualNode node = cluster.leader(single);
        long group = node.api().view().localGroups().stream()
                .filter(candidate -> candidate.topic().equals("single"))
                .findFirst()
                .orElseThrow()
                .groupId();
        for (int i = 0; i < 3; i++) {
            cluster.append(single, plain("x".repeat(1_000)));
        }
        node.kill();
        node.disk().corrupt(segments(node, group).get(0), FIRST_FRAME + 600, 1);

        node.start();
        cluster.awaitReady();
        cluster.await("its logs are open", () -> node.api().view().localGroups().size() == 2);
        cluster.run(5_000);

        assertEquals(ReplicaRole.QUARANTINED, view(node, group).role());
        assertTrue(
                view(node, group).failure().contains("no other replica"),
                view(node, group).failure());
        assertEquals(
                Reason.CORRUPT_REPLICA,
                refusalOf(VirtualCluster.localTail(node, single)).reason());
    }
}

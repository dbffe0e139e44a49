/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.TopicSettings;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The registry")
class MetadataStateMachineTest {
    private static final List<NodeId> REPLICAS = List.of(new NodeId(2), new NodeId(1), new NodeId(3));

    private final List<Outcome> outcomes = new ArrayList<>();
    private final MetadataStateMachine registry =
            new MetadataStateMachine((requestId, outcome) -> outcomes.add(outcome));
    private long index;

    private static List<List<NodeId>> placements(int partitions) {
        return Collections.nCopies(partitions, REPLICAS);
    }

    private Outcome apply(Change change) {
        apply(MetadataCodec.encode(new MetadataCodec.Command(1, change)));
        return outcomes.get(outcomes.size() - 1);
    }

    private void apply(Payload payload) {
        index++;
        registry.apply(new LogEntry(new EntryId(1, index), EntryType.COMMAND, 0, 0, 0, payload));
    }

    static List<Change> changes() {
        return List.of(
                new Change.RegisterNode(new NodeId(3), "host:7402", -5, "host:7502"),
                new Change.AddNode(new NodeId(4), "host:7503"),
                new Change.AdmitNode(new NodeId(4), -6),
                new Change.ChangeNodeState(new NodeId(4), NodeRecord.State.LEAVING),
                new Change.MovePartition(1, List.of(new NodeId(3), new NodeId(1)), 2),
                new Change.SettlePartition(1, 3),
                new Change.CreateTopic("orders", 3, new TopicSettings(1000, 0, 0), placements(2)),
                new Change.AlterTopic(
                        "orders",
                        7,
                        new TopicSettings.Change(OptionalInt.of(0), OptionalLong.of(60_000), OptionalLong.empty()),
                        2,
                        placements(1)),
                new Change.AlterTopic("orders", 0, TopicSettings.Change.NONE, 0, List.of()),
                new Change.DeleteTopic("orders", 5));
    }

    @ParameterizedTest
    @MethodSource("changes")
    @DisplayName("reads back every change as it was written")
    void codec(Change change) {
        MetadataCodec.Command command = new MetadataCodec.Command(-77, change);
        assertEquals(command, MetadataCodec.decode(MetadataCodec.encode(command)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\u0001garbage", "\u007a\u0000"})
    @DisplayName("stops at a command that it does not know instead of skipping it")
    void unknownCommand(String bytes) {
        assertThrows(IllegalArgumentException.class, () -> apply(Payload.utf8(bytes)));
    }

    @Test
    @DisplayName("gives every partition a group id of its own and never gives one twice")
    void groupIds() {
        apply(new Change.CreateTopic("a", 3, new TopicSettings(0, 0, 0), placements(2)));
        apply(new Change.DeleteTopic("a", 0));
        apply(new Change.CreateTopic("b", 3, new TopicSettings(0, 0, 0), placements(1)));
        apply(new Change.AlterTopic("b", 0, TopicSettings.Change.NONE, 0, placements(2)));

        assertEquals(
                List.of(3L, 4L, 5L),
                registry.topic("b").orElseThrow().partitions().stream()
                        .map(TopicState.PartitionState::groupId)
                        .toList());
        assertEquals(3, registry.partitions());
    }

    @Test
    @DisplayName("alters only the incarnation of a topic that is meant")
    void altersWhatIsMeant() {
        apply(new Change.CreateTopic("a", 3, new TopicSettings(0, 0, 0), placements(1)));
        apply(new Change.DeleteTopic("a", 1));
        apply(new Change.CreateTopic("a", 3, new TopicSettings(0, 0, 0), placements(1)));

        assertEquals(
                Reason.TOPIC_RECREATED,
                reason(apply(new Change.AlterTopic("a", 1, TopicSettings.Change.NONE, 1, placements(1)))));
        assertEquals(1, registry.partitions());
        apply(new Change.AlterTopic("a", 2, TopicSettings.Change.NONE, 1, placements(1)));
        assertEquals(2, registry.partitions());
    }

    @Test
    @DisplayName("adds the partitions of a request that arrives twice, or of two that want the same, once")
    void altersOnce() {
        apply(new Change.CreateTopic("a", 3, new TopicSettings(0, 0, 0), placements(1)));

        apply(new Change.AlterTopic("a", 0, TopicSettings.Change.NONE, 1, placements(2)));
        apply(new Change.AlterTopic("a", 0, TopicSettings.Change.NONE, 1, placements(2)));
        assertEquals(3, registry.partitions());
        apply(new Change.AlterTopic("a", 0, TopicSettings.Change.NONE, 1, placements(4)));
        assertEquals(5, registry.partitions());
    }

    @Test
    @DisplayName("refuses changes that other changes have overtaken")
    void overtaken() {
        apply(new Change.CreateTopic("a", 3, new TopicSettings(0, 0, 0), placements(1)));

        assertEquals(
                Reason.TOPIC_EXISTS,
                reason(apply(new Change.CreateTopic("a", 3, new TopicSettings(0, 0, 0), placements(1)))));
        assertEquals(Reason.UNKNOWN_TOPIC, reason(apply(new Change.DeleteTopic("b", 0))));
        assertEquals(
                Reason.UNKNOWN_TOPIC,
                reason(apply(new Change.AlterTopic("b", 0, TopicSettings.Change.NONE, 0, placements(1)))));
        assertEquals(
                Reason.INVALID_ARGUMENT,
                reason(apply(new Change.AlterTopic("a", 0, TopicSettings.Change.NONE, 0, placements(1000)))));
        assertEquals(1, registry.partitions());
    }

    private static Reason reason(Outcome outcome) {
        return assertInstanceOf(Outcome.Refused.class, outcome).refusal().reason();
    }

    @Test
    @DisplayName("keeps the latest addresses of a node, and does not believe other storage than it has of it")
    void registrations() {
        apply(new Change.RegisterNode(new NodeId(1), "old:1", 5, ""));
        apply(new Change.RegisterNode(new NodeId(1), "new:1", 5, ""));
        apply(new Change.RegisterNode(new NodeId(1), "other:1", 6, ""));

        assertEquals("new:1", registry.nodes().get(new NodeId(1)).clientAddress());
        assertEquals(5, registry.nodes().get(new NodeId(1)).incarnation());
    }

    private MetadataStateMachine restored(Payload state) {
        MetadataStateMachine other = new MetadataStateMachine(new MetadataStateMachine.Listener() {
            @Override
            public void onOutcome(long requestId, Outcome outcome) {
                outcomes.add(outcome);
            }
        });
        other.restore(new GroupSnapshot(new EntryId(1, 50), 0, state, Payload.EMPTY));
        return other;
    }

    @Test
    @DisplayName("goes on from a snapshot as if it had applied everything itself")
    void snapshot() {
        apply(new Change.RegisterNode(new NodeId(3), "host:7402", -5, "host:7502"));
        apply(new Change.AddNode(new NodeId(9), "host:7509"));
        apply(new Change.CreateTopic("gone", 3, new TopicSettings(0, 0, 0), placements(2)));
        apply(new Change.CreateTopic("orders", 3, new TopicSettings(1000, 60_000, 1 << 30), placements(3)));
        apply(new Change.DeleteTopic("gone", 0));
        apply(new Change.MovePartition(3, List.of(new NodeId(9), new NodeId(2), new NodeId(1)), 0));

        MetadataStateMachine other = restored(registry.freeze().encode());

        assertEquals(registry.nodes(), other.nodes());
        assertEquals(registry.topics(), other.topics());
        assertEquals(3, other.partitions());
        assertEquals(List.of(1L, 2L), other.deletedAmong(List.of(0L, 1L, 2L, 3L, 5L, 6L)));
        assertEquals(registry.freeze().encode(), other.freeze().encode());
    }

    @Test
    @DisplayName(
            "tells which topics were deleted by what a snapshot stands in for, also if their names are in use again")
    void goneTopics() {
        List<Long> gone = new ArrayList<>();
        MetadataStateMachine behind = new MetadataStateMachine(new MetadataStateMachine.Listener() {
            @Override
            public void onOutcome(long requestId, Outcome outcome) {
                outcomes.add(outcome);
            }

            @Override
            public void onGone(TopicState topic) {
                gone.add(topic.partitions().get(0).groupId());
            }
        });
        for (String name : List.of("kept", "deleted", "again")) {
            apply(new Change.CreateTopic(name, 3, new TopicSettings(0, 0, 0), placements(1)));
        }
        behind.restore(new GroupSnapshot(new EntryId(1, 3), 0, registry.freeze().encode(), Payload.EMPTY));
        apply(new Change.DeleteTopic("deleted", 0));
        apply(new Change.DeleteTopic("again", 0));
        apply(new Change.CreateTopic("again", 3, new TopicSettings(0, 0, 0), placements(1)));

        behind.restore(new GroupSnapshot(new EntryId(1, 9), 0, registry.freeze().encode(), Payload.EMPTY));

        assertEquals(List.of(3L, 2L), gone);
        assertEquals(registry.topics(), behind.topics());
    }

    @Test
    @DisplayName("reads the snapshots of every release: the bytes of version 1")
    void fixture() {
        Payload written = Payload.wrap(HexFormat.of()
                .parseHex(
                        "0801" // version
                                + "1004" // next group
                                + "1a1608031209686f73743a37343032190500000000000000" // node 3
                                + "221e0a066f7264657273100318e80720e0d403" // topic "orders"
                                + "28808001" // 16384 bytes are kept
                                + "32070803" // its only partition
                                + "1203020103"));

        MetadataStateMachine read = restored(written);

        assertEquals("host:7402", read.nodes().get(new NodeId(3)).clientAddress());
        assertEquals(
                new TopicState(
                        "orders",
                        3,
                        new TopicSettings(1000, 60_000, 16_384),
                        List.of(new TopicState.PartitionState(3, REPLICAS))),
                read.topic("orders").orElseThrow());
        assertEquals(read.topics(), restored(read.freeze().encode()).topics());
        assertEquals(read.nodes(), restored(read.freeze().encode()).nodes());
    }

    @Test
    @DisplayName("stops at a snapshot of a later version, or at something else")
    void unknownSnapshots() {
        assertThrows(IllegalArgumentException.class, () -> restored(Payload.wrap(new byte[] {8, 3})));
        assertThrows(IllegalArgumentException.class, () -> restored(Payload.utf8("\u0001garbage")));
        assertThrows(IllegalArgumentException.class, () -> restored(Payload.EMPTY));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.LogStore;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.Snapshot;
import io.quorate.logstore.StoreIdentity;
import io.quorate.logstore.WriteBuffer;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.Membership;
import io.quorate.raft.Prng;
import io.quorate.raft.RaftConfig;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A group's log on the disk tells who the members are")
class GroupLogTest {
    private static final RaftConfig RAFT = new RaftConfig(10, 2, 1000, 1000, 8, 1000, 0);

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private LogStore store = open();

    private LogStore open() {
        return LogStore.open(
                disk,
                Path.of("/data/groups/7"),
                new StoreIdentity("test", 1, 7),
                new LogStoreConfig(4096, 0, 256),
                Runnable::run,
                new WriteBuffer(4096));
    }

    private static Membership members(int... ids) {
        return new Membership(IntStream.of(ids).mapToObj(NodeId::new).toList());
    }

    private static LogEntry entry(long index, EntryType type, Payload payload) {
        return new LogEntry(new EntryId(1, index), type, 0, 0, 0, payload);
    }

    private static LogEntry change(long index, int... ids) {
        return entry(index, EntryType.MEMBERSHIP, members(ids).encode());
    }

    /** Five small entries, then changes at 6 and 300, among entries enough for several segments. */
    @BeforeEach
    void write() {
        store.putHardState(new HardState(1, Optional.empty()));
        for (long index = 1; index <= 400; index++) {
            store.append(List.of(
                    index == 6
                            ? change(index, 1, 2, 3, 4)
                            : index == 300
                                    ? change(index, 1, 2, 4)
                                    : entry(index, EntryType.COMMAND, Payload.utf8("some command " + index))));
        }
        store.force();
    }

    private void restart() {
        store.close();
        store = open();
    }

    private RaftCore member() {
        GroupLog log = GroupLog.of(store);
        RaftCore core = new RaftCore(
                RAFT, new NodeId(1), log.membershipHistory(members(1, 2, 3)), store.recovered(), new Prng(1));
        if (log.snapshotEnd().index() > 0) {
            core.snapshotTaken(log.snapshotEnd());
        }
        return core;
    }

    private void snapshot(long index, Membership membership) {
        store.saveSnapshot(new Snapshot(new EntryId(1, index), 0, Payload.utf8("state"), membership.encode()));
    }

    @Test
    @DisplayName("by the entries that changed them, each from its own place on")
    void byEntries() {
        restart();

        RaftCore core = member();

        assertEquals(members(1, 2, 3), core.membershipAt(5));
        assertEquals(members(1, 2, 3, 4), core.membershipAt(6));
        assertEquals(members(1, 2, 3, 4), core.membershipAt(299));
        assertEquals(members(1, 2, 4), core.membership());
    }

    @Test
    @DisplayName("by the newest snapshot, when the entries before it are gone, and by those behind it")
    void bySnapshot() {
        snapshot(200, members(1, 2, 3, 4));
        snapshot(220, members(1, 2, 3, 4));
        int segments = store.segments().size();
        for (int trimmed = 1; store.trimPrefix(200); trimmed++) {
            assertEquals(segments - trimmed, store.segments().size());
        }
        assertTrue(store.firstIndex() > 6);
        restart();

        RaftCore core = member();

        assertEquals(members(1, 2, 3, 4), core.membershipAt(220));
        assertEquals(members(1, 2, 4), core.membership());
    }

    @Test
    @DisplayName("without a change that was cut again")
    void cut() {
        store.truncateSuffix(300);
        restart();

        assertEquals(members(1, 2, 3, 4), member().membership());
    }

    @Test
    @DisplayName("a change that a snapshot knows already is not made twice, one that none can read stops the replica")
    void notTwice() {
        snapshot(350, members(1, 2, 4));
        restart();
        assertEquals(members(1, 2, 4), member().membership());

        snapshot(360, members(1, 2, 4));
        store.append(List.of(entry(401, EntryType.MEMBERSHIP, Payload.utf8("no members"))));
        store.force();
        restart();
        assertThrows(IllegalArgumentException.class, () -> GroupLog.of(store).membershipHistory(members(1, 2, 3)));
    }
}

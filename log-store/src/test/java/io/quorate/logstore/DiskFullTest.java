/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.logstore.sim.SimulatedDisk.Operation;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("When the disk is full")
class DiskFullTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(4096 + 4000, 512, 128);
    private static final int COUNT = 120;

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, COUNT, 200);

    private LogStore storeWith(int count) {
        LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
        store.putHardState(new HardState(1, Optional.empty()));
        store.append(entries.subList(0, count));
        store.force();
        return store;
    }

    private LogStore afterPowerFailure() {
        disk.crash();
        return Logs.open(disk.reopen(), DIRECTORY, CONFIG);
    }

    @ParameterizedTest(name = "{0} bytes are left")
    @ValueSource(ints = {0, 1, 511, 512, 1000, 4096, 5000, 8192, 9000, 12288, 15000, 20000})
    @DisplayName("an append of several segments changes nothing, wherever the room ends, and works later")
    void appendCanBeRepeated(int left) {
        LogStore store = storeWith(4);
        disk.leaveFree(left);
        for (int attempt = 0; attempt < 2; attempt++) {
            assertThrows(DiskFullException.class, () -> store.append(entries.subList(4, COUNT)));
            store.force();
            assertEquals(entries.subList(0, 4), store.read(1, COUNT, Integer.MAX_VALUE));
            assertEquals(1, store.segments().size());
        }
        disk.limitCapacity(Long.MAX_VALUE);
        store.append(entries.subList(4, COUNT));
        store.force();
        assertEquals(entries, store.read(1, COUNT, Integer.MAX_VALUE));
        try (LogStore again = afterPowerFailure()) {
            assertEquals(entries, again.read(1, COUNT, Integer.MAX_VALUE));
        }
    }

    @ParameterizedTest(name = "{0} bytes are left")
    @ValueSource(ints = {5000, 6000, 7000, 9000})
    @DisplayName(
            "an append changes nothing wherever in a segment it begins, though entries before it have rotted unseen")
    void appendBehindRot(int left) {
        for (int count = 1; count < 60; count++) {
            SimulatedDisk other = new SimulatedDisk(count);
            LogStore store = Logs.open(other, DIRECTORY, CONFIG);
            store.putHardState(new HardState(1, Optional.empty()));
            store.append(entries.subList(0, count));
            store.force();
            SegmentInfo active = store.segments().get(store.segments().size() - 1);
            int frame = (int) ((active.bytes() - SegmentHeader.BYTES) / (active.lastIndex() - active.baseIndex() + 1));
            other.corrupt(
                    DIRECTORY.resolve(Segment.fileName(active.baseIndex())), (int) active.bytes() - frame + 20, 1);
            other.leaveFree(left);

            List<LogEntry> more = entries.subList(count, COUNT);
            assertThrows(DiskFullException.class, () -> store.append(more));
            other.limitCapacity(Long.MAX_VALUE);
            store.append(more);
            store.force();

            assertEquals(more, store.read(count + 1, COUNT, Integer.MAX_VALUE), "after " + count);
            store.close();
        }
    }

    @Test
    @DisplayName(
            "an append that had begun another segment changes nothing, though entries before it have rotted unseen and no sidecar was written")
    void appendBehindRotWithoutSidecar() {
        disk.injectNoSpace(Operation.CREATE, path -> path.toString().endsWith(IndexFile.SUFFIX + ".tmp"));
        LogStore store = storeWith(10);
        assertEquals(1, store.segments().size());
        Path file = DIRECTORY.resolve(Segment.fileName(1));
        disk.corrupt(file, SegmentHeader.BYTES + 20, 1);
        disk.leaveFree(12_000);
        List<LogEntry> more = entries.subList(10, COUNT);

        assertThrows(DiskFullException.class, () -> store.append(more));
        disk.limitCapacity(Long.MAX_VALUE);
        store.append(more);
        store.force();

        assertEquals(more, store.read(11, COUNT, Integer.MAX_VALUE));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    @DisplayName("nothing of a failed append is found after a power failure, whatever was appended instead")
    void leavesNoRemains(long seed) {
        SimulatedDisk other = new SimulatedDisk(seed);
        LogStore store = Logs.open(other, DIRECTORY, CONFIG);
        store.putHardState(new HardState(1, Optional.empty()));
        store.append(entries.subList(0, 4));
        store.force();
        other.leaveFree(seed * 1500);
        assertThrows(DiskFullException.class, () -> store.append(entries.subList(4, COUNT)));
        other.limitCapacity(Long.MAX_VALUE);
        store.putHardState(new HardState(2, Optional.empty()));
        List<LogEntry> instead =
                Logs.entries(entries.get(3).id(), entries.get(3).nextOffset(), 2, 20, 190);
        store.append(instead);
        other.crash();
        try (LogStore again = Logs.open(other.reopen(), DIRECTORY, CONFIG)) {
            List<LogEntry> found = again.read(5, COUNT, Integer.MAX_VALUE);
            assertEquals(instead.subList(0, found.size()), found);
            assertEquals(entries.subList(0, 4), again.read(1, 4, Integer.MAX_VALUE));
        }
    }

    private static Arguments step(String what, Operation operation, String file) {
        return Arguments.of(what, operation, file);
    }

    static Stream<Arguments> stepsOfARoll() {
        return Stream.of(
                step("the new segment's file", Operation.CREATE, ".log.tmp"),
                step("its zeros", Operation.WRITE, ".log.tmp"),
                step("its name", Operation.RENAME, ".log"),
                step("any segment", Operation.WRITE, ".log"));
    }

    @ParameterizedTest(name = "no room for {0}")
    @MethodSource("stepsOfARoll")
    @DisplayName("a roll can be tried again, and leaves nothing behind")
    void rollCanBeRepeated(String what, Operation operation, String file) {
        disk.injectNoSpace(Operation.CREATE, path -> path.endsWith(NextSegment.NAME));
        LogStore store = storeWith(4);
        disk.injectNoSpace(operation, path -> path.toString().endsWith(file));
        List<String> before = disk.list(DIRECTORY);
        List<LogEntry> many = entries.subList(4, COUNT);
        assertThrows(DiskFullException.class, () -> store.append(many));
        assertEquals(entries.subList(0, 4), store.read(1, COUNT, Integer.MAX_VALUE));
        assertEquals(before, disk.list(DIRECTORY));
        disk.heal();
        store.append(many);
        store.force();
        assertEquals(entries, store.read(1, COUNT, Integer.MAX_VALUE));
        try (LogStore again = afterPowerFailure()) {
            assertEquals(entries, again.read(1, COUNT, Integer.MAX_VALUE));
            assertEquals(-1, again.recoveryReport().cutPosition());
        }
    }

    @Test
    @DisplayName("term and vote can still be written, suffixes cut and prefixes trimmed")
    void needsNoRoomForVotesAndTrims() {
        LogStore store = storeWith(COUNT);
        store.saveSnapshot(snapshotAt(100));
        disk.limitCapacity(1);
        HardState vote = new HardState(2, Optional.of(new NodeId(3)));
        store.putHardState(vote);
        store.force();
        store.truncateSuffix(110);
        assertTrue(store.trimPrefix(100));
        long first = store.firstIndex();
        disk.crash();
        SimulatedDisk later = disk.reopen();
        later.limitCapacity(Long.MAX_VALUE);
        try (LogStore again = Logs.open(later, DIRECTORY, CONFIG)) {
            assertEquals(vote, again.recovered().hardState());
            assertEquals(first, again.firstIndex());
            assertEquals(109, again.recovered().terms().lastIndex());
        }
    }

    private Snapshot snapshotAt(int index) {
        LogEntry last = entries.get(index - 1);
        return new Snapshot(last.id(), last.nextOffset(), Payload.wrap(new byte[3000]), Payload.utf8("members"));
    }

    static Stream<Arguments> stepsOfASnapshot() {
        return Stream.of(
                step("its file", Operation.CREATE, ".snapshot.tmp"),
                step("its contents", Operation.WRITE, ".snapshot.tmp"),
                step("its name", Operation.RENAME, ".snapshot"));
    }

    @ParameterizedTest(name = "no room for {0}")
    @MethodSource("stepsOfASnapshot")
    @DisplayName("a snapshot can be saved again later, and the one before is there")
    void snapshotCanBeRepeated(String what, Operation operation, String file) {
        LogStore store = storeWith(50);
        store.saveSnapshot(snapshotAt(20));
        List<String> before = disk.list(DIRECTORY);
        disk.injectNoSpace(operation, path -> path.toString().endsWith(file));
        assertThrows(DiskFullException.class, () -> store.saveSnapshot(snapshotAt(40)));
        assertThrows(DiskFullException.class, () -> store.resetTo(snapshotAt(40)));
        assertEquals(before, disk.list(DIRECTORY));
        assertEquals(Optional.of(snapshotAt(20)), store.latestSnapshot());
        disk.heal();
        store.saveSnapshot(snapshotAt(40));
        assertEquals(Optional.of(snapshotAt(40)), store.latestSnapshot());
        assertEquals(entries.subList(0, 50), store.read(1, 50, Integer.MAX_VALUE));
    }

    @Test
    @DisplayName("a sidecar that could not be written is made at the next start")
    void sidecarsAreOptional() {
        disk.injectNoSpace(Operation.CREATE, path -> path.toString().endsWith(".index.tmp"));
        LogStore store = storeWith(COUNT);
        assertTrue(store.skippedBackgroundSteps() > 0);
        disk.heal();
        store.close();
        try (LogStore again = Logs.open(disk, DIRECTORY, CONFIG)) {
            assertTrue(again.recoveryReport().rebuiltIndexes() > 0);
            assertEquals(entries, again.read(1, COUNT, Integer.MAX_VALUE));
        }
    }

    @Test
    @DisplayName("a new log cannot be opened, says so by type, and can be a little later")
    void openCanBeRepeated() {
        disk.limitCapacity(100);
        assertThrows(DiskFullException.class, () -> Logs.open(disk, DIRECTORY, CONFIG));
        disk.limitCapacity(Long.MAX_VALUE);
        try (LogStore store = storeWith(10)) {
            assertEquals(entries.subList(0, 10), store.read(1, 10, Integer.MAX_VALUE));
        }
    }

    @Test
    @DisplayName("a failed force is final all the same")
    void failedForceIsFinal() {
        LogStore store = storeWith(4);
        disk.injectNoSpace(Operation.WRITE, path -> path.toString().endsWith(".log"));
        disk.inject(Operation.FORCE, path -> path.toString().endsWith(".log"));
        StorageException failure = assertThrows(StorageException.class, () -> store.append(entries.subList(4, COUNT)));
        assertEquals(StorageException.class, failure.getClass());
        disk.heal();
        assertThrows(StorageException.class, () -> store.append(entries.subList(4, COUNT)));
    }
}

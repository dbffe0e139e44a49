/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A log of whose files a block cannot be read")
class UnreadableBlockTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final Path HARD_STATE = DIRECTORY.resolve(HardStateFile.NAME);
    private static final LogStoreConfig CONFIG = new LogStoreConfig(32 << 10, 8 << 10, 4096);
    private static final HardState STATE = new HardState(3, Optional.of(new NodeId(2)));
    private static final int COUNT = 200;
    private static final int TRIMMED_TO = 100;

    private final List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, COUNT, 2_000);
    private final SimulatedDisk disk = new SimulatedDisk(0);

    @BeforeEach
    void write() {
        LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
        store.putHardState(STATE);
        for (LogEntry entry : entries) {
            store.append(List.of(entry));
            store.force();
        }
        for (int index = TRIMMED_TO; index < TRIMMED_TO + 3; index++) {
            store.saveSnapshot(snapshotAt(index));
        }
        assertTrue(store.trimPrefix(TRIMMED_TO));
        store.close();
    }

    private Snapshot snapshotAt(int index) {
        LogEntry last = entries.get(index - 1);
        return new Snapshot(last.id(), last.nextOffset(), Payload.utf8("x".repeat(10_000)), Payload.EMPTY);
    }

    private LogStore open() {
        return Logs.open(disk, DIRECTORY, CONFIG);
    }

    private List<Path> files(String suffix) {
        return disk.list(DIRECTORY).stream()
                .filter(name -> name.endsWith(suffix))
                .map(DIRECTORY::resolve)
                .toList();
    }

    private void assertHasEverything(LogStore store) {
        assertEquals(Optional.empty(), store.damage());
        assertEquals(STATE, store.recovered().hardState());
        int first = (int) store.firstIndex();
        assertTrue(first > 1 && first <= TRIMMED_TO);
        assertEquals(entries.subList(first - 1, COUNT), store.read(first, COUNT, Integer.MAX_VALUE));
        assertTrue(store.latestSnapshot().isPresent());
    }

    @ParameterizedTest(name = "at {0}")
    @ValueSource(ints = {0, HardStateFile.SLOT_DISTANCE_BYTES})
    @DisplayName("of one copy of term and vote has the other one, and mends it")
    void hardState(int position) {
        for (int directBlockBytes : new int[] {0, 512, 4096}) {
            disk.setDirectBlockBytes(directBlockBytes);
            assertTrue(disk.spoil(HARD_STATE, position));
            try (LogStore store = open()) {
                assertHasEverything(store);
                assertTrue(store.recoveryReport().hardStateRepaired());
            }
            try (LogStore store = open()) {
                assertFalse(store.recoveryReport().hardStateRepaired());
            }
        }
    }

    @Test
    @DisplayName("of either copy of term and vote is not opened, and not taken for one that has lost them")
    void bothCopies() {
        assertTrue(disk.spoil(HARD_STATE, 0));
        disk.corrupt(HARD_STATE, HardStateFile.SLOT_DISTANCE_BYTES + 40, 1);
        disk.inject(Operation.READ, HARD_STATE::equals);

        StorageException failure = assertThrows(StorageException.class, this::open);

        assertFalse(failure instanceof LostStateException, failure.toString());
        assertTrue(failure.getCause().getMessage().contains("not all can be read"), failure.toString());
    }

    private static Stream<String> restorable() {
        return Stream.of(Segment.SUFFIX, IndexFile.SUFFIX, SectorSums.SUFFIX);
    }

    @ParameterizedTest(name = "*{0}")
    @MethodSource("restorable")
    @DisplayName("at the beginning of a segment, its sidecar or its sums has everything, and it is written again")
    void beginnings(String suffix) {
        List<Path> files = files(suffix);
        assertTrue(files.size() > 1, files.toString());
        for (Path file : files) {
            assertTrue(disk.spoil(file, 0), file.toString());
            try (LogStore store = open()) {
                assertHasEverything(store);
            }
            try (LogStore store = open()) {
                assertHasEverything(store);
                RecoveryReport report = store.recoveryReport();
                assertEquals(0, report.rewrittenHeaders(), file.toString());
                assertEquals(0, report.rebuiltIndexes(), file.toString());
            }
        }
    }

    @Test
    @DisplayName("of the sums of a segment can trim that segment")
    void sumsOfTrimmed() {
        Path first = files(Segment.SUFFIX).get(0);
        try (LogStore store = open()) {
            assertTrue(disk.spoil(
                    DIRECTORY.resolve(SectorSums.fileName(
                            Segment.baseIndexOf(first.getFileName().toString(), Segment.SUFFIX))),
                    0));
            assertTrue(store.trimPrefix(TRIMMED_TO));
            assertHasEverything(store);
        }
    }

    @Test
    @DisplayName("of its newest snapshot has the one before it, running too")
    void snapshotWhileRunning() {
        try (LogStore store = open()) {
            assertTrue(disk.spoil(DIRECTORY.resolve(SnapshotFiles.fileName(TRIMMED_TO + 2)), 5_000));
            assertEquals(
                    TRIMMED_TO + 1, store.latestSnapshot().orElseThrow().last().index());
            store.saveSnapshot(snapshotAt(TRIMMED_TO + 3));
            assertTrue(store.trimPrefix(TRIMMED_TO));
        }
    }

    @Test
    @DisplayName(
            "of any of its snapshots, when it was trimmed, is not opened, and not taken for one that has lost them")
    void allSnapshots() {
        for (Path file : files(SnapshotFiles.SUFFIX)) {
            assertTrue(disk.spoil(file, 5_000));
        }
        List<String> before = disk.list(DIRECTORY);

        StorageException failure = assertThrows(StorageException.class, this::open);

        assertFalse(failure instanceof LostStateException, failure.toString());
        assertEquals(before, disk.list(DIRECTORY));
    }

    @Test
    @DisplayName("but of a segment nothing at all is not opened: it is the disk that fails")
    void wholeSegment() {
        Path active = files(Segment.SUFFIX).get(files(Segment.SUFFIX).size() - 1);
        disk.inject(Operation.READ, active::equals);
        assertThrows(StorageException.class, this::open);

        disk.heal();
        try (LogStore store = open()) {
            assertHasEverything(store);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 512, 4096})
    @DisplayName(
            "is cut anywhere: an entry that is to stay is damaged if it cannot be read, and the log has not failed")
    void cut(int directBlockBytes) {
        LogStore store = open();
        SegmentInfo sealed = store.segments().get(store.segments().size() - 2);
        store.close();
        Path file = DIRECTORY.resolve(Segment.fileName(sealed.baseIndex()));
        int damaged = 0;
        for (int position = SegmentHeader.BYTES; position < sealed.bytes(); position += 4096) {
            for (long from = sealed.baseIndex(); from <= sealed.lastIndex(); from++) {
                SimulatedDisk copy = disk.forcedOnly(DIRECTORY);
                copy.setDirectBlockBytes(directBlockBytes);
                LogStore cut = Logs.open(copy, DIRECTORY, CONFIG);
                assertTrue(copy.spoil(file, position));
                try {
                    cut.truncateSuffix(from);
                } catch (CorruptLogException unreadable) {
                    damaged++;
                    long first = cut.damage().orElseThrow().firstIndex();
                    assertTrue(first < from, first + " is to stay, and what is from " + from + " on is not");
                    cut.cutDamage(first);
                }
                long next = cut.segments().get(cut.segments().size() - 1).lastIndex() + 1;
                cut.append(List.of(entries.get((int) next - 1)));
                cut.force();
                cut.close();
            }
        }
        assertTrue(damaged > 0, "everything could be read");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 512, 4096})
    @DisplayName("at its end takes back what did not fit on the disk all the same: what is to stay is known")
    void undo(int directBlockBytes) {
        for (int count = 20; count < 40; count++) {
            for (int left = 0; left < 70_000; left += 6_000) {
                SimulatedDisk full = new SimulatedDisk(count);
                full.setDirectBlockBytes(directBlockBytes);
                LogStore store = Logs.open(full, DIRECTORY, new LogStoreConfig(32 << 10, 0, 4096));
                store.putHardState(STATE);
                store.append(entries.subList(0, count));
                store.force();
                SegmentInfo active = store.segments().get(store.segments().size() - 1);
                Path file = DIRECTORY.resolve(Segment.fileName(active.baseIndex()));
                assertTrue(full.spoil(file, (int) active.bytes() - 1));
                full.leaveFree(left);
                List<LogEntry> more = entries.subList(count, COUNT);

                assertThrows(DiskFullException.class, () -> store.append(more), count + ", " + left);
                full.limitCapacity(Long.MAX_VALUE);
                store.append(more);
                store.force();

                assertEquals(more, store.read(count + 1, COUNT, Integer.MAX_VALUE), count + ", " + left);
                store.close();
            }
        }
    }

    @Test
    @DisplayName("before the place where damage is to be cut off is more damage, and is told before anything is cut")
    void cutDamageBehind() {
        Path active = files(Segment.SUFFIX).get(files(Segment.SUFFIX).size() - 1);
        disk.corrupt(active, SegmentHeader.BYTES + 20, 1);
        try (LogStore store = open()) {
            Damage known = store.damage().orElseThrow();
            SegmentInfo sealed = store.segments().get(store.segments().size() - 2);
            assertEquals(sealed.lastIndex() + 1, known.firstIndex());
            Path file = DIRECTORY.resolve(Segment.fileName(sealed.baseIndex()));
            assertTrue(disk.spoil(file, 2 * 4096));

            assertThrows(IllegalArgumentException.class, () -> store.cutDamage(sealed.lastIndex()));

            Damage earlier = store.damage().orElseThrow();
            assertEquals(file, earlier.file());
            assertTrue(earlier.firstIndex() <= sealed.lastIndex(), earlier.toString());
            store.cutDamage(earlier.firstIndex());
            assertEquals(Optional.empty(), store.damage());
            long first = store.firstIndex();
            assertEquals(
                    entries.subList((int) first - 1, (int) earlier.firstIndex() - 1),
                    store.read(first, earlier.firstIndex() - 1, Integer.MAX_VALUE));
        }
    }
}

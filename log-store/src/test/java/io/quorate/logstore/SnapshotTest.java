/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedCrash;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.logstore.sim.SimulatedDisk.Operation;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A log with snapshots")
class SnapshotTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(8192, 2048, 256);
    private static final HardState STATE = new HardState(1, Optional.of(new NodeId(2)));
    private static final int COUNT = 120;

    private final List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, COUNT, 400);
    private SimulatedDisk disk = new SimulatedDisk(1);
    private LogStore store;

    @BeforeEach
    void write() {
        store = Logs.open(disk, DIRECTORY, CONFIG);
        store.putHardState(STATE);
        store.append(entries);
        store.force();
    }

    private LogEntry entry(long index) {
        return entries.get((int) index - 1);
    }

    private Snapshot snapshotAt(long index) {
        return new Snapshot(
                entry(index).id(), entry(index).nextOffset(), Payload.utf8("state at " + index), Payload.utf8("1,2,3"));
    }

    private void restart() {
        store.close();
        disk = disk.reopen();
        store = Logs.open(disk, DIRECTORY, CONFIG);
    }

    private static Path file(long index) {
        return DIRECTORY.resolve(SnapshotFiles.fileName(index));
    }

    private void trim(long firstIndexToKeep) {
        while (store.trimPrefix(firstIndexToKeep)) {
            assertTrue(store.firstIndex() > 1);
        }
    }

    private long baseOfSegment(int at) {
        return store.segments().get(at).baseIndex();
    }

    private List<String> snapshotFiles() {
        return disk.list(DIRECTORY).stream()
                .filter(name -> name.endsWith(".snapshot"))
                .toList();
    }

    @Test
    @DisplayName("gives back the newest one, also after a restart, and keeps all from which the log leads on")
    void keepsWhatTheLogLeadsOnFrom() {
        assertEquals(Optional.empty(), store.latestSnapshot());
        for (long index : new long[] {20, 40, 60}) {
            store.saveSnapshot(snapshotAt(index));
            assertEquals(Optional.of(snapshotAt(index)), store.latestSnapshot());
        }
        restart();
        assertEquals(Optional.of(snapshotAt(60)), store.latestSnapshot());
        assertEquals(
                List.of(SnapshotFiles.fileName(20), SnapshotFiles.fileName(40), SnapshotFiles.fileName(60)),
                snapshotFiles());
        trim(41);
        assertTrue(store.firstIndex() > 21);
        assertFalse(
                snapshotFiles().contains(SnapshotFiles.fileName(20)), "one that the log does not follow any more goes");
    }

    @Test
    @DisplayName("finds the newest one behind which every record from an offset on is still in the log")
    void findsBeginnings() {
        for (long index : new long[] {20, 40, 60}) {
            store.saveSnapshot(snapshotAt(index));
        }
        assertEquals(Optional.empty(), store.snapshotUpTo(entry(20).nextOffset() - 1));
        assertEquals(Optional.of(snapshotAt(20)), store.snapshotUpTo(entry(20).nextOffset()));
        assertEquals(Optional.of(snapshotAt(20)), store.snapshotUpTo(entry(40).nextOffset() - 1));
        assertEquals(Optional.of(snapshotAt(60)), store.snapshotUpTo(Long.MAX_VALUE));
        restart();
        disk.corrupt(file(40), 70, 1);
        assertEquals(
                Optional.of(snapshotAt(20)),
                store.snapshotUpTo(entry(40).nextOffset()),
                "a damaged one is not believed");
    }

    @Test
    @DisplayName("finds entries of a type from an index on, by their headers")
    void findsEntriesOfAType() {
        List<LogEntry> found = new ArrayList<>();
        for (LogEntry entry : entries) {
            if (entry.type() == EntryType.NO_OP && entry.index() >= 30) {
                found.add(entry);
            }
        }
        assertFalse(found.isEmpty());
        assertEquals(found, store.entriesOfType(EntryType.NO_OP, 30));
        assertEquals(List.of(), store.entriesOfType(EntryType.MEMBERSHIP, 1));
        assertEquals(List.of(), store.entriesOfType(EntryType.NO_OP, COUNT + 1));
        long second = baseOfSegment(1);
        assertTrue(store.isSegmentStart(1) && store.isSegmentStart(second));
        assertFalse(store.isSegmentStart(second - 1) || store.isSegmentStart(COUNT + 1));
    }

    @Test
    @DisplayName("has made a snapshot durable when it is saved")
    void savesDurably() {
        for (long seed = 1; seed <= 20; seed++) {
            SimulatedDisk other = new SimulatedDisk(seed);
            LogStore crashing = Logs.open(other, DIRECTORY, CONFIG);
            crashing.putHardState(STATE);
            crashing.append(entries);
            crashing.force();
            crashing.saveSnapshot(snapshotAt(60));
            other.crash();
            assertEquals(
                    Optional.of(snapshotAt(60)),
                    Logs.open(other.reopen(), DIRECTORY, CONFIG).latestSnapshot());
        }
    }

    @Test
    @DisplayName("takes none that is older than the newest, or of entries that are not durable")
    void refusesImpossibleSnapshots() {
        store.saveSnapshot(snapshotAt(60));
        assertThrows(IllegalArgumentException.class, () -> store.saveSnapshot(snapshotAt(59)));
        List<LogEntry> more = Logs.entries(entry(COUNT).id(), entry(COUNT).nextOffset(), 1, 1, 10);
        store.append(more);
        Snapshot early = new Snapshot(more.get(0).id(), more.get(0).nextOffset(), Payload.EMPTY, Payload.EMPTY);
        assertThrows(IllegalArgumentException.class, () -> store.saveSnapshot(early));
        store.force();
        store.saveSnapshot(early);
    }

    @Test
    @DisplayName("BAD_SNAP: skips and deletes a damaged one, whichever byte it is, and uses the one before")
    void skipsBadSnapshots() {
        store.saveSnapshot(snapshotAt(40));
        store.saveSnapshot(snapshotAt(60));
        store.close();
        byte[] whole = disk.contents(file(60));
        for (int position = 0; position < whole.length; position++) {
            disk.plant(file(60), whole);
            disk.corrupt(file(60), position, 1 << position % 8);
            try (LogStore again = Logs.open(disk, DIRECTORY, CONFIG)) {
                assertEquals(Optional.of(snapshotAt(40)), again.latestSnapshot(), "byte " + position);
                assertEquals(1, again.recoveryReport().badSnapshots());
            }
            assertFalse(disk.list(DIRECTORY).contains(SnapshotFiles.fileName(60)));
        }
        for (int size = 0; size < whole.length; size += 7) {
            disk.plant(file(60), Arrays.copyOf(whole, size));
            try (LogStore again = Logs.open(disk, DIRECTORY, CONFIG)) {
                assertEquals(Optional.of(snapshotAt(40)), again.latestSnapshot(), "cut to " + size);
            }
        }
    }

    @Nested
    @DisplayName("that is trimmed")
    class Trimmed {
        @Test
        @DisplayName("loses whole segments only, one at a call, and only what every snapshot that is kept covers")
        void trimsWholeSegments() {
            assertFalse(store.trimPrefix(60), "nothing stands in for it");
            store.saveSnapshot(snapshotAt(60));
            int segments = store.segments().size();
            long second = baseOfSegment(1);
            assertFalse(store.trimPrefix(second - 1));
            assertTrue(store.trimPrefix(second));
            assertEquals(second, store.firstIndex());
            assertEquals(entry(second).baseOffset(), store.firstOffset());
            assertEquals(segments - 1, store.segments().size());

            trim(Long.MAX_VALUE);
            assertTrue(store.firstIndex() <= 61 && store.segments().get(0).lastIndex() > 60);
            store.saveSnapshot(snapshotAt(120));
            trim(Long.MAX_VALUE);
            assertTrue(store.firstIndex() <= 61, "the older snapshot still needs it");
        }

        @Test
        @DisplayName("loses nothing of which a record is kept that no snapshot precedes")
        void keepsWhatASnapshotMustPrecede() {
            store.saveSnapshot(snapshotAt(60));
            store.saveSnapshot(snapshotAt(110));
            long kept = entry(60).nextOffset();
            assertFalse(store.trimPrefix(60, kept - 1), "the snapshot has swallowed a record that is kept");
            assertTrue(store.trimPrefix(60, kept));
            assertEquals(Optional.of(snapshotAt(60)), store.snapshotUpTo(kept));
        }

        @Test
        @DisplayName("gives the first one to whoever does not know any more how far it may be trimmed")
        void remembersWhatTheTrimReliedOn() {
            store.saveSnapshot(snapshotAt(60));
            store.saveSnapshot(snapshotAt(110));
            assertTrue(store.trimPrefix(60, entry(60).nextOffset()));
            for (int run = 0; run < 2; run++) {
                assertTrue(store.firstIndex() < 60);
                assertEquals(Optional.of(snapshotAt(60)), store.snapshotUpTo(0));
                restart();
            }
        }

        @Test
        @DisplayName("gives none if the first one is damaged: behind the next one there may be less than is kept")
        void doesNotTakeTheSecondForTheFirst() {
            store.saveSnapshot(snapshotAt(60));
            store.saveSnapshot(snapshotAt(80));
            store.saveSnapshot(snapshotAt(110));
            long kept = entry(60).nextOffset();
            assertTrue(store.trimPrefix(60, kept));
            disk.corrupt(file(60), 70, 1);
            assertEquals(Optional.empty(), store.snapshotUpTo(kept));
            store.saveSnapshot(snapshotAt(115));
            restart();
            assertEquals(Optional.empty(), store.snapshotUpTo(kept), "it is not forgotten");
            assertEquals(
                    Optional.of(snapshotAt(80)), store.snapshotUpTo(entry(80).nextOffset()));

            trim(Long.MAX_VALUE);
            assertFalse(snapshotFiles().contains(SnapshotFiles.fileName(60)), "it goes when the log begins behind it");
        }

        @Test
        @DisplayName("serves the rest, also after a restart, by index, offset and time, and refuses what is gone")
        void servesTheRest() {
            store.saveSnapshot(snapshotAt(60));
            trim(60);
            long first = store.firstIndex();
            for (int run = 0; run < 2; run++) {
                assertEquals(first, store.firstIndex());
                assertEquals(
                        entries.subList((int) first - 1, COUNT), store.read(first, Long.MAX_VALUE, Integer.MAX_VALUE));
                assertThrows(IllegalArgumentException.class, () -> store.read(first - 1, COUNT, 1000));
                assertThrows(IllegalArgumentException.class, () -> store.indexOfOffset(store.firstOffset() - 1));
                assertEquals(first, store.indexOfTimestamp(0));
                for (long offset = store.firstOffset(); offset < entry(COUNT).nextOffset(); offset++) {
                    LogEntry found = entry(store.indexOfOffset(offset));
                    assertTrue(found.baseOffset() <= offset && offset < found.nextOffset());
                }
                restart();
                assertEquals(entry(first - 1).id(), store.recovered().terms().before());
                assertEquals(entry(COUNT).id(), store.recovered().terms().last());
                assertEquals(STATE, store.recovered().hardState());
            }
        }

        @Test
        @DisplayName("LOST: is refused if no good snapshot stands in for what was trimmed")
        void needsItsSnapshot() {
            store.saveSnapshot(snapshotAt(60));
            trim(60);
            store.close();
            disk.corrupt(file(60), 70, 1);
            CorruptLogException lost =
                    assertThrows(CorruptLogException.class, () -> Logs.open(disk, DIRECTORY, CONFIG));
            assertTrue(lost.getMessage().contains("LOST"), lost.getMessage());
        }

        @Test
        @DisplayName("MISSING: is damaged if more is gone than was trimmed, and can be replaced by a snapshot")
        void noticesMoreMissing() {
            store.saveSnapshot(snapshotAt(60));
            trim(30);
            Path first = DIRECTORY.resolve(Segment.fileName(store.firstIndex()));
            store.close();
            disk.lose(first);
            LogStore damaged = Logs.open(disk, DIRECTORY, CONFIG);
            Damage missing = damaged.damage().orElseThrow();
            assertEquals(first, missing.file());
            List<LogEntry> fetched = entries.subList((int) missing.firstIndex() - 1, (int) missing.lastIndex());
            assertThrows(IllegalArgumentException.class, () -> damaged.repair(fetched), "what came before is unknown");
            damaged.resetTo(snapshotAt(100));
            assertEquals(Optional.empty(), damaged.damage());
            assertEquals(101, damaged.firstIndex());
        }

        @Test
        @DisplayName("TRIMMED: deletes at the next start what a crash left of a trim")
        void finishesATrim() {
            Path first = DIRECTORY.resolve(Segment.fileName(1));
            byte[] contents = disk.contents(first);
            store.saveSnapshot(snapshotAt(60));
            assertTrue(store.trimPrefix(60));
            long kept = store.firstIndex();
            disk.plant(first, contents);
            restart();
            assertEquals(kept, store.firstIndex());
            assertFalse(disk.exists(first));
        }

        @Test
        @DisplayName("keeps its highest timestamps right: what was trimmed is not found any more")
        void forgetsTrimmedTimestamps() {
            long latest = entry(18).timestampMillis() * 1000;
            SimulatedDisk other = new SimulatedDisk(2);
            LogStore jumping = Logs.open(other, DIRECTORY, CONFIG);
            jumping.putHardState(STATE);
            List<LogEntry> withJump = entries.stream()
                    .map(e -> e.index() == 3
                            ? new LogEntry(e.id(), e.type(), e.baseOffset(), e.recordCount(), latest, e.payload())
                            : e)
                    .toList();
            jumping.append(withJump);
            jumping.force();
            assertEquals(3, jumping.indexOfTimestamp(latest));
            jumping.saveSnapshot(snapshotAt(60));
            assertTrue(jumping.trimPrefix(60));
            assertEquals(COUNT + 1, jumping.indexOfTimestamp(latest));
        }
    }

    @Nested
    @DisplayName("that is replaced")
    class Replaced {
        private static final HardState TERM_7 = new HardState(7, Optional.of(new NodeId(3)));
        private final Snapshot installed =
                new Snapshot(new EntryId(7, 500), 1000, Payload.utf8("of another replica"), Payload.utf8("1,2,3"));

        @Test
        @DisplayName("starts empty after the snapshot, keeps term and vote, and goes on")
        void startsAfterTheSnapshot() {
            store.saveSnapshot(snapshotAt(60));
            assertThrows(IllegalArgumentException.class, () -> store.resetTo(installed), "of a later term");
            store.putHardState(new HardState(7, Optional.empty()));
            store.resetTo(installed);
            assertEquals(501, store.firstIndex());
            assertEquals(1000, store.firstOffset());
            assertEquals(installed.last(), store.recovered().terms().last());
            assertEquals(1000, store.recovered().nextOffset());
            assertEquals(Optional.of(installed), store.latestSnapshot());
            store.putHardState(new HardState(8, Optional.empty()));
            List<LogEntry> more = Logs.entries(installed.last(), 1000, 8, 40, 400);
            store.append(more);
            store.force();
            restart();
            assertEquals(more, store.read(501, Long.MAX_VALUE, Integer.MAX_VALUE));
            assertEquals(installed.last(), store.recovered().terms().before());
            assertEquals(8, store.recovered().hardState().term());
            assertEquals(Optional.of(installed), store.latestSnapshot());
        }

        @Test
        @DisplayName("by a snapshot from before its beginning goes on from that one, and loses it by no restart")
        void startsEarlierThanBefore() {
            for (long index : new long[] {60, 80, 100}) {
                store.saveSnapshot(snapshotAt(index));
            }
            trim(60);
            assertTrue(store.firstIndex() > 21, "it begins at " + store.firstIndex());
            store.resetDamagedTo(snapshotAt(20));
            assertEquals(List.of(SnapshotFiles.fileName(20)), snapshotFiles());
            store.replaceSuffix(entries.subList(20, COUNT));

            restart();

            assertEquals(Optional.empty(), store.damage());
            assertEquals(entries.subList(20, COUNT), store.read(21, COUNT, Integer.MAX_VALUE));
            assertEquals(Optional.of(snapshotAt(20)), store.latestSnapshot());
        }

        @Test
        @DisplayName("RESET: is the old one or the new one after a power failure at any operation on the way")
        void survivesCrashes() {
            boolean done = false;
            int at = 0;
            while (!done) {
                at++;
                SimulatedDisk crashing = new SimulatedDisk(at);
                LogStore old = Logs.open(crashing, DIRECTORY, CONFIG);
                old.putHardState(STATE);
                old.append(entries);
                old.force();
                old.saveSnapshot(snapshotAt(60));
                old.putHardState(TERM_7);
                old.force();
                crashing.crashAfter(at);
                try {
                    old.resetTo(installed);
                    done = true;
                    crashing.crash();
                } catch (SimulatedCrash expected) {
                    assertTrue(crashing.isDown());
                }
                try (LogStore again = Logs.open(crashing.reopen(), DIRECTORY, CONFIG)) {
                    assertEquals(TERM_7, again.recovered().hardState());
                    if (again.firstIndex() == 1) {
                        assertEquals(entries, again.read(1, COUNT, Integer.MAX_VALUE), "crash at " + at);
                    } else {
                        assertEquals(installed.last(), again.recovered().terms().last(), "crash at " + at);
                        assertEquals(Optional.of(installed), again.latestSnapshot());
                        assertEquals(1, segmentFiles(crashing.reopen()), "crash at " + at);
                    }
                }
            }
            assertTrue(at > 40, "after " + at + " operations");
        }

        private static long segmentFiles(SimulatedDisk disk) {
            return disk.list(DIRECTORY).stream()
                    .filter(name -> name.contains(Segment.SUFFIX) || name.endsWith(Recovery.TEMPORARY_SUFFIX))
                    .count();
        }

        @ParameterizedTest(name = "room: {0}")
        @ValueSource(booleans = {true, false})
        @DisplayName("leaves its old segments to the background, unless the new one needs their room at once")
        void freesInTheBackground(boolean isRoom) {
            Queue<Runnable> background = new ArrayDeque<>();
            store.close();
            disk = disk.reopen();
            store = Logs.open(disk, DIRECTORY, CONFIG, background::add);
            int segments = store.segments().size();
            store.putHardState(TERM_7);
            store.force();
            if (!isRoom) {
                disk.injectNoSpace(
                        Operation.WRITE,
                        path -> path.toString().endsWith(Segment.SUFFIX + Recovery.TEMPORARY_SUFFIX)
                                && disk.list(DIRECTORY).stream()
                                        .anyMatch(name -> name.endsWith(Settlement.GONE_SUFFIX)));
            }

            store.resetTo(installed);

            long left = disk.list(DIRECTORY).stream()
                    .filter(name -> name.endsWith(Settlement.GONE_SUFFIX))
                    .count();
            assertEquals(isRoom ? segments : 0, left);
            while (!background.isEmpty()) {
                background.poll().run();
            }
            assertEquals(1, segmentFiles(disk));
            List<LogEntry> more = Logs.entries(installed.last(), 1000, 7, 40, 400);
            store.append(more);
            store.force();
            assertEquals(more, store.read(501, Long.MAX_VALUE, Integer.MAX_VALUE));
        }

        @ParameterizedTest(name = "segments of {0} bytes, zero-filled {1} bytes ahead")
        @CsvSource({"8192, 2048", "8192, 16384", "4096, 16384", "4096, 0"})
        @DisplayName("takes place, or says that there is no room for the snapshot, however little room there is")
        void littleRoom(int segmentBytes, int zeroAheadBytes) {
            LogStoreConfig config = new LogStoreConfig(segmentBytes, zeroAheadBytes, 256);
            List<LogEntry> few = entries.subList(0, 3);
            int replaced = 0;
            for (long room = 0; room < 32_768; room += 512) {
                SimulatedDisk small = new SimulatedDisk(1);
                LogStore tight = Logs.open(small, DIRECTORY, config, task -> {});
                tight.putHardState(TERM_7);
                tight.append(few);
                tight.force();
                small.leaveFree(room);
                try {
                    tight.resetTo(installed);
                    replaced++;
                    assertEquals(installed.last(), tight.recovered().terms().last());
                } catch (DiskFullException full) {
                    assertEquals(few, tight.read(1, few.size(), Integer.MAX_VALUE));
                }
                tight.putHardState(new HardState(8, Optional.empty()));
                tight.force();
                tight.close();
            }
            assertTrue(replaced > 0, "there was never room");
        }

        @Test
        @DisplayName("twice, while what was before is still to be freed, leaves nothing behind")
        void replacedAgain() {
            Queue<Runnable> background = new ArrayDeque<>();
            store.close();
            disk = disk.reopen();
            store = Logs.open(disk, DIRECTORY, CONFIG, background::add);
            store.putHardState(TERM_7);
            store.resetTo(snapshotAt(60));
            store.append(entries.subList(60, COUNT).stream()
                    .map(entry -> new LogEntry(
                            new EntryId(7, entry.index()),
                            entry.type(),
                            entry.baseOffset(),
                            entry.recordCount(),
                            entry.timestampMillis(),
                            entry.payload()))
                    .toList());
            store.force();
            store.resetTo(installed);
            while (!background.isEmpty()) {
                background.poll().run();
            }
            assertEquals(1, segmentFiles(disk));
        }
    }
}

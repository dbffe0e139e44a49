/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedCrash;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.Prng;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A damaged log")
class DamageTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(4096 + 500, 512, 128);
    private static final Snapshot SNAPSHOT = new Snapshot(
            new EntryId(5, 8),
            Logs.entries(EntryId.NONE, 0, 5, 8, 60).get(7).nextOffset(),
            Payload.utf8("state"),
            Payload.utf8("members"));
    private static final HardState STATE = new HardState(5, Optional.of(new NodeId(2)));

    /** Entries 1 to 10 over three segments, each its own flush; then the power fails. */
    private static SimulatedDisk written(List<LogEntry> entries) {
        SimulatedDisk disk = new SimulatedDisk(1);
        write(disk, entries);
        return disk.reopen();
    }

    private static LogStore write(SimulatedDisk disk, List<LogEntry> entries) {
        LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
        store.putHardState(STATE);
        for (LogEntry entry : entries) {
            store.append(List.of(entry));
            store.force();
        }
        return store;
    }

    static Stream<Arguments> logs() {
        return Stream.of(Arguments.of("closed", true), Arguments.of("not closed", false));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("logs")
    @DisplayName(
            "is never silently shorter, gives no wrong entry, vote or snapshot, and can be repaired, whichever byte of"
                    + " whichever file has a flipped bit")
    void survivesAnyFlippedBit(String what, boolean closed) {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 10, 60);
        SimulatedDisk disk = new SimulatedDisk(1);
        LogStore writing = write(disk, entries);
        writing.saveSnapshot(SNAPSHOT);
        if (closed) {
            writing.close();
        }
        disk = disk.reopen();
        Prng random = new Prng(3);
        Map<Path, byte[]> whole = contents(disk);
        Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
        int flips = 0;
        for (Path path : whole.keySet()) {
            for (int position = 0; position < whole.get(path).length; position++) {
                disk.corrupt(path, position, 1 << random.nextInt(8));
                outcomes.merge(outcome(disk, entries, path + " at " + position), 1, Integer::sum);
                flips++;
                restore(disk, whole);
            }
        }
        System.out.println(what + ": " + flips + " flipped bits: " + outcomes);
        assertTrue(outcomes.get(Outcome.REPAIRED) > 300, outcomes.toString());
    }

    private enum Outcome {
        /** Nothing was lost: a spare copy, something that can be made again, or zeros. */
        UNHARMED,
        /** The damage was reported, and repaired with entries from elsewhere. */
        REPAIRED,
        /** The newest snapshot was lost, and the entries it stands for were there. */
        WITHOUT_SNAPSHOT
    }

    private static Outcome outcome(SimulatedDisk disk, List<LogEntry> entries, String where) {
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            assertEquals(STATE, store.recovered().hardState(), where);
            boolean repaired = false;
            List<LogEntry> found = readOrFindDamage(store);
            for (int attempt = 0; store.damage().isPresent(); attempt++) {
                assertTrue(attempt < 3, () -> where + ": still " + store.damage());
                repair(store, entries);
                repaired = true;
                found = readOrFindDamage(store);
            }
            assertEquals(entries, found, where);
            if (store.latestSnapshot().isEmpty()) {
                return Outcome.WITHOUT_SNAPSHOT;
            }
            assertEquals(Optional.of(SNAPSHOT), store.latestSnapshot(), where);
            return repaired ? Outcome.REPAIRED : Outcome.UNHARMED;
        }
    }

    private static List<LogEntry> readOrFindDamage(LogStore store) {
        List<LogEntry> found = new ArrayList<>();
        try {
            while (store.damage().isEmpty()) {
                List<LogEntry> some = store.read(found.size() + 1, Long.MAX_VALUE, Integer.MAX_VALUE);
                if (some.isEmpty()) {
                    return found;
                }
                found.addAll(some);
            }
        } catch (CorruptLogException damaged) {
            assertTrue(store.damage().isPresent(), damaged.getMessage());
        }
        return found;
    }

    private static void repair(LogStore store, List<LogEntry> entries) {
        Damage damage = store.damage().orElseThrow();
        if (damage.firstIndex() > entries.size()) {
            store.cutDamage(damage.firstIndex());
        } else {
            long last = Math.min(entries.size(), damage.lastIndex());
            store.repair(entries.subList((int) damage.firstIndex() - 1, (int) last));
        }
    }

    @Test
    @DisplayName(
            "is found by verifying it, whichever byte of a sealed segment's frames is wrong, and by no reader before")
    void scrubFindsEveryFlippedByte() {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 30, 60);
        SimulatedDisk disk = new SimulatedDisk(1);
        LogStore store = write(disk, entries);
        assertEquals(store.segments().size() - 1, scrub(store));
        assertEquals(Optional.empty(), store.damage());
        for (SegmentInfo segment : store.segments()) {
            Path path = DIRECTORY.resolve(Segment.fileName(segment.baseIndex()));
            for (int at = SegmentHeader.BYTES; segment.isSealed() && at < segment.bytes(); at += 3) {
                disk.corrupt(path, at, 4);
                scrub(store);
                Damage damage = store.damage().orElseThrow();
                assertEquals(path, damage.file());
                assertTrue(damage.firstIndex() >= segment.baseIndex() && damage.lastIndex() <= segment.lastIndex());
                repair(store, entries);
                assertEquals(Optional.empty(), store.damage());
            }
        }
        assertEquals(entries, store.read(1, Long.MAX_VALUE, Integer.MAX_VALUE));
    }

    /** Verifies everything once; returns how many segments were found whole. */
    private static int scrub(LogStore store) {
        Scrub scrub = store.newScrub();
        int whole = 0;
        for (ScrubStep step = scrub.step(100); !step.passDone(); step = scrub.step(100)) {
            assertTrue(step.bytes() < 100 + 200, "read " + step.bytes());
            whole += step.verified().isPresent() ? 1 : 0;
        }
        return whole;
    }

    @Test
    @DisplayName("has segments of the same digest on every replica with the same entries, and of another with others")
    void digestsCompareReplicas() {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 30, 60);
        LogStore one = write(new SimulatedDisk(1), entries);
        LogStore batched = Logs.open(new SimulatedDisk(2), DIRECTORY, CONFIG);
        batched.putHardState(STATE);
        batched.append(entries);
        batched.force();
        assertEquals(one.segments(), batched.segments());
        LogStore cut = write(new SimulatedDisk(3), entries);
        cut.truncateSuffix(4);
        cut.append(entries.subList(3, 30));
        cut.force();
        assertEquals(one.segments(), cut.segments());

        LogEntry other = entries.get(1);
        List<LogEntry> different = new ArrayList<>(entries);
        different.set(
                1,
                new LogEntry(
                        other.id(),
                        other.type(),
                        other.baseOffset(),
                        other.recordCount(),
                        other.timestampMillis() + 1,
                        other.payload()));
        assertNotEquals(
                one.segments().get(0).digest(),
                write(new SimulatedDisk(4), different).segments().get(0).digest());
    }

    @Test
    @DisplayName("takes none but the right entries: not those of another range, nor one that its intact header denies")
    void refusesWrongEntries() {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 10, 60);
        SimulatedDisk disk = new SimulatedDisk(1);
        LogStore store = write(disk, entries);
        int second = SegmentHeader.BYTES + FrameFormat.HEADER_BYTES;
        disk.corrupt(DIRECTORY.resolve(Segment.fileName(1)), second + FrameFormat.HEADER_BYTES, 1);
        assertThrows(IllegalStateException.class, () -> store.repair(entries.subList(1, 2)));
        assertThrows(CorruptLogException.class, () -> store.read(2, 2, 100));
        LogEntry right = entries.get(1);
        LogEntry wrong = new LogEntry(
                right.id(),
                right.type(),
                right.baseOffset(),
                right.recordCount(),
                right.timestampMillis(),
                Payload.utf8("something else"));
        for (List<LogEntry> refused : List.of(List.of(wrong), entries.subList(0, 2), entries.subList(1, 3))) {
            assertThrows(IllegalArgumentException.class, () -> store.repair(refused));
            assertTrue(store.damage().isPresent());
        }
        store.repair(List.of(right));
        assertEquals(entries, store.read(1, Long.MAX_VALUE, Integer.MAX_VALUE));
    }

    @Test
    @DisplayName("is damaged in two places: the first is mended first, whichever was found first")
    void repairsSeveralPlaces() {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 30, 60);
        SimulatedDisk disk = new SimulatedDisk(1);
        LogStore store = write(disk, entries);
        SegmentInfo segment = store.segments().get(1);
        Path path = DIRECTORY.resolve(Segment.fileName(segment.baseIndex()));
        disk.corrupt(path, (int) segment.bytes() - 9, 1);
        assertThrows(CorruptLogException.class, () -> store.read(segment.lastIndex(), segment.lastIndex(), 100));
        assertEquals(segment.lastIndex(), store.damage().orElseThrow().firstIndex());
        disk.corrupt(path, SegmentHeader.BYTES + 9, 1);
        for (int i = 0; i < 3 && store.damage().isPresent(); i++) {
            try {
                repair(store, entries);
            } catch (IllegalArgumentException moreBefore) {
                assertEquals(segment.baseIndex(), store.damage().orElseThrow().firstIndex());
            }
        }
        assertEquals(entries, readOrFindDamage(store));
    }

    @Test
    @DisplayName("is the old one or the repaired one after a power failure at any operation of a repair")
    void repairSurvivesCrashes() {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 30, 60);
        for (int at = 1; at <= 40; at++) {
            SimulatedDisk disk = new SimulatedDisk(at);
            write(disk, entries).close();
            disk = disk.reopen();
            disk.corrupt(DIRECTORY.resolve(Segment.fileName(1)), SegmentHeader.BYTES + 70, 1);
            LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
            assertThrows(CorruptLogException.class, () -> store.read(2, 2, 100));
            disk.crashAfter(at);
            try {
                repair(store, entries);
                disk.crash();
            } catch (SimulatedCrash expected) {
                assertTrue(disk.isDown());
            }
            LogStore again = Logs.open(disk.reopen(), DIRECTORY, CONFIG);
            List<LogEntry> found = readOrFindDamage(again);
            if (again.damage().isPresent()) {
                repair(again, entries);
                found = readOrFindDamage(again);
            }
            assertEquals(entries, found, "crash at " + at);
        }
    }

    @Test
    @DisplayName(
            "can be given the group's entries in place of the damage and of all behind, over any number of segments")
    void replacesSuffix() {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 30, 60);
        List<LogEntry> others = Logs.entries(entries.get(3).id(), entries.get(3).nextOffset(), 6, 12, 90);
        for (int at = 1; at <= 60; at++) {
            SimulatedDisk disk = new SimulatedDisk(at);
            write(disk, entries).close();
            disk = disk.reopen();
            disk.corrupt(DIRECTORY.resolve(Segment.fileName(1)), positionOf(disk, 5) + 9, 1);
            LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
            assertThrows(CorruptLogException.class, () -> store.read(5, 5, 100));
            assertEquals(5, store.damage().orElseThrow().firstIndex());
            disk.crashAfter(at);
            try {
                store.putHardState(new HardState(6, Optional.empty()));
                store.replaceSuffix(others);
                disk.crash();
            } catch (SimulatedCrash expected) {
                assertTrue(disk.isDown());
            }
            LogStore again = Logs.open(disk.reopen(), DIRECTORY, CONFIG);
            List<LogEntry> found = readOrFindDamage(again);
            assertTrue(
                    again.damage().isPresent() || found.equals(joined(entries, others)),
                    "crash at " + at + " left " + found.size() + " entries, and no damage");
            again.putHardState(new HardState(6, Optional.empty()));
            while (again.damage().isPresent()) {
                // What is behind the place where the two logs part is a leftover: it may go at once.
                long damaged = again.damage().get().firstIndex();
                if (damaged == others.get(0).index()) {
                    again.replaceSuffix(others);
                } else {
                    again.cutDamage(damaged);
                }
                readOrFindDamage(again);
            }
            assertEquals(joined(entries, others), readOrFindDamage(again), "crash at " + at);
        }
    }

    private static List<LogEntry> joined(List<LogEntry> entries, List<LogEntry> others) {
        List<LogEntry> joined =
                new ArrayList<>(entries.subList(0, (int) others.get(0).index() - 1));
        joined.addAll(others);
        return joined;
    }

    /** In the first segment. */
    private static int positionOf(SimulatedDisk disk, long index) {
        ByteBuffer segment = ByteBuffer.wrap(disk.contents(DIRECTORY.resolve(Segment.fileName(1))));
        int position = SegmentHeader.BYTES;
        while (segment.getLong(position + 8) != index) {
            position += FrameFormat.paddedBytes(segment.getInt(position));
        }
        return position;
    }

    @Test
    @DisplayName("that is mended in parts, or begins anew behind a snapshot, stays damaged until all of it is there")
    void staysDamagedUntilWhole() {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 30, 60);
        SimulatedDisk disk = new SimulatedDisk(1);
        write(disk, entries);
        disk = disk.reopen();
        Path last = DIRECTORY.resolve(disk.list(DIRECTORY).stream()
                .filter(name -> name.endsWith(Segment.SUFFIX))
                .max(String::compareTo)
                .orElseThrow());
        disk.corrupt(last, SegmentHeader.BYTES + 9, 1);
        LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
        int first = (int) store.damage().orElseThrow().firstIndex();
        assertTrue(first < 30, "more than one is damaged or behind");

        store.repairPart(entries.subList(first - 1, first), 30);
        store = Logs.open(disk.reopen(), DIRECTORY, CONFIG);
        assertEquals(first + 1, store.damage().orElseThrow().firstIndex());
        assertTrue(store.damage().orElseThrow().isOpenEnded());
        store.repair(entries.subList(first, 30));
        assertEquals(entries, readOrFindDamage(store));

        disk = disk.reopen();
        disk.corrupt(last, SegmentHeader.BYTES + 9, 1);
        store = Logs.open(disk, DIRECTORY, CONFIG);
        store.resetDamagedTo(SNAPSHOT);
        assertEquals(9, store.damage().orElseThrow().firstIndex());
        store = Logs.open(disk.reopen(), DIRECTORY, CONFIG);
        assertEquals(9, store.damage().orElseThrow().firstIndex());
        store.replaceSuffix(entries.subList(8, 20));
        assertEquals(Optional.empty(), store.damage());
        assertEquals(entries.subList(8, 20), store.read(9, Long.MAX_VALUE, Integer.MAX_VALUE));
        assertEquals(Optional.of(SNAPSHOT), store.latestSnapshot());
    }

    private static Map<Path, byte[]> contents(SimulatedDisk disk) {
        Map<Path, byte[]> all = new TreeMap<>();
        for (String name : disk.list(DIRECTORY)) {
            all.put(DIRECTORY.resolve(name), disk.contents(DIRECTORY.resolve(name)));
        }
        return all;
    }

    private static void restore(SimulatedDisk disk, Map<Path, byte[]> contents) {
        for (String name : disk.list(DIRECTORY)) {
            disk.lose(DIRECTORY.resolve(name));
        }
        contents.forEach(disk::plant);
    }

    @Test
    @DisplayName("says on every read of a sealed segment's rotten entry where it is, and serves the others")
    void namesRotWhenRead() {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 10, 60);
        SimulatedDisk disk = written(entries);
        Path first = DIRECTORY.resolve(Segment.fileName(1));
        // Entry 1 is a no-op of a header, so entry 2 starts behind it.
        int second = SegmentHeader.BYTES + FrameFormat.HEADER_BYTES;
        disk.corrupt(first, second + FrameFormat.HEADER_BYTES, 1);
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            CorruptLogException rot =
                    assertThrows(CorruptLogException.class, () -> store.read(2, 2, Integer.MAX_VALUE));
            assertEquals(first, rot.file());
            assertEquals(second, rot.position());
            assertEquals(2, rot.index());
            assertEquals(entries.subList(0, 1), store.read(1, 1, Integer.MAX_VALUE));
            assertEquals(entries.subList(8, 10), store.read(9, 10, Integer.MAX_VALUE));
        }
    }

    @ParameterizedTest(name = "in segments of {0} bytes")
    @ValueSource(ints = {4096 + 500, 64 << 10})
    @DisplayName("is not cut behind its damage: that is told of, and the log can be repaired and cut then")
    void refusesToCutBehindDamage(int segmentBytes) {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 10, 60);
        SimulatedDisk disk = new SimulatedDisk(1);
        try (LogStore store = Logs.open(disk, DIRECTORY, new LogStoreConfig(segmentBytes, 512, 4096))) {
            store.putHardState(STATE);
            store.append(entries);
            store.force();
            disk.corrupt(DIRECTORY.resolve(Segment.fileName(1)), SegmentHeader.BYTES + 1, 1);
            for (int attempt = 0; attempt < 2; attempt++) {
                CorruptLogException rot = assertThrows(CorruptLogException.class, () -> store.truncateSuffix(4));
                assertEquals(1, rot.index());
                assertEquals(1, store.damage().orElseThrow().firstIndex());
            }
            repair(store, entries);
            store.truncateSuffix(4);
            assertEquals(entries.subList(0, 3), store.read(1, 10, Integer.MAX_VALUE));
        }
    }

    static Stream<Arguments> unreadable() {
        return Stream.of(
                Arguments.of("closed, sealed", true, 1),
                Arguments.of("not closed, sealed", false, 1),
                Arguments.of("closed, active", true, 2),
                Arguments.of("not closed, active", false, 2));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("unreadable")
    @DisplayName(
            "has a block that cannot be read: its entries count as damaged, running or opened again, and can be repaired")
    void takesUnreadableBlocksForDamage(String what, boolean closed, int segment) {
        LogStoreConfig config = new LogStoreConfig(64 << 10, 0, 4096);
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 30, 6_000);
        SimulatedDisk disk = new SimulatedDisk(1);
        LogStore store = Logs.open(disk, DIRECTORY, config);
        store.putHardState(STATE);
        for (LogEntry entry : entries) {
            store.append(List.of(entry));
            store.force();
        }
        assertEquals(2, store.segments().size());
        Path file = DIRECTORY.resolve(
                Segment.fileName(store.segments().get(segment - 1).baseIndex()));
        if (closed) {
            store.close();
        }
        int block = disk.contents(file).length / 4096 - 2;
        assertTrue(disk.spoil(file, block * 4096));
        if (closed) {
            store = Logs.open(disk, DIRECTORY, config);
        }
        readOrFindDamage(store);
        Damage found = store.damage().orElseThrow();
        assertEquals(file, found.file());
        assertTrue(found.position() < (block + 1) * 4096 && found.position() > (block - 3) * 4096, found.toString());
        store.close();

        LogStore again = Logs.open(disk, DIRECTORY, config);
        for (int attempt = 0; readOrFindDamage(again).size() < entries.size(); attempt++) {
            assertTrue(attempt < 3, () -> "still " + again.damage());
            repair(again, entries);
        }
        assertEquals(entries, readOrFindDamage(again));
        again.close();
    }

    @Test
    @DisplayName("of which no block can be read is none that could be repaired: the disk fails")
    void takesManyUnreadableBlocksForAFailure() {
        LogStoreConfig config = new LogStoreConfig(256 << 10, 0, 4096);
        SimulatedDisk disk = new SimulatedDisk(1);
        try (LogStore store = Logs.open(disk, DIRECTORY, config)) {
            store.append(Logs.entries(EntryId.NONE, 0, 5, 60, 6_000));
            store.force();
            assertTrue(disk.contents(DIRECTORY.resolve(Segment.fileName(1))).length > 30 * 4096);
            disk.inject(SimulatedDisk.Operation.READ, path -> path.toString().endsWith(".log"));
            StorageException failure = assertThrows(StorageException.class, () -> store.read(1, 60, 1 << 20));
            assertFalse(failure instanceof CorruptLogException, failure.toString());
            assertTrue(
                    failure.getCause().getMessage().contains("16 blocks"),
                    failure.getCause().getMessage());
            assertEquals(Optional.empty(), store.damage());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("made of random bytes is refused or cut, never a crash, never a huge allocation")
    void survivesGarbage(long seed) {
        Prng random = new Prng(seed);
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 10, 60);
        for (int round = 0; round < 150; round++) {
            SimulatedDisk disk = written(entries);
            List<String> names = disk.list(DIRECTORY);
            Path victim = DIRECTORY.resolve(names.get(random.nextInt(names.size())));
            byte[] contents = disk.contents(victim);
            // Anywhere, but mostly where lengths and counts are.
            int at = random.nextInt(3) == 0 ? random.nextInt(contents.length) : Math.min(4096, contents.length - 1);
            for (int i = at; i < Math.min(contents.length, at + 1 + random.nextInt(200)); i++) {
                contents[i] = (byte) random.nextLong();
            }
            disk.plant(victim, contents);
            try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
                List<LogEntry> found = store.read(1, Long.MAX_VALUE, Integer.MAX_VALUE);
                assertEquals(entries.subList(0, found.size()), found);
            } catch (CorruptLogException refused) {
                assertTrue(refused.getMessage().contains("CORRUPT"));
            }
        }
    }

    @Test
    @DisplayName("with a length field that claims 64 MiB does not make the reader believe it")
    void doesNotBelieveLengths() {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 2, 60);
        for (int length : new int[] {Integer.MIN_VALUE, -1, 1, 55, 64 << 20, Integer.MAX_VALUE}) {
            SimulatedDisk disk = written(entries);
            Path path = DIRECTORY.resolve(Segment.fileName(1));
            byte[] contents = disk.contents(path);
            ByteBuffer.wrap(contents).putInt(SegmentHeader.BYTES + FrameFormat.HEADER_BYTES, length);
            disk.plant(path, contents);
            try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
                assertEquals(new EntryId(5, 1), store.recovered().terms().last(), "length " + length);
            }
        }
    }

    @Test
    @DisplayName(
            "whose torn payload holds a copy of a later-looking frame hides nothing: the copy is not taken for an entry")
    void doesNotTrustFramesInPayloads() {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 3, 60);
        SimulatedDisk disk = written(entries);
        Path path = DIRECTORY.resolve(Segment.fileName(1));
        byte[] contents = disk.contents(path);
        // The third frame as the disk holds it, flush start and all, becomes the payload of the fourth.
        int third = SegmentHeader.BYTES + FrameFormat.HEADER_BYTES;
        third += FrameFormat.paddedBytes(ByteBuffer.wrap(contents).getInt(third));
        byte[] frame = Arrays.copyOfRange(
                contents,
                third,
                third + FrameFormat.paddedBytes(ByteBuffer.wrap(contents).getInt(third)));
        ByteBuffer.wrap(frame).putLong(8, 4);
        LogEntry hostile = new LogEntry(
                new EntryId(5, 4), EntryType.RECORDS, entries.get(2).nextOffset(), 1, 0, Payload.wrap(frame));
        int fourth = third + frame.length;
        LogStore writing = Logs.open(disk, DIRECTORY, CONFIG);
        writing.append(List.of(hostile));
        writing.force();
        disk.corrupt(path, fourth + 5, 1);
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            Damage damage = store.damage().orElseThrow();
            assertEquals(fourth, damage.position());
            assertTrue(damage.isOpenEnded(), "nothing behind it was taken for an entry");
        }
    }
}

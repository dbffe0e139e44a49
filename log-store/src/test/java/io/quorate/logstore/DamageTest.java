/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A damaged log")
class DamageTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(4096 + 500, 512, 128);
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

    @Test
    @DisplayName("never gives a wrong entry or a wrong vote, whichever byte of whichever file is wrong")
    void survivesAnyFlippedByte() {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 10, 60);
        SimulatedDisk disk = written(entries);
        Prng random = new Prng(3);
        int refusals = 0;
        int cuts = 0;
        Map<Path, byte[]> whole = contents(disk);
        for (Path path : whole.keySet()) {
            for (int position = 0; position < whole.get(path).length; position++) {
                // The rest of the header block is one checksummed run of zeros: a sample is enough.
                if (position > 80 && position < 4000 && position % 97 != 0) {
                    continue;
                }
                disk.corrupt(path, position, 1 << random.nextInt(8));
                Outcome outcome = outcome(disk, entries, path + " at " + position);
                refusals += outcome == Outcome.REFUSED ? 1 : 0;
                cuts += outcome == Outcome.LAST_FLUSH_LOST ? 1 : 0;
                restore(disk, whole);
            }
        }
        assertTrue(refusals > 300, "only " + refusals + " refusals");
        // The documented ambiguity: the last flush is one frame of at most 56 + 60 + 4 bytes here.
        assertTrue(cuts > 0 && cuts <= 120, cuts + " times the last flush was taken for a torn tail");
    }

    private enum Outcome {
        WHOLE,
        LAST_FLUSH_LOST,
        REFUSED
    }

    private static Outcome outcome(SimulatedDisk disk, List<LogEntry> entries, String where) {
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            assertEquals(STATE, store.recovered().hardState(), where);
            List<LogEntry> found = store.read(1, Long.MAX_VALUE, Integer.MAX_VALUE);
            assertEquals(entries.subList(0, found.size()), found, where);
            assertTrue(found.size() >= entries.size() - 1, () -> where + ": only " + found.size() + " entries");
            return found.size() == entries.size() ? Outcome.WHOLE : Outcome.LAST_FLUSH_LOST;
        } catch (StorageException e) {
            return Outcome.REFUSED;
        }
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
    @DisplayName("whose torn payload holds a copy of a later-looking frame is still taken for torn")
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
            assertEquals(entries, store.read(1, Long.MAX_VALUE, Integer.MAX_VALUE));
            assertEquals(fourth, store.recoveryReport().cutPosition());
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The decision table of {@link Recovery}, row by row: write, damage, recover, append, reopen.
 *
 * <p>The log under test has entries 1 to 22 in three segments (from 1, 9 and 18), each flushed alone except the last three, which
 * are one flush; term and vote are 2 and node 3.
 */
@DisplayName("Recovery")
class RecoveryTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(4096 + 968, 4096, 128);
    private static final HardState STATE = new HardState(2, Optional.of(new NodeId(3)));
    private static final int ENTRIES = 22;
    private static final int LAST_FLUSH = 3;

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private List<LogEntry> entries = List.of();

    @BeforeEach
    void write() {
        entries = Logs.entries(EntryId.NONE, 0, 2, ENTRIES, 80);
        // Not closed: a log that is closed says that it is complete, and nothing can be torn off it.
        LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
        store.putHardState(STATE);
        for (LogEntry entry : entries.subList(0, ENTRIES - LAST_FLUSH)) {
            store.append(List.of(entry));
            store.force();
        }
        store.append(entries.subList(ENTRIES - LAST_FLUSH, ENTRIES));
        store.force();
    }

    /** The log's files, and where frames are in them. */
    private static final class Files {
        final SimulatedDisk disk;
        final List<Path> segments = new ArrayList<>();
        final Map<Long, Integer> positions = new TreeMap<>();

        Files(SimulatedDisk disk) {
            this.disk = disk;
            for (String name : disk.list(DIRECTORY)) {
                if (name.endsWith(".log")) {
                    segments.add(DIRECTORY.resolve(name));
                }
            }
            for (Path segment : segments) {
                ByteBuffer bytes = ByteBuffer.wrap(disk.contents(segment));
                int position = SegmentHeader.BYTES;
                while (position + FrameFormat.HEADER_BYTES <= bytes.capacity() && bytes.getInt(position) != 0) {
                    positions.put(bytes.getLong(position + 8), position);
                    position += FrameFormat.paddedBytes(bytes.getInt(position));
                }
            }
        }

        Path first() {
            return segments.get(0);
        }

        Path second() {
            return segments.get(1);
        }

        Path last() {
            return segments.get(segments.size() - 1);
        }

        Path hardState() {
            return DIRECTORY.resolve("hardstate");
        }

        int positionOf(long index) {
            return positions.get(index);
        }

        /** Position after the last frame. */
        int end() {
            int position = positionOf(ENTRIES);
            return position
                    + FrameFormat.paddedBytes(
                            ByteBuffer.wrap(disk.contents(last())).getInt(position));
        }

        /** The first sector that begins behind the beginning of an entry. */
        int sectorBehind(long index) {
            return (positionOf(index) / 512 + 1) * 512;
        }

        void overwrite(Path path, int position, byte... bytes) {
            byte[] contents = disk.contents(path);
            byte[] longer = Arrays.copyOf(contents, Math.max(contents.length, position + bytes.length));
            System.arraycopy(bytes, 0, longer, position, bytes.length);
            disk.plant(path, longer);
        }

        void zero(Path path, int from, int to) {
            overwrite(path, from, new byte[to - from]);
        }

        void cut(Path path, int size) {
            disk.plant(path, Arrays.copyOf(disk.contents(path), size));
        }

        void breakFrame(Path path, long index) {
            disk.corrupt(path, positionOf(index) + FrameFormat.HEADER_BYTES - 1, 1);
        }

        /** Changes a header and makes its checksum right. */
        void forge(Path path, int at, int blockBytes, int field, int value) {
            ByteBuffer block = ByteBuffer.wrap(Arrays.copyOfRange(disk.contents(path), at, at + blockBytes));
            block.putInt(field, value);
            CRC32C crc = new CRC32C();
            crc.update(block.array(), 0, blockBytes - 4);
            block.putInt(blockBytes - 4, (int) crc.getValue());
            overwrite(path, at, block.array());
        }

        /** Adds {@code delta} to one field of the second segment's sidecar, and makes its checksum right. */
        void forgeSidecar(long delta, int field) {
            Path path = index(second());
            ByteBuffer bytes = ByteBuffer.wrap(disk.contents(path));
            int summaryBytes = 112 + 16 * bytes.getInt(104);
            bytes.putLong(field, bytes.getLong(field) + delta);
            CRC32C crc = new CRC32C();
            crc.update(bytes.array(), 0, summaryBytes);
            bytes.putInt(summaryBytes, (int) crc.getValue());
            disk.plant(path, bytes.array());
        }

        /** Lets the first place in the second segment's sparse index be another one, and makes its checksum right. */
        void forgeSparseIndex(long delta) {
            Path path = index(second());
            ByteBuffer bytes = ByteBuffer.wrap(disk.contents(path));
            int start = 112 + 16 * bytes.getInt(104) + 4;
            bytes.putLong(start + 16, bytes.getLong(start + 16) + delta);
            CRC32C crc = new CRC32C();
            crc.update(bytes.array(), start, bytes.capacity() - 4 - start);
            bytes.putInt(bytes.capacity() - 4, (int) crc.getValue());
            disk.plant(path, bytes.array());
        }

        Map<String, byte[]> snapshot() {
            Map<String, byte[]> all = new TreeMap<>();
            for (String name : disk.list(DIRECTORY)) {
                all.put(name, disk.contents(DIRECTORY.resolve(name)));
            }
            return all;
        }
    }

    private interface Harm {
        void inflict(Files files);
    }

    /** Damage, how many entries are left, and whether a tail is cut. */
    private static Arguments accepted(String row, Harm harm, int kept, boolean cut) {
        return Arguments.of(row, harm, kept, cut);
    }

    static Stream<Arguments> accepted() {
        return Stream.of(
                accepted("END: zeros to the end of the file", files -> {}, ENTRIES, false),
                accepted("END: the file ends after the last frame", f -> f.cut(f.last(), f.end()), ENTRIES, false),
                accepted(
                        "END: a few zeros behind, fewer than a header",
                        f -> f.cut(f.last(), f.end() + 7),
                        ENTRIES,
                        false),
                accepted(
                        "END: nothing of the last flush arrived",
                        f -> f.zero(f.last(), f.positionOf(20), f.end()),
                        19,
                        false),
                accepted(
                        "TORN: the last flush's last sector never arrived",
                        f -> f.zero(f.last(), f.sectorBehind(20), f.end()),
                        21,
                        true),
                accepted(
                        "TORN: the last flush's first sector never arrived, its last did",
                        f -> f.zero(f.last(), f.positionOf(20), f.sectorBehind(20)),
                        19,
                        true),
                accepted(
                        "TORN: the file ends in the header of a frame",
                        f -> f.cut(f.last(), f.positionOf(22) + 20),
                        21,
                        true),
                accepted("TORN: the file ends in the payload of a frame", f -> f.cut(f.last(), f.end() - 8), 21, true),
                accepted(
                        "HEAD: the first segment's header is damaged",
                        f -> f.disk.corrupt(f.first(), 100, 1),
                        ENTRIES,
                        false),
                accepted(
                        "HEAD: a sealed segment's header is damaged",
                        f -> f.disk.corrupt(f.second(), 41, 1),
                        ENTRIES,
                        false),
                accepted(
                        "HEAD: the last segment's header is damaged",
                        f -> f.disk.corrupt(f.last(), 33, 1),
                        ENTRIES,
                        false),
                accepted(
                        "NEWBORN: temporary files of a roll",
                        f -> {
                            f.disk.plant(DIRECTORY.resolve("next.tmp"), new byte[5000]);
                            f.disk.plant(DIRECTORY.resolve("00000000000000000023.log.tmp"), garbage(100));
                            f.disk.plant(DIRECTORY.resolve("hardstate.tmp"), garbage(100));
                        },
                        ENTRIES,
                        false),
                accepted(
                        "STALE: the hard state's first copy is damaged",
                        f -> f.disk.corrupt(f.hardState(), 40, 1),
                        ENTRIES,
                        false),
                accepted(
                        "STALE: the hard state's second copy is damaged",
                        f -> f.disk.corrupt(f.hardState(), 4096 + 40, 1),
                        ENTRIES,
                        false),
                accepted(
                        "STALE: the hard state's second copy was never written",
                        f -> f.cut(f.hardState(), 4096),
                        ENTRIES,
                        false),
                accepted("NO_INDEX: a sidecar is missing", f -> f.disk.lose(index(1)), ENTRIES, false),
                accepted("NO_INDEX: a sidecar is damaged", f -> f.disk.corrupt(index(1), 70, 1), ENTRIES, false),
                accepted("NO_INDEX: a sidecar is empty", f -> f.cut(index(1), 0), ENTRIES, false),
                accepted(
                        "NO_INDEX: a sidecar is of another segment",
                        f -> f.disk.plant(index(1), f.disk.contents(index(f.second()))),
                        ENTRIES,
                        false),
                accepted(
                        "NO_INDEX: a sidecar's index is damaged, which is noticed when it is used",
                        f -> f.disk.corrupt(index(f.second()), f.disk.contents(index(f.second())).length - 30, 1),
                        ENTRIES,
                        false),
                accepted("NO_INDEX: a sidecar ends at another position", f -> f.forgeSidecar(8, 56), ENTRIES, false),
                accepted("NO_INDEX: a sidecar ends in another term", f -> f.forgeSidecar(-1, 64), ENTRIES, false),
                accepted("NO_INDEX: a sidecar ends with another entry", f -> f.forgeSidecar(-1, 72), ENTRIES, false),
                accepted("NO_INDEX: a sidecar ends at another offset", f -> f.forgeSidecar(1, 80), ENTRIES, false),
                accepted("NO_INDEX: a sidecar follows another term", f -> f.forgeSidecar(1, 40), ENTRIES, false),
                accepted("NO_INDEX: a sidecar follows another offset", f -> f.forgeSidecar(1, 48), ENTRIES, false),
                accepted(
                        "NO_INDEX: a sidecar ends behind its segment's file",
                        f -> f.forgeSidecar(1 << 20, 56),
                        ENTRIES,
                        false),
                accepted(
                        "NO_INDEX: a sidecar of the last segment is left over",
                        f -> f.disk.plant(index(f.last()), garbage(90)),
                        ENTRIES,
                        false));
    }

    private static Path index(long base) {
        return DIRECTORY.resolve(IndexFile.fileName(base));
    }

    private static Path index(Path segment) {
        return index(Segment.baseIndexOf(segment.getFileName().toString(), ".log"));
    }

    private static byte[] garbage(int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (i * 37 + 11);
        }
        return bytes;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("accepted")
    @DisplayName("RF-39 accepts what a crash can leave, and the log goes on")
    void accepts(String row, Harm harm, int kept, boolean cut) {
        harm.inflict(new Files(disk));
        List<LogEntry> left = entries.subList(0, kept);

        List<LogEntry> expected = new ArrayList<>(left);
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            assertEquals(new EntryId(2, kept), store.recovered().terms().last());
            assertEquals(left, store.read(1, Long.MAX_VALUE, Integer.MAX_VALUE));
            assertEquals(STATE, store.recovered().hardState());
            assertEquals(left.get(kept - 1).nextOffset(), store.recovered().nextOffset());
            assertEquals(cut, store.recoveryReport().cutPosition() >= 0);
            HardState newState = new HardState(3, Optional.empty());
            store.putHardState(newState);
            List<LogEntry> more =
                    Logs.entries(new EntryId(2, kept), left.get(kept - 1).nextOffset(), 3, 5, 80);
            store.append(more);
            store.force();
            expected.addAll(more);
        }
        try (LogStore store = Logs.open(disk.reopen(), DIRECTORY, CONFIG)) {
            assertEquals(expected, store.read(1, Long.MAX_VALUE, Integer.MAX_VALUE));
            assertEquals(3, store.recovered().hardState().term());
            assertEquals(-1, store.recoveryReport().cutPosition());
            assertEquals(0, store.recoveryReport().rebuiltIndexes());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("accepted")
    @DisplayName("forces what it accepted: a power failure right after finds the same")
    void forcesWhatItAccepts(String row, Harm harm, int kept, boolean cut) {
        harm.inflict(new Files(disk));
        LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
        disk.crash();
        try (LogStore again = Logs.open(disk.reopen(), DIRECTORY, CONFIG)) {
            assertEquals(store.recovered(), again.recovered());
            assertEquals(-1, again.recoveryReport().cutPosition());
        }
    }

    @ParameterizedTest(name = "{1} more at {0}")
    @CsvSource({"64,-1", "72,-1", "80,1", "40,1", "48,1", "56,1048576", "56,8", "56,-8", "56,-80"})
    @DisplayName("makes a sidecar again that contradicts its neighbours in any one point, though its checksum is right")
    void believesNoContradictingSidecar(int field, long delta) {
        new Files(disk).forgeSidecar(delta, field);
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            assertEquals(1, store.recoveryReport().rebuiltIndexes());
        }
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            assertEquals(0, store.recoveryReport().rebuiltIndexes());
        }
    }

    @Test
    @DisplayName("reads on where a sidecar's sparse index is wrong, though its checksum is right, and makes it again")
    void isNotLedAstrayBySparseIndex() {
        new Files(disk).forgeSparseIndex(8);
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            assertEquals(entries.subList(8, ENTRIES), store.read(9, ENTRIES, Integer.MAX_VALUE));
            assertEquals(Optional.empty(), store.damage());
        }
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            assertEquals(entries.subList(8, ENTRIES), store.read(9, ENTRIES, Integer.MAX_VALUE));
        }
    }

    private static Arguments damaged(String row, Harm harm, String file, long firstIndex, long lastIndex) {
        return Arguments.of(row, harm, file, firstIndex, lastIndex);
    }

    static Stream<Arguments> damaged() {
        long open = Damage.OPEN_END;
        return Stream.of(
                damaged("ROT: the last frame is damaged", f -> f.breakFrame(f.last(), 22), "18.log", 22, open),
                damaged(
                        "ROT: the last frame's payload is damaged",
                        f -> f.disk.corrupt(f.last(), f.positionOf(22) + FrameFormat.HEADER_BYTES, 1),
                        "18.log",
                        22,
                        open),
                damaged(
                        "ROT: the last frame's length is damaged",
                        f -> f.disk.corrupt(f.last(), f.positionOf(22), 0x7F),
                        "18.log",
                        22,
                        open),
                damaged(
                        "ROT: the last flush's middle frame is damaged",
                        f -> f.breakFrame(f.last(), 21),
                        "18.log",
                        21,
                        21),
                damaged(
                        "ROT: garbage behind the end",
                        f -> f.overwrite(f.last(), f.end(), garbage(500)),
                        "18.log",
                        23,
                        open),
                damaged("ROT: an earlier flush is damaged", f -> f.breakFrame(f.last(), 19), "18.log", 19, 19),
                damaged(
                        "ROT: an earlier flush is zeros",
                        f -> f.zero(f.last(), f.positionOf(19), f.positionOf(20)),
                        "18.log",
                        19,
                        19),
                damaged(
                        "ROT: two earlier flushes are zeros",
                        f -> f.zero(f.last(), f.positionOf(18), f.positionOf(20)),
                        "18.log",
                        18,
                        19),
                damaged(
                        "ROT: a length in the last segment is damaged",
                        f -> f.disk.corrupt(f.last(), f.positionOf(19), 0x40),
                        "18.log",
                        19,
                        19),
                damaged(
                        "ROT: a sealed segment is damaged and has no sidecar",
                        f -> {
                            f.disk.lose(index(1));
                            f.breakFrame(f.first(), 5);
                        },
                        "01.log",
                        5,
                        5),
                damaged(
                        "ROT: a sealed segment is damaged at its end and has no sidecar",
                        f -> {
                            f.disk.lose(index(1));
                            f.breakFrame(f.first(), 8);
                        },
                        "01.log",
                        8,
                        8),
                damaged(
                        "ROT: the last flush is damaged in a log that was closed",
                        f -> {
                            Logs.open(f.disk, DIRECTORY, CONFIG).close();
                            f.zero(f.last(), f.positionOf(20), f.end());
                        },
                        "18.log",
                        20,
                        open),
                damaged("ROT: the last segment's file is empty", f -> f.cut(f.last(), 0), "18.log", 18, open),
                damaged(
                        "ROT: the last segment's file is zeros",
                        f -> f.zero(f.last(), 0, f.disk.contents(f.last()).length),
                        "18.log",
                        18,
                        open),
                damaged(
                        "GAP: a frame is of an entry that does not follow",
                        f -> f.disk.plant(f.last(), misplaced(f.disk.contents(f.last()), f.positionOf(19))),
                        "18.log",
                        19,
                        19),
                damaged("MISSING: a sealed segment's end", f -> f.cut(f.first(), f.positionOf(6)), "06.log", 6, 8),
                damaged("MISSING: the first segment is gone", f -> f.disk.lose(f.first()), "01.log", 1, 8),
                damaged("MISSING: a segment in the middle is gone", f -> f.disk.lose(f.second()), "09.log", 9, 17),
                damaged("MISSING: the last segment is gone", f -> f.disk.lose(f.last()), "18.log", 18, open));
    }

    /** Makes the frame at {@code position} one of an entry with another offset, with the right checksum. */
    private static byte[] misplaced(byte[] segment, int position) {
        ByteBuffer bytes = ByteBuffer.wrap(segment);
        bytes.putLong(position + 24, bytes.getLong(position + 24) + 1).putInt(position + 4, 0);
        ByteBuffer prefix =
                ByteBuffer.allocate(16).putLong(0, Logs.IDENTITY.seed(18)).putLong(8, position);
        CRC32C crc = new CRC32C();
        crc.update(prefix.array());
        crc.update(segment, position, FrameFormat.HEADER_BYTES);
        bytes.putInt(position + 4, (int) crc.getValue());
        return segment;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damaged")
    @DisplayName(
            "RF-39 opens a damaged log, says exactly what is damaged, changes nothing, serves the rest, and takes nothing")
    void reportsDamage(String row, Harm harm, String file, long firstIndex, long lastIndex) {
        Files files = new Files(disk);
        harm.inflict(files);
        Map<String, byte[]> before = files.snapshot();

        LogStore store = Logs.open(disk, DIRECTORY, CONFIG);

        Damage found = store.damage().orElseThrow();
        assertTrue(found.file().toString().endsWith(file), found.toString());
        assertEquals(firstIndex, found.firstIndex(), found.toString());
        assertEquals(lastIndex, found.lastIndex(), found.toString());
        assertEquals(STATE, store.recovered().hardState());
        for (long index = store.firstIndex(); index <= ENTRIES; index++) {
            boolean isDamaged = index >= firstIndex && index <= lastIndex;
            if (!isDamaged) {
                assertEquals(
                        List.of(entries.get((int) index - 1)),
                        store.read(index, index, Integer.MAX_VALUE),
                        "entry " + index);
            }
        }
        List<LogEntry> more = Logs.entries(new EntryId(2, ENTRIES), 0, 2, 1, 10);
        assertThrows(CorruptLogException.class, () -> store.append(more));
        assertThrows(CorruptLogException.class, () -> store.trimPrefix(10));
        Map<String, byte[]> after = files.snapshot();
        assertEquals(before.keySet(), after.keySet());
        before.forEach((name, bytes) -> assertArrayEquals(bytes, after.get(name), name));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damaged")
    @DisplayName("of a log that was repaired with the entries of another replica finds it whole, and the log goes on")
    void repairsDamage(String row, Harm harm, String file, long firstIndex, long lastIndex) {
        harm.inflict(new Files(disk));
        LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
        long last = Math.min(ENTRIES, lastIndex);
        if (firstIndex > ENTRIES) {
            store.cutDamage(firstIndex);
        } else {
            List<LogEntry> fetched = entries.subList((int) firstIndex - 1, (int) last);
            assertThrows(IllegalArgumentException.class, () -> store.repair(List.of()));
            assertThrows(IllegalArgumentException.class, () -> store.repair(entries.subList(0, ENTRIES - 1)));
            store.repair(fetched);
        }
        assertEquals(Optional.empty(), store.damage());
        assertEquals(new EntryId(2, ENTRIES), store.recovered().terms().last());
        assertEquals(entries, store.read(1, Long.MAX_VALUE, Integer.MAX_VALUE));
        List<LogEntry> more =
                Logs.entries(new EntryId(2, ENTRIES), entries.get(ENTRIES - 1).nextOffset(), 2, 5, 80);
        store.append(more);
        store.force();
        disk.crash();
        try (LogStore again = Logs.open(disk.reopen(), DIRECTORY, CONFIG)) {
            List<LogEntry> all = new ArrayList<>(entries);
            all.addAll(more);
            assertEquals(Optional.empty(), again.damage());
            assertEquals(all, again.read(1, Long.MAX_VALUE, Integer.MAX_VALUE));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damaged")
    @DisplayName("of a log that was cut before its damage finds it whole, and shorter")
    void cutsDamageAway(String row, Harm harm, String file, long firstIndex, long lastIndex) {
        harm.inflict(new Files(disk));
        LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
        long from = Math.max(1, firstIndex - 2);
        if (from < store.firstIndex()) {
            assertThrows(IllegalArgumentException.class, () -> store.cutDamage(from));
            return;
        }
        assertThrows(IllegalArgumentException.class, () -> store.cutDamage(firstIndex + 1));
        assertThrows(CorruptLogException.class, () -> store.truncateSuffix(from));
        store.cutDamage(from);
        assertEquals(Optional.empty(), store.damage());
        assertEquals(entries.subList(0, (int) from - 1), store.read(1, Long.MAX_VALUE, Integer.MAX_VALUE));
        disk.crash();
        try (LogStore again = Logs.open(disk.reopen(), DIRECTORY, CONFIG)) {
            assertEquals(entries.subList(0, (int) from - 1), again.read(1, Long.MAX_VALUE, Integer.MAX_VALUE));
        }
    }

    private static Arguments refused(String row, Harm harm, String file, String message) {
        return Arguments.of(row, harm, file, message);
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                refused("MISSING: all segments are gone", f -> f.segments.forEach(f.disk::lose), "01.log", "MISSING"),
                refused(
                        "DUPLICATE: a segment has a second name",
                        f -> f.disk.plant(DIRECTORY.resolve(Segment.fileName(19)), f.disk.contents(f.last())),
                        "19.log",
                        "starts at index 18"),
                refused(
                        "DUPLICATE: a file that is not a segment's name",
                        f -> f.disk.plant(DIRECTORY.resolve("1.log"), f.disk.contents(f.first())),
                        "1.log",
                        "name"),
                refused("LOST: the hard state is gone", f -> f.disk.lose(f.hardState()), "hardstate", "LOST"),
                refused(
                        "LOST: both copies of the hard state are damaged",
                        f -> {
                            f.disk.corrupt(f.hardState(), 40, 1);
                            f.disk.corrupt(f.hardState(), 4096 + 40, 1);
                        },
                        "hardstate",
                        "may have voted"),
                refused(
                        "LOST: the hard state is older than the log",
                        f -> {
                            f.forge(f.hardState(), 0, 512, 44, 1);
                            f.forge(f.hardState(), 4096, 512, 44, 1);
                        },
                        "hardstate",
                        "LOST"),
                refused(
                        "TOO_NEW: a segment of a later format",
                        f -> f.forge(f.last(), 0, 4096, 8, 3),
                        "18.log",
                        "newer release"),
                refused(
                        "TOO_NEW: a hard state of a later format",
                        f -> f.forge(f.hardState(), 4096, 512, 8, 3),
                        "hardstate",
                        "newer release"),
                refused("OWNER: a segment of another node", f -> f.forge(f.second(), 0, 4096, 12, 9), ".log", "node 9"),
                refused(
                        "OWNER: a segment of another group",
                        f -> f.forge(f.second(), 0, 4096, 28, 8),
                        ".log",
                        "group 8"),
                refused(
                        "OWNER: a segment of another cluster",
                        f -> f.forge(f.second(), 0, 4096, 20, 8),
                        ".log",
                        "not to"),
                refused(
                        "OWNER: a hard state of another node",
                        f -> f.forge(f.hardState(), 0, 512, 12, 9),
                        "hardstate",
                        "node 9"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    @DisplayName("refuses everything else, names the file, and changes nothing")
    void refuses(String row, Harm harm, String file, String message) {
        Files files = new Files(disk);
        harm.inflict(files);
        Map<String, byte[]> before = files.snapshot();

        StorageException refusal = assertThrows(StorageException.class, () -> Logs.open(disk, DIRECTORY, CONFIG));

        assertTrue(refusal.file().toString().endsWith(file), refusal.getMessage());
        assertTrue(refusal.getMessage().contains(message), refusal.getMessage());
        Map<String, byte[]> after = files.snapshot();
        assertEquals(before.keySet(), after.keySet());
        before.forEach((name, bytes) -> assertArrayEquals(bytes, after.get(name), name));
    }
}

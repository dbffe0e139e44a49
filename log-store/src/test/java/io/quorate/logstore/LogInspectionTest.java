/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.Finding.Severity;
import io.quorate.logstore.LogInspection.EntryVisitor;
import io.quorate.logstore.LogInspection.Progress;
import io.quorate.logstore.LogInspection.StoredEntry;
import io.quorate.logstore.LogReport.SegmentReport;
import io.quorate.logstore.LogReport.SegmentState;
import io.quorate.logstore.LogReport.SidecarState;
import io.quorate.logstore.io.NioDisk;
import io.quorate.logstore.io.ReadOnlyNioDisk;
import io.quorate.raft.Prng;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("An inspection of a directory that no node uses")
class LogInspectionTest {
    private static final LogStoreConfig CONFIG = new LogStoreConfig(8192, 8192, 512, false);
    private static final long GROUP = Logs.IDENTITY.groupId();
    private static final int ENTRIES = 60;

    @TempDir
    Path temporary;

    private Path root;
    private Path group;
    private List<LogEntry> written;
    /** What the hard state was when the last flush was under way. */
    private byte[] hardStateBefore;

    /** Sixty entries of two terms in flushes of three, over several segments, and a snapshot of the first twenty. */
    @BeforeEach
    void write() throws IOException {
        root = temporary.toRealPath().resolve("node");
        NioDisk disk = new NioDisk();
        try (DataDirectory data = DataDirectory.open(disk, root, "test-cluster", 1, 42)) {
            group = data.groupDirectory(GROUP);
            try (LogStore store =
                    LogStore.open(disk, group, Logs.IDENTITY, CONFIG, Runnable::run, new WriteBuffer(4096))) {
                written = new ArrayList<>();
                EntryId last = EntryId.NONE;
                long offset = 0;
                for (int flush = 0; flush < ENTRIES / 3; flush++) {
                    if (flush == ENTRIES / 3 - 1) {
                        LogEntry snapshotted = written.get(19);
                        store.saveSnapshot(new Snapshot(
                                snapshotted.id(),
                                snapshotted.nextOffset(),
                                Payload.utf8("state"),
                                Payload.utf8("members")));
                        hardStateBefore = Files.readAllBytes(group.resolve("hardstate"));
                    }
                    long term = flush < 7 ? 1 : 3;
                    store.putHardState(new HardState(term, Optional.of(new NodeId(2))));
                    List<LogEntry> entries = Logs.entries(last, offset, term, 3, 900);
                    store.append(entries);
                    store.force();
                    written.addAll(entries);
                    last = entries.get(2).id();
                    offset = entries.get(2).nextOffset();
                }
            }
        }
    }

    private LogReport verify() {
        return inGroup(log -> log.verify(Progress.NONE));
    }

    private interface Look<T> {
        T at(LogInspection log) throws IOException;
    }

    private <T> T inGroup(Look<T> look) {
        try (DirectoryInspection directory = DirectoryInspection.find(new ReadOnlyNioDisk(), root, Optional.empty())
                .orElseThrow()) {
            return look.at(directory.group(GROUP));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Collected implements EntryVisitor {
        private final List<StoredEntry> entries = new ArrayList<>();
        private int unreadable;

        @Override
        public boolean onEntry(StoredEntry entry) {
            entries.add(entry);
            return true;
        }

        @Override
        public boolean onUnreadable(Path file, long from, long to) {
            unreadable++;
            return true;
        }
    }

    private Collected entries(long from, long to, boolean withPayloads) {
        Collected collected = new Collected();
        inGroup(log -> {
            log.entries(from, to, withPayloads, collected);
            return null;
        });
        return collected;
    }

    @Test
    @DisplayName("tells whose it is, what every segment holds, both copies of term and vote, and the snapshots")
    void inspectsWhole() throws IOException {
        LogReport report = inGroup(log -> log.inspect(Progress.NONE));

        assertEquals(List.of(), report.findings());
        assertFalse(report.isDamaged());
        assertEquals(2, report.hardState().size());
        assertEquals(3, report.newestHardState().orElseThrow().term());
        assertEquals(2, report.newestHardState().orElseThrow().votedFor());
        assertEquals(1, report.snapshots().size());
        assertEquals(20, report.snapshots().get(0).lastIndex());
        assertTrue(report.segments().size() >= 3, report.toString());
        long index = 1;
        long offset = 0;
        for (SegmentReport segment : report.segments()) {
            boolean isLast = segment == report.segments().get(report.segments().size() - 1);
            assertEquals(index, segment.firstIndex());
            assertEquals(offset, segment.firstOffset());
            assertEquals(isLast ? SegmentState.ACTIVE : SegmentState.SEALED, segment.state());
            assertEquals(isLast ? SidecarState.NONE : SidecarState.USABLE, segment.sidecar());
            index = segment.lastIndex() + 1;
            offset = segment.nextOffset();
        }
        assertEquals(ENTRIES + 1, index);
        assertEquals(written.get(ENTRIES - 1).nextOffset(), offset);
        assertEquals(Optional.empty(), report.nextStart().refusal());
        try (DirectoryInspection directory = DirectoryInspection.find(new ReadOnlyNioDisk(), root, Optional.empty())
                .orElseThrow()) {
            assertEquals(
                    Optional.of(new DirectoryInspection.Owner("test-cluster", 1, Optional.of(42L))), directory.owner());
            assertEquals(List.of(GROUP), directory.groups());
        }
    }

    @Test
    @DisplayName("verifies every entry and agrees with what the quick look says")
    void verifiesWhole() {
        LogReport quick = inGroup(log -> log.inspect(Progress.NONE));
        LogReport full = verify();

        assertEquals(List.of(), full.findings());
        assertEquals(
                ENTRIES,
                full.segments().stream()
                        .mapToLong(SegmentReport::verifiedEntries)
                        .sum());
        for (int i = 0; i < full.segments().size(); i++) {
            assertEquals(
                    quick.segments().get(i).digest(), full.segments().get(i).digest());
            assertEquals(
                    quick.segments().get(i).usedBytes(), full.segments().get(i).usedBytes());
        }
    }

    @Test
    @DisplayName("takes one group's directory as well")
    void oneGroup() throws IOException {
        try (DirectoryInspection directory = DirectoryInspection.find(new ReadOnlyNioDisk(), group, Optional.empty())
                .orElseThrow()) {
            assertEquals(List.of(GROUP), directory.groups());
            assertFalse(directory.group(GROUP).verify(Progress.NONE).isDamaged());
        }
        assertEquals(Optional.empty(), DirectoryInspection.find(new ReadOnlyNioDisk(), temporary, Optional.empty()));
    }

    @Test
    @DisplayName("is refused while a node uses the directory, and keeps a node from starting")
    void lock() throws IOException {
        NioDisk disk = new NioDisk();
        try (DataDirectory running = DataDirectory.open(disk, root, "test-cluster", 1, 42)) {
            StorageException refused = assertThrows(
                    StorageException.class,
                    () -> DirectoryInspection.find(new ReadOnlyNioDisk(), root, Optional.empty()));
            assertTrue(refused.getMessage().contains("a node is running"), refused.getMessage());
        }
        try (DirectoryInspection directory = DirectoryInspection.find(new ReadOnlyNioDisk(), root, Optional.empty())
                .orElseThrow()) {
            assertTrue(directory.isLocked());
            assertThrows(StorageException.class, () -> DataDirectory.open(disk, root, "test-cluster", 1, 42));
        }
    }

    @Test
    @DisplayName("works on a copy without a lock, and with a damaged identity if it is told whose logs they are")
    void withoutIdentity() throws IOException {
        Files.delete(root.resolve("LOCK"));
        Files.delete(root.resolve("IDENTITY"));
        DirectoryInspection.Owner owner = new DirectoryInspection.Owner("test-cluster", 1, Optional.empty());

        try (DirectoryInspection unknown = DirectoryInspection.find(new ReadOnlyNioDisk(), root, Optional.empty())
                        .orElseThrow();
                DirectoryInspection told = DirectoryInspection.find(new ReadOnlyNioDisk(), root, Optional.of(owner))
                        .orElseThrow()) {
            assertEquals(Optional.empty(), unknown.owner());
            assertEquals(
                    Severity.DAMAGE, unknown.identityProblem().orElseThrow().severity());
            assertEquals(Severity.DAMAGE, told.identityProblem().orElseThrow().severity());
            assertFalse(told.group(GROUP).verify(Progress.NONE).isDamaged());
            assertFalse(told.isLocked());
        }
    }

    @Test
    @DisplayName("shows every entry as it was written, or only those that are asked for")
    void showsEntries() {
        List<StoredEntry> all = entries(1, Long.MAX_VALUE, true).entries;

        assertEquals(ENTRIES, all.size());
        for (int i = 0; i < ENTRIES; i++) {
            LogEntry entry = written.get(i);
            StoredEntry stored = all.get(i);
            assertEquals(entry.id(), new EntryId(stored.term(), stored.index()));
            assertEquals(entry.type().name(), stored.typeName());
            assertEquals(entry.baseOffset(), stored.baseOffset());
            assertEquals(entry.recordCount(), stored.recordCount());
            assertEquals(entry.timestampMillis(), stored.timestampMillis());
            assertEquals(Optional.of(entry.payload()), stored.payload());
            assertTrue(stored.isFlushStart() || i % 3 != 0);
        }
        assertEquals(
                List.of(29L, 30L, 31L),
                entries(29, 31, false).entries.stream().map(StoredEntry::index).toList());
    }

    private interface Mutation {
        void apply(LogInspectionTest log) throws IOException;
    }

    static Stream<Arguments> damages() {
        return Stream.of(
                damage(
                        "a frame cut off at the end",
                        log -> {
                            log.resize(log.active(), log.entry(59).position() + 100);
                            log.crashInLastFlush();
                        },
                        Severity.NOTE,
                        "TORN",
                        60,
                        "cuts "),
                damage(
                        "a flipped bit in the last flush",
                        log -> {
                            log.flip(log.active(), log.entry(59).position() + 60);
                            log.crashInLastFlush();
                        },
                        Severity.DAMAGE,
                        "ROT: all sectors are there, but the payload",
                        60,
                        "ROT"),
                damage(
                        "a flipped bit in the last flush of a log that was closed in order",
                        log -> log.flip(log.active(), log.entry(59).position() + 60),
                        Severity.DAMAGE,
                        "all entries up to 60 were durable, but the payload",
                        60,
                        "ROT"),
                damage(
                        "a lost end of a log that was closed in order",
                        log -> log.resize(log.active(), log.entry(59).position()),
                        Severity.DAMAGE,
                        "here they end",
                        60,
                        "ROT"),
                damage(
                        "a flipped bit of an earlier flush in the active segment",
                        log -> log.flip(log.active(), log.entry(55).position() + 60),
                        Severity.DAMAGE,
                        "ROT",
                        56,
                        "ROT"),
                damage(
                        "a flipped bit in a header in the active segment",
                        log -> log.flip(log.active(), log.entry(55).position() + 9),
                        Severity.DAMAGE,
                        "ROT",
                        56,
                        "ROT"),
                damage(
                        "a flipped bit in a payload of a sealed segment",
                        log -> log.flip(log.entry(3).file(), log.entry(3).position() + 60),
                        Severity.DAMAGE,
                        "ROT: in a sealed segment, the payload",
                        4,
                        ""),
                damage(
                        "a flipped bit in a header of a sealed segment",
                        log -> log.flip(log.entry(3).file(), log.entry(3).position() + 8),
                        Severity.DAMAGE,
                        "ROT: in a sealed segment, no valid entry",
                        4,
                        ""),
                damage(
                        "a damaged segment header",
                        log -> log.flip(log.entry(3).file(), 100),
                        Severity.DAMAGE,
                        "header is damaged",
                        1,
                        "writes 1 damaged segment headers again"),
                damage(
                        "a lost segment",
                        log -> Files.delete(log.entry(20).file()),
                        Severity.DAMAGE,
                        "MISSING or DUPLICATE",
                        0,
                        "MISSING"),
                damage(
                        "a lost last segment",
                        log -> Files.delete(log.active()),
                        Severity.DAMAGE,
                        "MISSING: a segment that the log had",
                        0,
                        "MISSING"),
                damage(
                        "a damaged sidecar",
                        log -> log.flip(log.sidecar(), 120),
                        Severity.DAMAGE,
                        "NO_INDEX: a wrong checksum",
                        1,
                        "makes"),
                damage(
                        "a sidecar that is far too large",
                        log -> log.resize(log.sidecar(), 1L << 32),
                        Severity.DAMAGE,
                        "NO_INDEX: its size",
                        1,
                        "makes"),
                damage(
                        "a sidecar that lies with a right checksum",
                        LogInspectionTest::lieInSidecar,
                        Severity.DAMAGE,
                        "says something else of the place",
                        0,
                        ""),
                damage(
                        "a lost sidecar",
                        log -> Files.delete(log.sidecar()),
                        Severity.NOTE,
                        "NO_INDEX: missing",
                        1,
                        "makes"),
                damage(
                        "one damaged copy of term and vote",
                        log -> log.flip(log.group.resolve("hardstate"), 44),
                        Severity.NOTE,
                        "STALE",
                        0,
                        "writes a copy"),
                damage(
                        "two damaged copies of term and vote",
                        log -> {
                            log.flip(log.group.resolve("hardstate"), 44);
                            log.flip(log.group.resolve("hardstate"), 4096 + 44);
                        },
                        Severity.DAMAGE,
                        "LOST: both",
                        0,
                        "both copies"),
                damage(
                        "no term and vote",
                        log -> Files.delete(log.group.resolve("hardstate")),
                        Severity.DAMAGE,
                        "LOST: entries",
                        0,
                        "LOST"),
                damage(
                        "a damaged snapshot",
                        log -> log.flip(log.group.resolve(SnapshotFiles.fileName(20)), 66),
                        Severity.DAMAGE,
                        "BAD_SNAP",
                        20,
                        "deletes"),
                damage(
                        "a stranger's file",
                        log -> Files.write(log.group.resolve("notes.txt"), new byte[3]),
                        Severity.NOTE,
                        "not a file of this store",
                        0,
                        ""),
                damage(
                        "a segment with a wrong name",
                        log -> Files.write(log.group.resolve("1.log"), new byte[3]),
                        Severity.DAMAGE,
                        "a name that this store does not give",
                        0,
                        "not a name"),
                damage(
                        "a segment under another's name",
                        log -> Files.write(
                                log.entry(20).file(),
                                Files.readAllBytes(log.entry(0).file())),
                        Severity.DAMAGE,
                        "the header says that the segment starts at index 1",
                        0,
                        "starts at index 1"));
    }

    private static Arguments damage(
            String name, Mutation mutation, Severity severity, String what, long index, String nextStart) {
        return Arguments.of(name, mutation, severity, what, index, nextStart);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damages")
    @DisplayName("names what it finds, with file, position and index, and says what the next start would do")
    void findsDamage(String name, Mutation mutation, Severity severity, String what, long index, String nextStart)
            throws IOException {
        mutation.apply(this);
        TreeMap<String, Integer> before = contents();

        LogReport report = verify();

        assertTrue(
                report.findings().stream()
                        .anyMatch(finding -> finding.severity() == severity
                                && finding.what().contains(what)
                                && (index == 0 || finding.index() == index)),
                report.findings().toString());
        assertEquals(
                severity == Severity.DAMAGE,
                report.isDamaged(),
                report.findings().toString());
        assertTrue(
                report.nextStart().toString().contains(nextStart),
                report.nextStart().toString());
        assertEquals(before, contents(), "nothing is changed");
    }

    @Test
    @DisplayName("shows the entries behind a damaged one, and says that one is missing")
    void entriesBehindDamage() throws IOException {
        flip(entry(3).file(), entry(3).position() + 60);
        flip(entry(7).file(), entry(7).position() + 9);

        Collected found = entries(1, Long.MAX_VALUE, true);

        assertEquals(ENTRIES - 1, found.entries.size());
        assertEquals(1, found.unreadable);
        assertFalse(found.entries.get(3).isIntact());
        assertEquals(Optional.empty(), found.entries.get(3).payload());
        assertEquals(9, found.entries.get(7).index());
    }

    @Test
    @DisplayName(
            "ends with a report whatever the files hold, and never takes a changed entry for a good one in silence")
    void survivesGarbage() throws IOException {
        TreeMap<Path, byte[]> originals = new TreeMap<>();
        try (Stream<Path> files = Files.list(group)) {
            for (Path file : files.toList()) {
                originals.put(file, Files.readAllBytes(file));
            }
        }
        Prng random = new Prng(20);
        for (int round = 0; round < 300; round++) {
            Path file = new ArrayList<>(originals.keySet()).get(random.nextInt(originals.size()));
            Files.write(file, mutated(originals.get(file), random));

            LogReport report = verify();
            List<StoredEntry> entries = entries(1, Long.MAX_VALUE, true).entries;

            boolean allThere = entries.size() == ENTRIES;
            for (StoredEntry entry : entries) {
                if (entry.isIntact()) {
                    assertEquals(
                            written.get((int) entry.index() - 1).payload(),
                            entry.payload().orElseThrow(),
                            "round " + round);
                } else {
                    allThere = false;
                }
            }
            assertTrue(allThere || !report.findings().isEmpty(), "round " + round + " lost entries without a finding");
            Files.write(file, originals.get(file));
        }
    }

    private static byte[] mutated(byte[] original, Prng random) {
        byte[] bytes = original.clone();
        int at = random.nextInt(bytes.length);
        int count = Math.min(bytes.length - at, 1 + random.nextInt(200));
        switch (random.nextInt(6)) {
            case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> Arrays.fill(bytes, at, at + count, (byte) 0);
            case 2 -> Arrays.fill(bytes, at, at + count, (byte) 0xFF);
            case 3 -> bytes = Arrays.copyOf(bytes, at);
            case 4 -> {
                int from = random.nextInt(bytes.length - count + 1);
                System.arraycopy(original, from, bytes, at, count);
            }
            default -> {
                bytes = Arrays.copyOf(bytes, bytes.length + 100_000);
                for (int i = original.length; i < bytes.length; i++) {
                    bytes[i] = (byte) random.nextInt(256);
                }
            }
        }
        return bytes;
    }

    /** The entry with index {@code i + 1}, where it is on disk. */
    private StoredEntry entry(int i) {
        return entries(i + 1, i + 1, false).entries.get(0);
    }

    private Path active() {
        return entry(ENTRIES - 1).file();
    }

    private Path sidecar() {
        return group.resolve(IndexFile.fileName(1));
    }

    private void flip(Path file, long position) throws IOException {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.seek(position);
            int old = opened.read();
            opened.seek(position);
            opened.write(old ^ 0x10);
        }
    }

    /** The last flush was under way when the node died, so nothing says that it had been durable. */
    private void crashInLastFlush() throws IOException {
        Files.write(group.resolve("hardstate"), hardStateBefore);
    }

    private void resize(Path file, long size) throws IOException {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.setLength(size);
        }
    }

    /** Moves the second entry of the sparse index by eight bytes, and makes the checksum right again. */
    private void lieInSidecar() throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(sidecar()));
        int index = 112 + 16 * bytes.getInt(104) + 4;
        int at = index + SparseIndex.ENTRY_BYTES + 16;
        bytes.putLong(at, bytes.getLong(at) + 8);
        bytes.putInt(bytes.capacity() - 4, Headers.checksum(bytes.array(), index, bytes.capacity() - 4 - index));
        Files.write(sidecar(), bytes.array());
    }

    /** Names and hashes of all files, or sizes of large ones. */
    private TreeMap<String, Integer> contents() throws IOException {
        TreeMap<String, Integer> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                long size = Files.size(file);
                all.put(file.toString(), size > 1 << 20 ? (int) size : Arrays.hashCode(Files.readAllBytes(file)));
            }
        }
        return all;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.CrashPolicy;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A log that trims as it grows")
class RecyclingTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final int SEGMENT_BYTES = 4096 + 32 * 512;
    private static final LogStoreConfig CONFIG = new LogStoreConfig(SEGMENT_BYTES, 512, 1024);
    private static final int PAYLOAD_BYTES = 1000;

    /** Writes, trims and reads one log, and knows what it should hold. */
    private static final class Growing implements AutoCloseable {
        final SimulatedDisk disk;
        final List<LogEntry> entries = new ArrayList<>();
        LogStore store;

        Growing(SimulatedDisk disk) {
            this.disk = disk;
            store = Logs.open(disk, DIRECTORY, CONFIG);
            store.putHardState(new HardState(1, Optional.of(new NodeId(1))));
            store.force();
        }

        void append(int count) {
            for (int i = 0; i < count; i++) {
                appendUnforced(1);
                store.force();
            }
        }

        void appendUnforced(int count) {
            List<LogEntry> more = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                byte[] payload = new byte[PAYLOAD_BYTES];
                for (int at = 0; at < payload.length; at++) {
                    payload[at] = (byte) ((entries.size() + 1) * 131 + at * 7 + at / 251 + 1);
                }
                long index = entries.size() + 1;
                LogEntry entry = new LogEntry(
                        new EntryId(1, index), EntryType.RECORDS, index - 1, 1, index, Payload.wrap(payload));
                entries.add(entry);
                more.add(entry);
            }
            store.append(more);
        }

        /** Trims all but the active segment. */
        void trim() {
            for (LogEntry last : entries.subList(entries.size() - 2, entries.size())) {
                store.saveSnapshot(new Snapshot(last.id(), last.nextOffset(), Payload.EMPTY, Payload.EMPTY));
            }
            while (store.trimPrefix(entries.size())) {
                assertEquals(Optional.empty(), store.damage());
            }
        }

        /** Ends with an active segment whose file was another one before, and which holds some entries. */
        static Growing recycled(long seed, int blockBytes) {
            return recycled(seed, blockBytes, false);
        }

        /** @param restarted the segment whose file it was, too, was active when the log was opened */
        static Growing recycled(long seed, int blockBytes, boolean restarted) {
            SimulatedDisk disk = new SimulatedDisk(seed);
            disk.setDirectBlockBytes(blockBytes);
            Growing log = new Growing(disk);
            if (restarted) {
                log.append(2);
                log.close();
                log = log.after(disk.reopen());
                log.append(1);
                log.disk.crash();
                log = log.after(log.disk.reopen());
                while (log.store.segments().size() < 2) {
                    log.append(1);
                }
            } else {
                log.append(20);
            }
            log.trim();
            assertTrue(hasSpare(log.disk));
            while (hasSpare(log.disk)) {
                log.append(1);
            }
            log.append(2);
            return log;
        }

        Path activePath() {
            List<SegmentInfo> segments = store.segments();
            return DIRECTORY.resolve(
                    Segment.fileName(segments.get(segments.size() - 1).baseIndex()));
        }

        long activeEnd() {
            List<SegmentInfo> segments = store.segments();
            return segments.get(segments.size() - 1).bytes();
        }

        Growing after(SimulatedDisk crashed) {
            Growing next = new Growing(crashed);
            next.entries.addAll(entries);
            return next;
        }

        List<LogEntry> read() {
            return store.read(store.firstIndex(), Long.MAX_VALUE, Integer.MAX_VALUE);
        }

        void checkEntries() {
            assertEquals(Optional.empty(), store.damage());
            assertEquals(entries.subList((int) store.firstIndex() - 1, entries.size()), read());
        }

        @Override
        public void close() {
            store.close();
        }
    }

    @ParameterizedTest(name = "blocks of {0} bytes")
    @ValueSource(ints = {512, 4096})
    @DisplayName("makes the file of a trimmed segment its next one, and reads only what was written since")
    void recycles(int blockBytes) {
        try (Growing log = Growing.recycled(1, blockBytes)) {
            byte[] active = log.disk.contents(log.activePath());
            int end = (int) log.activeEnd() + blockBytes - 1 & -blockBytes;
            assertTrue(end + 512 <= active.length, "old bytes are behind " + end + " of " + active.length);
            assertFalse(isZero(Arrays.copyOfRange(active, end, active.length)));
            log.checkEntries();
        }
    }

    @Test
    @DisplayName("keeps two spares, deletes what it does not need, and keeps sums only of what they describe")
    void keepsLittle() {
        try (Growing log = Growing.recycled(1, 512)) {
            for (int i = 0; i < 5; i++) {
                log.append(30);
                log.trim();
            }
            List<String> names = log.disk.list(DIRECTORY);
            assertEquals(1, count(names, Segment.SUFFIX), names.toString());
            assertEquals(2, count(names, Recycler.SPARE_SUFFIX), names.toString());
            assertTrue(count(names, SectorSums.SUFFIX) <= 4, names.toString());
            assertEquals(0, count(names, IndexFile.SUFFIX), names.toString());
        }
    }

    private static boolean hasSpare(SimulatedDisk disk) {
        return count(disk.list(DIRECTORY), Recycler.SPARE_SUFFIX) > 0;
    }

    private static long count(List<String> names, String suffix) {
        return names.stream().filter(name -> name.endsWith(suffix)).count();
    }

    @Test
    @DisplayName("written through the cache makes new files, as sectors are not written whole then")
    void notThroughTheCache() {
        SimulatedDisk disk = new SimulatedDisk(1);
        disk.setDirectBlockBytes(0);
        try (Growing log = new Growing(disk)) {
            log.append(30);
            log.trim();
            assertFalse(hasSpare(disk));
            assertEquals(0, count(disk.list(DIRECTORY), SectorSums.SUFFIX));
        }
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(
            value = CrashPolicy.class,
            names = {"RANDOM", "TEAR_512", "TEAR_4096"})
    @DisplayName("cuts a flush that was torn in a recycled file, and takes no old byte for damage or for an entry")
    void tornFlush(CrashPolicy policy) {
        int torn = 0;
        for (int seed = 1; seed <= 60; seed++) {
            Growing log = Growing.recycled(seed, seed % 2 == 0 ? 512 : 4096, seed % 4 < 2);
            int durable = log.entries.size();
            log.appendUnforced(3);
            log.disk.setCrashPolicy(policy);
            log.disk.crash();
            try (Growing after = log.after(log.disk.reopen())) {
                int found = (int) after.store.recovered().terms().lastIndex();
                assertTrue(found >= durable, "seed " + seed + ": " + found + " of " + durable);
                torn += after.store.recoveryReport().cutPosition() >= 0 ? 1 : 0;
                after.entries.subList(found, after.entries.size()).clear();
                after.checkEntries();
                after.append(12);
                after.checkEntries();
            }
        }
        assertTrue(torn > 10, torn + " torn");
    }

    @Test
    @DisplayName("never is silently shorter, whichever byte of the entries in a recycled file is wrong")
    void rotInRecycledFile() {
        Growing log = Growing.recycled(1, 512);
        SimulatedDisk disk = log.disk.reopen();
        Path path = log.activePath();
        long end = log.activeEnd();
        byte[] whole = disk.contents(path);
        for (int at = SegmentHeader.BYTES; at < end; at++) {
            disk.corrupt(path, at, 1 << at % 8);
            LogStore damaged = Logs.open(disk, DIRECTORY, CONFIG);
            assertTrue(damaged.damage().isPresent(), "byte " + at);
            damaged.close();
            disk = disk.reopen();
            disk.plant(path, whole);
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {Segment.SUFFIX, SectorSums.SUFFIX})
    @DisplayName(
            "does not mind a wrong byte in the sectors that a recycled file held before, or in sums, while no flush is torn")
    void rotOfOldBytes(String suffix) {
        Growing log = Growing.recycled(1, 512);
        SimulatedDisk disk = log.disk.reopen();
        List<String> names = disk.list(DIRECTORY);
        for (String name : names) {
            Path path = DIRECTORY.resolve(name);
            boolean isIt = name.endsWith(suffix) && (suffix.equals(SectorSums.SUFFIX) || path.equals(log.activePath()));
            int first = path.equals(log.activePath()) ? (int) log.activeEnd() + 511 & -512 : 0;
            for (int at = first; isIt && at < disk.contents(path).length; at += 61) {
                SimulatedDisk damaged = disk.forcedOnly(DIRECTORY);
                damaged.setDirectBlockBytes(512);
                damaged.plant(path, disk.contents(path));
                damaged.corrupt(path, at, 1 << at % 8);
                try (Growing after = log.after(damaged)) {
                    after.checkEntries();
                    after.append(12);
                    after.checkEntries();
                }
            }
        }
        assertTrue(count(names, suffix) > 0, names.toString());
    }

    @Test
    @DisplayName("goes on after a start: what was sealed before is recycled, and what was spare is not needed")
    void survivesStart() {
        Growing log = Growing.recycled(1, 512);
        log.append(30);
        log.close();
        try (Growing after = log.after(log.disk.reopen())) {
            assertFalse(hasSpare(after.disk));
            after.checkEntries();
            after.trim();
            assertTrue(hasSpare(after.disk));
            after.append(40);
            assertFalse(hasSpare(after.disk));
            after.checkEntries();
        }
    }

    @Test
    @DisplayName("does not recycle what was cut and written again, but does what was active at a start")
    void onlyWhatIsDescribed() {
        SimulatedDisk disk = new SimulatedDisk(1);
        disk.setDirectBlockBytes(512);
        Growing log = new Growing(disk);
        log.append(3);
        log.store.truncateSuffix(3);
        log.entries.remove(2);
        log.append(20);
        log.trim();
        assertFalse(hasSpare(disk), "the first segment was cut");
        log.close();
        try (Growing after = log.after(disk.reopen())) {
            long active = after.store.segments().get(0).baseIndex();
            while (after.store.segments().size() == 1) {
                after.append(1);
            }
            assertTrue(after.disk.exists(DIRECTORY.resolve(SectorSums.fileName(active))));
            after.trim();
            assertTrue(hasSpare(after.disk));
        }
    }

    @Test
    @DisplayName("does not write over a file that somebody still reads")
    void notUnderReaders() throws IOException {
        try (Growing log = Growing.recycled(1, 512)) {
            StoreIdentity identity = Logs.IDENTITY;
            SegmentHeader header = new SegmentHeader(EntryId.NONE, 0);
            Segment segment = new Segment(DIRECTORY, header, identity, Extent.empty(header));
            SegmentFiles files = new SegmentFiles(log.disk, identity, CONFIG);
            files.pin(segment, log.disk.open(log.activePath()), new SparseIndex(1024));
            SegmentFiles.Handle reader = files.acquire(segment);
            assertFalse(files.drop(segment), "a reader has it");
            reader.close();
            assertTrue(files.drop(segment), "nobody has it");
        }
    }

    @Test
    @DisplayName("gives the spare up when it is told that room is short, and when the disk is full")
    void givesUp() {
        SimulatedDisk disk = new SimulatedDisk(1);
        disk.setDirectBlockBytes(512);
        try (Growing log = new Growing(disk)) {
            log.append(20);
            log.trim();
            log.store.setRecycling(false);
            assertFalse(hasSpare(disk));
            log.append(20);
            log.trim();
            assertFalse(hasSpare(disk));
            log.store.setRecycling(true);
            log.append(20);
            log.trim();
            assertTrue(hasSpare(disk));
            disk.leaveFree(100);
            assertThrows(
                    DiskFullException.class,
                    () -> log.store.saveSnapshot(
                            new Snapshot(log.entries.get(59).id(), 60, Payload.wrap(new byte[4000]), Payload.EMPTY)));
            assertFalse(hasSpare(disk));
            disk.limitCapacity(Long.MAX_VALUE);
            log.append(12);
            log.checkEntries();
        }
    }

    private static boolean isZero(byte[] bytes) {
        for (byte one : bytes) {
            if (one != 0) {
                return false;
            }
        }
        return true;
    }
}

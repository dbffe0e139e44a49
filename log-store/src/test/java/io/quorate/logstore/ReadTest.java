/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.io.NioDisk;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Reading a log")
class ReadTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(8192, 2048, 256);
    private static final int COUNT = 120;

    @Nested
    @DisplayName("of several segments")
    class OfSegments {
        private final SimulatedDisk disk = new SimulatedDisk(1);
        private final List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, COUNT, 400);
        private LogStore store;

        @BeforeEach
        void write() {
            store = Logs.open(disk, DIRECTORY, CONFIG);
            store.putHardState(new HardState(1, Optional.empty()));
            store.append(entries);
            store.force();
        }

        @ParameterizedTest(name = "reopened: {0}")
        @ValueSource(booleans = {false, true})
        @DisplayName("finds every range of indexes")
        void findsEveryRange(boolean reopened) {
            LogStore reading = reopened ? Logs.open(disk.reopen(), DIRECTORY, CONFIG) : store;
            for (int from = 1; from <= COUNT; from += 7) {
                for (int to = from; to <= COUNT; to += 13) {
                    assertEquals(entries.subList(from - 1, to), reading.read(from, to, Integer.MAX_VALUE));
                }
            }
        }

        @ParameterizedTest(name = "reopened: {0}")
        @ValueSource(booleans = {false, true})
        @DisplayName("finds the entry of every offset")
        void findsEveryOffset(boolean reopened) {
            LogStore reading = reopened ? Logs.open(disk.reopen(), DIRECTORY, CONFIG) : store;
            long end = entries.get(COUNT - 1).nextOffset();
            for (long offset = 0; offset < end; offset++) {
                LogEntry found = entries.get((int) reading.indexOfOffset(offset) - 1);
                assertEquals(EntryType.RECORDS, found.type());
                assertTrue(found.baseOffset() <= offset && offset < found.nextOffset());
            }
            assertThrows(IllegalArgumentException.class, () -> reading.indexOfOffset(-1));
        }

        @ParameterizedTest(name = "reopened: {0}")
        @ValueSource(booleans = {false, true})
        @DisplayName("finds the first entry that is not older than a time, though clocks went back and forth")
        void findsEveryTimestamp(boolean reopened) {
            LogStore reading = reopened ? Logs.open(disk.reopen(), DIRECTORY, CONFIG) : store;
            for (long millis = -1; millis <= COUNT * 10 + 20; millis++) {
                long wanted = millis;
                long expected = entries.stream()
                        .filter(entry -> entry.timestampMillis() >= wanted)
                        .mapToLong(LogEntry::index)
                        .findFirst()
                        .orElse(COUNT + 1);
                assertEquals(expected, reading.indexOfTimestamp(millis), "time " + millis);
            }
            assertEquals(1, reading.indexOfTimestamp(Long.MIN_VALUE));
            assertEquals(COUNT + 1, reading.indexOfTimestamp(Long.MAX_VALUE));
        }

        @ParameterizedTest
        @ValueSource(ints = {0, 1, 65, 500, 3000, 100_000})
        @DisplayName("gives one entry at least, and no more bytes than asked for")
        void respectsTheLimit(int maxBytes) {
            for (int from = 1; from <= COUNT; from += 3) {
                int expected = 1;
                long size = entries.get(from - 1).sizeBytes();
                while (from - 1 + expected < COUNT
                        && size + entries.get(from - 1 + expected).sizeBytes() <= maxBytes) {
                    size += entries.get(from - 1 + expected).sizeBytes();
                    expected++;
                }
                assertEquals(
                        entries.subList(from - 1, from - 1 + expected), store.read(from, Long.MAX_VALUE, maxBytes));
            }
        }

        @Test
        @DisplayName("beyond its end gives nothing, before its start is a mistake")
        void knowsItsEnds() {
            assertEquals(List.of(), store.read(COUNT + 1, Long.MAX_VALUE, 1000));
            assertThrows(IllegalArgumentException.class, () -> store.read(0, 10, 1000));
        }

        @Test
        @DisplayName("RF-26 after a cut at any index finds what was written instead, also after a restart")
        void readsAfterACut() {
            for (int cut = COUNT; cut >= 1; cut -= 9) {
                SimulatedDisk other = new SimulatedDisk(cut);
                List<LogEntry> expected = new ArrayList<>(entries.subList(0, cut - 1));
                try (LogStore cutStore = Logs.open(other, DIRECTORY, CONFIG)) {
                    cutStore.putHardState(new HardState(1, Optional.empty()));
                    cutStore.append(entries);
                    cutStore.force();
                    cutStore.putHardState(new HardState(2, Optional.empty()));
                    cutStore.truncateSuffix(cut);
                    long offset = expected.isEmpty() ? 0 : expected.get(cut - 2).nextOffset();
                    EntryId last = expected.isEmpty() ? EntryId.NONE : new EntryId(1, cut - 1);
                    List<LogEntry> instead = Logs.entries(last, offset, 2, 40, 300);
                    cutStore.append(instead);
                    cutStore.force();
                    expected.addAll(instead);
                    assertEquals(expected, cutStore.read(1, Long.MAX_VALUE, Integer.MAX_VALUE));
                }
                try (LogStore again = Logs.open(other.reopen(), DIRECTORY, CONFIG)) {
                    assertEquals(expected, again.read(1, Long.MAX_VALUE, Integer.MAX_VALUE));
                    assertEquals(0, again.recoveryReport().rebuiltIndexes());
                }
            }
        }
    }

    @Test
    @DisplayName("gives back an entry that is larger than buffers and segments")
    void readsLargeEntries() {
        SimulatedDisk disk = new SimulatedDisk(1);
        byte[] large = new byte[700_000];
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) (i * 31 + (i >> 9));
        }
        List<LogEntry> entries = new ArrayList<>();
        for (int i = 1; i <= 4; i++) {
            entries.add(new LogEntry(
                    new EntryId(1, i), EntryType.RECORDS, i - 1, 1, 0, Payload.wrap(large, i, large.length - 2 * i)));
        }
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            store.putHardState(new HardState(1, Optional.empty()));
            store.append(entries);
            store.force();
            assertEquals(entries, store.read(1, 4, Integer.MAX_VALUE));
            assertEquals(entries.subList(2, 3), store.read(3, 4, 1));
        }
        try (LogStore store = Logs.open(disk.reopen(), DIRECTORY, CONFIG)) {
            assertEquals(entries, store.read(1, 4, Integer.MAX_VALUE));
        }
    }

    /** At 16 bytes per index entry every frame would be noted, some 2,700 in a full segment. */
    @Nested
    @DisplayName("of a segment that has more places than its index has in memory")
    class OfManyPlaces {
        private static final int MANY = 6_000;
        private static final int INDEX_BYTES_MAX = 50 << 10;

        private final LogStoreConfig config = new LogStoreConfig(256 << 10, 0, 16);
        private final SimulatedDisk disk = new SimulatedDisk(1);
        private final List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, MANY, 60);
        private LogStore store;

        @BeforeEach
        void write() {
            store = Logs.open(disk, DIRECTORY, config);
            store.putHardState(new HardState(1, Optional.empty()));
            for (int at = 0; at < MANY; at += 100) {
                store.append(entries.subList(at, at + 100));
            }
            store.force();
        }

        private void requireAllFound(LogStore reading) {
            for (LogEntry entry : entries) {
                if (entry.index() % 7 == 0) {
                    assertEquals(List.of(entry), reading.read(entry.index(), entry.index(), 1));
                    assertTrue(reading.indexOfTimestamp(entry.timestampMillis()) <= entry.index());
                    if (entry.recordCount() > 0) {
                        assertEquals(entry.index(), reading.indexOfOffset(entry.baseOffset()));
                    }
                }
            }
        }

        @Test
        @DisplayName("finds everything, before and after a restart")
        void findsEverything() {
            requireAllFound(store);
            store.close();

            requireAllFound(Logs.open(disk.reopen(), DIRECTORY, config));
        }

        @Test
        @DisplayName("keeps sparse indexes small on disk too")
        void staysSmall() {
            store.close();

            List<String> sidecars = disk.list(DIRECTORY).stream()
                    .filter(name -> name.endsWith(".index"))
                    .toList();
            assertFalse(sidecars.isEmpty());
            for (String sidecar : sidecars) {
                int bytes = disk.contents(DIRECTORY.resolve(sidecar)).length;
                assertTrue(bytes <= INDEX_BYTES_MAX, sidecar + " has " + bytes + " bytes");
            }
        }

        @ParameterizedTest
        @ValueSource(ints = {2, 900, 1_025, 2_500, 4_000, 5_999})
        @DisplayName("finds everything after a cut in the midst, and what came instead")
        void findsWhatReplacedACut(int from) {
            store.truncateSuffix(from);
            entries.subList(from - 1, MANY).clear();
            LogEntry last = entries.get(from - 2);
            entries.addAll(Logs.entries(last.id(), last.nextOffset(), 2, 3_500, 50));
            store.putHardState(new HardState(2, Optional.empty()));
            store.append(entries.subList(from - 1, entries.size()));
            store.force();

            requireAllFound(store);
            store.close();
            requireAllFound(Logs.open(disk.reopen(), DIRECTORY, config));
        }
    }

    @Test
    @DisplayName("on other threads while it is written, rolled and zero-filled always finds what is durable")
    void readsBesideTheWriter(@TempDir Path temporary) throws Exception {
        int count = 3000;
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, count, 900);
        AtomicLong durable = new AtomicLong();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        LogStoreConfig config = new LogStoreConfig(64 << 10, 32 << 10, 1024);
        try (LogStore store = Logs.open(new NioDisk(), temporary.resolve("log"), config, threads)) {
            List<Future<Long>> readers = new ArrayList<>();
            for (int r = 0; r < 2; r++) {
                long start = 17L * (r + 1);
                readers.add(threads.submit(() -> {
                    long checked = 0;
                    for (long at = start; durable.get() < count; at += 7919) {
                        long known = durable.get();
                        if (known > 0) {
                            long from = at % known + 1;
                            List<LogEntry> found = store.read(from, known, 8000);
                            assertEquals(entries.subList((int) from - 1, (int) from - 1 + found.size()), found);
                            LogEntry first = found.get(0);
                            if (first.recordCount() > 0) {
                                assertEquals(first.index(), store.indexOfOffset(first.nextOffset() - 1));
                            }
                            checked += found.size();
                        }
                    }
                    return checked;
                }));
            }
            store.putHardState(new HardState(1, Optional.empty()));
            for (int at = 0; at < count; at += 10) {
                store.append(entries.subList(at, at + 10));
                store.force();
                durable.set(at + 10);
            }
            for (Future<Long> reader : readers) {
                assertTrue(reader.get(60, TimeUnit.SECONDS) >= 0);
            }
            assertEquals(entries, store.read(1, count, Integer.MAX_VALUE));
        } finally {
            threads.shutdown();
            assertTrue(threads.awaitTermination(60, TimeUnit.SECONDS));
        }
        try (LogStore store = Logs.open(new NioDisk(), temporary.resolve("log"), config)) {
            assertEquals(entries, store.read(1, count, Integer.MAX_VALUE));
        }
    }
}

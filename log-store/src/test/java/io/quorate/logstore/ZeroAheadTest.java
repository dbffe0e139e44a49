/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.Prng;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Zero-filling ahead")
class ZeroAheadTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final Path FIRST = DIRECTORY.resolve(Segment.fileName(1));

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final Queue<Runnable> background = new ArrayDeque<>();

    private LogStore open(LogStoreConfig config) {
        LogStore store = Logs.open(disk, DIRECTORY, config, background::add);
        store.putHardState(new HardState(1, Optional.empty()));
        return store;
    }

    private void runBackground() {
        while (!background.isEmpty()) {
            background.poll().run();
        }
    }

    private static List<LogEntry> entriesOf(int count, int payloadBytes) {
        List<LogEntry> entries = new ArrayList<>();
        byte[] payload = new byte[payloadBytes];
        Arrays.fill(payload, (byte) 0x5A);
        for (int i = 1; i <= count; i++) {
            entries.add(new LogEntry(new EntryId(1, i), EntryType.RECORDS, i - 1, 1, 0, Payload.wrap(payload)));
        }
        return entries;
    }

    @Test
    @DisplayName("lets flushes only overwrite: the file does not grow under them")
    void flushesDoNotGrowTheFile() {
        LogStoreConfig config = new LogStoreConfig(1 << 20, 64 << 10, 4096);
        try (LogStore store = open(config)) {
            for (LogEntry entry : entriesOf(500, 1000)) {
                int before = disk.contents(FIRST).length;
                store.append(List.of(entry));
                store.force();
                assertEquals(before, disk.contents(FIRST).length, "entry " + entry.index());
                runBackground();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"4, true", "3, false"})
    @DisplayName("leaves a disk alone that has less room than four times the most that is filled ahead")
    void leavesTheLastRoomAlone(int timesZeroAhead, boolean fills) {
        LogStoreConfig config = new LogStoreConfig(1 << 20, 64 << 10, 4096);
        try (LogStore store = open(config)) {
            store.append(entriesOf(50, 1000));
            store.force();
            int before = disk.contents(FIRST).length;
            disk.leaveFree(timesZeroAhead * (64L << 10));
            runBackground();
            assertEquals(fills, disk.contents(FIRST).length > before);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    @DisplayName("that comes late, in whatever order, never zeroes what was written meanwhile")
    void neverOverwritesTheWriter(long seed) {
        Prng random = new Prng(seed);
        List<LogEntry> entries = entriesOf(400, 1500);
        LogStoreConfig config = new LogStoreConfig(200_000, 20_000, 1000);
        try (LogStore store = open(config)) {
            for (int at = 0; at < entries.size(); ) {
                int count = Math.min(entries.size() - at, 1 + random.nextInt(30));
                store.append(entries.subList(at, at + count));
                store.force();
                at += count;
                if (random.nextInt(3) == 0 && !background.isEmpty()) {
                    background.poll().run();
                }
                if (random.nextInt(20) == 0) {
                    runBackground();
                }
            }
            runBackground();
            assertEquals(entries, store.read(1, 400, Integer.MAX_VALUE));
        }
        try (LogStore store = Logs.open(disk.reopen(), DIRECTORY, config)) {
            assertEquals(entries, store.read(1, 400, Integer.MAX_VALUE));
        }
    }

    @Test
    @DisplayName("that was under way for a suffix that is cut leaves what is written instead alone")
    void ignoresACutSuffix() {
        List<LogEntry> entries = entriesOf(60, 1500);
        LogStoreConfig config = new LogStoreConfig(200_000, 20_000, 1000);
        try (LogStore store = open(config)) {
            store.append(entries);
            store.force();
            assertTrue(!background.isEmpty());
            store.truncateSuffix(11);
            // Far enough to reach what the filler was about to fill for the old suffix.
            List<LogEntry> instead = entriesOf(110, 1499).subList(10, 110);
            store.append(instead);
            store.force();
            runBackground();
            assertEquals(entries.subList(0, 10), store.read(1, 10, Integer.MAX_VALUE));
            assertEquals(instead, store.read(11, 110, Integer.MAX_VALUE));
        }
    }

    @Test
    @DisplayName("of the next segment is ready before the active one is full, and is used")
    void preparesTheNextSegment() {
        LogStoreConfig config = new LogStoreConfig(100_000, 20_000, 1000);
        try (LogStore store = open(config)) {
            List<LogEntry> entries = entriesOf(80, 1500);
            store.append(entries.subList(0, 40));
            store.force();
            runBackground();
            assertTrue(disk.list(DIRECTORY).contains("next.tmp"));
            store.append(entries.subList(40, 80));
            store.force();
            assertTrue(!disk.list(DIRECTORY).contains("next.tmp"));
            assertEquals(entries, store.read(1, 80, Integer.MAX_VALUE));
        }
    }

    @Test
    @DisplayName("stops when the store is closed: late work changes nothing in the directory")
    void stopsWhenClosed() {
        LogStoreConfig config = new LogStoreConfig(100_000, 20_000, 1000);
        LogStore store = open(config);
        store.append(entriesOf(130, 1500));
        store.force();
        assertTrue(!background.isEmpty());
        store.close();
        List<String> names = disk.list(DIRECTORY);
        List<Integer> sizes = names.stream()
                .map(name -> disk.contents(DIRECTORY.resolve(name)).length)
                .toList();
        runBackground();
        assertEquals(names, disk.list(DIRECTORY));
        assertEquals(
                sizes,
                names.stream()
                        .map(name -> disk.contents(DIRECTORY.resolve(name)).length)
                        .toList());
    }

    @ParameterizedTest(name = "direct writes in blocks of {0}")
    @ValueSource(ints = {0, 512, 4096})
    @DisplayName("can be switched off: the file ends where its frames do, or with that block")
    void canBeSwitchedOff(int blockBytes) {
        disk.setDirectBlockBytes(blockBytes);
        try (LogStore store = open(new LogStoreConfig(1 << 20, 0, 4096))) {
            store.append(entriesOf(3, 1000));
            store.force();
            assertTrue(background.isEmpty());
            int end = SegmentHeader.BYTES + 3 * (FrameFormat.HEADER_BYTES + 1000);
            int block = Math.max(1, blockBytes);
            assertEquals((end + block - 1) / block * block, disk.contents(FIRST).length);
        }
    }
}

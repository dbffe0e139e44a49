/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.logstore.io.NioDisk;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.Prng;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Writing past the operating system's cache")
class DirectWriteTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final int COUNT = 300;

    private static SimulatedDisk diskWithBlocksOf(int blockBytes) {
        SimulatedDisk disk = new SimulatedDisk(1);
        disk.setDirectBlockBytes(blockBytes);
        return disk;
    }

    @ParameterizedTest(name = "blocks of {0}, zero-filled {1} ahead")
    @CsvSource({"512,0", "512,20000", "4096,0", "4096,20000", "65536,0", "65536,20000", "0,20000"})
    @DisplayName(
            "RF-36 of flushes of any size out of one buffer, over rolls, cuts and restarts, changes nothing in what is read")
    void keepsEverything(int blockBytes, int zeroAheadBytes) {
        LogStoreConfig config = new LogStoreConfig(40_000, zeroAheadBytes, 1000);
        SimulatedDisk disk = diskWithBlocksOf(blockBytes);
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, COUNT, 3000);
        Prng random = new Prng(blockBytes + zeroAheadBytes);
        LogStore store = Logs.open(disk, DIRECTORY, config);
        store.putHardState(new HardState(1, Optional.empty()));
        for (int at = 0; at < COUNT; ) {
            int to = Math.min(COUNT, at + 1 + random.nextInt(9));
            store.append(entries.subList(at, to));
            store.force();
            at = to;
            if (random.nextInt(8) == 0 && at > 5) {
                at -= random.nextInt(5);
                store.truncateSuffix(at + 1);
            }
            if (random.nextInt(8) == 0) {
                store.close();
                store = Logs.open(disk, DIRECTORY, config);
                assertEquals(at, store.recovered().terms().lastIndex());
                assertEquals(0, store.recoveryReport().rewrittenHeaders());
            }
        }
        assertEquals(entries, store.read(1, COUNT, Integer.MAX_VALUE));
    }

    @Test
    @DisplayName("is what a store does by default, and not if it is switched off or the file system cannot")
    void isChosenOnce() {
        LogStoreConfig off = new LogStoreConfig(40_000, 0, 1000, false);
        assertEquals(4096, unit(diskWithBlocksOf(4096), LogStoreConfig.DEFAULT));
        assertEquals(512, unit(diskWithBlocksOf(512), LogStoreConfig.DEFAULT));
        assertEquals(1, unit(diskWithBlocksOf(0), LogStoreConfig.DEFAULT));
        assertEquals(1, unit(diskWithBlocksOf(4096), off));
    }

    private static int unit(Disk disk, LogStoreConfig config) {
        return WriteBuffer.of(disk, DIRECTORY, config, 4096).blockBytes();
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 4096})
    @DisplayName("may change from start to start: with the file system, or with the configuration")
    void mayChange(int blockBytes) {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, 60, 700);
        SimulatedDisk disk = diskWithBlocksOf(blockBytes);
        for (int at = 0; at < 60; at += 10) {
            LogStoreConfig config = new LogStoreConfig(20_000, 4096, 1000, at % 20 == 0);
            try (LogStore store = Logs.open(disk, DIRECTORY, config)) {
                store.putHardState(new HardState(1, Optional.empty()));
                store.append(entries.subList(at, at + 10));
                store.force();
                assertEquals(entries.subList(0, at + 10), store.read(1, at + 10, Integer.MAX_VALUE));
            }
        }
    }

    @Test
    @DisplayName("takes whole blocks only: the simulated disk refuses anything else")
    void simulatedDiskIsStrict() throws IOException {
        SimulatedDisk disk = diskWithBlocksOf(4096);
        disk.createDirectories(DIRECTORY);
        Path path = DIRECTORY.resolve("file");
        disk.create(path).close();
        ByteBuffer aligned = ByteBuffer.allocateDirect(4 * 4096).alignedSlice(4096);
        try (DiskFile file = disk.openDirect(path)) {
            file.write(aligned.duplicate().limit(8192), 4096);
            assertThrows(IOException.class, () -> file.write(aligned.duplicate().limit(8192), 512));
            assertThrows(IOException.class, () -> file.write(aligned.duplicate().limit(512), 0));
            assertThrows(IOException.class, () -> file.write(aligned.slice(8, 4096), 0));
            assertThrows(IOException.class, () -> file.write(ByteBuffer.allocate(4096), 0));
            assertThrows(IOException.class, () -> file.read(ByteBuffer.allocate(4096), 0));
            assertThrows(IOException.class, () -> file.read(aligned.duplicate().limit(512), 0));
        }
        disk.setDirectBlockBytes(0);
        assertThrows(IOException.class, () -> disk.openDirect(path));
    }

    @Test
    @DisplayName("and reads what the disk has from any place of a file of any size, simulated and real")
    void readsPastTheCache(@TempDir Path temporary) throws IOException {
        NioDisk real = new NioDisk();
        SimulatedDisk simulated = diskWithBlocksOf(512);
        simulated.createDirectories(DIRECTORY);
        readPastTheCache(simulated, DIRECTORY, 512);
        readPastTheCache(real, temporary, real.directBlockBytes(temporary));
    }

    private static void readPastTheCache(Disk disk, Path directory, int blockBytes) throws IOException {
        byte[] contents = new byte[400_001];
        for (int i = 0; i < contents.length; i++) {
            contents[i] = (byte) (i * 31 + i / 256);
        }
        Path path = directory.resolve("file");
        try (DiskFile file = disk.create(path)) {
            file.write(ByteBuffer.wrap(contents), 0);
            file.force();
        }
        UncachedFile.Scratch scratch = new UncachedFile.Scratch(blockBytes);
        try (DiskFile file = UncachedFile.open(disk, path, scratch);
                DiskFile other = UncachedFile.open(disk, path, scratch)) {
            assertEquals(contents.length, file.size());
            for (int[] range : new int[][] {
                {0, 400_001}, {1, 10}, {511, 2}, {130_000, 140_000}, {399_999, 10}, {400_001, 5}, {900_000, 1}
            }) {
                ByteBuffer target = ByteBuffer.allocate(range[1]);
                int expected = Math.max(0, Math.min(range[1], contents.length - range[0]));
                assertEquals(expected, file.read(target, range[0]), "at " + range[0]);
                assertEquals(expected, target.position());
                if (expected > 0) {
                    assertEquals(
                            ByteBuffer.wrap(contents, range[0], expected),
                            target.flip(),
                            range[1] + " bytes at " + range[0]);
                }
                other.read(ByteBuffer.allocate(7), 200_000);
            }
        }
    }

    @Test
    @DisplayName("on the machine's own disk is tried out, leaves no trace, and reads back")
    void worksOnTheRealDisk(@TempDir Path temporary) throws IOException {
        NioDisk disk = new NioDisk();
        int blockBytes = disk.directBlockBytes(temporary);
        assertEquals(List.of(), disk.list(temporary));
        assertTrue(blockBytes == 0 || Integer.bitCount(blockBytes) == 1, "blocks of " + blockBytes);
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, COUNT, 3000);
        LogStoreConfig config = new LogStoreConfig(100_000, 50_000, 1000);
        try (LogStore store = Logs.open(disk, temporary.resolve("groups/7"), config)) {
            store.putHardState(new HardState(1, Optional.empty()));
            for (int at = 0; at < COUNT; at += 10) {
                store.append(entries.subList(at, at + 10));
                store.force();
            }
            store.truncateSuffix(200);
            store.append(entries.subList(199, COUNT));
            store.force();
            assertEquals(entries, store.read(1, COUNT, Integer.MAX_VALUE));
        }
        try (LogStore store = Logs.open(disk, temporary.resolve("groups/7"), config)) {
            assertEquals(entries, store.read(1, COUNT, Integer.MAX_VALUE));
        }
    }
}

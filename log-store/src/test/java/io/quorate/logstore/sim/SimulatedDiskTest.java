/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.io.DiskFile;
import io.quorate.logstore.sim.SimulatedDisk.Operation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The simulated disk")
class SimulatedDiskTest {
    private static final Path DIRECTORY = Path.of("/d");
    private static final Path FILE = DIRECTORY.resolve("file");

    private static SimulatedDisk disk(long seed) {
        SimulatedDisk disk = new SimulatedDisk(seed);
        disk.createDirectories(DIRECTORY);
        return disk;
    }

    private static DiskFile durableFile(SimulatedDisk disk, byte[] contents) throws IOException {
        DiskFile file = disk.create(FILE);
        file.write(ByteBuffer.wrap(contents), 0);
        file.force();
        disk.forceDirectory(DIRECTORY);
        return file;
    }

    private static byte[] filled(int size, int value) {
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    @DisplayName("keeps over a crash what was forced")
    void keepsForced() throws IOException {
        for (long seed = 0; seed < 20; seed++) {
            SimulatedDisk disk = disk(seed);
            durableFile(disk, filled(3000, 1));
            disk.crash();
            assertArrayEquals(filled(3000, 1), disk.reopen().contents(FILE));
        }
    }

    @Test
    @DisplayName("keeps any subset of unforced sectors, also a later one without an earlier one")
    void losesAnySectors() throws IOException {
        Set<String> outcomes = new TreeSet<>();
        for (long seed = 0; seed < 200; seed++) {
            SimulatedDisk disk = disk(seed);
            DiskFile file = durableFile(disk, filled(1536, 1));
            file.write(ByteBuffer.wrap(filled(1536, 2)), 0);
            disk.crash();
            byte[] left = disk.reopen().contents(FILE);
            StringBuilder outcome = new StringBuilder();
            for (int sector = 0; sector < 3; sector++) {
                byte value = left[sector * 512];
                assertArrayEquals(filled(512, value), Arrays.copyOfRange(left, sector * 512, sector * 512 + 512));
                outcome.append(value);
            }
            outcomes.add(outcome.toString());
        }
        assertEquals(Set.of("111", "112", "121", "122", "211", "212", "221", "222"), outcomes);
    }

    @Test
    @DisplayName("keeps the old size, the new size, or one between, with zeros where bytes are missing")
    void losesSizes() throws IOException {
        Set<Integer> sizes = new TreeSet<>();
        boolean zeros = false;
        for (long seed = 0; seed < 200; seed++) {
            SimulatedDisk disk = disk(seed);
            DiskFile file = durableFile(disk, filled(512, 1));
            file.write(ByteBuffer.wrap(filled(1024, 2)), 512);
            disk.crash();
            byte[] left = disk.reopen().contents(FILE);
            sizes.add(left.length);
            zeros |= left.length > 512 && left[512] == 0;
        }
        assertEquals(new TreeSet<>(List.of(512, 1024, 1536)), sizes);
        assertTrue(zeros);
    }

    @Test
    @DisplayName("loses or keeps names whose directory was not forced: creations, renames and deletions")
    void losesNames() throws IOException {
        Set<List<String>> outcomes = new HashSet<>();
        for (long seed = 0; seed < 200; seed++) {
            SimulatedDisk disk = disk(seed);
            durableFile(disk, filled(10, 1));
            disk.rename(FILE, DIRECTORY.resolve("renamed"));
            disk.create(DIRECTORY.resolve("created"));
            disk.crash();
            outcomes.add(disk.reopen().list(DIRECTORY));
        }
        assertEquals(
                Set.of(List.of("file"), List.of("renamed"), List.of("created", "file"), List.of("created", "renamed")),
                outcomes);
        boolean cameBack = false;
        for (long seed = 0; seed < 20; seed++) {
            SimulatedDisk disk = disk(seed);
            durableFile(disk, filled(10, 1));
            disk.delete(FILE);
            disk.crash();
            cameBack |= disk.reopen().exists(FILE);
        }
        assertTrue(cameBack);
    }

    @Test
    @DisplayName("cannot read a spoilt block, nor write a part of it through the cache, until all of it is written")
    void spoiltBlocks() throws IOException {
        SimulatedDisk disk = disk(1);
        durableFile(disk, filled(3 * 4096, 1)).close();
        assertTrue(disk.spoil(FILE, 5000));
        DiskFile file = disk.open(FILE);

        assertThrows(IOException.class, () -> file.read(ByteBuffer.allocate(10), 4096));
        assertThrows(IOException.class, () -> file.write(ByteBuffer.allocate(4096), 100));
        assertThrows(IOException.class, () -> file.write(ByteBuffer.allocate(512), 4096));
        file.write(ByteBuffer.allocate(4096), 0);
        file.write(ByteBuffer.allocate(4096), 2 * 4096);
        assertThrows(IOException.class, () -> file.read(ByteBuffer.allocate(4 * 4096), 0));
        file.write(ByteBuffer.allocate(4096), 4096);
        assertEquals(3 * 4096, file.read(ByteBuffer.allocate(4 * 4096), 0));
    }

    @Test
    @DisplayName("takes a part of a block that rots while a program has it open and in memory")
    void spoiltInUse() throws IOException {
        SimulatedDisk disk = disk(1);
        DiskFile file = durableFile(disk, filled(4096, 1));
        assertTrue(disk.spoil(FILE, 0));

        assertThrows(IOException.class, () -> file.read(ByteBuffer.allocate(10), 0));
        file.write(ByteBuffer.allocate(512), 0);

        assertEquals(4096, file.read(ByteBuffer.allocate(4096), 0));
    }

    @Test
    @DisplayName("brings back what a truncation that was not forced had cut")
    void losesTruncations() throws IOException {
        Set<Integer> sizes = new TreeSet<>();
        for (long seed = 0; seed < 50; seed++) {
            SimulatedDisk disk = disk(seed);
            DiskFile file = durableFile(disk, filled(1024, 1));
            file.truncate(100);
            disk.crash();
            sizes.add(disk.reopen().contents(FILE).length);
        }
        assertEquals(new TreeSet<>(List.of(100, 1024)), sizes);
    }

    @Test
    @DisplayName("does not make durable, when a force is tried again, what a failed force lost")
    void failedForceLosesForGood() throws IOException {
        SimulatedDisk disk = disk(1);
        DiskFile file = durableFile(disk, filled(512, 1));
        file.write(ByteBuffer.wrap(filled(512, 2)), 0);
        disk.inject(Operation.FORCE, FILE::equals);
        assertThrows(IOException.class, file::force);
        disk.heal();
        file.force();
        assertArrayEquals(filled(512, 2), disk.contents(FILE));
        disk.crash();
        assertArrayEquals(filled(512, 1), disk.reopen().contents(FILE));
    }

    @Test
    @DisplayName(
            "knows what would be there without rot: what was written over it since, though bytes of both may be the same")
    void mendedByOtherContents() throws IOException {
        SimulatedDisk disk = disk(1);
        DiskFile file = durableFile(disk, filled(1024, 1));
        assertTrue(disk.rot(FILE, 0, 512, 0));
        byte[] halfZero = filled(512, 2);
        Arrays.fill(halfZero, 0, 256, (byte) 0);

        file.write(ByteBuffer.wrap(halfZero), 0);
        file.force();

        assertArrayEquals(halfZero, Arrays.copyOf(disk.forcedOnly(DIRECTORY).contents(FILE), 512));
    }

    @Test
    @DisplayName("knows what would be there without rot, though what was read of it was written back")
    void notMendedByItself() throws IOException {
        SimulatedDisk disk = disk(1);
        DiskFile file = durableFile(disk, filled(1024, 1));
        assertTrue(disk.rot(FILE, 100, 1, 8));

        file.write(ByteBuffer.wrap(disk.contents(FILE)), 0);
        file.force();

        assertArrayEquals(filled(1024, 1), disk.forcedOnly(DIRECTORY).contents(FILE));
    }

    @Test
    @DisplayName("crashes in the middle of the chosen operation, and is dead until it is opened again")
    void crashesWhereTold() throws IOException {
        SimulatedDisk disk = disk(1);
        DiskFile file = durableFile(disk, filled(512, 1));
        disk.crashAfter(2);
        file.write(ByteBuffer.wrap(filled(512, 2)), 0);
        assertThrows(SimulatedCrash.class, file::force);
        assertThrows(SimulatedCrash.class, file::size);
        assertThrows(SimulatedCrash.class, () -> disk.list(DIRECTORY));
        assertEquals(List.of("file"), disk.reopen().list(DIRECTORY));
    }

    @Test
    @DisplayName("gives locks back when it crashes")
    void unlocksOnCrash() throws Exception {
        SimulatedDisk disk = disk(1);
        disk.lock(FILE);
        assertThrows(IOException.class, () -> disk.lock(FILE));
        disk.crash();
        disk.reopen().lock(FILE).close();
    }

    @Test
    @DisplayName("leaves the same bytes for the same seed and calls")
    void isDeterministic() throws IOException {
        for (long seed = 0; seed < 20; seed++) {
            byte[][] left = new byte[2][];
            for (int run = 0; run < 2; run++) {
                SimulatedDisk disk = disk(seed);
                DiskFile file = durableFile(disk, filled(4096, 1));
                file.write(ByteBuffer.wrap(filled(9000, 2)), 100);
                disk.crash();
                left[run] = disk.reopen().contents(FILE);
            }
            assertArrayEquals(left[0], left[1]);
        }
    }
}

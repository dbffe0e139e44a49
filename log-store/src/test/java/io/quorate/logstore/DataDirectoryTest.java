/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.io.NioDisk;
import io.quorate.logstore.sim.SimulatedCrash;
import io.quorate.logstore.sim.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A data directory")
class DataDirectoryTest {
    private static final Path ROOT = Path.of("/var/lib/quorate");
    private static final long INCARNATION = 0x1234_5678_9ABC_DEF0L;

    private final SimulatedDisk disk = new SimulatedDisk(1);

    private static DataDirectory open(SimulatedDisk disk, String cluster, int node, long incarnation) {
        return DataDirectory.open(disk, ROOT, cluster, node, incarnation);
    }

    @Test
    @DisplayName("keeps the incarnation it was made with, also over a power failure")
    void keepsItsIncarnation() {
        try (DataDirectory made = open(disk, "orders", 2, INCARNATION)) {
            assertTrue(made.isNew());
            assertEquals(INCARNATION, made.incarnation());
        }
        disk.crash();
        try (DataDirectory again = open(disk.reopen(), "orders", 2, 99)) {
            assertFalse(again.isNew());
            assertEquals(INCARNATION, again.incarnation());
        }
    }

    @Test
    @DisplayName("of another node is refused, and the message names both")
    void refusesAnotherNode() {
        open(disk, "orders", 2, INCARNATION).close();
        StorageException refusal = assertThrows(StorageException.class, () -> open(disk, "orders", 3, 1));
        assertTrue(refusal.getMessage().contains("node 2 of cluster 'orders'"), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("node 3 of cluster 'orders'"), refusal.getMessage());
        // The refused node gave the lock back.
        open(disk, "orders", 2, 1).close();
    }

    @Test
    @DisplayName("of another cluster is refused, and the message names both")
    void refusesAnotherCluster() {
        open(disk, "orders", 2, INCARNATION).close();
        StorageException refusal = assertThrows(StorageException.class, () -> open(disk, "billing", 2, 1));
        assertTrue(refusal.getMessage().contains("'orders'")
                && refusal.getMessage().contains("'billing'"));
    }

    @Test
    @DisplayName("is used by one node at a time")
    void isLocked() {
        DataDirectory first = open(disk, "orders", 2, INCARNATION);
        StorageException refusal = assertThrows(StorageException.class, () -> open(disk, "orders", 2, 1));
        assertTrue(refusal.getMessage().contains("in use"), refusal.getMessage());
        first.close();
        open(disk, "orders", 2, 1).close();
    }

    @Test
    @DisplayName("whose identity is damaged or gone although there are groups is refused")
    void refusesLostIdentity() {
        try (DataDirectory directory = open(disk, "orders", 2, INCARNATION)) {
            Logs.open(disk, directory.groupDirectory(1), new LogStoreConfig(8192, 0, 512))
                    .close();
        }
        Path identity = ROOT.resolve("IDENTITY");
        byte[] good = disk.contents(identity);
        for (int position = 0; position < good.length; position++) {
            disk.corrupt(identity, position, 1);
            assertThrows(CorruptLogException.class, () -> open(disk, "orders", 2, 1));
            disk.plant(identity, good);
        }
        disk.lose(identity);
        assertThrows(CorruptLogException.class, () -> open(disk, "orders", 2, 1));
    }

    @Test
    @DisplayName("that was half made when the power failed is made at the next start")
    void survivesCrashWhileMade() {
        for (long seed = 1; seed <= 20; seed++) {
            for (int at = 1; at <= 6; at++) {
                SimulatedDisk crashing = new SimulatedDisk(seed);
                crashing.crashAfter(at);
                boolean made = false;
                try (DataDirectory directory = open(crashing, "orders", 2, INCARNATION)) {
                    made = directory.isNew();
                } catch (SimulatedCrash expected) {
                    assertFalse(made);
                }
                try (DataDirectory directory = open(crashing.reopen(), "orders", 2, 99)) {
                    assertEquals(directory.isNew() ? 99 : INCARNATION, directory.incarnation());
                    assertTrue(!made || directory.incarnation() == INCARNATION);
                }
            }
        }
    }

    @Test
    @DisplayName("has a numbered place for every group")
    void numbersGroups() {
        try (DataDirectory directory = open(disk, "orders", 2, INCARNATION)) {
            assertEquals(ROOT.resolve("groups").resolve("17"), directory.groupDirectory(17));
            assertThrows(IllegalArgumentException.class, () -> directory.groupDirectory(-1));
        }
    }

    @Test
    @DisplayName("on a real disk is made with its parents, and locked")
    void worksOnARealDisk(@TempDir Path temporary) throws IOException {
        Path root = temporary.resolve("a").resolve("b");
        NioDisk real = new NioDisk();
        try (DataDirectory directory = DataDirectory.open(real, root, "orders", 1, INCARNATION)) {
            assertTrue(Files.isDirectory(root.resolve("groups")));
            assertTrue(real.freeBytes(root) > 0);
            StorageException refusal = assertThrows(
                    StorageException.class, () -> DataDirectory.open(real, root, "orders", 1, INCARNATION));
            assertTrue(refusal.getMessage().contains("in use"), refusal.getMessage());
        }
        DataDirectory.open(real, root, "orders", 1, 5).close();
    }
}

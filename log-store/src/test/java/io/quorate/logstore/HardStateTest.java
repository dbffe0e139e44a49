/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedCrash;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.NodeId;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Term and vote")
class HardStateTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final Path FILE = DIRECTORY.resolve("hardstate");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(8192, 0, 512);
    private static final HardState OLD = new HardState(4, Optional.of(new NodeId(1)));
    private static final HardState NEW = new HardState(5, Optional.of(new NodeId(2)));

    /** The file's bytes after a state was forced. */
    private static byte[] fileWith(SimulatedDisk disk, HardState... states) {
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            for (HardState state : states) {
                store.putHardState(state);
                store.force();
            }
        }
        return disk.contents(FILE);
    }

    @ParameterizedTest(name = "slot at {0}")
    @ValueSource(ints = {0, 4096})
    @DisplayName("are old or new, never anything else, wherever the write of one copy is torn")
    void surviveATornSlot(int slot) {
        SimulatedDisk disk = new SimulatedDisk(1);
        byte[] before = fileWith(disk, OLD);
        byte[] after = fileWith(disk, NEW);
        for (int torn = 0; torn <= 512; torn++) {
            byte[] contents = before.clone();
            System.arraycopy(after, slot, contents, slot, torn);
            disk.plant(FILE, contents);
            try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
                assertEquals(torn == 512 ? NEW : OLD, store.recovered().hardState(), "torn at " + torn);
            }
            byte[] repaired = disk.contents(FILE);
            assertEquals(
                    0,
                    Arrays.compare(repaired, 0, 512, repaired, 4096, 4096 + 512),
                    "the copies differ after recovery, torn at " + torn);
        }
    }

    @ParameterizedTest(name = "slot at {0}")
    @ValueSource(ints = {0, 4096})
    @DisplayName("survive the rot of any byte of one copy, and the copy is repaired")
    void surviveRotOfASlot(int slot) {
        SimulatedDisk disk = new SimulatedDisk(1);
        byte[] good = fileWith(disk, OLD, NEW);
        for (int position = slot; position < slot + 512; position++) {
            disk.plant(FILE, good);
            disk.corrupt(FILE, position, 0x10);
            try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
                assertEquals(NEW, store.recovered().hardState());
                assertTrue(store.recoveryReport().hardStateRepaired());
            }
            try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
                assertFalse(store.recoveryReport().hardStateRepaired());
            }
        }
    }

    @Test
    @DisplayName("are durable before an entry that is appended after them, even before any force")
    void areDurableBeforeEntries() {
        for (long seed = 1; seed <= 30; seed++) {
            SimulatedDisk disk = new SimulatedDisk(seed);
            LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
            store.putHardState(NEW);
            store.append(Logs.entries(EntryId.NONE, 0, 5, 2, 50));
            disk.crash();
            assertEquals(
                    NEW, Logs.open(disk.reopen(), DIRECTORY, CONFIG).recovered().hardState());
        }
    }

    @Test
    @DisplayName("cost no force when they are put again unchanged")
    void costNothingUnchanged() {
        SimulatedDisk disk = new SimulatedDisk(1);
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            store.putHardState(NEW);
            store.force();
            long before = disk.operations();
            store.putHardState(NEW);
            store.force();
            assertEquals(before, disk.operations());
        }
    }

    @ParameterizedTest(name = "slot at {0}")
    @ValueSource(ints = {0, 4096})
    @DisplayName("survive a power failure while a rotten copy is repaired")
    void surviveCrashInRepair(int slot) {
        for (long seed = 1; seed <= 20; seed++) {
            for (int at = 1; at <= 6; at++) {
                SimulatedDisk disk = new SimulatedDisk(seed);
                fileWith(disk, OLD, NEW);
                disk.corrupt(FILE, slot + 40, 1);
                disk.crashAfter(at);
                SimulatedCrash crash = assertThrows(SimulatedCrash.class, () -> Logs.open(disk, DIRECTORY, CONFIG)
                        .force());
                try (LogStore store = Logs.open(disk.reopen(), DIRECTORY, CONFIG)) {
                    assertEquals(NEW, store.recovered().hardState(), crash.getMessage());
                }
            }
        }
    }
}

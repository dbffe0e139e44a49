/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.DataDirectory;
import io.quorate.logstore.LogStore;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.sim.SimulatedCrash;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

@DisplayName("The directory of a deleted group")
class GroupDirectoriesTest {
    private static final Path ROOT = Path.of("/data");
    private static final Path GROUP = ROOT.resolve("groups").resolve("7");
    private static final LogStoreConfig SMALL_SEGMENTS = new LogStoreConfig(4096, 0, 256);
    private static final int ENTRIES = 20;
    /** About as many as a removal takes. */
    private static final int OPERATIONS = 16;

    private static GroupDirectories directories(SimulatedDisk disk) {
        return new GroupDirectories(
                disk,
                DataDirectory.open(disk, ROOT, "test", 1, 42),
                "test",
                new NodeId(1),
                SMALL_SEGMENTS,
                Runnable::run);
    }

    /** Several segments and a vote, all of it forced. */
    private static void fill(GroupDirectories directories) {
        try (LogStore store = directories.open(7)) {
            store.putHardState(new HardState(1, Optional.of(new NodeId(1))));
            for (int i = 1; i <= ENTRIES; i++) {
                LogEntry entry =
                        new LogEntry(new EntryId(1, i), EntryType.COMMAND, 0, 0, 0, Payload.wrap(new byte[500]));
                store.append(List.of(entry));
            }
            store.force();
        }
    }

    @Test
    @DisplayName("is gone, and a group that is wanted in its place begins empty")
    void removed() {
        SimulatedDisk disk = new SimulatedDisk(1);
        GroupDirectories directories = directories(disk);
        fill(directories);

        directories.remove(7);

        assertFalse(disk.exists(GROUP));
        try (LogStore store = directories.open(7)) {
            assertEquals(0, store.recovered().terms().lastIndex());
        }
    }

    @RepeatedTest(100)
    @DisplayName("is never taken for a damaged log when the power fails at any operation of its removal")
    void powerFailsAtAnyOperation(RepetitionInfo repetition) {
        SimulatedDisk disk = new SimulatedDisk(repetition.getCurrentRepetition());
        GroupDirectories directories = directories(disk);
        fill(directories);
        disk.crashAfter(1 + repetition.getCurrentRepetition() % OPERATIONS);

        assertThrows(SimulatedCrash.class, () -> {
            directories.remove(7);
            disk.crash();
            directories.remove(7);
        });

        SimulatedDisk rebooted = disk.reopen();
        GroupDirectories next = directories(rebooted);
        try (LogStore store = next.open(7)) {
            long lastIndex = store.recovered().terms().lastIndex();
            assertTrue(lastIndex == 0 || lastIndex == ENTRIES, "either all or nothing, not " + lastIndex);
        }
        next.remove(7);
        assertFalse(rebooted.exists(GROUP));
    }
}

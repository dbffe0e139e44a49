/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.NioDisk;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.RecoveredLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A log store")
class LogStoreTest {
    @TempDir
    Path temporary;

    enum Medium {
        SIMULATED {
            @Override
            Disk disk() {
                return new SimulatedDisk(1);
            }
        },
        NIO {
            @Override
            Disk disk() {
                return new NioDisk();
            }
        };

        abstract Disk disk();
    }

    private static final LogStoreConfig SMALL = new LogStoreConfig(16384, 8192, 512);

    private LogStore open(Disk disk) {
        return Logs.open(disk, temporary.resolve("log"), SMALL);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("that is new holds nothing")
    void isEmptyWhenNew(Medium medium) {
        try (LogStore store = open(medium.disk())) {
            assertEquals(RecoveredLog.empty(), store.recovered());
            assertTrue(store.recoveryReport().created());
            assertEquals(1, store.firstIndex());
            assertEquals(List.of(), store.read(1, Long.MAX_VALUE, 1 << 20));
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("gives back after a restart what was appended, over many segments")
    void survivesRestart(Medium medium) {
        Disk disk = medium.disk();
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, 200, 700);
        HardState state = new HardState(1, Optional.of(new NodeId(2)));
        try (LogStore store = open(disk)) {
            store.putHardState(state);
            for (LogEntry entry : entries) {
                store.append(List.of(entry));
                store.force();
            }
            assertEquals(entries, store.read(1, 200, Integer.MAX_VALUE));
        }
        try (LogStore store = open(disk)) {
            assertEquals(entries, store.read(1, Long.MAX_VALUE, Integer.MAX_VALUE));
            assertEquals(state, store.recovered().hardState());
            assertEquals(new EntryId(1, 200), store.recovered().terms().last());
            assertEquals(entries.get(199).nextOffset(), store.recovered().nextOffset());
            assertFalse(store.recoveryReport().created());
            assertTrue(store.recoveryReport().segments() > 5);
        }
    }

    @Test
    @DisplayName("in memory gives back what was appended, over many segments, and leaves no trace on the disk")
    void worksInMemory() throws IOException {
        SimulatedDisk disk = new SimulatedDisk(1);
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, 200, 700);
        try (LogStore store = LogStore.inMemory(disk, temporary.resolve("log"), Logs.IDENTITY, SMALL)) {
            store.putHardState(new HardState(1, Optional.empty()));
            store.append(entries);
            store.force();
            assertEquals(entries, store.read(1, 200, Integer.MAX_VALUE));
        }
        assertEquals(List.of(), disk.list(temporary.resolve("log")));
    }

    @Test
    @DisplayName("refuses entries that do not follow its last one, and goes on")
    void refusesGaps() {
        try (LogStore store = open(new SimulatedDisk(1))) {
            store.putHardState(new HardState(1, Optional.empty()));
            List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, 3, 10);
            assertThrows(IllegalArgumentException.class, () -> store.append(entries.subList(1, 3)));
            store.append(entries);
            store.force();
            assertEquals(entries, store.read(1, 3, 1000));
        }
    }

    @Test
    @DisplayName("has cut a suffix durably when the cut returns, before any force")
    void cutsDurably() {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, 60, 700);
        for (long seed = 1; seed <= 20; seed++) {
            SimulatedDisk disk = new SimulatedDisk(seed);
            // Background work would force the file as well.
            LogStore store = Logs.open(disk, temporary.resolve("log"), SMALL, task -> {});
            store.putHardState(new HardState(1, Optional.empty()));
            store.append(entries);
            store.force();
            store.truncateSuffix(50);
            disk.crash();
            try (LogStore again = open(disk.reopen())) {
                assertEquals(49, again.recovered().terms().last().index());
            }
        }
    }

    @Test
    @DisplayName("forces what it found: entries a killed process had only written survive a later power failure")
    void forcesWhatAKilledProcessWrote() {
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, 12, 300);
        for (long seed = 1; seed <= 20; seed++) {
            SimulatedDisk disk = new SimulatedDisk(seed);
            LogStore killed = open(disk);
            killed.putHardState(new HardState(1, Optional.empty()));
            killed.append(entries);
            SimulatedDisk afterKill = disk.reopen();
            RecoveredLog shown = open(afterKill).recovered();
            assertEquals(12, shown.terms().last().index());
            afterKill.crash();
            try (LogStore again = open(afterKill.reopen())) {
                assertEquals(shown, again.recovered());
            }
        }
    }
}

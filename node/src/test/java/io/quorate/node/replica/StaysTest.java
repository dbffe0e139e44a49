/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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

@DisplayName("A stay of a node in a group")
class StaysTest {
    private static final Path ROOT = Path.of("/data");
    private static final LogStoreConfig SMALL_SEGMENTS = new LogStoreConfig(4096, 0, 256);
    private static final long GROUP = 7;

    /** More than an end takes. */
    private static final int OPERATIONS = 30;

    private static GroupDirectories directories(SimulatedDisk disk) {
        return new GroupDirectories(
                disk,
                DataDirectory.open(disk, ROOT, "test", 1, 42),
                "test",
                new NodeId(1),
                SMALL_SEGMENTS,
                Runnable::run);
    }

    /** The stay begins, and votes. */
    private static void vote(GroupDirectories directories, int stay) {
        try (LogStore store = directories.openStay(GROUP, stay).orElseThrow().store()) {
            store.putHardState(new HardState(3, Optional.of(new NodeId(1))));
            store.append(
                    List.of(new LogEntry(new EntryId(1, 1), EntryType.COMMAND, 0, 0, 0, Payload.wrap(new byte[500]))));
            store.force();
        }
    }

    @Test
    @DisplayName("never begins again once it is over, though the registry that is applied anew wants it")
    void over() {
        SimulatedDisk disk = new SimulatedDisk(1);
        vote(directories(disk), 0);

        directories(disk.reopen()).endStay(GROUP, 0);

        assertTrue(directories(disk.reopen()).openStay(GROUP, 0).isEmpty());
    }

    @Test
    @DisplayName("begins empty after an earlier one, and ends without touching a later one")
    void later() {
        SimulatedDisk disk = new SimulatedDisk(1);
        vote(directories(disk), 0);
        GroupDirectories directories = directories(disk.reopen());

        try (LogStore second = directories.openStay(GROUP, 4).orElseThrow().store()) {
            assertEquals(HardState.INITIAL, second.recovered().hardState());
        }
        vote(directories, 4);
        directories.endStay(GROUP, 0);

        assertTrue(directories.openStay(GROUP, 0).isEmpty());
        try (LogStore second = directories.openStay(GROUP, 4).orElseThrow().store()) {
            assertEquals(3, second.recovered().hardState().term());
        }
    }

    @Test
    @DisplayName("leaves nothing behind when its group is deleted")
    void deleted() {
        SimulatedDisk disk = new SimulatedDisk(1);
        GroupDirectories directories = directories(disk);
        vote(directories, 2);

        directories.delete(GROUP);

        assertFalse(disk.exists(ROOT.resolve("groups").resolve("7")));
        assertFalse(disk.exists(ROOT.resolve("stays").resolve("7")));
    }

    @Test
    @DisplayName("that is to end in the past of the registry leaves a later one alone, and says that something is left")
    void endOfAnEarlierOne() {
        SimulatedDisk disk = new SimulatedDisk(1);
        GroupDirectories directories = directories(disk);
        vote(directories, 5);

        assertFalse(directories.endStay(GROUP, 3));
        assertEquals(List.of(GROUP), directories.groups());

        assertTrue(directories.endStay(GROUP, 8));
        assertEquals(List.of(), directories.groups());
    }

    @RepeatedTest(OPERATIONS)
    @DisplayName("has all of its votes or is over, wherever its end is interrupted by a loss of power")
    void interruptedEnd(RepetitionInfo repetition) {
        SimulatedDisk disk = new SimulatedDisk(repetition.getCurrentRepetition());
        vote(directories(disk), 0);
        SimulatedDisk used = disk.reopen();
        GroupDirectories directories = directories(used);
        used.crashAfter(repetition.getCurrentRepetition());
        try {
            directories.endStay(GROUP, 0);
        } catch (SimulatedCrash powerLost) {
            // What is on the disk now is what matters.
        }
        if (!used.isDown()) {
            used.crash();
        }

        Optional<GroupLog> found = directories(used.reopen()).openStay(GROUP, 0);

        found.ifPresent(log -> {
            assertEquals(3, log.store().recovered().hardState().term(), "a vote is forgotten");
            assertEquals(1, log.store().recovered().terms().lastIndex(), "an entry is forgotten");
            log.store().close();
        });
    }

    @RepeatedTest(OPERATIONS)
    @DisplayName(
            "that ended as of a later placement, interrupted by a loss of power, is gone when the registry comes to its end")
    void interruptedEndAsOfLater(RepetitionInfo repetition) {
        SimulatedDisk disk = new SimulatedDisk(repetition.getCurrentRepetition());
        vote(directories(disk), 0);
        SimulatedDisk used = disk.reopen();
        GroupDirectories directories = directories(used);
        used.crashAfter(repetition.getCurrentRepetition());
        try {
            directories.endStay(GROUP, 4);
        } catch (SimulatedCrash powerLost) {
            // What is on the disk now is what matters.
        }
        if (!used.isDown()) {
            used.crash();
        }
        GroupDirectories restarted = directories(used.reopen());
        restarted.openStay(GROUP, 0).ifPresent(log -> log.store().close());

        assertTrue(restarted.endStay(GROUP, 0));

        assertEquals(List.of(), restarted.groups());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.CrashPolicy;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.logstore.sim.SimulatedDisk.Operation;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("When the disk fails")
class FailureTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(4096 + 4000, 512, 128);

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, 30, 200);

    private LogStore storeWith(int count) {
        LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
        store.putHardState(new HardState(1, Optional.empty()));
        store.append(entries.subList(0, count));
        store.force();
        return store;
    }

    private static Arguments failing(String what, Operation operation, String file, Consumer<LogStore> call) {
        return Arguments.of(what, operation, file, call);
    }

    static Stream<Arguments> failures() {
        List<LogEntry> next = Logs.entries(EntryId.NONE, 0, 1, 10, 200).subList(4, 5);
        HardState vote = new HardState(2, Optional.of(new NodeId(2)));
        return Stream.of(
                failing("force of the log", Operation.FORCE, ".log", store -> {
                    store.append(next);
                    store.force();
                }),
                failing("write of the log", Operation.WRITE, ".log", store -> store.append(next)),
                failing("force of the hard state", Operation.FORCE, "hardstate", store -> {
                    store.putHardState(vote);
                    store.force();
                }),
                failing("write of the hard state", Operation.WRITE, "hardstate", store -> {
                    store.putHardState(vote);
                    store.append(next);
                }),
                failing("force of a cut", Operation.FORCE, ".log", store -> store.truncateSuffix(3)),
                failing("cut", Operation.TRUNCATE, ".log", store -> store.truncateSuffix(3)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("failures")
    @DisplayName("the first failed write or force is final, even if the disk is well again")
    void firstFailureIsFinal(String what, Operation operation, String file, Consumer<LogStore> call) {
        LogStore store = storeWith(4);
        disk.inject(operation, path -> path.toString().endsWith(file));
        StorageException first = assertThrows(StorageException.class, () -> call.accept(store));
        assertTrue(first.getMessage().contains("injected"), first.getMessage());
        disk.heal();

        assertThrows(StorageException.class, () -> store.append(entries.subList(4, 5)));
        assertThrows(StorageException.class, store::force);
        assertThrows(StorageException.class, () -> store.truncateSuffix(4));
        assertThrows(StorageException.class, () -> store.putHardState(new HardState(9, Optional.empty())));
        assertThrows(StorageException.class, () -> store.read(1, 1, 1000));
        store.close();
    }

    @Test
    @DisplayName("a failed force of the log loses nothing that was forced before")
    void keepsWhatWasForced() {
        LogStore store = storeWith(4);
        disk.inject(Operation.FORCE, path -> path.toString().endsWith(".log"));
        store.append(entries.subList(4, 8));
        assertThrows(StorageException.class, store::force);
        disk.heal();
        disk.crash();
        try (LogStore again = Logs.open(disk.reopen(), DIRECTORY, CONFIG)) {
            List<LogEntry> found = again.read(1, 100, Integer.MAX_VALUE);
            assertTrue(found.size() >= 4);
            assertEquals(entries.subList(0, found.size()), found);
        }
    }

    @ParameterizedTest(name = "written directly: {0}")
    @ValueSource(booleans = {true, false})
    @DisplayName("a start after a failed force believes only what is on the disk, not what the system's cache has")
    void believesOnlyTheDisk(boolean directIo) {
        LogStoreConfig config = new LogStoreConfig(4096 + 4000, 512, 128, directIo);
        for (String file : List.of(".log", HardStateFile.NAME)) {
            SimulatedDisk running = new SimulatedDisk(1);
            LogStore store = Logs.open(running, DIRECTORY, config);
            store.putHardState(new HardState(1, Optional.of(new NodeId(1))));
            store.append(entries.subList(0, 4));
            store.force();
            running.injectOnce(Operation.FORCE, path -> path.toString().endsWith(file));
            store.putHardState(new HardState(1, Optional.of(new NodeId(1))));
            store.append(entries.subList(4, 8));
            assertThrows(StorageException.class, () -> {
                store.force();
                store.putHardState(new HardState(2, Optional.of(new NodeId(3))));
                store.force();
            });

            SimulatedDisk killed = running.reopen();
            LogStore again = Logs.open(killed, DIRECTORY, config);
            HardState believed = again.recovered().hardState();
            List<LogEntry> found = again.read(1, 100, Integer.MAX_VALUE);
            killed.setCrashPolicy(CrashPolicy.LOSE_ALL);
            killed.crash();
            try (LogStore last = Logs.open(killed.reopen(), DIRECTORY, config)) {
                assertEquals(believed, last.recovered().hardState(), file);
                assertEquals(found, last.read(1, 100, Integer.MAX_VALUE), file);
            }
        }
    }

    @Test
    @DisplayName("a failed force of what was zero-filled in the background is final as well")
    void failedBackgroundForceIsFinal() {
        Queue<Runnable> background = new ArrayDeque<>();
        LogStore store = Logs.open(disk, DIRECTORY, new LogStoreConfig(64 << 10, 1024, 128), background::add);
        store.putHardState(new HardState(1, Optional.empty()));
        store.append(entries.subList(0, 15));
        store.force();
        assertTrue(!background.isEmpty(), "nothing was to be zero-filled");
        disk.inject(Operation.FORCE, path -> path.toString().endsWith(".log"));
        background.forEach(Runnable::run);
        disk.heal();
        assertThrows(StorageException.class, store::force);
    }

    @Test
    @DisplayName("a full disk in the background only ends the zero-filling, and is counted")
    void fullDiskInBackgroundIsHarmless() {
        Queue<Runnable> background = new ArrayDeque<>();
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG, background::add)) {
            store.putHardState(new HardState(1, Optional.empty()));
            store.append(entries.subList(0, 5));
            store.force();
            disk.limitCapacity(1);
            background.forEach(Runnable::run);
            disk.limitCapacity(Long.MAX_VALUE);
            assertTrue(store.skippedBackgroundSteps() > 0);
            store.append(entries.subList(5, 30));
            store.force();
            assertEquals(entries, store.read(1, 30, Integer.MAX_VALUE));
        }
    }

    @Test
    @DisplayName("because it is full, term and vote can still be written")
    void votesOnAFullDisk() {
        LogStore store = storeWith(4);
        disk.limitCapacity(1);
        HardState vote = new HardState(2, Optional.of(new NodeId(3)));
        store.putHardState(vote);
        store.force();
        disk.crash();
        assertEquals(
                vote, Logs.open(disk.reopen(), DIRECTORY, CONFIG).recovered().hardState());
    }

    @Test
    @DisplayName("while it is read at the start, the log is not opened and nothing is taken for empty")
    void failedReadIsNotAnEmptyLog() {
        storeWith(4).close();
        disk.inject(Operation.READ, path -> path.toString().endsWith(".log"));
        assertThrows(StorageException.class, () -> Logs.open(disk, DIRECTORY, CONFIG));
        disk.heal();
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            assertEquals(entries.subList(0, 4), store.read(1, 10, Integer.MAX_VALUE));
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.LogStore;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.StorageException;
import io.quorate.logstore.StoreIdentity;
import io.quorate.logstore.WriteBuffer;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.node.testing.QueuedLoop;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Access to a log beside its writer")
class LogAccessTest {
    private final QueuedLoop loop = new QueuedLoop();
    private final ArrayDeque<Runnable> diskTasks = new ArrayDeque<>();
    private final List<String> seen = new ArrayList<>();
    private final LogStore store = LogStore.open(
            new SimulatedDisk(1),
            Path.of("/data/log"),
            new StoreIdentity("test", 1, 1),
            new LogStoreConfig(4096, 0, 256),
            Runnable::run,
            new WriteBuffer(4096));
    private final LogAccess access = new LogAccess(loop.guarded(), store, () -> seen.add("quiet"));

    private void runDisk() {
        while (!diskTasks.isEmpty()) {
            diskTasks.poll().run();
        }
    }

    private void read() {
        access.offload(
                diskTasks::add, LogStore::firstIndex, first -> seen.add("read " + first), fault -> seen.add("failed"));
    }

    @Test
    @DisplayName("is over when all has ended that had begun before it was closed, whatever came of it")
    void becomesQuiet() {
        read();
        access.offload(
                diskTasks::add,
                log -> {
                    throw new StorageException(Path.of("/data/log"), "cannot read", null);
                },
                never -> seen.add("read"),
                fault -> seen.add("failed"));
        access.close();

        assertFalse(access.isQuiet());
        assertThrows(IllegalStateException.class, this::read);
        runDisk();
        assertEquals(List.of(), seen, "what was read is handed over on the loop");
        loop.runAll();
        assertEquals(List.of("read 1", "failed", "quiet"), seen);
        assertTrue(access.isQuiet());
    }

    @Test
    @DisplayName("is over at once if nothing is under way, and begins again when it is opened")
    void reopens() {
        access.close();
        assertTrue(access.isQuiet() && !access.isOpen());

        access.reopen();
        read();
        runDisk();
        loop.runAll();

        assertEquals(List.of("read 1"), seen);
    }
}

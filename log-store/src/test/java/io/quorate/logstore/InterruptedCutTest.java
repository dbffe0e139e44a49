/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedCrash;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is cut was durable once, flush by flush, and its blocks may reach the medium in any order: so the remains can look
 * like rot, with intact entries of later flushes behind a hole.
 */
@DisplayName("A cut that a loss of power interrupts")
class InterruptedCutTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(64 << 10, 4096, 128);
    private static final int SEEDS = 60;
    private static final int KEPT = 3;

    private final List<LogEntry> before = Logs.entries(EntryId.NONE, 0, 1, 20, 400);
    private final List<LogEntry> after =
            Logs.entries(before.get(KEPT - 1).id(), before.get(KEPT - 1).nextOffset(), 2, 2, 400);

    @ParameterizedTest(name = "in the midst of operation {0}")
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    @DisplayName("leaves a log that is a beginning of the former or of the new one, and no damage")
    void leavesNoDamage(int operation) {
        for (int seed = 1; seed <= SEEDS; seed++) {
            SimulatedDisk disk = new SimulatedDisk(seed);
            LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
            store.putHardState(new HardState(1, Optional.empty()));
            for (LogEntry entry : before) {
                store.append(List.of(entry));
                store.force();
            }
            disk.crashAfter(operation);
            try {
                store.putHardState(new HardState(2, Optional.empty()));
                store.truncateSuffix(KEPT + 1);
                store.append(after);
                store.force();
            } catch (SimulatedCrash | StorageException powerFailed) {
                assertTrue(disk.isDown(), () -> "failed by itself: " + powerFailed);
            }

            LogStore recovered = Logs.open(disk.reopen(), DIRECTORY, CONFIG);

            assertEquals(Optional.empty(), recovered.damage(), "seed " + seed);
            long last = recovered.recovered().terms().lastIndex();
            assertTrue(last >= KEPT, "seed " + seed + ": the log ends at " + last);
            List<LogEntry> found = recovered.read(1, last, 1 << 20);
            boolean isNew = found.size() > KEPT && found.get(KEPT).term() == 2;
            assertEquals(expected(isNew, (int) last), found, "seed " + seed);
        }
    }

    private List<LogEntry> expected(boolean isNew, int count) {
        return isNew
                ? List.of(before.subList(0, KEPT), after.subList(0, count - KEPT)).stream()
                        .flatMap(List::stream)
                        .toList()
                : before.subList(0, count);
    }
}

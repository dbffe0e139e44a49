/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.logstore.io.DiskFile;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.Prng;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Entries that are told before they are appended")
class ExpectedEntriesTest {
    private static final Path ROOT = Path.of("/data/groups");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(3 << 20, 0, 64 << 10);
    private static final int LARGE = 300_000;

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final WriteBuffer buffer = bufferOn(disk);

    private static WriteBuffer bufferOn(SimulatedDisk disk) {
        disk.setDirectBlockBytes(4096);
        disk.createDirectories(ROOT);
        return WriteBuffer.of(disk, ROOT, CONFIG, WriteBuffer.DEFAULT_BYTES);
    }

    private static LogStore open(SimulatedDisk disk, int group, Executor background, WriteBuffer buffer) {
        LogStore store = LogStore.open(
                disk,
                ROOT.resolve(Integer.toString(group)),
                new StoreIdentity("test-cluster", 1, group),
                CONFIG,
                background,
                buffer);
        store.putHardState(new HardState(1, Optional.empty()));
        store.force();
        return store;
    }

    private static LogEntry entry(long index, byte[] payload) {
        return new LogEntry(new EntryId(1, index), EntryType.RECORDS, index - 1, 1, index, Payload.wrap(payload));
    }

    private static byte[] bytes(int size, long seed) {
        Prng random = new Prng(seed);
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    @Test
    @DisplayName("are copied and checksummed when they are told, if they are large")
    void areCopiedAhead() {
        try (LogStore store = open(disk, 1, Runnable::run, buffer)) {
            byte[] payload = bytes(LARGE, 1);
            byte[] asItWas = payload.clone();
            LogEntry told = entry(1, payload);
            store.expect(List.of(told));
            // Nobody may do this; it shows who reads the bytes, and when.
            Arrays.fill(payload, (byte) 0);
            store.append(List.of(told));
            store.force();
            assertArrayEquals(
                    asItWas,
                    store.read(1, 1, Integer.MAX_VALUE).get(0).payload().toByteArray());
        }
    }

    @Test
    @DisplayName("are the writer's to copy while nobody in the background has begun, who then finds nothing to do")
    void areCopiedByTheWriter() {
        ArrayDeque<Runnable> late = new ArrayDeque<>();
        try (LogStore store = open(disk, 1, late::add, buffer)) {
            List<LogEntry> told = List.of(entry(1, bytes(LARGE, 1)), entry(2, bytes(LARGE, 2)));
            store.expect(told.subList(0, 1));
            store.append(told.subList(0, 1));
            store.force();
            late.forEach(Runnable::run);
            store.append(told.subList(1, 2));
            store.force();
            assertEquals(told, store.read(1, 2, Integer.MAX_VALUE));
        }
    }

    @Test
    @DisplayName("of a store that fails meanwhile are not written")
    void areNotWrittenAfterAFailure() {
        LogStore store = open(disk, 1, Runnable::run, buffer);
        List<LogEntry> told = List.of(entry(1, bytes(LARGE, 1)), entry(2, bytes(LARGE, 2)));
        store.append(told.subList(0, 1));
        store.expect(told.subList(1, 2));
        disk.inject(SimulatedDisk.Operation.FORCE, path -> true);
        assertThrows(StorageException.class, store::force);
        assertThrows(StorageException.class, () -> store.append(told.subList(1, 2)));
    }

    /** One step of two stores of one writing thread, as it was planned. */
    private record Step(int group, List<LogEntry> entries, List<LogEntry> expected, boolean cuts) {}

    /** Appends of all sizes; what is expected comes, or comes later, or never, or behind a cut. */
    private static List<Step> plan(long seed) {
        Prng random = new Prng(seed);
        long[] next = {1, 1};
        List<Step> steps = new ArrayList<>();
        List<List<LogEntry>> ready = new ArrayList<>(List.of(List.of(), List.of()));
        for (int i = 0; i < 60; i++) {
            int group = random.nextInt(2);
            List<LogEntry> entries = ready.get(group);
            if (entries.isEmpty()) {
                entries = appendOf(random, next[group]);
            }
            long behind = entries.get(entries.size() - 1).index() + 1;
            List<LogEntry> expected = appendOf(random, behind);
            boolean comes = random.nextInt(4) > 0;
            boolean cuts = !comes && random.nextInt(2) == 0;
            next[group] = cuts ? behind - 1 : behind;
            ready.set(group, comes ? expected : List.of());
            steps.add(new Step(group, entries, random.nextInt(5) > 0 ? expected : List.of(), cuts));
        }
        return steps;
    }

    private static List<LogEntry> appendOf(Prng random, long firstIndex) {
        List<LogEntry> entries = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            int size = random.nextInt(3) == 0 ? random.nextInt(2000) : 200_000 + random.nextInt(400_000);
            entries.add(entry(firstIndex + entries.size(), bytes(size, random.nextLong())));
        }
        return entries;
    }

    @ParameterizedTest(name = "{0}, seed {1}")
    @CsvSource({"AT_ONCE,1", "AT_ONCE,2", "LATER,1", "LATER,2", "BESIDE,1", "BESIDE,2", "BESIDE,3"})
    @DisplayName("leave the same bytes on disk as if they had not been told, whether they come or not")
    void changeNothing(Background background, long seed) throws IOException {
        List<Step> steps = plan(seed);
        SimulatedDisk untold = new SimulatedDisk(1);
        run(untold, bufferOn(untold), steps, Runnable::run, false);
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            ArrayDeque<Runnable> late = new ArrayDeque<>();
            run(
                    disk,
                    buffer,
                    steps,
                    switch (background) {
                        case AT_ONCE -> Runnable::run;
                        case LATER ->
                            task -> {
                                late.add(task);
                                if (late.size() > 3) {
                                    late.poll().run();
                                }
                            };
                        case BESIDE -> thread;
                    },
                    true);
        } finally {
            thread.shutdown();
        }
        for (int group = 0; group < 2; group++) {
            Path directory = ROOT.resolve(Integer.toString(group));
            for (String name : untold.list(directory)) {
                if (name.endsWith(Segment.SUFFIX)) {
                    assertArrayEquals(
                            contents(untold, directory.resolve(name)), contents(disk, directory.resolve(name)), name);
                }
            }
        }
    }

    private enum Background {
        AT_ONCE,
        LATER,
        BESIDE
    }

    private static void run(
            SimulatedDisk disk, WriteBuffer buffer, List<Step> steps, Executor background, boolean tells) {
        List<LogStore> stores = List.of(open(disk, 0, background, buffer), open(disk, 1, background, buffer));
        for (Step step : steps) {
            LogStore store = stores.get(step.group());
            store.append(step.entries());
            if (tells && !step.expected().isEmpty()) {
                store.expect(step.expected());
            }
            store.force();
            if (step.cuts()) {
                store.truncateSuffix(
                        step.entries().get(step.entries().size() - 1).index());
            }
        }
        for (LogStore store : stores) {
            LogStore closed = store;
            List<SegmentInfo> segments = closed.segments();
            long last = segments.get(segments.size() - 1).lastIndex();
            assertEquals(last, closed.read(1, last, Integer.MAX_VALUE).size());
            closed.close();
        }
    }

    private static byte[] contents(SimulatedDisk disk, Path path) throws IOException {
        try (DiskFile file = disk.open(path)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(bytes, 0);
            return bytes.array();
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.Prng;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files changed in ways that no single fault would, many times: whatever comes of it, it is never a wrong entry. */
@DisplayName("A log whose files were changed at random")
class FuzzTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(4096 + 700, 512, 256);
    private static final HardState STATE = new HardState(5, Optional.of(new NodeId(2)));
    private static final int ROUNDS = 700;

    private final List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 24, 90);

    private enum Mutation {
        FLIP_BITS,
        RANDOM_BYTES,
        ZEROS,
        CUT,
        GROW,
        COPY_WITHIN,
        COPY_FILE,
        LOSE_FILE,
        LARGE_NUMBER
    }

    private enum Outcome {
        OPENED,
        DAMAGED,
        REFUSED
    }

    private Map<String, byte[]> written() {
        SimulatedDisk disk = new SimulatedDisk(1);
        LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
        store.putHardState(STATE);
        for (int at = 0; at < entries.size(); at += 3) {
            store.append(entries.subList(at, at + 3));
            store.force();
        }
        LogEntry last = entries.get(19);
        store.saveSnapshot(new Snapshot(last.id(), last.nextOffset(), Payload.utf8("state"), Payload.utf8("members")));
        Map<String, byte[]> files = new TreeMap<>();
        disk.list(DIRECTORY).forEach(name -> files.put(name, disk.contents(DIRECTORY.resolve(name))));
        return files;
    }

    private static void mutate(Map<String, byte[]> files, Mutation mutation, Prng random) {
        List<String> names = List.copyOf(files.keySet());
        String name = names.get(random.nextInt(names.size()));
        byte[] bytes = files.get(name);
        int at = position(bytes.length, random);
        int count = Math.min(bytes.length - at, 1 + random.nextInt(300));
        switch (mutation) {
            case FLIP_BITS -> {
                for (int i = 0; i < 1 + random.nextInt(5) && bytes.length > 0; i++) {
                    bytes[position(bytes.length, random)] ^= (byte) (1 << random.nextInt(8));
                }
            }
            case RANDOM_BYTES -> {
                for (int i = at; i < at + count; i++) {
                    bytes[i] = (byte) random.nextLong();
                }
            }
            case ZEROS -> Arrays.fill(bytes, at, at + count, (byte) 0);
            case CUT -> files.put(name, Arrays.copyOf(bytes, at));
            case GROW -> files.put(name, Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(9000)));
            case COPY_WITHIN -> System.arraycopy(bytes, at, bytes, random.nextInt(bytes.length - count + 1), count);
            case COPY_FILE -> files.put(names.get(random.nextInt(names.size())), bytes.clone());
            case LOSE_FILE -> files.remove(name);
            case LARGE_NUMBER -> {
                int field = at & -4;
                for (int i = field; i < Math.min(bytes.length, field + 4); i++) {
                    bytes[i] = (byte) (i == field ? 0x7F : 0xFF);
                }
            }
        }
    }

    /** Anywhere, but mostly where numbers are: behind the headers. */
    private static int position(int length, Prng random) {
        if (length == 0) {
            return 0;
        }
        int from = random.nextInt(3) > 0 && length > 4096 ? 4096 : 0;
        int span = Math.min(length - from, random.nextInt(2) == 0 ? 130 : length);
        return from + random.nextInt(Math.max(1, span));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("gives no wrong entry, throws nothing but what it says, and allocates no more than its files hold")
    void survives(long seed) {
        Prng random = new Prng(seed);
        Map<String, byte[]> whole = written();
        Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
        for (int round = 0; round < ROUNDS; round++) {
            Map<String, byte[]> files = new TreeMap<>();
            whole.forEach((name, bytes) -> files.put(name, bytes.clone()));
            for (int i = 0; i < 1 + random.nextInt(3) && !files.isEmpty(); i++) {
                mutate(files, Mutation.values()[random.nextInt(Mutation.values().length)], random);
            }
            SimulatedDisk disk = new SimulatedDisk(seed);
            files.forEach((name, bytes) -> disk.plant(DIRECTORY.resolve(name), bytes));
            outcomes.merge(use(disk, "seed " + seed + ", round " + round), 1, Integer::sum);
        }
        assertEquals(3, outcomes.size(), outcomes.toString());
    }

    private Outcome use(SimulatedDisk disk, String when) {
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            long to = Math.min(entries.size(), store.recovered().terms().lastIndex());
            for (long index = store.firstIndex(); index <= to; index++) {
                readOne(store, index, when);
            }
            Scrub scrub = store.newScrub();
            for (int steps = 0; !scrub.step(1000).passDone(); steps++) {
                assertTrue(steps < 1000, when);
            }
            return store.damage().isPresent() ? Outcome.DAMAGED : Outcome.OPENED;
        } catch (StorageException refused) {
            assertTrue(refused.getMessage().startsWith("/data/groups/7"), refused.getMessage());
            return Outcome.REFUSED;
        }
    }

    private void readOne(LogStore store, long index, String when) {
        try {
            List<LogEntry> found = store.read(index, index, Integer.MAX_VALUE);
            assertEquals(entries.subList((int) index - 1, (int) index - 1 + found.size()), found, when);
        } catch (CorruptLogException damaged) {
            assertTrue(store.damage().isPresent(), when);
        }
    }
}

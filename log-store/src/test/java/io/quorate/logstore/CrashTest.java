/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.quorate.logstore.sim.CrashPolicy;
import io.quorate.logstore.sim.SimulatedCrash;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.Prng;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The power fails in the middle of every single disk operation of a workload that rolls, cuts, votes, takes snapshots,
 * trims, recycles, and meets a full disk. Whatever part of the unforced bytes and names survives, what was forced is there, nothing is
 * that was never written, and nothing is taken for damage.
 */
@DisplayName("After a power failure at any disk operation")
class CrashTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");

    /** What a workload is like. */
    private enum Shape {
        /** A segment holds about six entries, so that the workload rolls often. */
        TINY(new LogStoreConfig(4096 + 900, 512, 128), 300, 3),
        /** Segments of several sectors, which are recycled. */
        RECYCLING(new LogStoreConfig(4096 + 3000, 512, 128), 1400, 3);

        final LogStoreConfig config;
        final int maxPayloadBytes;
        final int seeds;

        Shape(LogStoreConfig config, int maxPayloadBytes, int seeds) {
            this.config = config;
            this.maxPayloadBytes = maxPayloadBytes;
            this.seeds = seeds;
        }
    }

    private static final AtomicLong points = new AtomicLong();

    /** What the disk may hold: what was forced, and what was asked for since. */
    private static final class Expected {
        List<LogEntry> durable = new ArrayList<>();
        List<LogEntry> attempted = new ArrayList<>();
        /** First index that was cut since the last force; beyond the end if none was. */
        long cutFrom = Long.MAX_VALUE;

        HardState durableState = HardState.INITIAL;
        HardState attemptedState = HardState.INITIAL;
        Optional<Snapshot> durableSnapshot = Optional.empty();
        Optional<Snapshot> attemptedSnapshot = Optional.empty();
        final Shape shape;
        boolean hasRecycled;

        Expected(Shape shape) {
            this.shape = shape;
        }

        /** The log may start here, or before. */
        long mostTrimmed = 1;

        EntryId last() {
            return attempted.isEmpty()
                    ? EntryId.NONE
                    : attempted.get(attempted.size() - 1).id();
        }

        long nextOffset() {
            return attempted.isEmpty() ? 0 : attempted.get(attempted.size() - 1).nextOffset();
        }

        void forced() {
            durable = new ArrayList<>(attempted);
            durableState = attemptedState;
            cutFrom = Long.MAX_VALUE;
        }

        void check(LogStore store, String when) {
            assertEquals(Optional.empty(), store.damage(), when);
            long first = store.firstIndex();
            assertTrue(first <= mostTrimmed, () -> when + ": starts at " + first + ", trimmed to " + mostTrimmed);
            List<LogEntry> found = new ArrayList<>(attempted.subList(0, (int) Math.min(attempted.size(), first - 1)));
            found.addAll(store.read(first, Long.MAX_VALUE, Integer.MAX_VALUE));
            boolean beforeTheCut = isPrefix(found, durable) && found.size() >= Math.min(durable.size(), cutFrom - 1);
            boolean afterTheCut = isPrefix(found, attempted)
                    && found.size() >= Math.min(Math.min(durable.size(), attempted.size()), cutFrom - 1);
            assertTrue(
                    beforeTheCut || afterTheCut,
                    () -> when + ": found " + ids(found) + ", durable " + ids(durable) + ", attempted " + ids(attempted)
                            + ", cut from " + cutFrom);
            HardState state = store.recovered().hardState();
            assertTrue(
                    state.equals(durableState) || state.equals(attemptedState),
                    () -> when + ": found " + state + ", durable " + durableState + ", attempted " + attemptedState);
            EntryId last =
                    found.isEmpty() ? EntryId.NONE : found.get(found.size() - 1).id();
            assertEquals(last, store.recovered().terms().last(), when);
            Optional<Snapshot> snapshot = store.latestSnapshot();
            assertTrue(
                    snapshot.equals(durableSnapshot) || snapshot.equals(attemptedSnapshot),
                    () -> when + ": found " + snapshot + ", saved " + durableSnapshot + ", attempted "
                            + attemptedSnapshot);
            assertTrue(
                    snapshot.map(taken -> taken.last().index()).orElse(0L) >= first - 1,
                    () -> when + ": starts at " + first + " without a snapshot");
            attempted = new ArrayList<>(found);
            attemptedState = state;
            attemptedSnapshot = snapshot;
            durableSnapshot = snapshot;
            forced();
        }

        private static boolean isPrefix(List<LogEntry> prefix, List<LogEntry> of) {
            return prefix.size() <= of.size() && of.subList(0, prefix.size()).equals(prefix);
        }

        private static String ids(List<LogEntry> entries) {
            return entries.stream().map(LogEntry::id).toList().toString();
        }
    }

    /** Runs background work at once or some steps later, as the seed decides. */
    private static final class SeededExecutor implements Executor {
        private final Prng random;
        private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();

        SeededExecutor(long seed) {
            random = new Prng(seed);
        }

        @Override
        public void execute(Runnable task) {
            waiting.add(task);
            if (random.nextInt(2) == 0) {
                runWaiting();
            }
        }

        void runWaiting() {
            while (!waiting.isEmpty()) {
                waiting.poll().run();
            }
        }
    }

    private static LogStore open(SimulatedDisk disk, Expected expected, Executor background) {
        return Logs.open(disk, DIRECTORY, expected.shape.config, background);
    }

    private static void workload(SimulatedDisk disk, long seed, Expected expected) {
        SeededExecutor background = new SeededExecutor(seed);
        Prng random = new Prng(seed * 31);
        LogStore store = open(disk, expected, background);
        long term = 1;
        vote(store, expected, term);
        for (int round = 0; round < 9; round++) {
            append(store, expected, term, 1 + random.nextInt(4));
            append(store, expected, term, random.nextInt(3));
            force(store, expected);
            background.runWaiting();
            if (round % 2 == 1) {
                snapshotAndTrim(store, expected);
                expected.hasRecycled |=
                        disk.list(DIRECTORY).stream().anyMatch(name -> name.endsWith(Recycler.SPARE_SUFFIX));
            }
            if (round == 4) {
                meetFullDisk(disk, store, expected, term);
            }
            if (round % 3 == 2) {
                term++;
                vote(store, expected, term);
                long applied = expected.durableSnapshot
                        .map(snapshot -> snapshot.last().index())
                        .orElse(0L);
                long cut = Math.max(applied + 1, expected.last().index() - random.nextInt(12));
                expected.cutFrom = cut;
                expected.attempted
                        .subList((int) cut - 1, expected.attempted.size())
                        .clear();
                store.truncateSuffix(cut);
                append(store, expected, term, 3);
                force(store, expected);
            }
        }
        store.close();
    }

    private static void snapshotAndTrim(LogStore store, Expected expected) {
        LogEntry last = expected.durable.get(expected.durable.size() * 2 / 3);
        Snapshot snapshot = new Snapshot(
                last.id(), last.nextOffset(), Payload.utf8("state at " + last.index()), Payload.utf8("members"));
        expected.attemptedSnapshot = Optional.of(snapshot);
        store.saveSnapshot(snapshot);
        expected.durableSnapshot = expected.attemptedSnapshot;
        expected.mostTrimmed = last.index() + 1;
        for (int i = 0; i < 3 && store.trimPrefix(last.index()); i++) {
            assertTrue(store.firstIndex() <= expected.mostTrimmed);
        }
    }

    private static void meetFullDisk(SimulatedDisk disk, LogStore store, Expected expected, long term) {
        disk.leaveFree(3000);
        List<LogEntry> entries =
                Logs.entries(expected.last(), expected.nextOffset(), term, 40, expected.shape.maxPayloadBytes);
        List<LogEntry> before = expected.attempted;
        expected.attempted = new ArrayList<>(before);
        expected.attempted.addAll(entries);
        try {
            store.append(entries);
            fail("there was room");
        } catch (DiskFullException full) {
            expected.attempted = before;
            disk.limitCapacity(Long.MAX_VALUE);
        }
    }

    private static void vote(LogStore store, Expected expected, long term) {
        expected.attemptedState = new HardState(term, Optional.of(new NodeId((int) (term % 3) + 1)));
        store.putHardState(expected.attemptedState);
    }

    private static void append(LogStore store, Expected expected, long term, int count) {
        List<LogEntry> entries =
                Logs.entries(expected.last(), expected.nextOffset(), term, count, expected.shape.maxPayloadBytes);
        expected.attempted.addAll(entries);
        store.append(entries);
    }

    private static void force(LogStore store, Expected expected) {
        store.force();
        expected.forced();
    }

    /** Appends, forces and reopens: what recovery left must be fit to go on with. */
    private static void goOn(SimulatedDisk disk, Expected expected, String when) {
        SeededExecutor background = new SeededExecutor(5);
        try (LogStore store = open(disk, expected, background)) {
            expected.check(store, when);
            long term = store.recovered().hardState().term() + 1;
            vote(store, expected, term);
            append(store, expected, term, 7);
            force(store, expected);
        }
        try (LogStore store = open(disk, expected, background)) {
            expected.check(store, when + ", reopened");
        }
    }

    private static SimulatedDisk disk(Shape shape, long seed, CrashPolicy policy) {
        SimulatedDisk disk = new SimulatedDisk(seed);
        if (shape == Shape.RECYCLING) {
            disk.setDirectBlockBytes(512);
        }
        disk.setCrashPolicy(policy);
        return disk;
    }

    private static long operationsOfWorkload(Shape shape, long seed, CrashPolicy policy) {
        SimulatedDisk disk = disk(shape, seed, policy);
        Expected expected = new Expected(shape);
        workload(disk, seed, expected);
        assertTrue(disk.operations() > 200, "the workload is too small to prove much: " + disk.operations());
        assertTrue(expected.mostTrimmed > 5);
        assertTrue(expected.hasRecycled || shape != Shape.RECYCLING, "nothing was recycled");
        return disk.operations();
    }

    private static SimulatedDisk crashWorkload(long seed, CrashPolicy policy, long at, Expected expected) {
        SimulatedDisk disk = disk(expected.shape, seed, policy);
        disk.crashAfter(at);
        runUntilCrash(() -> workload(disk, seed, expected));
        SimulatedDisk after = disk.reopen();
        after.limitCapacity(Long.MAX_VALUE);
        return after;
    }

    static Stream<Arguments> runs() {
        return Arrays.stream(CrashPolicy.values())
                .flatMap(policy -> Arrays.stream(Shape.values()).flatMap(shape -> LongStream.rangeClosed(1, shape.seeds)
                        .mapToObj(seed -> Arguments.of(policy, shape, seed))));
    }

    @ParameterizedTest(name = "{0}, {1}, seed {2}")
    @MethodSource("runs")
    @DisplayName("everything forced is there, nothing else is, nothing is taken for damage, and the log goes on")
    void survivesCrashAtEveryOperation(CrashPolicy policy, Shape shape, long seed) {
        long operations = operationsOfWorkload(shape, seed, policy);
        for (long at = 1; at <= operations; at++) {
            Expected expected = new Expected(shape);
            SimulatedDisk disk = crashWorkload(seed, policy, at, expected);
            goOn(disk, expected, policy + ", crash at operation " + at);
        }
        points.addAndGet(operations);
    }

    @ParameterizedTest(name = "{0}, {1}, seed {2}")
    @MethodSource("runs")
    @DisplayName("another failure at any operation of the recovery does no more harm")
    void survivesCrashDuringRecovery(CrashPolicy policy, Shape shape, long seed) {
        long operations = operationsOfWorkload(shape, seed, policy);
        for (long at = 1 + seed % 23; at <= operations; at += 23) {
            for (int inRecovery = 1; inRecovery <= 16; inRecovery++) {
                Expected expected = new Expected(shape);
                SimulatedDisk disk = crashWorkload(seed, policy, at, expected);
                disk.crashAfter(inRecovery);
                runUntilCrash(() -> open(disk, expected, Runnable::run).close());
                goOn(disk.reopen(), expected, policy + ", crash at " + at + " and in recovery at " + inRecovery);
                points.incrementAndGet();
            }
        }
    }

    @AfterAll
    static void tell() {
        System.out.println(points.get() + " power failures at distinct points");
    }

    private static void runUntilCrash(Runnable run) {
        try {
            run.run();
        } catch (SimulatedCrash expected) {
            return;
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.DiskFullException;
import io.quorate.logstore.LogStore;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.StorageException;
import io.quorate.logstore.StoreIdentity;
import io.quorate.logstore.WriteBuffer;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.node.seam.Clock;
import io.quorate.node.seam.GuardedLoop;
import io.quorate.node.testing.QueuedLoop;
import io.quorate.raft.Persist;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Flush rounds")
class FlushRoundsTest {
    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final WriteBuffer buffer = new WriteBuffer(4096);
    private final ArrayDeque<Runnable> flushTasks = new ArrayDeque<>();
    private final List<String> reported = new ArrayList<>();
    private final List<Throwable> fatal = new ArrayList<>();

    /** Five nanoseconds pass between two looks at it. */
    private final Clock everLater = new Clock() {
        private final AtomicLong nanos = new AtomicLong();

        @Override
        public long nanoTime() {
            return nanos.addAndGet(5);
        }

        @Override
        public long currentTimeMillis() {
            throw new UnsupportedOperationException("nobody asks for the time of day");
        }
    };

    private final QueuedLoop queue = new QueuedLoop(everLater);
    private final GuardedLoop loop = new GuardedLoop(queue, fatal::add);

    private final class Target implements FlushRounds.Target {
        final String name;
        final LogStore store;
        long sequence;

        Target(String name, long groupId) {
            this.name = name;
            this.store = LogStore.open(
                    disk,
                    Path.of("/data/" + name),
                    new StoreIdentity("test", 1, groupId),
                    new LogStoreConfig(64 << 10, 0, 4096),
                    Runnable::run,
                    buffer);
        }

        Persist next() {
            return large(1);
        }

        Persist large(int bytes) {
            sequence++;
            LogEntry entry = new LogEntry(
                    new EntryId(1, sequence),
                    EntryType.RECORDS,
                    sequence - 1,
                    1,
                    0,
                    Payload.utf8("x".repeat(bytes) + sequence));
            return new Persist(
                    sequence,
                    sequence == 1 ? Optional.of(new HardState(1, Optional.empty())) : Optional.empty(),
                    OptionalLong.empty(),
                    List.of(entry));
        }

        @Override
        public LogStore store() {
            return store;
        }

        @Override
        public void onPersisted(long upTo) {
            reported.add(name + upTo);
        }

        @Override
        public void onDiskFull(DiskFullException full) {
            reported.add(name + " has no room");
        }

        @Override
        public void onStorageFailed(StorageException fault) {
            reported.add(name + " failed");
        }
    }

    private void runLoop() {
        queue.runAll();
    }

    private void runFlush() {
        for (Runnable task = flushTasks.poll(); task != null; task = flushTasks.poll()) {
            task.run();
        }
    }

    private FlushRounds rounds() {
        return new FlushRounds(loop, flushTasks::add, () -> reported.add("|"));
    }

    @Test
    @DisplayName("everything that waits is written in order, forced once per log, and reported in one task")
    void oneRound() {
        Target a = new Target("a", 1);
        Target b = new Target("b", 2);
        FlushRounds rounds = rounds();
        rounds.add(a, a.next());
        rounds.kick();
        runFlush();
        runLoop();
        reported.clear();
        long before = disk.operations();

        rounds.add(a, a.next());
        rounds.add(b, b.next());
        rounds.add(a, a.next());
        rounds.kick();
        assertEquals(1, flushTasks.size());
        runFlush();

        assertEquals(1, queue.waiting());
        runLoop();
        assertEquals(List.of("a2", "a3", "b1", "|"), reported, "log by log");
        assertEquals(3, a.store.read(1, 3, 1 << 20).size());
        assertTrue(disk.operations() > before);
    }

    @Test
    @DisplayName(
            "a snapshot takes the place of the log in its turn: after what was queued before it, before what follows")
    void replacement() {
        Target a = new Target("a", 1);
        FlushRounds rounds = rounds();
        rounds.add(a, a.next());
        rounds.add(
                a,
                new Persist(
                        2,
                        Optional.of(new HardState(3, Optional.empty())),
                        Optional.of(new GroupSnapshot(
                                new EntryId(2, 50), 77, Payload.utf8("state"), Payload.utf8("members"))),
                        OptionalLong.empty(),
                        List.of(new LogEntry(
                                new EntryId(3, 51), EntryType.RECORDS, 77, 1, 0, Payload.utf8("the next one")))));
        rounds.kick();
        runFlush();
        runLoop();

        assertEquals(List.of("a1", "a2", "|"), reported);
        assertEquals(51, a.store.firstIndex());
        assertEquals(1, a.store.read(51, 60, 1 << 20).size());
        assertEquals(
                Payload.utf8("state"), a.store.latestSnapshot().orElseThrow().state());
    }

    @Test
    @DisplayName("an observer is told of every round that wrote something: how many logs, how much, how long")
    void observed() {
        Target a = new Target("a", 1);
        Target b = new Target("b", 2);
        Persist first = a.next();
        Persist second = b.next();
        FlushRounds rounds = rounds();
        rounds.watch(new ReplicaObserver() {
            @Override
            public void onFlushed(int groups, long sizeBytes, long nanos) {
                reported.add(groups + " logs, " + sizeBytes + " bytes, " + nanos + " ns");
            }
        });
        rounds.add(a, first);
        rounds.add(b, second);
        rounds.kick();
        runFlush();
        runLoop();
        rounds.close(a, () -> {});
        rounds.kick();
        runFlush();
        runLoop();

        long bytes = first.sizeBytes() + second.sizeBytes();
        assertEquals(1, reported.stream().filter(line -> line.contains("logs")).count(), reported::toString);
        assertTrue(reported.contains("2 logs, " + bytes + " bytes, 5 ns"), reported::toString);
    }

    @Test
    @DisplayName(
            "nothing is handed to the disk while a run is under way; what arrives meanwhile is taken by the same run")
    void oneRunAtATime() {
        Target a = new Target("a", 1);
        FlushRounds rounds = rounds();
        rounds.add(a, a.next());
        rounds.kick();
        rounds.add(a, a.next());
        rounds.kick();

        assertEquals(1, flushTasks.size());
        runFlush();
        runLoop();
        assertEquals(List.of("a1", "a2", "|"), reported);

        rounds.kick();
        assertEquals(0, flushTasks.size(), "nothing to do");
    }

    @Test
    @DisplayName("a log whose force fails is reported once, never as persisted, and is not written again; others go on")
    void failedForce() {
        Target a = new Target("a", 1);
        Target b = new Target("b", 2);
        FlushRounds rounds = rounds();
        rounds.add(a, a.next());
        rounds.add(b, b.next());
        disk.inject(SimulatedDisk.Operation.FORCE, path -> path.startsWith("/data/a"));
        rounds.kick();
        runFlush();
        disk.heal();

        rounds.add(a, a.next());
        rounds.add(b, b.next());
        rounds.kick();
        runFlush();
        runLoop();

        assertEquals(List.of("a failed", "b1", "|", "b2", "|"), reported);
        assertEquals(List.of(), fatal);
    }

    @Test
    @DisplayName("a log without room keeps what it was to write, and all behind it, in order, until there is some")
    void fullDisk() {
        Target a = new Target("a", 1);
        FlushRounds rounds = rounds();
        rounds.add(a, a.next());
        rounds.kick();
        runFlush();
        runLoop();
        reported.clear();
        disk.leaveFree(0);

        rounds.add(a, a.large(200_000));
        rounds.kick();
        runFlush();
        rounds.add(a, a.next());
        rounds.kick();
        runFlush();
        rounds.retry();
        runFlush();
        runLoop();
        assertEquals(
                List.of("a has no room", "|", "a has no room", "|", "a has no room", "|"),
                reported,
                "neither reported nor given up");
        reported.clear();

        disk.limitCapacity(Long.MAX_VALUE);
        rounds.retry();
        runFlush();
        runLoop();

        assertEquals(List.of("a2", "a3", "|"), reported);
        assertEquals(3, a.store.read(1, 3, 1 << 20).size());
        rounds.retry();
        assertEquals(0, flushTasks.size(), "nothing is left to be tried");
    }

    @Test
    @DisplayName("a log is closed after what was queued before, also when it has failed")
    void closing() {
        Target a = new Target("a", 1);
        FlushRounds rounds = rounds();
        rounds.add(a, a.next());
        rounds.close(a, () -> reported.add("closed"));
        rounds.kick();
        runFlush();
        runLoop();

        assertEquals(List.of("a1", "closed", "|"), reported);
    }

    @Test
    @DisplayName("a bug on the flush thread halts the node and nothing is written after it")
    void bugHalts() {
        Target a = new Target("a", 1);
        FlushRounds rounds = rounds();
        Persist first = a.next();
        a.next();
        Persist afterAGap = a.next();
        rounds.add(a, first);
        rounds.add(a, afterAGap);
        rounds.kick();
        runFlush();
        runLoop();

        assertEquals(1, fatal.size());
        assertTrue(loop.halted());
        assertEquals(List.of(), reported);
        rounds.add(a, afterAGap);
        rounds.kick();
        assertEquals(0, flushTasks.size());
    }

    @Test
    @DisplayName("with a real flush thread every persist is reported exactly once and in order")
    void realThread() throws InterruptedException {
        ExecutorService flushThread = Executors.newSingleThreadExecutor();
        try {
            FlushRounds rounds = new FlushRounds(loop, flushThread, () -> {});
            List<Target> targets = List.of(new Target("a", 1), new Target("b", 2), new Target("c", 3));
            int each = 300;
            for (int i = 0; i < each; i++) {
                for (Target target : targets) {
                    rounds.add(target, target.next());
                }
                rounds.kick();
                runLoop();
            }
            while (reported.size() < each * targets.size()) {
                queue.awaitNext();
            }

            for (Target target : targets) {
                List<String> ofTarget = reported.stream()
                        .filter(line -> line.startsWith(target.name))
                        .toList();
                List<String> expected = new ArrayList<>();
                for (int i = 1; i <= each; i++) {
                    expected.add(target.name + i);
                }
                assertEquals(expected, ofTarget);
            }
        } finally {
            flushThread.shutdown();
        }
    }
}

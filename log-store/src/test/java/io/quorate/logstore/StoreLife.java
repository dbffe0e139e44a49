/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.sim.CrashPolicy;
import io.quorate.logstore.sim.SimulatedCrash;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.Prng;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One log's life under random use, from one seed: it appends, forces, votes, cuts, takes snapshots and trims, over several
 * starts. In half the seeds the power fails at some operation of its disk, over and over; in the others a closed log rots: a
 * bit flips, or a write of another log lands in its files. What is recovered is compared with what was asked for.
 */
final class StoreLife {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    /** A log of the same shape with other content: whose frames would fit in where they do not belong. */
    private static final Path TWIN_DIRECTORY = Path.of("/data/groups/8");

    private static final StoreIdentity TWIN = new StoreIdentity("test-cluster", 1, 8);
    private static final int STARTS = 4;
    private static final int STEPS_PER_START = 30;
    private static final int OPERATIONS_TO_CRASH_MAX = 30;
    private static final int VALUE_BYTES_MAX = 400;
    private static final int CUT_ENTRIES_MAX = 30;

    private final Prng random;
    private final LogStoreConfig config;
    private final SimulatedDisk platter;
    private SimulatedDisk disk;
    private long term = 1;

    private List<LogEntry> durable = new ArrayList<>();
    private List<LogEntry> attempted = new ArrayList<>();
    private long cutFrom = Long.MAX_VALUE;
    private HardState durableState = HardState.INITIAL;
    private HardState attemptedState = HardState.INITIAL;
    /** All that were put since: some other step may have made one of them durable. */
    private final List<HardState> putSince = new ArrayList<>();

    private Optional<Snapshot> durableSnapshot = Optional.empty();
    private Optional<Snapshot> attemptedSnapshot = Optional.empty();

    /** What did not hold. */
    static final class Violation extends AssertionError {
        private static final long serialVersionUID = 1L;

        private final StoreProperty property;

        Violation(StoreProperty property, String detail) {
            super(property + ": " + detail);
            this.property = property;
        }

        StoreProperty property() {
            return property;
        }
    }

    StoreLife(long seed) {
        random = new Prng(seed);
        config = new LogStoreConfig(4096 + 600 + random.nextInt(1200), 512, 128);
        platter = new SimulatedDisk(seed);
        platter.setCrashPolicy(CrashPolicy.values()[random.nextInt(CrashPolicy.values().length)]);
        disk = platter;
    }

    /** @throws Violation at the first thing that does not hold */
    void run() {
        if (random.nextInt(2) == 0) {
            crashOverAndOver();
        } else {
            rot();
        }
    }

    // ---- power failures

    private void crashOverAndOver() {
        for (int start = 0; start < STARTS; start++) {
            try {
                if (random.nextInt(4) == 0) {
                    disk.crashAfter(1 + random.nextInt(OPERATIONS_TO_CRASH_MAX));
                }
                LogStore store = openAfterCrash();
                for (int step = 0; step < STEPS_PER_START; step++) {
                    if (random.nextInt(STEPS_PER_START) == 0) {
                        disk.crashAfter(1 + random.nextInt(OPERATIONS_TO_CRASH_MAX));
                    }
                    step(store, Optional.empty());
                }
                disk.crash();
            } catch (SimulatedCrash expected) {
                // At some operation in the midst.
            }
            disk = disk.reopen();
        }
        openAfterCrash();
    }

    private LogStore openAfterCrash() {
        LogStore store;
        try {
            store = Logs.open(disk, DIRECTORY, config);
        } catch (CorruptLogException refused) {
            throw new Violation(StoreProperty.CRASH_IS_NOT_DAMAGE, refused.getMessage());
        }
        check(store.damage().isEmpty(), StoreProperty.CRASH_IS_NOT_DAMAGE, () -> "" + store.damage());
        adopt(store);
        return store;
    }

    /** Compares what was found with what may be there, and goes on from it. */
    private void adopt(LogStore store) {
        Optional<Snapshot> snapshot = store.latestSnapshot();
        check(
                snapshot.equals(durableSnapshot) || snapshot.equals(attemptedSnapshot),
                StoreProperty.FORCED_IS_RECOVERED,
                () -> "found " + snapshot + ", saved " + durableSnapshot);
        long first = store.firstIndex();
        check(
                snapshot.map(taken -> taken.last().index()).orElse(0L) >= first - 1,
                StoreProperty.TRIMMED_IS_IN_SNAPSHOT,
                () -> "starts at " + first + " with " + snapshot);
        HardState state = store.recovered().hardState();
        check(
                state.equals(durableState) || putSince.contains(state),
                StoreProperty.VOTE_IS_RECOVERED,
                () -> "found " + state + ", durable " + durableState + ", put since " + putSince);
        List<LogEntry> found = new ArrayList<>(attempted.subList(0, (int) Math.min(attempted.size(), first - 1)));
        found.addAll(store.read(first, Long.MAX_VALUE, Integer.MAX_VALUE));
        boolean beforeTheCut = isPrefix(found, durable) && found.size() >= Math.min(durable.size(), cutFrom - 1);
        boolean afterTheCut = isPrefix(found, attempted)
                && found.size() >= Math.min(Math.min(durable.size(), attempted.size()), cutFrom - 1);
        check(
                beforeTheCut || afterTheCut,
                StoreProperty.FORCED_IS_RECOVERED,
                () -> "found " + found.size() + " entries, durable " + durable.size() + ", attempted "
                        + attempted.size() + ", cut from " + cutFrom);
        attempted = found;
        attemptedState = state;
        attemptedSnapshot = snapshot;
        durableSnapshot = snapshot;
        forced();
        term = Math.max(term, state.term());
    }

    private static boolean isPrefix(List<LogEntry> prefix, List<LogEntry> of) {
        return prefix.size() <= of.size() && of.subList(0, prefix.size()).equals(prefix);
    }

    // ---- rot

    private void rot() {
        LogStore store = Logs.open(disk, DIRECTORY, config);
        LogStore twin = LogStore.open(
                disk,
                TWIN_DIRECTORY,
                TWIN,
                config,
                Runnable::run,
                WriteBuffer.of(disk, TWIN_DIRECTORY.getParent(), config, 4096));
        for (int step = 0; step < STEPS_PER_START; step++) {
            step(store, Optional.of(twin));
        }
        vote(store, Optional.of(twin));
        append(store, Optional.of(twin));
        force(store, Optional.of(twin));
        if (random.nextInt(2) == 0) {
            store.close();
        }
        disk = disk.reopen();
        if (random.nextInt(2) == 0) {
            flipOneBit();
        } else {
            misdirectOneWrite();
        }
        readRotten();
    }

    private void flipOneBit() {
        List<String> names = disk.list(DIRECTORY);
        Path path = DIRECTORY.resolve(names.get(random.nextInt(names.size())));
        byte[] contents = disk.contents(path);
        if (contents.length > 0) {
            int from = random.nextInt(4) > 0 && contents.length > SegmentHeader.BYTES ? SegmentHeader.BYTES : 0;
            disk.corrupt(path, from + random.nextInt(contents.length - from), 1 << random.nextInt(8));
        }
    }

    /** What was meant for the twin's file went to the same place of this log's. */
    private void misdirectOneWrite() {
        List<String> segments = disk.list(DIRECTORY).stream()
                .filter(name -> name.endsWith(Segment.SUFFIX) && disk.exists(TWIN_DIRECTORY.resolve(name)))
                .toList();
        String name = segments.get(random.nextInt(segments.size()));
        byte[] mine = disk.contents(DIRECTORY.resolve(name));
        byte[] other = disk.contents(TWIN_DIRECTORY.resolve(name));
        int end = Math.min(mine.length, other.length);
        int used = end;
        while (used > SegmentHeader.BYTES && mine[used - 1] == 0) {
            used--;
        }
        if (used > SegmentHeader.BYTES) {
            int from =
                    SegmentHeader.BYTES + random.nextInt(2) * random.nextInt((used - SegmentHeader.BYTES) / 8 + 1) * 8;
            System.arraycopy(other, from, mine, from, Math.min(end - from, 512 << random.nextInt(3)));
            disk.plant(DIRECTORY.resolve(name), mine);
        }
    }

    private void readRotten() {
        try (LogStore store = Logs.open(disk, DIRECTORY, config)) {
            check(
                    store.recovered().hardState().equals(durableState),
                    StoreProperty.NO_WRONG_DATA,
                    () -> "found " + store.recovered().hardState() + ", put " + durableState);
            long next = store.firstIndex();
            while (next <= durable.size()) {
                List<LogEntry> found = store.read(next, next, Integer.MAX_VALUE);
                if (found.isEmpty()) {
                    break;
                }
                LogEntry written = durable.get((int) next - 1);
                check(found.equals(List.of(written)), StoreProperty.NO_WRONG_DATA, () -> found + ", not " + written);
                next++;
            }
            long missing = next;
            check(
                    missing > durable.size() || store.damage().isPresent(),
                    StoreProperty.ROT_IS_NEVER_CUT,
                    () -> "nothing at " + missing + " of " + durable.size() + ", and no damage");
            long last = store.recovered().terms().lastIndex();
            check(
                    last <= durable.size() || store.damage().isPresent(),
                    StoreProperty.NO_WRONG_DATA,
                    () -> "up to " + last + ", written up to " + durable.size());
        } catch (CorruptLogException noticed) {
            // As it should be.
        }
    }

    // ---- use

    private void step(LogStore store, Optional<LogStore> twin) {
        switch (random.nextInt(12)) {
            case 0 -> vote(store, twin);
            case 1, 2, 3 -> force(store, twin);
            case 4 -> snapshot(store, twin);
            case 5 -> trim(store, twin);
            case 6 -> cut(store, twin);
            default -> append(store, twin);
        }
    }

    private void vote(LogStore store, Optional<LogStore> twin) {
        term++;
        attemptedState = new HardState(term, Optional.of(new NodeId(1 + random.nextInt(5))));
        putSince.add(attemptedState);
        store.putHardState(attemptedState);
        twin.ifPresent(other -> other.putHardState(attemptedState));
    }

    private void append(LogStore store, Optional<LogStore> twin) {
        if (attemptedState.term() == 0) {
            vote(store, twin);
        }
        List<LogEntry> entries = new ArrayList<>();
        List<LogEntry> twins = new ArrayList<>();
        LogEntry before = attempted.isEmpty() ? null : attempted.get(attempted.size() - 1);
        long index = before == null ? 1 : before.index() + 1;
        long offset = before == null ? 0 : before.nextOffset();
        for (int left = random.nextInt(5); left >= 0; left--) {
            EntryId id = new EntryId(attemptedState.term(), index);
            boolean empty = random.nextInt(6) == 0;
            EntryType type = empty ? EntryType.NO_OP : EntryType.RECORDS;
            int size = empty ? 0 : 1 + random.nextInt(VALUE_BYTES_MAX);
            entries.add(new LogEntry(id, type, offset, empty ? 0 : 1, index, value(size)));
            twins.add(new LogEntry(id, type, offset, empty ? 0 : 1, index, value(size)));
            index++;
            offset += empty ? 0 : 1;
        }
        attempted.addAll(entries);
        store.append(entries);
        // An entry is never written before the term that it is of.
        stateIsDurable();
        twin.ifPresent(other -> other.append(twins));
    }

    /** Without zeros: a missing sector must not look like one that is there. */
    private Payload value(int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (1 + random.nextInt(255));
        }
        return Payload.wrap(bytes);
    }

    private void force(LogStore store, Optional<LogStore> twin) {
        store.force();
        forced();
        twin.ifPresent(LogStore::force);
    }

    private void forced() {
        durable = new ArrayList<>(attempted);
        stateIsDurable();
        cutFrom = Long.MAX_VALUE;
    }

    private void stateIsDurable() {
        durableState = attemptedState;
        putSince.clear();
    }

    private void snapshot(LogStore store, Optional<LogStore> twin) {
        force(store, twin);
        long newest = durableSnapshot.map(taken -> taken.last().index()).orElse(0L);
        int fresh = durable.size() - (int) newest;
        if (fresh > 0) {
            LogEntry last = durable.get((int) newest + random.nextInt(fresh));
            Snapshot snapshot = new Snapshot(
                    last.id(), last.nextOffset(), Payload.utf8("state at " + last.id()), Payload.utf8("m"));
            attemptedSnapshot = Optional.of(snapshot);
            store.saveSnapshot(snapshot);
            durableSnapshot = attemptedSnapshot;
            twin.ifPresent(other -> other.saveSnapshot(snapshot));
        }
    }

    private void trim(LogStore store, Optional<LogStore> twin) {
        long keep = durableSnapshot.map(taken -> taken.last().index() + 1).orElse(1L);
        store.trimPrefix(keep);
        twin.ifPresent(other -> other.trimPrefix(keep));
    }

    private void cut(LogStore store, Optional<LogStore> twin) {
        force(store, twin);
        long applied = durableSnapshot.map(taken -> taken.last().index()).orElse(0L);
        long from = Math.max(applied + 1, attempted.size() + 1 - random.nextInt(CUT_ENTRIES_MAX));
        if (from <= attempted.size()) {
            cutFrom = from;
            attempted.subList((int) from - 1, attempted.size()).clear();
            store.truncateSuffix(from);
            twin.ifPresent(other -> other.truncateSuffix(from));
            vote(store, twin);
        }
    }

    private interface Detail {
        String text();
    }

    private static void check(boolean holds, StoreProperty property, Detail detail) {
        if (!holds) {
            throw new Violation(property, detail.text());
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A member with the driver that every test would otherwise write again: it obeys the order on {@link Outputs}, but
 * when a write completes is up to the test.
 */
final class SimMember {
    /** What the world outside sees. */
    interface Observer {
        void onDrained(SimMember member, Outputs outputs);

        /** The message leaves now: what it vouches for must be on the disk. */
        void onSent(SimMember member, Envelope envelope);
    }

    /** A read that the core asked for, with what the disk held when it was asked. */
    record Read(EntryLoad load, List<LogEntry> entries) {}

    private final NodeId id;
    private final RaftConfig config;
    private final Membership membership;
    private final Observer observer;
    private final SimDisk disk;
    private final Deque<Outputs> writing = new ArrayDeque<>();
    private final Deque<Read> reading = new ArrayDeque<>();
    /** The log as the core has it, durable or not. */
    private final List<LogEntry> log = new ArrayList<>();
    /** The entry before the log's first one. */
    private EntryId before = EntryId.NONE;

    private final Deque<SnapshotLoad> loadingSnapshots = new ArrayDeque<>();

    private Membership baseMembership;
    private RaftCore core;
    private long commitIndex;
    private StateHash state = StateHash.EMPTY;

    SimMember(NodeId id, RaftConfig config, Membership membership, SimDisk disk, Observer observer) {
        this.id = id;
        this.config = config;
        this.membership = membership;
        this.disk = disk;
        this.observer = observer;
    }

    void start(long seed) {
        baseMembership = snapshotMembership();
        core = new RaftCore(config, id, memberships(), disk.recover(), new Prng(seed));
        log.clear();
        log.addAll(disk.entries());
        before = disk.before();
        commitIndex = before.index();
        state = StateHash.EMPTY;
        disk.snapshot().ifPresent(found -> {
            state = StateHash.of(found);
            commitIndex = found.last().index();
            core.snapshotTaken(found.last());
        });
    }

    private MembershipHistory memberships() {
        long from = disk.snapshot().map(found -> found.last().index()).orElse(0L);
        MembershipHistory memberships = new MembershipHistory(snapshotMembership());
        for (LogEntry entry : disk.entries()) {
            if (entry.type() == EntryType.MEMBERSHIP && entry.index() > from) {
                memberships.add(
                        entry.index(), Membership.decode(entry.payload()).orElseThrow());
            }
        }
        return memberships;
    }

    private Membership snapshotMembership() {
        return disk.snapshot()
                .map(found -> Membership.decode(found.membership()).orElseThrow())
                .orElse(membership);
    }

    /** In force before the first entry of {@link #log}. */
    Membership baseMembership() {
        return baseMembership;
    }

    /** The process dies. Of the writes on their way the first {@code survivingWrites} reach the disk, unreported. */
    void crash(int survivingWrites) {
        for (int i = 0; i < survivingWrites && !writing.isEmpty(); i++) {
            disk.write(writing.removeFirst().persist());
        }
        writing.clear();
        reading.clear();
        loadingSnapshots.clear();
        core = null;
    }

    boolean isUp() {
        return core != null;
    }

    NodeId id() {
        return id;
    }

    RaftConfig config() {
        return config;
    }

    RaftCore core() {
        return core;
    }

    SimDisk disk() {
        return disk;
    }

    List<LogEntry> log() {
        return log;
    }

    EntryId before() {
        return before;
    }

    long lastIndex() {
        return before.index() + log.size();
    }

    /** @param index after {@link #before} and up to the last one */
    LogEntry entryAt(long index) {
        return log.get((int) (index - before.index() - 1));
    }

    StateHash state() {
        return state;
    }

    long commitIndex() {
        return commitIndex;
    }

    /** Takes what the core wants and does at once what needs no disk. */
    Outputs drain() {
        Outputs outputs = core.drain();
        outputs.persist().replacement().ifPresent(snapshot -> {
            log.clear();
            before = snapshot.last();
            baseMembership = Membership.decode(snapshot.membership()).orElseThrow();
        });
        outputs.restore().ifPresent(snapshot -> {
            state = StateHash.of(snapshot);
            core.applied(snapshot.last().index());
        });
        outputs.persist().truncateFrom().ifPresent(from -> {
            while (lastIndex() >= from) {
                log.remove(log.size() - 1);
            }
        });
        log.addAll(outputs.persist().entries());
        commitIndex = outputs.commitIndex();
        observer.onDrained(this, outputs);
        outputs.sendNow().forEach(envelope -> observer.onSent(this, envelope));
        if (!outputs.persist().isEmpty() || !outputs.sendAfterPersist().isEmpty()) {
            writing.addLast(outputs);
        }
        for (EntryLoad load : outputs.loads()) {
            reading.addLast(new Read(load, disk.read(load.fromIndex(), load.maxBytes())));
        }
        loadingSnapshots.addAll(outputs.snapshotLoads());
        return outputs;
    }

    int writesInFlight() {
        return writing.size();
    }

    /** Sequence of the {@code count}-th oldest write in flight. */
    long sequenceOfWrite(int count) {
        return writing.stream()
                .skip(count - 1L)
                .findFirst()
                .orElseThrow()
                .persist()
                .sequence();
    }

    /** The oldest {@code count} writes complete, reported together. */
    void completeWrites(int count) {
        long sequence = -1;
        for (int i = 0; i < count && !writing.isEmpty(); i++) {
            Outputs outputs = writing.removeFirst();
            disk.write(outputs.persist());
            sequence = outputs.persist().sequence();
            outputs.sendAfterPersist().forEach(envelope -> observer.onSent(this, envelope));
        }
        if (sequence >= 0) {
            core.persisted(sequence);
        }
    }

    int readsInFlight() {
        return reading.size() + loadingSnapshots.size();
    }

    /** Answers the oldest read; with nothing if it fails. */
    void completeRead(boolean failed) {
        if (reading.isEmpty()) {
            SnapshotLoad load = loadingSnapshots.removeFirst();
            core.snapshotLoaded(load.follower(), failed ? Optional.empty() : disk.snapshot());
            return;
        }
        Read read = reading.removeFirst();
        core.loaded(read.load().follower(), read.load().fromIndex(), failed ? List.of() : read.entries());
    }

    /** While the log is being replaced there is nothing to apply: the state machine waits for the snapshot. */
    void applyUpTo(long index) {
        if (index > appliedIndex() && appliedIndex() >= before.index()) {
            for (long at = appliedIndex() + 1; at <= index; at++) {
                state = state.after(entryAt(at));
            }
            core.applied(index);
        }
    }

    long appliedIndex() {
        return state.last().index();
    }

    /** Saves what the state machine is now, and forgets the log before {@code firstKept}, as far as it may. */
    void takeSnapshot(long firstKept) {
        long durableIndex = disk.lastIndex();
        if (appliedIndex() <= before.index() || appliedIndex() > durableIndex) {
            return;
        }
        GroupSnapshot snapshot = state.toSnapshot(core.membershipAt(appliedIndex()));
        disk.save(snapshot);
        core.snapshotTaken(snapshot.last());
        long from = Math.min(firstKept, appliedIndex() + 1);
        disk.trim(from);
        while (!log.isEmpty() && log.get(0).index() < from) {
            LogEntry forgotten = log.remove(0);
            before = forgotten.id();
            if (forgotten.type() == EntryType.MEMBERSHIP) {
                baseMembership = Membership.decode(forgotten.payload()).orElseThrow();
            }
        }
        core.prefixTrimmed(from);
    }

    @Override
    public String toString() {
        return id.toString();
    }
}

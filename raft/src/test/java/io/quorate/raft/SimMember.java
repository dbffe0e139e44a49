/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

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

    private RaftCore core;
    private long commitIndex;
    private long appliedIndex;

    SimMember(NodeId id, RaftConfig config, Membership membership, SimDisk disk, Observer observer) {
        this.id = id;
        this.config = config;
        this.membership = membership;
        this.disk = disk;
        this.observer = observer;
    }

    void start(long seed) {
        core = new RaftCore(config, id, membership, disk.recover(), new Prng(seed));
        log.clear();
        log.addAll(disk.entries());
        commitIndex = 0;
        appliedIndex = 0;
    }

    /** The process dies. Of the writes on their way the first {@code survivingWrites} reach the disk, unreported. */
    void crash(int survivingWrites) {
        for (int i = 0; i < survivingWrites && !writing.isEmpty(); i++) {
            disk.write(writing.removeFirst().persist());
        }
        writing.clear();
        reading.clear();
        core = null;
    }

    boolean isUp() {
        return core != null;
    }

    NodeId id() {
        return id;
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

    long commitIndex() {
        return commitIndex;
    }

    /** Takes what the core wants and does at once what needs no disk. */
    Outputs drain() {
        Outputs outputs = core.drain();
        outputs.persist().truncateFrom().ifPresent(from -> {
            while (log.size() >= from) {
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
        return reading.size();
    }

    /** Answers the oldest read; with nothing if it fails. */
    void completeRead(boolean failed) {
        Read read = reading.removeFirst();
        core.loaded(read.load().follower(), read.load().fromIndex(), failed ? List.of() : read.entries());
    }

    void applyUpTo(long index) {
        if (index > appliedIndex) {
            appliedIndex = index;
            core.applied(index);
        }
    }

    long appliedIndex() {
        return appliedIndex;
    }

    @Override
    public String toString() {
        return id.toString();
    }
}

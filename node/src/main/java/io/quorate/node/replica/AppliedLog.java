/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.raft.RaftCore;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A replica's state machine, and how much of the log it has seen. Feeds it what is committed, from memory, or in chunks
 * that are read beside the loop; takes a snapshot wherever a segment ends.
 *
 * <p>Invariants: appliedIndex ≤ committedIndex ≤ durable index of the core; entries are applied in order and without gaps.
 * Event loop only.
 */
final class AppliedLog {
    private static final Logger LOG = LoggerFactory.getLogger(AppliedLog.class);

    /** How much of the log is read at a time to be applied, in {@code LogEntry.sizeBytes()}. */
    private static final int CHUNK_BYTES = 1 << 20;

    private final ReplicaHost host;
    private final Replica replica;
    private final StateMachine machine;
    private final ReplicaOwner owner;
    private final SnapshotTaker snapshots;
    private EntryId applied;
    private long committedIndex;
    private boolean reading;

    /** @param machine in the state that everything up to {@code applied} leads to */
    AppliedLog(
            ReplicaHost host,
            Replica replica,
            StateMachine machine,
            ReplicaOwner owner,
            SnapshotTaker snapshots,
            EntryId applied) {
        this.host = host;
        this.replica = replica;
        this.machine = machine;
        this.owner = owner;
        this.snapshots = snapshots;
        this.applied = applied;
    }

    /** The last entry that the state machine has seen. */
    EntryId applied() {
        return applied;
    }

    /** A new core begins, which knows of nothing more to be committed than this. */
    void restarted(long newCommittedIndex) {
        committedIndex = newCommittedIndex;
        reading = false;
    }

    /** A snapshot of the leader has taken the place of the log on the disk. */
    void replaced(GroupSnapshot snapshot) {
        LOG.info(
                "{}: {} goes on from the leader's snapshot of {}, offset {}; it had applied {}",
                replica.name(),
                host.self(),
                snapshot.last(),
                snapshot.nextOffset(),
                applied);
        become(snapshot);
        committed(applied.index());
        replica.core().applied(applied.index());
        snapshots.restarted(applied.index());
        replica.access().reopen();
        host.observer().onRestored(replica.name().groupId(), applied);
        owner.onRestored();
    }

    /**
     * Goes on with a log that has been repaired.
     *
     * @return whether it goes on from a snapshot that has taken the place of what was applied
     */
    boolean takeUp(GroupLog repaired) {
        if (repaired.snapshotEnd().index() > applied.index()) {
            // The log has become a snapshot, but this was not yet told when the damage was found.
            become(repaired.state().orElseThrow());
            return true;
        }
        if (replica.core().lastIndex() < applied.index()) {
            throw new IllegalStateException(replica.name() + ": the repaired log ends at "
                    + replica.core().lastEntry() + ", but " + applied + " is applied");
        }
        return false;
    }

    private void become(GroupSnapshot snapshot) {
        machine.restore(snapshot);
        applied = snapshot.last();
    }

    /** Everything up to this index is committed, and durable here. */
    void committed(long index) {
        committedIndex = Math.max(committedIndex, index);
    }

    void applyCommitted() {
        RaftCore core = replica.core();
        long before = applied.index();
        while (applied.index() < committedIndex && applied.index() + 1 >= core.tailStart()) {
            apply(core.tailEntry(applied.index() + 1));
        }
        finish(before);
        if (applied.index() < committedIndex && !reading && replica.access().isOpen()) {
            read();
        }
    }

    private void apply(LogEntry entry) {
        if (entry.index() != applied.index() + 1) {
            throw new IllegalStateException(
                    replica.name() + ": entry " + entry.id() + " cannot be applied after " + applied);
        }
        if (replica.store().isSegmentStart(entry.index()) && snapshots.wants(applied)) {
            snapshots.take(
                    applied,
                    machine.nextOffset(),
                    machine.freeze(),
                    replica.core().membershipAt(applied.index()).encode());
        }
        machine.apply(entry);
        applied = entry.id();
        host.observer().onApplied(replica.name().groupId(), entry);
    }

    private void finish(long appliedBefore) {
        if (applied.index() > appliedBefore) {
            replica.core().applied(applied.index());
            owner.onApplied(applied.index());
        }
    }

    /** Entries that were committed before this process had them in memory. */
    private void read() {
        long from = applied.index() + 1;
        long to = Math.min(committedIndex, replica.core().tailStart() - 1);
        reading = true;
        replica.access()
                .offload(
                        host.readExecutor(),
                        log -> log.read(from, to, CHUNK_BYTES),
                        entries -> {
                            reading = false;
                            if (replica.isRunning() && replica.access().isOpen()) {
                                long before = applied.index();
                                entries.forEach(this::apply);
                                finish(before);
                                replica.markDirty();
                            }
                        },
                        fault -> {
                            reading = false;
                            replica.onReadFailed(fault);
                            replica.markDirty();
                        });
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.DiskFullException;
import io.quorate.raft.EntryLoad;
import io.quorate.raft.FollowerStatus;
import io.quorate.raft.RaftCore;
import io.quorate.raft.SnapshotLoad;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Reads from a leader's log what its followers lack and is not in memory: entries, or the snapshot in place of those that
 * are in no log any more. And cuts the log's beginning, of which readers must know. Event loop only.
 */
final class LogFeed {
    private final ReplicaHost host;
    private final Replica replica;
    private final StateMachine machine;

    /** By follower: the size of the snapshot that is being sent to it. */
    private final Map<NodeId, Long> onTheWay = new TreeMap<>();

    /** Entries before this one are about to be deleted; 0 if none are. */
    private long trimmingTo;

    LogFeed(ReplicaHost host, Replica replica, StateMachine machine) {
        this.host = host;
        this.replica = replica;
        this.machine = machine;
    }

    /** What is before is gone, or about to go. */
    long firstReadableIndex() {
        return Math.max(replica.store().firstIndex(), trimmingTo);
    }

    /**
     * A follower lags behind what is in memory. Below the tail everything is applied, or was on disk when this process
     * started; the latter may be truncated while it is read if leadership is lost, so a failed read counts as a fault
     * only if the term is still the same.
     */
    void load(EntryLoad load) {
        if (!replica.access().isOpen() || load.fromIndex() < firstReadableIndex()) {
            // It is about to be told that it needs a snapshot.
            loaded(load, List.of());
            return;
        }
        RaftCore core = replica.core();
        long term = core.term();
        long to = Math.max(load.fromIndex(), Math.min(core.tailStart() - 1, core.durableIndex()));
        replica.access()
                .offload(
                        host.readExecutor(),
                        log -> log.read(load.fromIndex(), to, load.maxBytes()),
                        entries -> loaded(load, entries),
                        fault -> {
                            if (core.term() == term) {
                                replica.onReadFailed(fault);
                            }
                            loaded(load, List.<LogEntry>of());
                        });
    }

    /** A follower lacks what is in no log any more: it gets the snapshot behind which the log has every record kept. */
    void load(SnapshotLoad load) {
        if (!replica.access().isOpen() || !host.snapshots().tryRead()) {
            loaded(load, Optional.empty());
            return;
        }
        long lowWatermark = machine.lowWatermark();
        replica.access()
                .offload(
                        host.readExecutor(),
                        log -> log.snapshotUpTo(lowWatermark).map(GroupLog::toGroup),
                        found -> onRead(load, found),
                        fault -> {
                            host.snapshots().read(0);
                            replica.onStorageFailed(fault);
                        });
    }

    private void onRead(SnapshotLoad load, Optional<GroupSnapshot> found) {
        long sizeBytes = found.map(snapshot -> (long) snapshot.state().size()).orElse(0L);
        host.snapshots().read(sizeBytes);
        onTheWay.merge(load.follower(), sizeBytes, Long::sum);
        loaded(load, found);
        releaseArrived();
    }

    private void loaded(EntryLoad load, List<LogEntry> entries) {
        if (replica.isRunning()) {
            replica.core().loaded(load.follower(), load.fromIndex(), entries);
            replica.markDirty();
        }
    }

    private void loaded(SnapshotLoad load, Optional<GroupSnapshot> snapshot) {
        if (replica.isRunning()) {
            replica.core().snapshotLoaded(load.follower(), snapshot);
            replica.markDirty();
        }
    }

    /** Gives back what is not sent any more: it has arrived, or this member does not lead any more. */
    void releaseArrived() {
        if (onTheWay.isEmpty()) {
            return;
        }
        List<NodeId> installing = replica.isRunning()
                ? replica.core().followers().stream()
                        .filter(FollowerStatus::installing)
                        .map(FollowerStatus::follower)
                        .toList()
                : List.of();
        onTheWay.entrySet().removeIf(sent -> {
            boolean arrived = !installing.contains(sent.getKey());
            if (arrived) {
                host.snapshots().release(sent.getValue());
            }
            return arrived;
        });
    }

    /**
     * Deletes the first segment, if all of it is before {@code keepFromIndex}, below the state machine's low-water mark and
     * in snapshots. One step at a time; not while the log is being replaced.
     *
     * @param newestSnapshot the last index in a snapshot that Raft knows of
     * @param onDone         told whether a segment was deleted
     */
    void trim(long keepFromIndex, long newestSnapshot, Consumer<Boolean> onDone) {
        long to = Math.min(keepFromIndex, newestSnapshot + 1);
        long lowWatermark = machine.lowWatermark();
        trimmingTo = to;
        replica.access()
                .offload(
                        host.readExecutor(),
                        log -> log.trimPrefix(to, lowWatermark),
                        deleted -> {
                            trimmingTo = 0;
                            if (deleted) {
                                onTrimmed();
                            }
                            onDone.accept(deleted);
                        },
                        fault -> {
                            trimmingTo = 0;
                            onDone.accept(false);
                            if (!(fault instanceof DiskFullException)) {
                                replica.onStorageFailed(fault);
                            }
                        });
    }

    private void onTrimmed() {
        if (replica.isRunning() && replica.access().isOpen()) {
            replica.core().prefixTrimmed(replica.store().firstIndex());
            replica.markDirty();
        }
    }
}

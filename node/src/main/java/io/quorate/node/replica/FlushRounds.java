/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.DiskFullException;
import io.quorate.logstore.LogStore;
import io.quorate.logstore.StorageException;
import io.quorate.node.seam.GuardedLoop;
import io.quorate.raft.Persist;
import io.quorate.raft.log.LogEntry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * The group commit of a node: everything its replicas want on disk goes through here.
 *
 * <pre>
 *   loop:   add, add, add, kick ─────────────► (idle? start a run)          completed in one task
 *   flush:                        write all, force each store once ──► take what has queued meanwhile, again
 * </pre>
 *
 * <p>The persists of one target are written in the order in which they were added, and reported in that order. A disk
 * fault ends its target's part for good and touches no other target. {@link #add}, {@link #close} and {@link #kick}:
 * event loop only; at most one run is under way at a time.
 */
public final class FlushRounds {
    /** Whose persists are flushed. Called on the event loop. */
    public interface Target {
        LogStore store();

        /** Every persist up to {@code sequence} is durable. */
        void onPersisted(long sequence);

        /** There was no room for something; it waits, with all that came after it, until {@link #retry} finds some. */
        void onDiskFull(DiskFullException full);

        /** The store takes no further writes; nothing that was not reported as persisted may be relied on. */
        void onStorageFailed(StorageException fault);
    }

    private sealed interface Job {}

    private record Write(Target target, Persist persist) implements Job {}

    /** What found no room is tried again. */
    private record Retry() implements Job {}

    private record Close(Target target, Runnable onClosed) implements Job {}

    /** Its store is left alone from now on, and stays open. */
    private record Release(Target target, Runnable onReleased) implements Job {}

    private final GuardedLoop loop;
    private final Executor flushExecutor;
    private final Runnable afterCompletions;

    private ReplicaObserver observer = ReplicaObserver.NONE;

    private final Object lock = new Object();
    private List<Job> pending = new ArrayList<>();
    private boolean running;

    /** Writes, forces and closes done so far, and runs begun: whoever sees it stand still sees a slow disk. */
    private volatile long steps;

    private volatile boolean hasBacklog;

    /** Flush side only: what has found no room yet, in order. */
    private final Map<Target, List<Persist>> backlog = new LinkedHashMap<>();

    /** Flush side only. Identity of the targets whose store has failed. */
    private final Set<Target> failed = new LinkedHashSet<>();

    /** @param afterCompletions runs on the loop, once, after the completions of a round were delivered */
    FlushRounds(GuardedLoop loop, Executor flushExecutor, Runnable afterCompletions) {
        this.loop = loop;
        this.flushExecutor = flushExecutor;
        this.afterCompletions = afterCompletions;
    }

    /** To be called before anything is added. */
    void watch(ReplicaObserver newObserver) {
        observer = newObserver;
    }

    /** Queues a persist; it is written after the next {@link #kick}. */
    void add(Target target, Persist persist) {
        boolean diskIsBusy = enqueue(new Write(target, persist));
        if (diskIsBusy
                && persist.replacement().isEmpty()
                && persist.truncateFrom().isEmpty()) {
            target.store().expect(persist.entries());
        }
    }

    /** Closes the target's store once everything queued before has been written, then runs {@code onClosed} on the loop. */
    void close(Target target, Runnable onClosed) {
        enqueue(new Close(target, onClosed));
    }

    /** Lets the target's store go once everything queued before has been tried; runs {@code onReleased} on the loop. */
    void release(Target target, Runnable onReleased) {
        enqueue(new Release(target, onReleased));
    }

    /** Returns whether a run is under way. */
    private boolean enqueue(Job job) {
        synchronized (lock) {
            pending.add(job);
            return running;
        }
    }

    /** Tries again what has found no room, if anything has. */
    void retry() {
        if (hasBacklog) {
            enqueue(new Retry());
            kick();
        }
    }

    /** Starts a run if there is something to do and none is under way. */
    void kick() {
        synchronized (lock) {
            if (running || pending.isEmpty()) {
                return;
            }
            running = true;
            noteStep();
        }
        flushExecutor.execute(this::runUntilNothingWaits);
    }

    /** Whether a run has been started and is not over. */
    boolean isRunning() {
        synchronized (lock) {
            return running;
        }
    }

    /** Changes whenever the disk has done something of a run. Any thread. */
    long steps() {
        return steps;
    }

    private void runUntilNothingWaits() {
        try {
            for (List<Job> round = takeAll(); !round.isEmpty(); round = takeAll()) {
                flush(round);
            }
        } catch (RuntimeException | Error bug) {
            // The run stays marked as running: nothing more is written by a node that has a bug in here.
            loop.fail(bug);
        }
    }

    /**
     * Everything that waits; when nothing does, the run is over. What is returned belongs to the run alone: the list
     * that the loop adds to must never be seen outside the lock, not even empty, or it could fill before it is looked at.
     */
    private List<Job> takeAll() {
        synchronized (lock) {
            if (pending.isEmpty()) {
                running = false;
                return List.of();
            }
            List<Job> taken = pending;
            pending = new ArrayList<>(taken.size());
            return taken;
        }
    }

    private void flush(List<Job> round) {
        // In order of first appearance: deterministic, and the order in which replicas were drained.
        Map<Target, List<Persist>> dirty = new LinkedHashMap<>();
        List<Runnable> completions = new ArrayList<>(round.size());
        for (Job job : round) {
            if (job instanceof Write write && !failed.contains(write.target())) {
                dirty.computeIfAbsent(write.target(), this::takeBacklog).add(write.persist());
            } else if (job instanceof Retry) {
                List.copyOf(backlog.keySet()).forEach(target -> dirty.put(target, takeBacklog(target)));
            }
        }
        long begunNanos = loop.clock().nanoTime();
        Map<Target, Integer> written = new LinkedHashMap<>();
        dirty.forEach((target, persists) ->
                attempt(target, completions, () -> written.put(target, write(target, persists, completions))));
        for (Target target : dirty.keySet()) {
            if (!failed.contains(target)) {
                attempt(target, completions, target.store()::force);
            }
        }
        long nanos = loop.clock().nanoTime() - begunNanos;
        long sizeBytes = 0;
        for (Map.Entry<Target, List<Persist>> each : dirty.entrySet()) {
            Target target = each.getKey();
            List<Persist> persists = each.getValue();
            if (!failed.contains(target)) {
                int count = written.get(target);
                for (Persist persist : persists.subList(0, count)) {
                    sizeBytes += persist.sizeBytes();
                    completions.add(() -> target.onPersisted(persist.sequence()));
                }
                if (count < persists.size()) {
                    backlog.put(target, new ArrayList<>(persists.subList(count, persists.size())));
                }
            }
        }
        if (!dirty.isEmpty()) {
            int groups = dirty.size();
            long roundBytes = sizeBytes;
            completions.add(() -> observer.onFlushed(groups, roundBytes, nanos));
        }
        for (Job job : round) {
            if (job instanceof Close close) {
                close(close)
                        .ifPresent(fault -> completions.add(() -> close.target().onStorageFailed(fault)));
                noteStep();
                failed.remove(close.target());
                backlog.remove(close.target());
                completions.add(close.onClosed());
            } else if (job instanceof Release release) {
                failed.remove(release.target());
                backlog.remove(release.target());
                completions.add(release.onReleased());
            }
        }
        hasBacklog = !backlog.isEmpty();
        loop.execute(() -> {
            for (Runnable completion : completions) {
                completion.run();
            }
            afterCompletions.run();
        });
    }

    /** What of the target has found no room so far, to be written before anything else of it. */
    private List<Persist> takeBacklog(Target target) {
        List<Persist> waiting = backlog.remove(target);
        return waiting == null ? new ArrayList<>() : waiting;
    }

    private void attempt(Target target, List<Runnable> completions, Runnable diskWork) {
        try {
            diskWork.run();
        } catch (StorageException fault) {
            failed.add(target);
            completions.add(() -> target.onStorageFailed(fault));
        }
        noteStep();
    }

    private void noteStep() {
        // Written by the loop only while no run is under way, and else by the run's thread alone.
        steps = steps + 1;
    }

    /**
     * In order; entries that adjoin go out in one write, for each may be one of the device. Returns how many persists are
     * written: all, unless the disk is full. What of the next one is written can be written again.
     */
    private static int write(Target target, List<Persist> persists, List<Runnable> completions) {
        LogStore store = target.store();
        List<LogEntry> entries = new ArrayList<>();
        int written = 0;
        try {
            for (int next = 0; next < persists.size(); next++) {
                Persist persist = persists.get(next);
                if (persist.hardState().isPresent()
                        || persist.replacement().isPresent()
                        || persist.truncateFrom().isPresent()) {
                    append(store, entries);
                    written = next;
                    persist.hardState().ifPresent(store::putHardState);
                    persist.replacement().map(GroupLog::toStored).ifPresent(store::resetTo);
                    persist.truncateFrom().ifPresent(store::truncateSuffix);
                }
                entries.addAll(persist.entries());
            }
            append(store, entries);
            return persists.size();
        } catch (DiskFullException full) {
            completions.add(() -> target.onDiskFull(full));
            return written;
        }
    }

    private static void append(LogStore store, List<LogEntry> entries) {
        if (!entries.isEmpty()) {
            store.append(entries);
            entries.clear();
        }
    }

    private static Optional<StorageException> close(Close job) {
        try {
            job.target().store().close();
            return Optional.empty();
        } catch (StorageException fault) {
            return Optional.of(fault);
        }
    }
}

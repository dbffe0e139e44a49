/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.Scrub;
import io.quorate.logstore.ScrubStep;
import io.quorate.logstore.StorageException;
import io.quorate.node.api.ClusterView.ScrubView;
import io.quorate.node.seam.EventLoop;
import java.util.ArrayDeque;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Reads the sealed segments of all logs of a node again and again, so that what has rotted is found, and repaired from the
 * peers, while they still have it (promise P8).
 *
 * <pre>
 *   IDLE ──interval──► PASS: one log after the other, a step at a time, paced ──► IDLE
 * </pre>
 *
 * <p>Steps are small and wait while the disk is busy with flushes, though not for ever. Event loop only; the reading is done
 * beside it.
 */
public final class Scrubber {
    /** How long a start is left alone. */
    static final long FIRST_PASS_MILLIS = 60_000;

    private static final long BUSY_NANOS = 5_000_000;
    private static final int PATIENCE = 20;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final ReplicaHost host;
    private final Supplier<List<Replica>> replicas;
    private final ScrubSettings settings;
    private final ArrayDeque<Replica> toDo = new ArrayDeque<>();
    private EventLoop.Timer timer = () -> {};
    private Scrub scrub;
    private long beganNanos;
    private long passBytes;
    private int passLogs;
    private int passLogsInAll;
    private long endedNanos;
    private long lastTookNanos;
    private long lastBytes;
    private boolean hasEnded;
    private int yielded;
    private boolean stopped;

    /** @param replicas those that there are, asked when a pass begins */
    public Scrubber(ReplicaHost host, Supplier<List<Replica>> replicas, ScrubSettings settings) {
        this.host = host;
        this.replicas = replicas;
        this.settings = settings;
    }

    public void start() {
        if (settings.isOn()) {
            after(Math.min(settings.intervalMillis(), FIRST_PASS_MILLIS) * NANOS_PER_MILLI, this::beginPass);
        }
    }

    public void stop() {
        stopped = true;
        timer.cancel();
    }

    /** How far it is, and how the last pass went. */
    public ScrubView view() {
        long sinceEnd = host.loop().clock().nanoTime() - endedNanos;
        return new ScrubView(
                settings.isOn(),
                !toDo.isEmpty(),
                toDo.isEmpty() ? 0 : passLogsInAll - toDo.size(),
                toDo.isEmpty() ? 0 : passLogsInAll,
                toDo.isEmpty() ? 0 : passBytes,
                hasEnded ? OptionalLong.of(sinceEnd / NANOS_PER_MILLI) : OptionalLong.empty(),
                lastTookNanos / NANOS_PER_MILLI,
                lastBytes);
    }

    private void after(long nanos, Runnable task) {
        if (!stopped) {
            timer = host.loop().schedule(nanos, task);
        }
    }

    private void beginPass() {
        beganNanos = host.loop().clock().nanoTime();
        passBytes = 0;
        passLogs = 0;
        toDo.addAll(replicas.get());
        passLogsInAll = toDo.size();
        nextLog();
    }

    private void nextLog() {
        scrub = null;
        Replica next = toDo.peek();
        if (next == null) {
            endPass();
        } else {
            step();
        }
    }

    private void endPass() {
        endedNanos = host.loop().clock().nanoTime();
        long tookNanos = endedNanos - beganNanos;
        hasEnded = true;
        lastTookNanos = tookNanos;
        lastBytes = passBytes;
        host.observer().onScrubbed(passLogs, passBytes, tookNanos);
        after(Math.max(NANOS_PER_MILLI, settings.intervalMillis() * NANOS_PER_MILLI - tookNanos), this::beginPass);
    }

    private void step() {
        Replica replica = toDo.peek();
        if (!replica.isRunning() || replica.isBeingReplaced()) {
            toDo.poll();
            after(NANOS_PER_MILLI, this::nextLog);
        } else if (isDiskBusy() && yielded < PATIENCE) {
            yielded++;
            after(BUSY_NANOS, this::step);
        } else {
            yielded = 0;
            if (scrub == null) {
                scrub = replica.store().newScrub();
                passLogs++;
            }
            Scrub current = scrub;
            replica.access()
                    .offload(
                            host.backgroundExecutor(),
                            log -> current.step(ScrubPace.STEP_BYTES),
                            done -> onStep(replica, done),
                            fault -> onFault(replica, fault));
        }
    }

    private boolean isDiskBusy() {
        return host.disk().isStalled() || host.turns().flushes().isRunning();
    }

    private void onStep(Replica replica, ScrubStep step) {
        passBytes += step.bytes();
        long pauseNanos = host.scrubs().read(step.bytes());
        host.observer().onScrubStep(replica.name().groupId(), step.bytes());
        replica.checkForDamage();
        step.verified().ifPresent(replica::onVerified);
        if (step.passDone()) {
            toDo.poll();
            after(NANOS_PER_MILLI, this::nextLog);
        } else {
            after(pauseNanos, this::step);
        }
    }

    /** The replica deals with it; this goes on with the others. */
    private void onFault(Replica replica, StorageException fault) {
        replica.onReadFailed(fault);
        toDo.poll();
        after(NANOS_PER_MILLI, this::nextLog);
    }
}

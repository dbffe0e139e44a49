/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * A node's thread for blocking work, on virtual time: one task after the other, each after a latency of its own. The
 * task's effects all happen at one instant; a crash in the midst of them is the simulated disk's to make. What it tells
 * the loop may come a while later: a thread can be set aside between its work and its report.
 */
final class VirtualExecutor implements Executor {
    private final VirtualTime time;
    private final VirtualLoop loop;
    private final LongSupplier latencyNanos;
    private final LongSupplier reportNanos;
    private final String label;
    private final Consumer<Throwable> onThrown;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    /** What the event that is scheduled does: a task, or the report of one. */
    private Runnable step = this::work;

    private boolean busy;
    private boolean overdue;
    private long overdueSinceNanos;
    private int pauses;
    private boolean dead;

    /**
     * @param latencyNanos drawn for each task: until it is done
     * @param reportNanos  drawn for each task: from then until the loop hears of it
     */
    VirtualExecutor(
            VirtualTime time,
            VirtualLoop loop,
            LongSupplier latencyNanos,
            LongSupplier reportNanos,
            String label,
            Consumer<Throwable> onThrown) {
        this.time = time;
        this.loop = loop;
        this.latencyNanos = latencyNanos;
        this.reportNanos = reportNanos;
        this.label = label;
        this.onThrown = onThrown;
    }

    @Override
    public void execute(Runnable task) {
        if (dead) {
            return;
        }
        tasks.add(task);
        startNext();
    }

    /** Nothing ends until it was resumed as often as it was paused: a process and its disk may both stand still. */
    void pause() {
        pauses++;
    }

    void resume() {
        pauses--;
        if (overdue && pauses == 0) {
            overdue = false;
            time.schedule(0, label, this::onEvent);
        }
    }

    /** For how long a task has not been done only because of a pause; 0 if none waits for that. */
    long overdueNanos() {
        return overdue && !dead ? time.nowNanos() - overdueSinceNanos : 0;
    }

    void kill() {
        dead = true;
        tasks.clear();
    }

    private void startNext() {
        if (!busy && !tasks.isEmpty()) {
            busy = true;
            step = this::work;
            time.schedule(latencyNanos.getAsLong(), label, this::onEvent);
        }
    }

    private void onEvent() {
        if (dead) {
            return;
        }
        if (pauses > 0) {
            overdue = true;
            overdueSinceNanos = time.nowNanos();
            return;
        }
        step.run();
    }

    private void work() {
        List<Runnable> reports = new ArrayList<>();
        loop.holdBack(reports);
        try {
            tasks.remove().run();
        } catch (Throwable thrown) {
            onThrown.accept(thrown);
        } finally {
            loop.holdBackNoMore();
        }
        long delayNanos = reportNanos.getAsLong();
        if (delayNanos == 0 || reports.isEmpty()) {
            report(reports);
        } else {
            step = () -> report(reports);
            time.schedule(delayNanos, label, this::onEvent);
        }
    }

    private void report(List<Runnable> reports) {
        reports.forEach(loop::execute);
        busy = false;
        startNext();
    }
}

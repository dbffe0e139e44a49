/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * A node's thread for blocking work, on virtual time: one task after the other, each after a latency of its own. The
 * task's effects all happen at one instant; a crash in the midst of them is the simulated disk's to make.
 */
final class VirtualExecutor implements Executor {
    private final VirtualTime time;
    private final LongSupplier latencyNanos;
    private final String label;
    private final Consumer<Throwable> onThrown;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean busy;
    private boolean overdue;
    private long overdueSinceNanos;
    private int pauses;
    private boolean dead;

    VirtualExecutor(VirtualTime time, LongSupplier latencyNanos, String label, Consumer<Throwable> onThrown) {
        this.time = time;
        this.latencyNanos = latencyNanos;
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
            time.schedule(0, label, this::finishOne);
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
            time.schedule(latencyNanos.getAsLong(), label, this::finishOne);
        }
    }

    private void finishOne() {
        if (dead) {
            return;
        }
        if (pauses > 0) {
            overdue = true;
            overdueSinceNanos = time.nowNanos();
            return;
        }
        try {
            tasks.remove().run();
        } catch (Throwable thrown) {
            onThrown.accept(thrown);
        }
        busy = false;
        startNext();
    }
}

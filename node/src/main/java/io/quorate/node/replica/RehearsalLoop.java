/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.seam.Clock;
import io.quorate.node.seam.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The event loop of a {@link Rehearsal}, whose time passes only when it is told so. For one thread. */
final class RehearsalLoop implements EventLoop {
    private final long tickNanos;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private List<Runnable> timers = new ArrayList<>();
    private long nowNanos;

    RehearsalLoop(int tickMillis) {
        this.tickNanos = TimeUnit.MILLISECONDS.toNanos(tickMillis);
    }

    /** Runs all tasks, those added meanwhile included. */
    void settle() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    /** Whatever was scheduled is due. */
    void tick() {
        nowNanos += tickNanos;
        List<Runnable> due = timers;
        timers = new ArrayList<>();
        due.forEach(this::execute);
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
        timers.add(task);
        return () -> timers.remove(task);
    }

    @Override
    public Clock clock() {
        return new Clock() {
            @Override
            public long nanoTime() {
                return nowNanos;
            }

            @Override
            public long currentTimeMillis() {
                return TimeUnit.NANOSECONDS.toMillis(nowNanos);
            }
        };
    }

    @Override
    public boolean inEventLoop() {
        return true;
    }
}

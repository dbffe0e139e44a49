/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.testing;

import io.quorate.node.seam.Clock;
import io.quorate.node.seam.EventLoop;
import io.quorate.node.seam.GuardedLoop;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * An event loop whose tasks wait until a test runs them, on its own thread. They may be handed in from any thread; timers never
 * expire.
 */
public final class QueuedLoop implements EventLoop {
    private static final long PATIENCE_SECONDS = 20;

    private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private final Clock clock;

    /** One on which nobody asks for the time. */
    public QueuedLoop() {
        this(new Clock() {
            @Override
            public long nanoTime() {
                throw new UnsupportedOperationException("no time here");
            }

            @Override
            public long currentTimeMillis() {
                throw new UnsupportedOperationException("no time here");
            }
        });
    }

    public QueuedLoop(Clock clock) {
        this.clock = clock;
    }

    /** This loop as a node sees it; a bug fails the test. */
    public GuardedLoop guarded() {
        return new GuardedLoop(this, bug -> {
            throw new AssertionError(bug);
        });
    }

    /** How many tasks wait. */
    public int waiting() {
        return tasks.size();
    }

    /** Runs the task that has waited longest; returns false if there is none. */
    public boolean runNext() {
        Runnable task = tasks.poll();
        if (task != null) {
            task.run();
        }
        return task != null;
    }

    /** Runs all that wait, and what comes of them. */
    public void runAll() {
        while (runNext()) {
            // Until there is none.
        }
    }

    /** Runs the next task, which another thread may have yet to hand in. */
    public void awaitNext() {
        try {
            Runnable task = tasks.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (task == null) {
                throw new AssertionError("no task within " + PATIENCE_SECONDS + " s");
            }
            task.run();
        } catch (InterruptedException stop) {
            throw new AssertionError("interrupted while waiting for a task", stop);
        }
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
        return () -> {};
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public boolean inEventLoop() {
        return true;
    }
}

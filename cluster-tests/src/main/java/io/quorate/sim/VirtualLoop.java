/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.seam.Clock;
import io.quorate.node.seam.EventLoop;
import io.quorate.raft.Prng;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;

/**
 * One node's event loop on virtual time. Tasks run first in, first out, one per simulated event, so that a crash, a
 * pause or another node's event can fall between any two of them. Dies with its node and is never used again.
 */
final class VirtualLoop implements EventLoop {
    /** A timer that has fired but still waits for its turn can be cancelled as well, as on a real loop. */
    private static final class VirtualTimer implements Timer, Runnable {
        private Runnable task;
        private VirtualTime.Event event;

        private VirtualTimer(Runnable task) {
            this.task = task;
        }

        @Override
        public void cancel() {
            task = null;
            event.cancel();
        }

        @Override
        public void run() {
            if (task != null) {
                task.run();
            }
        }
    }

    private final VirtualTime time;
    private final NodeClock clock;
    private final Prng prng;
    private final int turnNanosMax;
    private final Consumer<Throwable> onThrown;
    private final String label;
    private final String timerLabel;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    /** Null unless {@link #holdBack}. */
    private List<Runnable> heldBack;

    private boolean turnScheduled;
    private boolean running;
    private boolean paused;
    private boolean dead;

    /** @param onThrown takes what a task let through: a bug of the node, or the crash of its simulated disk */
    VirtualLoop(
            VirtualTime time,
            NodeClock clock,
            Prng prng,
            int turnNanosMax,
            String label,
            Consumer<Throwable> onThrown) {
        this.time = time;
        this.clock = clock;
        this.prng = prng;
        this.turnNanosMax = turnNanosMax;
        this.label = label;
        this.timerLabel = label + "-timer";
        this.onThrown = onThrown;
    }

    @Override
    public void execute(Runnable task) {
        if (dead) {
            return;
        }
        if (heldBack != null) {
            heldBack.add(task);
            return;
        }
        tasks.add(task);
        scheduleTurn();
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
        VirtualTimer timer = new VirtualTimer(task);
        timer.event = time.schedule(clock.toTrueNanos(delayNanos), timerLabel, () -> execute(timer));
        return timer;
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public boolean inEventLoop() {
        return running;
    }

    /** From now on what is to be executed goes there instead. */
    void holdBack(List<Runnable> there) {
        heldBack = there;
    }

    void holdBackNoMore() {
        heldBack = null;
    }

    /** Stops the node's world, as SIGSTOP does: whatever arrives waits. */
    void pause() {
        paused = true;
    }

    void resume() {
        paused = false;
        scheduleTurn();
    }

    void kill() {
        dead = true;
        tasks.clear();
    }

    private void scheduleTurn() {
        if (!turnScheduled && !paused && !dead && !tasks.isEmpty()) {
            turnScheduled = true;
            time.schedule(prng.nextInt(turnNanosMax), label, this::runOne);
        }
    }

    private void runOne() {
        turnScheduled = false;
        if (dead || paused) {
            return;
        }
        running = true;
        try {
            tasks.remove().run();
        } catch (Throwable thrown) {
            onThrown.accept(thrown);
        } finally {
            running = false;
        }
        scheduleTurn();
    }
}

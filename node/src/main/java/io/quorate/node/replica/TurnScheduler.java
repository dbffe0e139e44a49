/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.seam.GuardedLoop;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * Gathers the inputs of one turn of the event loop: replicas that took any are drained together, once, so that their
 * messages share frames and their writes share a flush round.
 *
 * <p>Replicas are drained in the order in which they took their first input. Event loop only.
 */
public final class TurnScheduler {
    private final GuardedLoop loop;
    private final FlushRounds flushes;
    private final TickedReplicas ticked;
    private List<Replica> dirty = new ArrayList<>();
    private List<Replica> drained = new ArrayList<>();
    private boolean scheduled;
    private boolean running;

    public TurnScheduler(GuardedLoop loop, Executor flushExecutor) {
        this.loop = loop;
        this.ticked = new TickedReplicas(loop.clock());
        this.flushes = new FlushRounds(loop, flushExecutor, this::run);
    }

    /** The replicas that were made for this, by whether they count time. */
    public TickedReplicas ticked() {
        return ticked;
    }

    FlushRounds flushes() {
        return flushes;
    }

    /** Watches the disk to which this writes. */
    public DiskWatch watchDisk(
            NodeId self, DiskLimits limits, int tickMillis, DiskSpace space, ReplicaObserver observer) {
        flushes.watch(observer);
        return new DiskWatch(self, flushes, limits, tickMillis, space, observer);
    }

    /** The replica has had an input: it is drained in this turn. */
    void add(Replica replica) {
        dirty.add(replica);
        if (!scheduled && !running) {
            scheduled = true;
            loop.execute(this::runScheduled);
        }
    }

    private void runScheduled() {
        scheduled = false;
        run();
    }

    /** Drains until nothing is left to drain. */
    private void run() {
        if (running) {
            return;
        }
        running = true;
        try {
            do {
                List<Replica> turn = dirty;
                dirty = drained;
                for (Replica replica : turn) {
                    replica.drain();
                }
                // The disk starts before this thread goes on to apply what earlier rounds have made durable.
                flushes.kick();
                for (Replica replica : turn) {
                    replica.applyCommitted();
                }
                turn.clear();
                drained = turn;
            } while (!dirty.isEmpty());
        } finally {
            running = false;
        }
    }
}

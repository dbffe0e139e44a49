/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.node.replica.DiskWatch;
import io.quorate.node.replica.LeaderBalancer;
import io.quorate.node.replica.TickedReplicas;
import io.quorate.node.seam.EventLoop;
import io.quorate.node.seam.GuardedLoop;

/** Lets time pass on a node, tick by tick, for everything on it that counts ticks. Event loop only. */
final class NodeTicks {
    /**
     * How many ticks a late loop makes up for at once. A process that was paused for long has not been silent for that
     * long as far as its peers' messages, which still wait to be read, are concerned.
     */
    private static final int MAX_TICKS_AT_ONCE = 3;

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final GuardedLoop loop;
    private final NodeSettings settings;
    private final DiskWatch disk;
    private final TickedReplicas ticked;
    private final LeaderBalancer balancer;
    private final PeerLiveness liveness;
    private final Runnable onDiskFitness;
    private EventLoop.Timer timer = () -> {};
    private long tickedUntilNanos;
    private boolean diskUnfit;
    private boolean stopped;

    /** @param onDiskFitness runs when this node's disk has become fit, or unfit, to lead with */
    NodeTicks(
            GuardedLoop loop,
            NodeSettings settings,
            DiskWatch disk,
            TickedReplicas ticked,
            LeaderBalancer balancer,
            PeerLiveness liveness,
            Runnable onDiskFitness) {
        this.loop = loop;
        this.settings = settings;
        this.disk = disk;
        this.ticked = ticked;
        this.balancer = balancer;
        this.liveness = liveness;
        this.onDiskFitness = onDiskFitness;
    }

    private long tickNanos() {
        return settings.tickMillis() * NANOS_PER_MILLI;
    }

    void start() {
        tickedUntilNanos = loop.clock().nanoTime();
        schedule(tickNanos());
    }

    /** Time stands still from now on. */
    void stop() {
        stopped = true;
        timer.cancel();
    }

    private void schedule(long delayNanos) {
        if (!stopped) {
            timer = loop.schedule(delayNanos, this::onTime);
        }
    }

    private void onTime() {
        long now = loop.clock().nanoTime();
        long due = (now - tickedUntilNanos) / tickNanos();
        tickedUntilNanos += due * tickNanos();
        if (due > MAX_TICKS_AT_ONCE) {
            ticked.timeLost();
        }
        ticked.nextTickAt(tickedUntilNanos + tickNanos());
        for (long tick = 0; tick < Math.min(due, MAX_TICKS_AT_ONCE); tick++) {
            tick();
        }
        schedule(tickedUntilNanos + tickNanos() - now);
    }

    private void tick() {
        disk.tick();
        if (disk.isUnfit() && !diskUnfit) {
            ticked.wakeAll();
        }
        if (disk.isUnfit() != diskUnfit) {
            onDiskFitness.run();
        }
        diskUnfit = disk.isUnfit();
        ticked.tick();
        balancer.tick();
        liveness.tick(ticked.resting() > 0);
    }
}

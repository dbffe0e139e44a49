/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.api.ClusterView;
import io.quorate.raft.log.NodeId;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the node's disk is fit for a leader.
 *
 * <p>Heartbeats flow while a disk hangs, so the peers of a leader with a hung disk see nothing wrong and its partitions
 * would stand still for as long as it hangs. Time is counted in ticks of the loop in which the disk made no step: a
 * process that was paused has no ticks to count, and is not taken for one with a slow disk. Event loop only.
 */
public final class DiskWatch {
    private static final Logger LOG = LoggerFactory.getLogger(DiskWatch.class);

    /** Between two tries to write what has found no room. */
    private static final int RETRY_TICKS = 10;

    private final NodeId self;
    private final FlushRounds flushes;
    private final DiskLimits limits;
    private final int tickMillis;
    private final DiskSpace space;
    private final ReplicaObserver observer;
    private final TreeSet<NodeId> stalledPeers = new TreeSet<>();

    private int ticksSinceRetry;
    private long lastStep;
    private int ticksSinceStep;
    private boolean stalled;

    DiskWatch(
            NodeId self,
            FlushRounds flushes,
            DiskLimits limits,
            int tickMillis,
            DiskSpace space,
            ReplicaObserver observer) {
        this.self = self;
        this.flushes = flushes;
        this.limits = limits;
        this.tickMillis = tickMillis;
        this.space = space;
        this.observer = observer;
    }

    /** To be called before the replicas' own ticks. */
    public void tick() {
        long step = flushes.steps();
        if (!flushes.isRunning() || step != lastStep) {
            lastStep = step;
            ticksSinceStep = 0;
        } else {
            ticksSinceStep++;
        }
        if (++ticksSinceRetry >= RETRY_TICKS) {
            ticksSinceRetry = 0;
            flushes.retry();
        }
        boolean now = ticksSinceStep >= limits.stallTimeoutTicks();
        if (now != stalled) {
            stalled = now;
            if (stalled) {
                LOG.warn(
                        "the disk of {} has not answered for {} ms: this node leads nothing until it does",
                        self,
                        stalledMillis());
            } else {
                LOG.info("the disk of {} answers again", self);
            }
            observer.onDiskStalled(stalled);
        }
    }

    /** Whether no replica of this node should lead as long as others can. */
    public boolean isUnfit() {
        return stalled || space.isFull();
    }

    /** Whether one write or flush has taken longer than the limit: whoever leads should not. */
    public boolean isStalled() {
        return stalled;
    }

    /** What a peer tells of its disk. */
    public void onPeer(NodeId peer, boolean full, boolean peerIsStalled) {
        space.onPeer(peer, full);
        if (peerIsStalled) {
            stalledPeers.add(peer);
        } else {
            stalledPeers.remove(peer);
        }
    }

    /** Whether the disk of the node on which a member is would do for a leader, as far as this node knows. */
    boolean isFit(NodeId member) {
        NodeId node = MemberId.node(member);
        return space.hasRoom(member) && (node.equals(self) ? !stalled : !stalledPeers.contains(node));
    }

    /** How long, in ms, the write or flush that is under way has taken as far as the ticks tell; 0 if none is. */
    public long stalledMillis() {
        return (long) ticksSinceStep * tickMillis;
    }

    /** Length of the ticks in which this node counts time. */
    int tickMillis() {
        return tickMillis;
    }

    public DiskSpace space() {
        return space;
    }

    public ClusterView.DiskView view() {
        return new ClusterView.DiskView(stalledMillis(), stalled, space.level(), space.freeBytes());
    }
}

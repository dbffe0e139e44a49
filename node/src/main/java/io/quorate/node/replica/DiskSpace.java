/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.StorageException;
import io.quorate.logstore.io.Disk;
import io.quorate.node.api.ClusterView.SpaceLevel;
import io.quorate.node.seam.EventLoop;
import io.quorate.node.seam.GuardedLoop;
import io.quorate.raft.Membership;
import io.quorate.raft.log.NodeId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How much room the node's disk has, and whether its peers have any (promise P7).
 *
 * <pre>
 *   free bytes ──► PLENTY │ low watermark │ LOW: warns │ critical watermark │ FULL: leaders refuse appends
 *                                                                            │ ¾ of it: followers take no records
 * </pre>
 *
 * <p>Below the critical watermark there is still room: for votes, the registry of topics, trims, and the records that
 * leaders had admitted before. A level is left only when there is clearly more than its watermark, so that nothing
 * flutters. The disk is asked in the background, in intervals and whenever so much has been written that the last
 * answer may be wrong. Event loop only.
 */
public final class DiskSpace {
    private static final Logger LOG = LoggerFactory.getLogger(DiskSpace.class);
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long UNKNOWN = -1;

    /** Learns that the level has changed. Called on the event loop. */
    public interface Listener {
        void onLevel(SpaceLevel level);
    }

    private final NodeId self;
    private final GuardedLoop loop;
    private final Executor background;
    private final Disk disk;
    private final Path directory;
    private final DiskLimits limits;
    private final ReplicaObserver observer;
    private final TreeSet<NodeId> fullPeers = new TreeSet<>();

    private Listener listener = level -> {};
    private EventLoop.Timer timer = () -> {};
    private boolean stopped;
    private boolean asking;
    private boolean unanswered;
    /** Handed over since the disk was asked for what {@link #freeBytes} says. */
    private long handedOverSince;
    /** How much of that was handed over before the question that is under way. */
    private long handedOverBeforeQuestion;

    private long freeBytes = UNKNOWN;
    private SpaceLevel level = SpaceLevel.PLENTY;

    public DiskSpace(
            NodeId self,
            GuardedLoop loop,
            Executor background,
            Disk disk,
            Path directory,
            DiskLimits limits,
            ReplicaObserver observer) {
        this.self = self;
        this.loop = loop;
        this.background = background;
        this.disk = disk;
        this.directory = directory;
        this.limits = limits;
        this.observer = observer;
    }

    /** Looks at the disk from now on. */
    public void start(Listener onChange) {
        listener = onChange;
        if (limits.criticalFreeBytes() > 0) {
            check();
        }
    }

    public void stop() {
        stopped = true;
        timer.cancel();
    }

    /** Bytes free when last looked, less what was handed over to be written since; negative if not yet known. */
    public long freeBytes() {
        return freeBytes == UNKNOWN ? UNKNOWN : Math.max(0, freeBytes - handedOverSince);
    }

    public SpaceLevel level() {
        return level;
    }

    /** Whether appends must be refused. */
    public boolean isFull() {
        return level == SpaceLevel.FULL;
    }

    /** Whether not even the records that leaders have already taken can be stored. */
    boolean isExhausted() {
        // Well above the half that is to stay: the last message, a new segment and its index still take their part of
        // it.
        return isFull() && freeBytes() < limits.criticalFreeBytes() / 4 * 3;
    }

    long requiredBytes() {
        return limits.criticalFreeBytes();
    }

    int checkIntervalMillis() {
        return limits.checkIntervalMillis();
    }

    /** What a peer has told of its own disk. */
    public void onPeer(NodeId peer, boolean full) {
        if (full) {
            fullPeers.add(peer);
        } else {
            fullPeers.remove(peer);
        }
    }

    /** Whether records can be stored there, as far as this node knows. */
    boolean hasRoom(NodeId member) {
        NodeId node = MemberId.node(member);
        return node.equals(self) ? !isFull() : !fullPeers.contains(node);
    }

    /** Whether a majority of these could store records. */
    boolean majorityHasRoom(Membership members) {
        if (fullPeers.isEmpty() && !isFull()) {
            return true;
        }
        int withRoom = 0;
        for (NodeId voter : members.voters()) {
            withRoom += hasRoom(voter) ? 1 : 0;
        }
        return withRoom > members.voters().size() / 2;
    }

    /** So much is about to be written. */
    void handedOver(long bytes) {
        if (limits.criticalFreeBytes() == 0) {
            return;
        }
        handedOverSince += bytes;
        if (handedOverSince - handedOverBeforeQuestion > limits.criticalFreeBytes() / 4) {
            ask();
        }
        if (freeBytes != UNKNOWN && freeBytes() < limits.criticalFreeBytes()) {
            // Not only when the disk has said so: at the speed of disks the answer may be megabytes late.
            become(SpaceLevel.FULL);
        }
    }

    private void check() {
        if (!stopped) {
            ask();
            timer = loop.schedule(limits.checkIntervalMillis() * NANOS_PER_MILLI, this::check);
        }
    }

    private void ask() {
        if (asking || stopped) {
            return;
        }
        asking = true;
        handedOverBeforeQuestion = handedOverSince;
        loop.offload(background, this::askDisk, this::onAnswer, this::onNoAnswer);
    }

    private long askDisk() {
        try {
            return disk.freeBytes(directory);
        } catch (IOException e) {
            throw new StorageException(directory, "cannot tell how much space is left", e);
        }
    }

    /** A write has found no room, whatever was known before. */
    void onNoRoom() {
        freeBytes = 0;
        become(SpaceLevel.FULL);
        ask();
    }

    private void onAnswer(long free) {
        asking = false;
        unanswered = false;
        freeBytes = free;
        handedOverSince -= handedOverBeforeQuestion;
        handedOverBeforeQuestion = 0;
        become(levelAt(freeBytes()));
    }

    private void become(SpaceLevel next) {
        if (next != level) {
            level = next;
            tell();
            observer.onSpaceLevel(level);
            listener.onLevel(level);
        }
    }

    /** What was known stays: to refuse appends for want of an answer would help nobody. */
    private void onNoAnswer(StorageException fault) {
        asking = false;
        handedOverBeforeQuestion = 0;
        if (!unanswered) {
            unanswered = true;
            LOG.warn("{}: {}", self, fault.getMessage());
        }
    }

    private SpaceLevel levelAt(long free) {
        long critical = limits.criticalFreeBytes();
        if (free < critical || isFull() && free - critical < critical / 4) {
            return SpaceLevel.FULL;
        }
        long low = limits.lowFreeBytes();
        if (free < low || level != SpaceLevel.PLENTY && free - low < low / 20) {
            return SpaceLevel.LOW;
        }
        return SpaceLevel.PLENTY;
    }

    private void tell() {
        switch (level) {
            case FULL ->
                LOG.error(
                        "{}: {} bytes are left on the disk, appends need {}: they are refused until there is more",
                        self,
                        freeBytes(),
                        limits.criticalFreeBytes());
            case LOW ->
                LOG.warn(
                        "{}: {} bytes are left on the disk, with less than {} appends are refused",
                        self,
                        freeBytes(),
                        limits.criticalFreeBytes());
            case PLENTY -> LOG.info("{}: there is room on the disk again, {} bytes", self, freeBytes());
        }
    }
}

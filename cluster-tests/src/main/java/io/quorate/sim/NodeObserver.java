/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.logstore.Damage;
import io.quorate.logstore.DiskFullException;
import io.quorate.node.api.ClusterView.SpaceLevel;
import io.quorate.node.replica.MemberId;
import io.quorate.node.replica.ReplicaObserver;
import io.quorate.raft.FollowerCause;
import io.quorate.raft.Membership;
import io.quorate.raft.Persist;
import io.quorate.raft.RaftEvent;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.sim.check.Invariant;
import io.quorate.sim.check.Violation;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Sees what the replicas of one process do, and tells those who judge and count. */
final class NodeObserver implements ReplicaObserver {
    private final NodeId id;
    private final SimulatedNode.World world;
    private final MachineDisk disk;
    private final Runnable onOpened;
    private final Consumer<Throwable> onThrown;
    private final Set<Long> led = new TreeSet<>();
    private final Map<Long, NodeId> members = new TreeMap<>();

    /**
     * @param onOpened told that a replica begins
     * @param onThrown told of what ended one
     */
    NodeObserver(
            NodeId id, SimulatedNode.World world, MachineDisk disk, Runnable onOpened, Consumer<Throwable> onThrown) {
        this.id = id;
        this.world = world;
        this.disk = disk;
        this.onOpened = onOpened;
        this.onThrown = onThrown;
    }

    private void note(String text) {
        world.timeline().note(world.time().nowNanos(), id.value(), text);
    }

    /** Who this node is in a group that it has opened. */
    private NodeId member(long groupId) {
        return members.getOrDefault(groupId, id);
    }

    @Override
    public void onOpened(long groupId, NodeId member, Membership membership) {
        members.put(groupId, member);
        onOpened.run();
        if (MemberId.stay(member) > 0) {
            world.sightings().met(RareState.MEMBER_OF_LATER_STAY);
        }
        world.watch().beforeOpened(member, groupId, disk.forced(groupId));
        world.verdict().judge(() -> world.checker().onOpened(member, groupId, membership));
    }

    @Override
    public void onQuarantined(long groupId, NodeId member, Damage damage) {
        world.trace().fold("quarantined " + id + damage);
        note("g" + groupId + " is quarantined: " + damage);
        world.sightings().met(RareState.REPLICA_QUARANTINED);
        if (led.remove(groupId)) {
            world.sightings().met(RareState.LEADER_QUARANTINED);
        }
        world.verdict().judge(() -> world.checker().onQuarantined(member, groupId));
        world.verdict().judge(() -> {
            if (!disk.everRotted()) {
                throw new Violation(
                        Invariant.FORCED_IS_RECOVERABLE, id + " found damage where nothing has rotted: " + damage);
            }
            disk.mends(groupId);
        });
    }

    @Override
    public void onRepaired(long groupId) {
        note("g" + groupId + " is repaired");
        disk.isMended(groupId);
        world.sightings().met(RareState.REPLICA_REPAIRED);
    }

    @Override
    public void onPersist(long groupId, Persist persist) {
        if (world.timeline().isKept() && !persist.entries().isEmpty()) {
            world.timeline()
                    .noteLast(
                            world.time().nowNanos(),
                            id.value(),
                            "g" + groupId + " writes",
                            "up to "
                                    + persist.entries()
                                            .get(persist.entries().size() - 1)
                                            .id());
        }
        world.watch().beforePersist(member(groupId), groupId, persist);
        world.verdict().judge(() -> world.checker().onPersist(member(groupId), groupId, persist));
        if (persist.truncateFrom().isPresent()) {
            world.moments().onTruncation(id.value());
        }
    }

    @Override
    public void onPersisted(long groupId, long sequence) {
        world.verdict().judge(() -> world.checker().onPersisted(member(groupId), groupId, sequence));
        world.watch().onPersisted(member(groupId), groupId);
    }

    @Override
    public void onApplied(long groupId, LogEntry entry) {
        world.trace().fold(entry.index());
        world.trace().fold(entry.term());
        if (world.timeline().isKept()) {
            world.timeline()
                    .noteLast(world.time().nowNanos(), id.value(), "g" + groupId + " applies", "up to " + entry.id());
        }
        world.verdict().judge(() -> world.checker().onApplied(member(groupId), groupId, entry));
    }

    @Override
    public void onRaftEvent(long groupId, RaftEvent event) {
        world.trace().fold(event.toString());
        if (world.timeline().isKept()) {
            note("g" + groupId + " " + event);
        }
        if (event instanceof RaftEvent.BecameFollower follower) {
            led.remove(groupId);
            if (follower.cause() == FollowerCause.DISK_STALLED) {
                world.sightings().met(RareState.LEADER_GAVE_UP_FOR_ITS_DISK);
            }
        }
        if (event instanceof RaftEvent.BecameLeader) {
            led.add(groupId);
            world.sightings().met(RareState.LEADER_CHANGED);
            world.moments().onElection(id.value());
        } else if (event instanceof RaftEvent.TransferStarted transfer) {
            world.moments()
                    .onTransfer(id.value(), MemberId.node(transfer.target()).value());
        } else if (event instanceof RaftEvent.LogTruncated) {
            world.sightings().met(RareState.LOG_TRUNCATED);
        } else if (event instanceof RaftEvent.SnapshotInstalled) {
            world.sightings().met(RareState.SNAPSHOT_INSTALLED);
        } else if (event instanceof RaftEvent.Quiesced) {
            world.sightings().met(RareState.GROUP_RESTED);
        } else if (event instanceof RaftEvent.Woken woken) {
            onWoken(woken);
        }
        world.verdict().judge(() -> world.checker().onRaftEvent(member(groupId), groupId, event));
        world.watch().onRaftEvent(member(groupId), groupId, event);
    }

    private void onWoken(RaftEvent.Woken woken) {
        switch (woken.reason()) {
            case PEER_SILENT -> world.sightings().met(RareState.WOKEN_BY_SILENCE);
            case PEER_DISCONNECTED -> world.sightings().met(RareState.WOKEN_BY_DISCONNECTION);
            case DRIVER -> world.sightings().met(RareState.WOKEN_BY_DRIVER);
            default -> {
                // Every run meets the others.
            }
        }
    }

    @Override
    public void onRestored(long groupId, EntryId last) {
        if (last.index() > 0) {
            world.sightings().met(RareState.STARTED_FROM_SNAPSHOT);
        }
        if (disk.forced(groupId).filter(image -> image.firstIndex() > 1).isPresent()) {
            world.sightings().met(RareState.SEGMENTS_DELETED);
        }
        world.verdict().judge(() -> world.checker().onRestored(member(groupId), groupId, last));
    }

    @Override
    public void onSnapshot(long groupId, EntryId last, Payload state) {
        world.verdict().judge(() -> world.checker().onSnapshot(member(groupId), groupId, last, state));
    }

    @Override
    public void onDiskStalled(boolean stalled) {
        world.trace().fold("stalled " + id + stalled);
        if (stalled) {
            world.sightings().met(RareState.DISK_STALLED);
        }
    }

    @Override
    public void onSpaceLevel(SpaceLevel level) {
        world.trace().fold("space " + id + level);
        if (level == SpaceLevel.FULL) {
            world.sightings().met(RareState.DISK_FULL);
        }
    }

    @Override
    public void onFailed(long groupId, Throwable cause) {
        if (disk.failsForces()) {
            world.sightings().met(RareState.FORCE_FAILED);
        }
        if (!(cause instanceof DiskFullException)) {
            onThrown.accept(cause);
        }
        // Else it waits for room; that it comes back by itself is seen when faults are over.
    }
}

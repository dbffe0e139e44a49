/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.DiskFullException;
import io.quorate.logstore.LogStore;
import io.quorate.logstore.StorageException;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Result;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.Membership;
import io.quorate.raft.Prng;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The partitions' replicas that this node holds, as the registry wants them.
 *
 * <pre>
 *   wanted ──open, beside the loop──► OPENING ──► OPEN (quarantined, if damaged) ──deleted──► log closed ──► directory removed
 *                                        └─cannot be opened─► UNUSABLE ──────────────────────────────────────────┘
 * </pre>
 *
 * Event loop only.
 */
public final class LocalReplicas {
    private static final long STAY_RETRY_NANOS = 5_000_000_000L;
    private static final int NOT_TRIED = -1;
    private static final Logger LOG = LoggerFactory.getLogger(LocalReplicas.class);

    /**
     * A replica that this node holds.
     *
     * @param member        who this node is in the group
     * @param founders      the group's members before the first change
     * @param target        members that the group is to have, of the placement's number as version: what the group has once agreed
     *                      to be settled on, and others have acted on, no leader with an older registry takes back
     * @param placement     that wants them
     * @param preferred     node that leads first, if all are well
     * @param maxBatchBytes largest batch that is taken
     * @param retention     how much of it is kept
     */
    public record Wanted(
            GroupName name,
            NodeId member,
            Membership founders,
            Membership target,
            int placement,
            NodeId preferred,
            int maxBatchBytes,
            Retention retention) {}

    private static final class Slot {
        Wanted wanted;
        Optional<PartitionReplica> replica = Optional.empty();
        /** Why the log could not be opened; empty if it could, or was not yet tried. */
        String failure = "";

        /** Its log could not be made for want of room: tried again. */
        boolean waitsForRoom;

        /** There is no log: this stay was over before. */
        boolean isOver;

        /** Its log goes, because the group is deleted or this node's stay in it is over. */
        boolean hasEnded;

        /** Latest placement as of which this node is no member. */
        int leftAsOf;

        boolean deleted;

        /** Another stay of this node that begins when this one is over. */
        Optional<Wanted> next = Optional.empty();

        Slot(Wanted wanted) {
            this.wanted = wanted;
            this.leftAsOf = MemberId.stay(wanted.member());
        }
    }

    private final ReplicaHost host;
    private final GroupDirectories directories;
    private final Executor backgroundExecutor;
    private final Prng prng;
    private final SortedMap<Long, Slot> slots = new TreeMap<>();
    /** Found on the disk, and not yet wanted since the start; with the latest placement as of which its end was tried. */
    private final SortedMap<Long, Integer> unclaimed = new TreeMap<>();

    private int closing;
    private boolean stopped;
    private boolean recycling = true;
    private Runnable onStopped = () -> {};

    public LocalReplicas(ReplicaHost host, GroupDirectories directories, Executor backgroundExecutor, Prng prng) {
        this.host = host;
        this.directories = directories;
        this.backgroundExecutor = backgroundExecutor;
        this.prng = prng;
    }

    /** Opens what is wanted and not there yet; tells the others what has changed for them. */
    public void want(Wanted wanted) {
        Slot slot = slots.get(wanted.name().groupId());
        if (slot == null) {
            if (!stopped) {
                begin(wanted);
            }
        } else if (slot.hasEnded) {
            slot.next = Optional.of(wanted);
        } else if (slot.wanted.member().equals(wanted.member())) {
            slot.wanted = wanted;
            slot.replica.ifPresent(replica -> replica.configure(wanted.maxBatchBytes(), wanted.retention()));
        } else {
            slot.next = Optional.of(wanted);
            end(slot, Refusals.replicaLeft(wanted.name()));
        }
    }

    private void begin(Wanted wanted) {
        Slot opening = new Slot(wanted);
        unclaimed.remove(wanted.name().groupId());
        slots.put(wanted.name().groupId(), opening);
        open(opening);
    }

    /**
     * This node is no member of the group any more, by a change that is committed there, as of this placement: whatever it
     * has of it goes.
     */
    public void leave(long groupId, int placement) {
        Slot slot = slots.get(groupId);
        if (slot == null) {
            // What came and went in the registry while this node did not look is not wanted in between.
            Integer tried = unclaimed.get(groupId);
            if (tried != null && tried < placement) {
                unclaimed.put(groupId, placement);
                endStays(groupId, placement);
            }
            return;
        }
        slot.next = Optional.empty();
        slot.leftAsOf = Math.max(slot.leftAsOf, placement);
        if (!slot.hasEnded && MemberId.stay(slot.wanted.member()) <= placement) {
            LOG.info("{}: {} holds no replica of it any more", slot.wanted.name(), host.self());
            end(slot, Refusals.replicaLeft(slot.wanted.name()));
        }
    }

    /** Lets the log go; what happens to it then is decided in {@link #onClosed}. */
    private void end(Slot slot, Refusal toReaders) {
        slot.hasEnded = true;
        Optional<PartitionReplica> replica = slot.replica;
        slot.replica = Optional.empty();
        if (replica.isPresent()) {
            close(slot, replica.get(), toReaders);
        } else if (!slot.failure.isEmpty() || slot.isOver) {
            closing++;
            onClosed(slot);
        }
        // Else it is being opened, and is closed when that is done.
    }

    private void open(Slot slot) {
        closing++;
        host.loop()
                .offload(
                        backgroundExecutor,
                        () -> directories.openStay(slot.wanted.name().groupId(), MemberId.stay(slot.wanted.member())),
                        log -> log.ifPresentOrElse(found -> onOpened(slot, found), () -> onOver(slot)),
                        fault -> onUnusable(slot, fault));
    }

    /** The registry is being applied from its past: what is wanted ended long ago. */
    private void onOver(Slot slot) {
        closing--;
        slot.isOver = true;
        if (slot.hasEnded) {
            closing++;
            onClosed(slot);
        }
        stoppedIfNothingIsOpen();
    }

    private void onOpened(Slot slot, GroupLog log) {
        LogStore store = log.store();
        store.setRecycling(recycling);
        closing--;
        if (stopped || slot.hasEnded) {
            closing++;
            host.loop()
                    .offload(
                            backgroundExecutor,
                            () -> {
                                store.close();
                                return slot;
                            },
                            this::onClosed,
                            fault -> onClosed(slot));
            return;
        }
        Wanted wanted = slot.wanted;
        PartitionReplica partition = new PartitionReplica(
                host,
                wanted.name(),
                log,
                recovered -> new RaftCore(
                        host.raft(),
                        slot.wanted.member(),
                        recovered.membershipHistory(slot.wanted.founders()),
                        recovered.store().recovered(),
                        prng.split()),
                wanted.maxBatchBytes(),
                wanted.retention());
        slot.replica = Optional.of(partition);
        RaftCore core = partition.replica().core();
        if (wanted.preferred().equals(host.self()) && core.lastIndex() > 0) {
            giveHeadStart(core);
        }
        LOG.debug("{}: opened on {}, last index {}", wanted.name(), host.self(), core.lastIndex());
    }

    /**
     * Lets most of the first election timeout pass at once, so that when a whole cluster restarts the preferred replica of
     * each partition campaigns first and leaders are spread again. Pre-vote keeps it from disturbing a leader that is
     * there already. A fresh group elects its first leader at once without this.
     */
    private void giveHeadStart(RaftCore core) {
        for (int tick = 0; tick < host.raft().electionTimeoutTicks() * 3 / 4; tick++) {
            core.tick();
        }
    }

    private void onUnusable(Slot slot, StorageException fault) {
        closing--;
        LOG.error(
                "{} on {}: the log cannot be opened, the replica serves nothing: {}",
                slot.wanted.name(),
                host.self(),
                fault.getMessage());
        slot.failure = fault.getMessage();
        slot.waitsForRoom = fault instanceof DiskFullException && !slot.hasEnded;
        host.observer().onFailed(slot.wanted.name().groupId(), fault);
        if (slot.hasEnded) {
            closing++;
            onClosed(slot);
        }
        stoppedIfNothingIsOpen();
    }

    /** Whether logs may keep files only to be faster; if not, those they keep are deleted beside the loop. */
    public void setRecycling(boolean allowed) {
        recycling = allowed;
        for (Slot slot : slots.values()) {
            slot.replica.ifPresent(partition -> partition.replica().store().setRecycling(allowed));
        }
    }

    /** The partition is gone for good: ends its replica, if this node holds one, and removes its log. */
    public void delete(long groupId) {
        Slot slot = slots.get(groupId);
        unclaimed.remove(groupId);
        if (slot == null) {
            removeDirectory(groupId);
            return;
        }
        slot.deleted = true;
        slot.next = Optional.empty();
        if (!slot.hasEnded) {
            LOG.info("{}: deleted on {}", slot.wanted.name(), host.self());
            end(slot, Refusals.unknownTopic(slot.wanted.name().topic()));
        }
    }

    private void close(Slot slot, PartitionReplica replica, Refusal toReaders) {
        closing++;
        replica.stop(toReaders, () -> onClosed(slot));
    }

    private void onClosed(Slot slot) {
        closing--;
        if (slot.deleted) {
            // Without a note, which would need room: the id is never given again.
            onStayEnded(slot);
        } else if (slot.hasEnded) {
            endStay(slot);
        }
        stoppedIfNothingIsOpen();
    }

    private void endStay(Slot slot) {
        long groupId = slot.wanted.name().groupId();
        int asOf = slot.leftAsOf;
        host.loop()
                .offload(
                        backgroundExecutor,
                        () -> directories.endStay(groupId, asOf),
                        gone -> onStayEnded(slot, asOf, gone),
                        fault -> onStayNotEnded(slot, fault));
    }

    /** To note its end takes some room, which a full disk may have later. Until then the log stays. */
    private void onStayNotEnded(Slot slot, StorageException fault) {
        if (stopped || slot.deleted) {
            onStayEnded(slot);
            return;
        }
        LOG.warn("{} on {}: its log is to go, tried again: {}", slot.wanted.name(), host.self(), fault.getMessage());
        host.loop().schedule(STAY_RETRY_NANOS, () -> endStay(slot));
    }

    /** @param gone false if the log that is there is of a later stay, of which the registry has not yet spoken */
    private void onStayEnded(Slot slot, int asOf, boolean gone) {
        long groupId = slot.wanted.name().groupId();
        if (slot.leftAsOf > asOf && !stopped && !slot.deleted) {
            endStay(slot);
            return;
        }
        LOG.debug("group {}: {} is no member of it as of placement {}", groupId, host.self(), asOf);
        if (!gone && !slot.deleted) {
            unclaimed.putIfAbsent(groupId, NOT_TRIED);
        }
        onStayEnded(slot);
    }

    private void onStayEnded(Slot slot) {
        slots.remove(slot.wanted.name().groupId(), slot);
        if (slot.deleted) {
            removeDirectory(slot.wanted.name().groupId());
        } else if (!stopped) {
            slot.next.ifPresent(this::begin);
        }
    }

    private void removeDirectory(long groupId) {
        host.loop()
                .offload(
                        backgroundExecutor,
                        () -> {
                            directories.delete(groupId);
                            return groupId;
                        },
                        removed -> LOG.debug("group {}: directory removed on {}", removed, host.self()),
                        fault -> LOG.warn(
                                "group {} on {}: tried again at the next start: {}",
                                groupId,
                                host.self(),
                                fault.getMessage()));
    }

    /**
     * Removes the logs of groups whose deletion this node has slept through, and of those that it has left since. The
     * registry may not know yet what becomes of the others that are there: then they go when it says so.
     *
     * @param deletedAmong tells which of some groups are deleted
     * @param leftAt       the placement as of which this node is no member of a group that there is; empty if it is one
     */
    public void removeLeftovers(UnaryOperator<List<Long>> deletedAmong, LongFunction<OptionalInt> leftAt) {
        host.loop()
                .offload(
                        backgroundExecutor,
                        directories::groups,
                        groups -> {
                            if (!stopped) {
                                groups.stream()
                                        .filter(groupId ->
                                                groupId != GroupName.METADATA.groupId() && !slots.containsKey(groupId))
                                        .forEach(groupId -> unclaimed.putIfAbsent(groupId, NOT_TRIED));
                                deletedAmong.apply(groups).forEach(this::delete);
                                List.copyOf(unclaimed.keySet()).forEach(groupId -> leftAt.apply(groupId)
                                        .ifPresent(placement -> leave(groupId, placement)));
                            }
                        },
                        fault -> LOG.warn(
                                "{}: deleted partitions that are still on the disk are looked for again at the next"
                                        + " start: {}",
                                host.self(),
                                fault.getMessage()));
    }

    /** A registry that is applied from its past may speak of the end of an earlier stay than that whose log is there. */
    private void endStays(long groupId, int placement) {
        host.loop()
                .offload(
                        backgroundExecutor,
                        () -> directories.endStay(groupId, placement),
                        ended -> {
                            if (ended && unclaimed.remove(groupId) != null) {
                                LOG.info("group {}: {} has left it", groupId, host.self());
                            }
                        },
                        fault -> {
                            LOG.warn(
                                    "group {} on {}: its log is to go, tried again: {}",
                                    groupId,
                                    host.self(),
                                    fault.getMessage());
                            host.loop().schedule(STAY_RETRY_NANOS, () -> {
                                if (!stopped && !slots.containsKey(groupId)) {
                                    endStays(groupId, placement);
                                }
                            });
                        });
    }

    /**
     * Takes the groups that this node leads towards the members that they are to have.
     *
     * @param settled told of each group that has them, committed, and of the placement that wanted them
     */
    public void driveMembers(SettledListener settled) {
        for (Slot slot : slots.values()) {
            Optional<Replica> leading =
                    slot.replica.map(PartitionReplica::replica).filter(Replica::isReadyLeader);
            if (leading.isEmpty() || slot.wanted.placement() == 0) {
                continue;
            }
            if (leading.get().hasSettledOn(slot.wanted.target())) {
                settled.onSettled(slot.wanted.name().groupId(), slot.wanted.placement());
            } else {
                leading.get().changeMembership(slot.wanted.target());
            }
        }
    }

    /** Learns that groups which this node leads have the members that they are to have. */
    public interface SettledListener {
        void onSettled(long groupId, int placement);
    }

    /** Ends every replica; {@code onStopped} runs when all logs have been let go. */
    public void stop(Runnable onStopped) {
        stopped = true;
        this.onStopped = onStopped;
        closing++;
        for (Slot slot : slots.values()) {
            slot.replica.ifPresent(replica -> close(slot, replica, Refusals.shuttingDown()));
        }
        closing--;
        stoppedIfNothingIsOpen();
    }

    private void stoppedIfNothingIsOpen() {
        if (stopped && closing == 0) {
            onStopped.run();
        }
    }

    /** The replicas that are open, by group id, each with who should lead its group. */
    public List<LeaderBalancer.Member> members() {
        List<LeaderBalancer.Member> members = new ArrayList<>(slots.size());
        for (Slot slot : slots.values()) {
            slot.replica.ifPresent(partition ->
                    members.add(new LeaderBalancer.Member(partition.replica(), Optional.of(slot.wanted.preferred()))));
        }
        return members;
    }

    /** To be called now and then: snapshots, retention, deletion of what is not kept. */
    public void housekeep() {
        for (Slot slot : slots.values()) {
            slot.replica.ifPresent(PartitionReplica::housekeep);
            if (slot.waitsForRoom && !stopped) {
                slot.waitsForRoom = false;
                slot.failure = "";
                open(slot);
            }
        }
    }

    public void disconnected(NodeId peer) {
        for (Slot slot : slots.values()) {
            slot.replica.ifPresent(replica -> replica.disconnected(peer));
        }
    }

    /** Returns false if there is no such replica (yet, or any more). */
    public boolean stepRepair(long groupId, NodeId from, PeerMessage.Repair message) {
        Slot slot = slots.get(groupId);
        if (slot == null || slot.replica.isEmpty()) {
            return false;
        }
        slot.replica.get().replica().stepRepair(from, message);
        return true;
    }

    /** Returns false if there is no such replica (yet, or any more), or the message was damaged. */
    public boolean step(NodeId from, PeerMessage.ForGroup message) {
        Slot slot = slots.get(message.groupId());
        return slot != null
                && slot.replica.isPresent()
                && slot.replica.get().replica().isMeant(message)
                && slot.replica.get().step(MemberId.of(from, message.fromStay()), message.message());
    }

    /** The replica, or why this node, which holds one according to the registry, cannot serve the group. */
    public Result<PartitionReplica> find(GroupName name) {
        if (stopped) {
            return new Result.Refused<>(Refusals.shuttingDown());
        }
        Slot slot = slots.get(name.groupId());
        if (slot == null || slot.replica.isEmpty() && slot.failure.isEmpty()) {
            return new Result.Refused<>(Refusals.opening(name));
        }
        return slot.replica.isPresent()
                ? new Result.Ok<>(slot.replica.get())
                : new Result.Refused<>(Refusals.replicaFailed(name, slot.failure));
    }

    /** The replicas that take part, by group id. */
    public void forEachRunning(Consumer<Replica> action) {
        for (Slot slot : slots.values()) {
            slot.replica
                    .map(PartitionReplica::replica)
                    .filter(Replica::isRunning)
                    .ifPresent(action);
        }
    }

    /** By group id, those that could not be opened included. */
    public List<ClusterView.GroupView> views() {
        List<ClusterView.GroupView> views = new ArrayList<>();
        for (Slot slot : slots.values()) {
            if (slot.replica.isPresent()) {
                views.add(slot.replica.get().view());
            } else if (!slot.failure.isEmpty()) {
                views.add(unusable(slot));
            }
        }
        return views;
    }

    private static ClusterView.GroupView unusable(Slot slot) {
        List<Integer> voters = new ArrayList<>();
        for (NodeId voter : slot.wanted.target().voters()) {
            voters.add(MemberId.node(voter).value());
        }
        GroupName name = slot.wanted.name();
        return new ClusterView.GroupView(
                name.groupId(),
                name.topic(),
                name.partition(),
                ClusterView.ReplicaRole.FAILED,
                0,
                0,
                0,
                0,
                0,
                voters,
                slot.failure);
    }
}

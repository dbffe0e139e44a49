/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.check;

import static io.quorate.sim.check.Violation.require;

import io.quorate.node.replica.MemberId;
import io.quorate.raft.Membership;
import io.quorate.raft.Persist;
import io.quorate.raft.RaftEvent;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.raft.message.Message;
import io.quorate.sim.model.GroupModel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * All invariants of a cluster, fed by whoever runs it: every message at the moment it leaves, every entry at the moment
 * it is applied, every answer at the moment it is given. Throws {@link Violation} at the first event that breaks one.
 */
public final class ClusterChecker {
    private final LostDisks disks;
    private final BooleanSupplier sampled;
    private final WireChecker wire;
    private final ClientHistory history = new ClientHistory();
    private final Map<Long, GroupOracle> groups = new TreeMap<>();
    private final Map<Long, List<NodeId>> voters = new TreeMap<>();
    private final Set<Long> gone = new TreeSet<>();
    private final Map<Long, GroupModel> models = new TreeMap<>();

    /**
     * @param disks   what would survive a loss of power now
     * @param sampled whether to look at the disks for the next acknowledgement: that is dear
     */
    public ClusterChecker(DurableImages disks, BooleanSupplier sampled) {
        this.disks = new LostDisks(disks);
        this.sampled = sampled;
        this.wire = new WireChecker(this.disks, sampled);
    }

    /** What clients asked for. */
    public ClientHistory history() {
        return history;
    }

    /** The group exists and these nodes replicate it. */
    public void onGroup(long groupId, List<NodeId> replicas) {
        voters.put(groupId, List.copyOf(replicas));
        oracle(groupId);
    }

    /** Somebody has asked for the group to be deleted: whatever is left of it is of no interest any more. */
    public void onGroupGone(long groupId) {
        gone.add(groupId);
        voters.remove(groupId);
        groups.remove(groupId);
        models.remove(groupId);
    }

    public GroupOracle oracle(long groupId) {
        return groups.computeIfAbsent(groupId, GroupOracle::new);
    }

    public Collection<GroupOracle> oracles() {
        return Collections.unmodifiableCollection(groups.values());
    }

    /** The voters of the group, as of what is committed. */
    public List<NodeId> replicas(long groupId) {
        List<NodeId> first = voters.getOrDefault(groupId, List.of());
        return first.isEmpty() || !models.containsKey(groupId)
                ? first
                : models.get(groupId).membership().voters();
    }

    public void onNodeStarted(NodeId node) {
        for (GroupOracle oracle : groups.values()) {
            oracle.onNodeStarted(node);
        }
    }

    /** The node, which does not run, is about to get an empty disk instead of its own. */
    public void onDiskLost(NodeId node) {
        models.forEach((groupId, model) -> model.membersOn(node).forEach(member -> disks.onLost(member, groupId)));
        disks.onLost(node);
    }

    /** An operator asks for a node to be readmitted. */
    public void onReadmissionAsked(NodeId node) {
        disks.onReadmissionAsked(node);
    }

    /** Whether every group has all its voters but those on this node, so that one more disk may be lost. */
    public boolean isWholeWithout(NodeId node) {
        return models.entrySet().stream().allMatch(group -> {
            Membership committed = group.getValue().membership();
            return Stream.concat(committed.voters().stream(), committed.outgoing().stream())
                    .filter(member -> !MemberId.node(member).equals(node))
                    .allMatch(member -> disks.isThere(member, group.getKey()));
        });
    }

    /** A node's replica of the group starts from what is on its disk now. */
    public void onOpened(NodeId node, long groupId, Membership membership) {
        disks.onOpened(node, groupId);
        wire.onOpened(node, groupId);
        if (!gone.contains(groupId)) {
            models.computeIfAbsent(groupId, id -> new GroupModel(id, membership))
                    .opened(node, membership, disks.of(node, groupId));
        }
    }

    /** A node's replica of the group takes no part until its log is repaired. */
    public void onQuarantined(NodeId node, long groupId) {
        model(groupId).ifPresent(model -> model.quarantined(node));
    }

    public void onPersist(NodeId node, long groupId, Persist persist) {
        model(groupId).ifPresent(model -> model.persist(node, persist));
    }

    public void onPersisted(NodeId node, long groupId, long sequence) {
        model(groupId).ifPresent(model -> model.persisted(node, sequence));
    }

    /** What the group should be like; empty if it is unknown or gone. */
    public Optional<GroupModel> model(long groupId) {
        return Optional.ofNullable(models.get(groupId));
    }

    public void onSend(NodeId from, NodeId to, long groupId, Message message) {
        disks.requireMemory(from, groupId);
        if (!gone.contains(groupId)) {
            boolean anyAlone = model(groupId).filter(GroupModel::hadOneVoter).isPresent();
            wire.onSend(from, to, groupId, message, anyAlone);
            model(groupId).ifPresent(model -> model.send(from, to, message));
        }
    }

    public void onRaftEvent(NodeId node, long groupId, RaftEvent event) {
        if (!gone.contains(groupId)) {
            wire.onRaftEvent(node, groupId, event);
            if (event instanceof RaftEvent.SnapshotInstalled installed) {
                oracle(groupId).onInstalled(node, installed.last());
            }
        }
    }

    public void onApplied(NodeId node, long groupId, LogEntry entry) {
        if (gone.contains(groupId)) {
            // It may go on for a while where nobody has heard of its end, but what comes in must be meant for it.
            if (entry.type() == EntryType.RECORDS) {
                history.requireMeantFor(groupId, entry);
            }
            return;
        }
        model(groupId).ifPresent(model -> model.applied(node, entry));
        boolean first = oracle(groupId).onApplied(node, entry);
        if (first && entry.type() == EntryType.RECORDS) {
            history.onCommitted(groupId, entry);
        }
        if (first && sampled.getAsBoolean()) {
            requireQuorumDurable(groupId, entry, "applied");
        }
    }

    /** A replica begins with a snapshot of its state machine, or with nothing. */
    public void onRestored(NodeId node, long groupId, EntryId last) {
        if (!gone.contains(groupId)) {
            oracle(groupId).onRestored(node, last);
        }
    }

    public void onSnapshot(NodeId node, long groupId, EntryId last, Payload state) {
        if (!gone.contains(groupId)) {
            oracle(groupId).onSnapshot(node, last, state);
            wire.onSnapshot(groupId, last);
        }
    }

    /** A node tells a client that its batch is committed. */
    public void onAcknowledged(SentBatch batch, long baseOffset, long generation, boolean duplicate) {
        if (gone.contains(batch.groupId())) {
            return;
        }
        GroupOracle oracle = oracle(batch.groupId());
        int position = oracle.recordsPosition(baseOffset);
        require(
                position >= 0,
                Invariant.ACKNOWLEDGED_IS_IN_LOG,
                "%s is acknowledged at offset %d, where nothing is committed",
                batch,
                baseOffset);
        LogEntry entry = oracle.records().get(position);
        require(
                entry.payload().equals(batch.bytes()),
                Invariant.ACKNOWLEDGED_IS_IN_LOG,
                "%s is acknowledged at offset %d, where %s is",
                batch,
                baseOffset,
                entry);
        history.onAcknowledged(batch, entry, generation, duplicate);
        if (sampled.getAsBoolean()) {
            requireQuorumDurable(batch.groupId(), entry, "acknowledged");
        }
    }

    private void requireQuorumDurable(long groupId, LogEntry entry, String what) {
        List<NodeId> replicas = replicas(groupId);
        if (replicas.isEmpty()) {
            return;
        }
        List<NodeId> holders = new ArrayList<>();
        for (NodeId replica : replicas) {
            Optional<DurableImages.Image> image = disks.of(replica, groupId);
            Optional<LogEntry> durable = image.flatMap(found -> found.entry(entry.index()));
            // What is trimmed was on all disks.
            if (image.isPresent() && image.get().firstIndex() > entry.index()
                    || durable.isPresent() && durable.get().equals(entry)) {
                holders.add(replica);
            }
        }
        require(
                holders.size() > replicas.size() / 2,
                Invariant.ACKNOWLEDGED_IS_QUORUM_DURABLE,
                "%s of group %d is %s, but of %s only %s have it on disk",
                entry,
                groupId,
                what,
                replicas,
                holders);
    }
}

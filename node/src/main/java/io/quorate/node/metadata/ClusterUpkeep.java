/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.node.api.ClusterChange;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.metadata.NodeRecord.State;
import io.quorate.node.metadata.TopicState.PartitionState;
import io.quorate.node.replica.MemberId;
import io.quorate.node.replica.Replica;
import io.quorate.raft.Membership;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the leader of the metadata group does so that the cluster becomes what its registry wants: it takes in nodes that
 * were added, empties nodes that leave, keeps the metadata group's members in step, and notes when a partition has the
 * members that it should have.
 *
 * <p>Everything follows from the registry and from what nodes tell; a new leader goes on where the last one was. Only the
 * rest of a rebalancing, and which node was named as successor of another, are forgotten with the leader. Event loop only.
 */
final class ClusterUpkeep {
    /** Partitions that are moved at a time by this, not counting those that an operator moves. */
    static final int MAX_MOVES = 4;

    private static final Logger LOG = LoggerFactory.getLogger(ClusterUpkeep.class);
    private static final long BUSY_RETRY_MILLIS = 1_000;

    /** Who wants to know what becomes of a change: proposals of this leader only. */
    interface Proposer extends BiConsumer<Change, Consumer<Outcome>> {}

    private final MetadataStateMachine registry;
    private final Replica replica;
    private final Peers peers;
    private final Function<NodeId, Optional<Long>> asking;
    private final Proposer proposer;

    /** Changes that this leader has proposed by itself and whose outcome is not known yet. */
    private final List<Change> underWay = new ArrayList<>();
    /** By group: the placement that its leader says it has. */
    private final SortedMap<Long, Integer> settled = new TreeMap<>();

    private final SortedMap<NodeId, NodeId> successors = new TreeMap<>();
    private final ArrayDeque<Balance.Move> planned = new ArrayDeque<>();

    /** @param asking storage of a node that asks to be admitted */
    ClusterUpkeep(
            MetadataStateMachine registry,
            Replica replica,
            Peers peers,
            Function<NodeId, Optional<Long>> asking,
            Proposer proposer) {
        this.registry = registry;
        this.replica = replica;
        this.peers = peers;
        this.asking = asking;
        this.proposer = proposer;
    }

    /** The leader of a group says that its members are those of this placement. */
    void onSettled(long groupId, int placement) {
        settled.merge(groupId, placement, Math::max);
    }

    /** This member leads no more, or leads anew. */
    void forget() {
        underWay.clear();
        successors.clear();
        planned.clear();
    }

    /** While this member leads and is up to date. To be called now and then, and when something has changed. */
    void run() {
        register();
        takeIn();
        settle();
        drain();
        rebalance();
        changeMembers();
    }

    private void propose(Change change) {
        if (!underWay.contains(change)) {
            underWay.add(change);
            proposer.accept(change, outcome -> underWay.remove(change));
        }
    }

    // ---- nodes

    /** What the nodes say of themselves. */
    private void register() {
        for (NodeId node : nodesOfMembers()) {
            Optional<Change.RegisterNode> told = peers.toldOfItself(node);
            NodeRecord known = registry.nodes().get(node);
            boolean news = told.isPresent()
                    && (known == null
                            || known.incarnation() == told.get().incarnation()
                                    && known.isMember()
                                    && !(known.clientAddress().equals(told.get().clientAddress())
                                            && known.peerAddress()
                                                    .equals(told.get().peerAddress())));
            if (news) {
                propose(told.get());
            }
        }
    }

    private Collection<NodeId> nodesOfMembers() {
        TreeSet<NodeId> nodes = new TreeSet<>();
        replica.core().membership().voters().forEach(member -> nodes.add(MemberId.node(member)));
        registry.nodes().values().stream().filter(NodeRecord::isMember).forEach(record -> nodes.add(record.node()));
        return nodes;
    }

    /** Nodes that were added and are there. */
    private void takeIn() {
        for (NodeRecord record : registry.nodes().values()) {
            if (record.state() == State.ADDED) {
                asking.apply(record.node())
                        .ifPresent(incarnation -> propose(new Change.AdmitNode(record.node(), incarnation)));
            }
        }
    }

    /** Every member of the metadata group is a node that is admitted, and the other way round. */
    private void changeMembers() {
        RaftCore core = replica.core();
        TreeSet<NodeId> wanted = new TreeSet<>();
        for (NodeId member : core.membership().voters()) {
            if (!registry.nodes().containsKey(MemberId.node(member))) {
                wanted.add(member);
            }
        }
        for (NodeRecord record : registry.nodes().values()) {
            NodeId member = MemberId.of(record.node(), record.admission());
            // Nobody else has to wait until a newcomer that has gone comes back.
            boolean isThere = core.membership().isMember(member) || peers.isUp(record.node());
            boolean belongs = record.state() == State.ACTIVE || record.state() == State.LEAVING && holds(record.node());
            if (belongs && isThere) {
                wanted.add(member);
            }
        }
        Membership now = core.membership();
        if (!wanted.isEmpty() && !now.equals(new Membership(List.copyOf(wanted)))) {
            replica.changeMembership(new Membership(List.copyOf(wanted)));
        } else if (core.membershipAt(core.commitIndex()).equals(now)) {
            registry.nodes().values().stream()
                    .filter(record -> record.state() == State.LEAVING && !holds(record.node()))
                    .forEach(record -> propose(new Change.ChangeNodeState(record.node(), State.REMOVED)));
        }
    }

    private boolean holds(NodeId node) {
        return registry.allPartitions().stream()
                .anyMatch(partition -> partition.memberOn(node).isPresent());
    }

    // ---- replicas

    private void settle() {
        for (PartitionState partition : registry.allPartitions()) {
            if (!partition.isSettled() && settled.getOrDefault(partition.groupId(), -1) == partition.placement()) {
                propose(new Change.SettlePartition(partition.groupId(), partition.placement()));
            }
        }
        TreeSet<Long> groups = new TreeSet<>();
        registry.allPartitions().forEach(partition -> groups.add(partition.groupId()));
        settled.keySet().retainAll(groups);
    }

    private void drain() {
        Balance balance = balance();
        long room = room();
        for (NodeRecord record : registry.nodes().values()) {
            if (record.state() != State.LEAVING) {
                continue;
            }
            for (PartitionState partition : registry.allPartitions()) {
                // One that moves to a node which leaves again, or is dead, must not wait for that.
                if (partition.replicas().contains(record.node()) && (room > 0 || !partition.isSettled())) {
                    Optional<Balance.Move> move = balance.replace(
                            partition, record.node(), Optional.ofNullable(successors.get(record.node())));
                    move.ifPresent(this::begin);
                    room -= move.isPresent() ? 1 : 0;
                }
            }
        }
    }

    private void rebalance() {
        long room = room();
        while (!planned.isEmpty() && room > 0) {
            Balance.Move move = planned.poll();
            Optional<PartitionState> now = registry.partition(move.partition().groupId());
            if (now.isPresent()
                    && now.get().placement() == move.partition().placement()
                    && holders().containsAll(move.to())) {
                begin(move);
                room--;
            }
        }
    }

    private void begin(Balance.Move move) {
        propose(new Change.MovePartition(
                move.partition().groupId(), move.to(), move.partition().placement()));
    }

    /** How many more partitions may be moved at a time. */
    private long room() {
        long moving = registry.allPartitions().stream()
                .filter(partition -> !partition.isSettled())
                .count();
        long begun = underWay.stream()
                .filter(change -> change instanceof Change.MovePartition)
                .count();
        return MAX_MOVES - moving - begun;
    }

    private Balance balance() {
        return new Balance(holders(), registry.allPartitions());
    }

    /** Nodes that may hold replicas. */
    List<NodeId> holders() {
        return nodesOfMembers().stream()
                .filter(node -> registry.nodes().get(node) == null
                        || registry.nodes().get(node).state() == State.ACTIVE)
                .toList();
    }

    // ---- what operators want

    /** This member leads and is up to date. */
    void change(ClusterChange change, Consumer<Outcome> refused, Consumer<ClusterChange.Accepted> accepted) {
        if (change instanceof ClusterChange.AddNode add) {
            add(add, refused, accepted);
        } else if (change instanceof ClusterChange.ReadmitNode readmit) {
            readmit(readmit, refused, accepted);
        } else if (change instanceof ClusterChange.RemoveNode remove) {
            remove(remove.nodeId(), Optional.empty(), refused, accepted);
        } else if (change instanceof ClusterChange.ReplaceNode replace) {
            remove(replace.nodeId(), Optional.of(replace.by()), refused, accepted);
        } else if (change instanceof ClusterChange.MovePartition move) {
            move(move, refused, accepted);
        } else {
            rebalance((ClusterChange.Rebalance) change, accepted);
        }
    }

    private void propose(
            Change change, String done, Consumer<Outcome> refused, Consumer<ClusterChange.Accepted> accepted) {
        proposer.accept(change, outcome -> {
            if (outcome instanceof Outcome.Refused) {
                refused.accept(outcome);
            } else {
                accepted.accept(new ClusterChange.Accepted(done));
                if (replica.isReadyLeader()) {
                    run();
                }
            }
        });
    }

    private static void refuse(Consumer<Outcome> refused, Reason reason, String message) {
        refused.accept(new Outcome.Refused(Refusal.of(reason, message)));
    }

    private static Optional<NodeId> nodeId(int value, Consumer<Outcome> refused) {
        if (value < 1 || value > MemberId.MAX_NODE) {
            refused.accept(new Outcome.Refused(
                    Refusal.of(Reason.INVALID_ARGUMENT, "a node's id is 1 to " + MemberId.MAX_NODE + ", not " + value)
                            .with("field", "node_id")));
            return Optional.empty();
        }
        return Optional.of(new NodeId(value));
    }

    private void add(ClusterChange.AddNode add, Consumer<Outcome> refused, Consumer<ClusterChange.Accepted> accepted) {
        Optional<NodeId> node = nodeId(add.nodeId(), refused);
        if (node.isEmpty()) {
            return;
        }
        if (registry.nodes().get(node.get()) == null && nodesOfMembers().contains(node.get())) {
            refuse(refused, Reason.CHANGE_REFUSED, "node " + add.nodeId() + " is a member of the cluster already");
            return;
        }
        propose(
                new Change.AddNode(node.get(), add.peerAddress()),
                "node " + add.nodeId() + " may join; start it with node.join on an empty directory",
                refused,
                accepted);
    }

    private void readmit(
            ClusterChange.ReadmitNode readmit, Consumer<Outcome> refused, Consumer<ClusterChange.Accepted> accepted) {
        Optional<NodeId> node = nodeId(readmit.nodeId(), refused);
        if (node.isEmpty()) {
            return;
        }
        NodeRecord known = registry.nodes().get(node.get());
        if (known == null && !nodesOfMembers().contains(node.get())) {
            refused.accept(new Outcome.Refused(NodeTable.unknown(node.get())));
            return;
        }
        Optional<Long> incarnation = asking.apply(node.get());
        if (incarnation.isEmpty()) {
            refuse(
                    refused,
                    Reason.CHANGE_REFUSED,
                    "node " + readmit.nodeId() + " does not ask to be readmitted: it is not there, or it has its disk");
            return;
        }
        propose(
                new Change.AdmitNode(node.get(), incarnation.get()),
                "node " + readmit.nodeId() + " is a new member; its replicas are copied to it",
                refused,
                accepted);
    }

    private void remove(
            int nodeId, Optional<Integer> by, Consumer<Outcome> refused, Consumer<ClusterChange.Accepted> accepted) {
        Optional<NodeId> node = nodeId(nodeId, refused);
        if (node.isEmpty()) {
            return;
        }
        NodeRecord known = registry.nodes().get(node.get());
        if (known == null) {
            refused.accept(new Outcome.Refused(NodeTable.unknown(node.get())));
            return;
        }
        if (known.state() == State.REMOVED) {
            accepted.accept(new ClusterChange.Accepted("node " + nodeId + " was removed before"));
            return;
        }
        List<NodeId> rest = new ArrayList<>(holders());
        rest.remove(node.get());
        if (by.isPresent() && !rest.contains(new NodeId(Math.max(1, by.get())))) {
            refuse(
                    refused,
                    Reason.CHANGE_REFUSED,
                    "node " + by.get() + " cannot take the place of node " + nodeId
                            + ": it is no active member of the cluster; add and start it first");
            return;
        }
        Optional<TopicState> tooWide = registry.topics().values().stream()
                .filter(topic -> topic.replicationFactor() > rest.size()
                        && topic.partitions().stream()
                                .anyMatch(partition -> partition.replicas().contains(node.get())))
                .findFirst();
        if (tooWide.isPresent() || rest.isEmpty()) {
            String why = tooWide.map(topic -> "topic \"" + topic.name() + "\" has " + topic.replicationFactor()
                            + " replicas of each partition")
                    .orElse("it is the last one");
            refused.accept(new Outcome.Refused(Refusal.of(
                            Reason.NOT_ENOUGH_NODES,
                            "without node " + nodeId + " there are " + rest.size() + " nodes, but " + why
                                    + "; add a node first")
                    .with("nodes", rest.size())
                    .with(
                            "replication_factor",
                            tooWide.map(TopicState::replicationFactor).orElse(1))));
            return;
        }
        by.ifPresent(successor -> successors.put(node.get(), new NodeId(successor)));
        long held = registry.allPartitions().stream()
                .filter(partition -> partition.memberOn(node.get()).isPresent())
                .count();
        State next = known.state() == State.ADDED ? State.REMOVED : State.LEAVING;
        propose(
                new Change.ChangeNodeState(node.get(), next),
                next == State.REMOVED
                        ? "node " + nodeId + " may not join any more"
                        : "node " + nodeId + " leaves: its " + held + " replicas go to other nodes, " + MAX_MOVES
                                + " at a time",
                refused,
                accepted);
    }

    private void move(
            ClusterChange.MovePartition move, Consumer<Outcome> refused, Consumer<ClusterChange.Accepted> accepted) {
        Optional<TopicState> topic = registry.topic(move.topic());
        if (topic.isEmpty()) {
            refused.accept(new Outcome.Refused(io.quorate.node.replica.Refusals.unknownTopic(move.topic())));
            return;
        }
        List<PartitionState> partitions = topic.get().partitions();
        if (move.partition() < 0 || move.partition() >= partitions.size()) {
            refuse(
                    refused,
                    Reason.UNKNOWN_PARTITION,
                    "topic \"" + move.topic() + "\" has partitions 0 to " + (partitions.size() - 1) + ", not "
                            + move.partition());
            return;
        }
        TreeSet<NodeId> distinct = new TreeSet<>();
        List<NodeId> nodes = new ArrayList<>();
        for (int value : move.nodeIds()) {
            Optional<NodeId> node = nodeId(value, refused);
            if (node.isEmpty()) {
                return;
            }
            nodes.add(node.get());
            distinct.add(node.get());
        }
        PartitionState partition = partitions.get(move.partition());
        if (distinct.size() != nodes.size() || nodes.size() != topic.get().replicationFactor()) {
            refused.accept(new Outcome.Refused(Refusal.of(
                            Reason.INVALID_ARGUMENT,
                            "the partition has " + topic.get().replicationFactor()
                                    + " replicas on as many nodes, not on " + move.nodeIds())
                    .with("field", "node_ids")));
        } else if (!holders().containsAll(nodes)) {
            List<NodeId> absent = new ArrayList<>(nodes);
            absent.removeAll(holders());
            refuse(
                    refused,
                    Reason.UNKNOWN_NODE,
                    "not active members of the cluster: "
                            + absent.stream().map(NodeId::value).toList());
        } else if (partition.replicas().equals(nodes)) {
            accepted.accept(new ClusterChange.Accepted("the replicas are, or are about to be, where they should be"));
        } else {
            propose(
                    new Change.MovePartition(partition.groupId(), nodes, partition.placement()),
                    move.topic() + "/" + move.partition() + " moves from "
                            + partition.replicas().stream().map(NodeId::value).toList() + " to " + move.nodeIds(),
                    refused,
                    accepted);
        }
    }

    static Refusal busy(PartitionState partition) {
        return Refusal.of(
                        Reason.CHANGE_REFUSED,
                        "the partition's replicas were moved meanwhile, to "
                                + partition.replicas().stream()
                                        .map(NodeId::value)
                                        .toList())
                .retryAfter(BUSY_RETRY_MILLIS);
    }

    private void rebalance(ClusterChange.Rebalance rebalance, Consumer<ClusterChange.Accepted> accepted) {
        List<Balance.Move> moves = balance().plan();
        List<ClusterChange.Move> told = new ArrayList<>(moves.size());
        for (Balance.Move move : moves) {
            registry.nameOf(move.partition().groupId())
                    .ifPresent(name -> told.add(new ClusterChange.Move(
                            name.topic(),
                            name.partition(),
                            move.partition().replicas().stream()
                                    .map(NodeId::value)
                                    .toList(),
                            move.to().stream().map(NodeId::value).toList())));
        }
        if (!rebalance.dryRun()) {
            planned.clear();
            planned.addAll(moves);
            LOG.info("rebalancing: {} partitions are moved, {} at a time", moves.size(), MAX_MOVES);
            run();
        }
        accepted.accept(new ClusterChange.Accepted(
                moves.isEmpty()
                        ? "the replicas are spread evenly already"
                        : moves.size() + (rebalance.dryRun() ? " partitions would move" : " partitions move") + ", "
                                + MAX_MOVES + " at a time",
                told));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.replica.GroupName;
import io.quorate.node.replica.MemberId;
import io.quorate.node.replica.Refusals;
import io.quorate.node.replica.StateMachine;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The registry: nodes, topics, partitions and where their replicas are. A function of the metadata group's log.
 *
 * <p>Invariant: group ids rise with every partition that is created and are never given twice.
 */
public final class MetadataStateMachine implements StateMachine {
    /** Learns what each applied change came to. */
    public interface Listener {
        void onOutcome(long requestId, Outcome outcome);

        /** The topic was deleted by something that a snapshot stands in for; its name may have been taken again. */
        default void onGone(TopicState topic) {}
    }

    private final Listener listener;
    private final NodeTable nodes = new NodeTable();
    private final SortedMap<String, TopicState> topics = new TreeMap<>();
    private long nextGroupId = 1;
    private int partitions;

    public MetadataStateMachine(Listener listener) {
        this.listener = listener;
    }

    /** By id. A view. */
    public SortedMap<NodeId, NodeRecord> nodes() {
        return nodes.view();
    }

    /** By name. A view. */
    public SortedMap<String, TopicState> topics() {
        return Collections.unmodifiableSortedMap(topics);
    }

    public Optional<TopicState> topic(String name) {
        return Optional.ofNullable(topics.get(name));
    }

    /** Of all topics. */
    public List<TopicState.PartitionState> allPartitions() {
        List<TopicState.PartitionState> all = new ArrayList<>(partitions);
        topics.values().forEach(topic -> all.addAll(topic.partitions()));
        return all;
    }

    /** Which partition has this group; empty if none has. */
    public Optional<GroupName> nameOf(long groupId) {
        for (TopicState topic : topics.values()) {
            for (int number = 0; number < topic.partitions().size(); number++) {
                if (topic.partitions().get(number).groupId() == groupId) {
                    return Optional.of(new GroupName(groupId, topic.name(), number));
                }
            }
        }
        return Optional.empty();
    }

    /** Empty if there is no such partition. */
    public Optional<TopicState.PartitionState> partition(long groupId) {
        return nameOf(groupId).map(name -> topics.get(name.topic()).partitions().get(name.partition()));
    }

    /** Which of these ids have been given to partitions that are deleted, by what is applied so far. */
    public List<Long> deletedAmong(List<Long> groupIds) {
        TreeSet<Long> registered = new TreeSet<>();
        for (TopicState topic : topics.values()) {
            topic.partitions().forEach(partition -> registered.add(partition.groupId()));
        }
        return groupIds.stream()
                .filter(id -> id > 0 && hasGiven(id) && !registered.contains(id))
                .toList();
    }

    /** Whether a partition has been given this id, by what is applied so far; it may be deleted again. */
    public boolean hasGiven(long groupId) {
        return groupId < nextGroupId;
    }

    /** Of all topics. */
    public int partitions() {
        return partitions;
    }

    /** @throws IllegalArgumentException if the command is not known to this version */
    @Override
    public void apply(LogEntry entry) {
        if (entry.type() == EntryType.COMMAND) {
            MetadataCodec.Command command = MetadataCodec.decode(entry.payload());
            listener.onOutcome(command.requestId(), apply(command.change()));
        } else if (entry.type() != EntryType.NO_OP && entry.type() != EntryType.MEMBERSHIP) {
            throw new IllegalArgumentException(GroupName.METADATA + ": entry " + entry.id() + " is a " + entry.type()
                    + ", which does not belong into this log or was written by a newer version");
        }
    }

    @Override
    public long nextOffset() {
        return 0;
    }

    @Override
    public long lowWatermark() {
        return 0;
    }

    @Override
    public Frozen freeze() {
        long next = nextGroupId;
        List<NodeRecord> allNodes = List.copyOf(nodes.view().values());
        List<TopicState> allTopics = List.copyOf(topics.values());
        return () -> RegistryCodec.encode(next, allNodes, allTopics);
    }

    @Override
    public void restore(GroupSnapshot snapshot) {
        RegistryCodec.Registry registry = RegistryCodec.decode(snapshot.state());
        List<TopicState> before = List.copyOf(topics.values());
        nodes.restore(registry.nodes());
        topics.clear();
        registry.topics().forEach(topic -> topics.put(topic.name(), topic));
        nextGroupId = registry.nextGroupId();
        partitions = topics.values().stream()
                .mapToInt(topic -> topic.partitions().size())
                .sum();
        for (TopicState topic : before) {
            if (topic(topic.name())
                    .filter(now -> groupOf(now) == groupOf(topic))
                    .isEmpty()) {
                listener.onGone(topic);
            }
        }
    }

    /** Of partition 0: the topic's incarnation. */
    private static long groupOf(TopicState topic) {
        return topic.partitions().get(0).groupId();
    }

    private Outcome apply(Change change) {
        if (change instanceof Change.RegisterNode node) {
            return nodes.register(node);
        }
        if (change instanceof Change.AddNode add) {
            return nodes.add(add);
        }
        if (change instanceof Change.AdmitNode admit) {
            return admit(admit);
        }
        if (change instanceof Change.ChangeNodeState state) {
            return nodes.change(state);
        }
        if (change instanceof Change.MovePartition move) {
            return move(move);
        }
        if (change instanceof Change.SettlePartition settle) {
            return settle(settle);
        }
        if (change instanceof Change.CreateTopic create) {
            return create(create);
        }
        if (change instanceof Change.AlterTopic alter) {
            return alter(alter);
        }
        return delete((Change.DeleteTopic) change);
    }

    private Outcome admit(Change.AdmitNode admit) {
        NodeRecord before = nodes.view().get(admit.node());
        Outcome outcome = nodes.admit(admit);
        boolean lost = outcome instanceof Outcome.NodeChanged changed
                && (before == null || before.isMember())
                && !changed.node().equals(before);
        if (lost) {
            // Whatever it held is gone: it is replaced by itself, everywhere at once.
            for (TopicState topic : List.copyOf(topics.values())) {
                TopicState changed = topic;
                for (int number = 0; number < topic.partitions().size(); number++) {
                    changed =
                            changed.with(number, topic.partitions().get(number).readmit(admit.node()));
                }
                topics.put(topic.name(), changed);
            }
        }
        return outcome;
    }

    private Outcome move(Change.MovePartition move) {
        Optional<GroupName> name = nameOf(move.groupId());
        if (name.isEmpty()) {
            return new Outcome.Refused(Refusal.of(Reason.UNKNOWN_PARTITION, "the partition was deleted meanwhile"));
        }
        TopicState topic = topics.get(name.get().topic());
        TopicState.PartitionState partition = topic.partitions().get(name.get().partition());
        if (partition.placement() != move.placement()) {
            return new Outcome.Refused(ClusterUpkeep.busy(partition));
        }
        if (partition.placement() >= MemberId.MAX_STAY) {
            return new Outcome.Refused(Refusal.of(
                    Reason.CHANGE_REFUSED,
                    "the partition was moved " + MemberId.MAX_STAY + " times, which is the limit"));
        }
        return put(topic.with(name.get().partition(), partition.moveTo(move.nodes())));
    }

    private Outcome settle(Change.SettlePartition settle) {
        Optional<GroupName> name = nameOf(settle.groupId());
        Optional<TopicState.PartitionState> partition =
                partition(settle.groupId()).filter(found -> found.placement() == settle.placement());
        if (name.isEmpty() || partition.isEmpty()) {
            return new Outcome.Refused(
                    Refusal.of(Reason.CHANGE_REFUSED, "the partition's placement is another one now"));
        }
        return put(topics.get(name.get().topic())
                .with(name.get().partition(), partition.get().settle()));
    }

    private Outcome create(Change.CreateTopic create) {
        if (topics.containsKey(create.topic())) {
            return new Outcome.Refused(topicExists(create.topic()));
        }
        Optional<Refusal> tooMany = tooManyPartitions(0, create.placements().size());
        if (tooMany.isPresent()) {
            return new Outcome.Refused(tooMany.get());
        }
        return put(new TopicState(
                create.topic(), create.replicationFactor(), create.settings(), withGroups(create.placements())));
    }

    private Outcome alter(Change.AlterTopic alter) {
        TopicState topic = topics.get(alter.topic());
        if (topic == null) {
            return new Outcome.Refused(Refusals.unknownTopic(alter.topic()));
        }
        int count = topic.partitions().size();
        // A request that was sent again while it was under way, or two that want the same, add partitions once.
        int there = alter.partitionsBefore() == 0 ? 0 : Math.max(0, count - alter.partitionsBefore());
        List<List<NodeId>> added = alter.added()
                .subList(Math.min(there, alter.added().size()), alter.added().size());
        Optional<Refusal> refusal =
                whyNotMeant(topic, alter.groupId()).or(() -> tooManyPartitions(count, added.size()));
        if (refusal.isPresent()) {
            return new Outcome.Refused(refusal.get());
        }
        List<TopicState.PartitionState> all = new ArrayList<>(topic.partitions());
        all.addAll(withGroups(added));
        return put(new TopicState(
                topic.name(), topic.replicationFactor(), alter.settings().applyTo(topic.settings()), all));
    }

    private Outcome delete(Change.DeleteTopic delete) {
        TopicState topic = topics.get(delete.topic());
        if (topic == null) {
            return new Outcome.Refused(Refusals.unknownTopic(delete.topic()));
        }
        Optional<Refusal> notMeant = whyNotMeant(topic, delete.groupId());
        if (notMeant.isPresent()) {
            return new Outcome.Refused(notMeant.get());
        }
        topics.remove(delete.topic());
        partitions -= topic.partitions().size();
        return new Outcome.TopicDeleted(topic);
    }

    /** @param groupId of partition 0 in the incarnation that is meant; 0: whichever there is */
    private static Optional<Refusal> whyNotMeant(TopicState topic, long groupId) {
        long current = groupOf(topic);
        return groupId == 0 || groupId == current
                ? Optional.empty()
                : Optional.of(Refusals.notThisIncarnation(new TopicPartition(topic.name(), 0, groupId), current));
    }

    private Outcome put(TopicState topic) {
        TopicState before = topics.put(topic.name(), topic);
        partitions += topic.partitions().size()
                - (before == null ? 0 : before.partitions().size());
        return new Outcome.TopicChanged(topic);
    }

    private List<TopicState.PartitionState> withGroups(List<List<NodeId>> placements) {
        List<TopicState.PartitionState> created = new ArrayList<>(placements.size());
        for (List<NodeId> replicas : placements) {
            created.add(new TopicState.PartitionState(nextGroupId++, replicas));
        }
        return created;
    }

    private static Refusal topicExists(String topic) {
        return Refusal.of(Reason.TOPIC_EXISTS, "topic \"" + topic + "\" exists already")
                .with("topic", topic);
    }

    /** Whether a topic may get {@code added} partitions beside those it has. */
    Optional<Refusal> tooManyPartitions(int existing, int added) {
        if ((long) existing + added > MetadataLimits.MAX_PARTITIONS_PER_TOPIC) {
            return Optional.of(tooMany("a topic has 1 to " + MetadataLimits.MAX_PARTITIONS_PER_TOPIC
                    + " partitions, not " + ((long) existing + added)));
        }
        if ((long) partitions + added > MetadataLimits.MAX_PARTITIONS) {
            return Optional.of(tooMany("the cluster has " + partitions + " partitions and takes "
                    + MetadataLimits.MAX_PARTITIONS + "; " + added + " more are too many"));
        }
        return Optional.empty();
    }

    private static Refusal tooMany(String message) {
        return Refusal.of(Reason.INVALID_ARGUMENT, message).with("field", "partitions");
    }
}

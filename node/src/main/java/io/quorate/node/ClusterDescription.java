/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.node.api.ClusterView;
import io.quorate.node.api.TopicSettings;
import io.quorate.node.events.FollowerLag;
import io.quorate.node.metadata.Change;
import io.quorate.node.metadata.Leaders;
import io.quorate.node.metadata.MetadataService;
import io.quorate.node.metadata.NodeRecord;
import io.quorate.node.metadata.Peers;
import io.quorate.node.metadata.TopicState;
import io.quorate.node.replica.DiskWatch;
import io.quorate.node.replica.LocalReplicas;
import io.quorate.node.replica.Scrubber;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Tells what one node knows of the cluster. Event loop only. */
final class ClusterDescription {
    private final NodeSettings settings;
    private final MetadataService metadata;
    private final LocalReplicas replicas;
    private final Leaders leaders;
    private final Peers peers;
    private final DiskWatch disk;
    private final Scrubber scrubber;
    private final FollowerLag lag;
    private final Predicate<NodeId> asking;

    /** @param asking whether a node has lost its disk, and asks to be readmitted */
    ClusterDescription(
            NodeSettings settings,
            MetadataService metadata,
            LocalReplicas replicas,
            Leaders leaders,
            Peers peers,
            DiskWatch disk,
            Scrubber scrubber,
            FollowerLag lag,
            Predicate<NodeId> asking) {
        this.settings = settings;
        this.metadata = metadata;
        this.replicas = replicas;
        this.leaders = leaders;
        this.peers = peers;
        this.disk = disk;
        this.scrubber = scrubber;
        this.lag = lag;
        this.asking = asking;
    }

    ClusterView view() {
        List<ClusterView.NodeView> nodes = new ArrayList<>();
        TreeSet<NodeId> all = new TreeSet<>(settings.peerAddresses().keySet());
        all.addAll(metadata.registry().nodes().keySet());
        all.removeIf(node -> standing(node) == ClusterView.Standing.REMOVED);
        for (NodeId node : all) {
            nodes.add(new ClusterView.NodeView(
                    node.value(),
                    clientAddress(settings, metadata, peers, node).orElse(""),
                    peerAddress(node),
                    peers.isUp(node),
                    peers.lastContactMillis(node),
                    standing(node)));
        }
        List<ClusterView.TopicView> topics = new ArrayList<>();
        for (TopicState topic : metadata.registry().topics().values()) {
            topics.add(topic(topic));
        }
        return new ClusterView(
                settings.clusterId(),
                settings.nodeId().value(),
                nodes,
                withLag(metadata.view()),
                topics,
                replicas.views().stream().map(this::withLag).toList(),
                disk.view(),
                scrubber.view(),
                settings.maxBatchBytes());
    }

    private String peerAddress(NodeId node) {
        NodeRecord record = metadata.registry().nodes().get(node);
        return record != null && !record.peerAddress().isEmpty()
                ? record.peerAddress()
                : settings.peerAddresses().getOrDefault(node, "");
    }

    private ClusterView.Standing standing(NodeId node) {
        NodeRecord record = metadata.registry().nodes().get(node);
        if (record == null) {
            return asking.test(node) ? ClusterView.Standing.LOST : ClusterView.Standing.ACTIVE;
        }
        return switch (record.state()) {
            case ADDED -> ClusterView.Standing.ADDED;
            case ACTIVE -> asking.test(node) ? ClusterView.Standing.LOST : ClusterView.Standing.ACTIVE;
            case LEAVING -> ClusterView.Standing.LEAVING;
            case REMOVED -> ClusterView.Standing.REMOVED;
        };
    }

    private ClusterView.GroupView withLag(ClusterView.GroupView group) {
        return group.followers().isEmpty()
                ? group
                : group.withFollowers(group.followers().stream()
                        .map(follower ->
                                follower.laggingFor(lag.lagsForMillis(group.groupId(), new NodeId(follower.nodeId()))))
                        .toList());
    }

    ClusterView.TopicView topic(TopicState topic) {
        List<ClusterView.PartitionView> partitions =
                new ArrayList<>(topic.partitions().size());
        for (TopicState.PartitionState partition : topic.partitions()) {
            Leaders.Leadership leadership = leaders.of(partition.groupId());
            partitions.add(new ClusterView.PartitionView(
                    partitions.size(),
                    partition.groupId(),
                    values(partition.replicas()),
                    leadership.leader().map(NodeId::value).orElse(0),
                    leadership.generation(),
                    values(partition.leaving()),
                    values(partition.joining())));
        }
        return new ClusterView.TopicView(
                topic.name(),
                topic.replicationFactor(),
                new TopicSettings(
                        maxBatchBytes(settings, topic),
                        topic.settings().retentionMillis(),
                        topic.settings().retentionBytes()),
                partitions);
    }

    private static List<Integer> values(List<NodeId> nodes) {
        return nodes.stream().map(NodeId::value).toList();
    }

    /** Largest batch that the topic takes, in bytes. */
    static int maxBatchBytes(NodeSettings settings, TopicState topic) {
        int ofTopic = topic.settings().maxBatchBytes();
        return ofTopic == 0 ? settings.maxBatchBytes() : Math.min(ofTopic, settings.maxBatchBytes());
    }

    /** Where clients reach a node: as it says itself, else as it is registered. */
    static Optional<String> clientAddress(NodeSettings settings, MetadataService metadata, Peers peers, NodeId node) {
        if (node.equals(settings.nodeId())) {
            return Optional.of(settings.clientAddress());
        }
        return peers.toldOfItself(node)
                .map(Change.RegisterNode::clientAddress)
                .or(() -> Optional.ofNullable(metadata.registry().nodes().get(node))
                        .map(NodeRecord::clientAddress))
                .filter(address -> !address.isEmpty());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.node.api.ClusterView;
import io.quorate.node.api.TopicSettings;
import io.quorate.node.events.FollowerLag;
import io.quorate.node.metadata.Change;
import io.quorate.node.metadata.Leaders;
import io.quorate.node.metadata.MetadataService;
import io.quorate.node.metadata.Peers;
import io.quorate.node.metadata.TopicState;
import io.quorate.node.replica.DiskWatch;
import io.quorate.node.replica.LocalReplicas;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Tells what one node knows of the cluster. Event loop only. */
final class ClusterDescription {
    private final NodeSettings settings;
    private final MetadataService metadata;
    private final LocalReplicas replicas;
    private final Leaders leaders;
    private final Peers peers;
    private final DiskWatch disk;
    private final FollowerLag lag;

    ClusterDescription(
            NodeSettings settings,
            MetadataService metadata,
            LocalReplicas replicas,
            Leaders leaders,
            Peers peers,
            DiskWatch disk,
            FollowerLag lag) {
        this.settings = settings;
        this.metadata = metadata;
        this.replicas = replicas;
        this.leaders = leaders;
        this.peers = peers;
        this.disk = disk;
        this.lag = lag;
    }

    ClusterView view() {
        List<ClusterView.NodeView> nodes = new ArrayList<>();
        settings.peerAddresses()
                .forEach((node, peerAddress) -> nodes.add(new ClusterView.NodeView(
                        node.value(),
                        clientAddress(settings, metadata, peers, node).orElse(""),
                        peerAddress,
                        peers.isUp(node),
                        peers.lastContactMillis(node))));
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
                settings.maxBatchBytes());
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
            List<Integer> holders = new ArrayList<>(partition.replicas().size());
            for (NodeId replica : partition.replicas()) {
                holders.add(replica.value());
            }
            partitions.add(new ClusterView.PartitionView(
                    partitions.size(),
                    partition.groupId(),
                    holders,
                    leadership.leader().map(NodeId::value).orElse(0),
                    leadership.generation()));
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
                .or(() -> Optional.ofNullable(metadata.registry().nodes().get(node)))
                .map(Change.RegisterNode::clientAddress);
    }
}

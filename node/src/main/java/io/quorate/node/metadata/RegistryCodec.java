/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import io.quorate.internal.v1.MetadataState;
import io.quorate.internal.v1.RegisterNode;
import io.quorate.internal.v1.RegisteredPartition;
import io.quorate.internal.v1.RegisteredTopic;
import io.quorate.node.api.TopicSettings;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** The registry as bytes, for snapshots of the metadata group: {@code quorate.internal.v1.MetadataState}. */
final class RegistryCodec {
    private static final int VERSION = 1;

    /** All that a registry consists of. */
    record Registry(long nextGroupId, List<Change.RegisterNode> nodes, List<TopicState> topics) {}

    private RegistryCodec() {}

    static Payload encode(long nextGroupId, Collection<Change.RegisterNode> nodes, Collection<TopicState> topics) {
        MetadataState.Builder state =
                MetadataState.newBuilder().setVersion(VERSION).setNextGroupId(nextGroupId);
        for (Change.RegisterNode node : nodes) {
            state.addNodes(RegisterNode.newBuilder()
                    .setNodeId(node.node().value())
                    .setClientAddress(node.clientAddress())
                    .setIncarnation(node.incarnation()));
        }
        for (TopicState topic : topics) {
            state.addTopics(encode(topic));
        }
        return Payload.wrap(state.build().toByteArray());
    }

    private static RegisteredTopic.Builder encode(TopicState topic) {
        RegisteredTopic.Builder encoded = RegisteredTopic.newBuilder()
                .setTopic(topic.name())
                .setReplicationFactor(topic.replicationFactor())
                .setMaxBatchBytes(topic.settings().maxBatchBytes())
                .setRetentionMs(topic.settings().retentionMillis())
                .setRetentionBytes(topic.settings().retentionBytes());
        for (TopicState.PartitionState partition : topic.partitions()) {
            RegisteredPartition.Builder replicas =
                    encoded.addPartitionsBuilder().setGroupId(partition.groupId());
            partition.replicas().forEach(replica -> replicas.addReplicas(replica.value()));
        }
        return encoded;
    }

    /** @throws IllegalArgumentException if the bytes are no registry that this version knows: the replica must stop */
    static Registry decode(Payload payload) {
        MetadataState state;
        try {
            state = MetadataState.parseFrom(
                    CodedInputStream.newInstance(payload.array(), payload.arrayOffset(), payload.size()));
        } catch (InvalidProtocolBufferException malformed) {
            throw new IllegalArgumentException("malformed registry: " + malformed.getMessage(), malformed);
        } catch (IOException impossible) {
            throw new IllegalStateException("reading from an array", impossible);
        }
        if (state.getVersion() != VERSION) {
            throw new IllegalArgumentException("a registry of version " + state.getVersion() + ", this release knows "
                    + VERSION + "; a newer one wrote it");
        }
        List<Change.RegisterNode> nodes = new ArrayList<>(state.getNodesCount());
        for (RegisterNode node : state.getNodesList()) {
            nodes.add(new Change.RegisterNode(
                    new NodeId(node.getNodeId()), node.getClientAddress(), node.getIncarnation()));
        }
        List<TopicState> topics = new ArrayList<>(state.getTopicsCount());
        for (RegisteredTopic topic : state.getTopicsList()) {
            topics.add(decode(topic));
        }
        return new Registry(state.getNextGroupId(), nodes, topics);
    }

    private static TopicState decode(RegisteredTopic topic) {
        List<TopicState.PartitionState> partitions = new ArrayList<>(topic.getPartitionsCount());
        for (RegisteredPartition partition : topic.getPartitionsList()) {
            partitions.add(new TopicState.PartitionState(
                    partition.getGroupId(),
                    partition.getReplicasList().stream().map(NodeId::new).toList()));
        }
        return new TopicState(
                topic.getTopic(),
                topic.getReplicationFactor(),
                new TopicSettings(topic.getMaxBatchBytes(), topic.getRetentionMs(), topic.getRetentionBytes()),
                partitions);
    }
}

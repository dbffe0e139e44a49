/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import io.quorate.internal.v1.MetadataState;
import io.quorate.internal.v1.RegisteredNode;
import io.quorate.internal.v1.RegisteredNodeState;
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
    private static final int VERSION = 2;

    /** Nodes had no state and partitions no members: all nodes were active, and nothing was ever moved. */
    private static final int VERSION_WITHOUT_MEMBERS = 1;

    /** All that a registry consists of. */
    record Registry(long nextGroupId, List<NodeRecord> nodes, List<TopicState> topics) {}

    private RegistryCodec() {}

    static Payload encode(long nextGroupId, Collection<NodeRecord> nodes, Collection<TopicState> topics) {
        MetadataState.Builder state =
                MetadataState.newBuilder().setVersion(VERSION).setNextGroupId(nextGroupId);
        for (NodeRecord node : nodes) {
            state.addNodes(RegisteredNode.newBuilder()
                    .setNodeId(node.node().value())
                    .setClientAddress(node.clientAddress())
                    .setIncarnation(node.incarnation())
                    .setPeerAddress(node.peerAddress())
                    .setAdmission(node.admission())
                    .setState(encode(node.state())));
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
            RegisteredPartition.Builder members = encoded.addPartitionsBuilder()
                    .setGroupId(partition.groupId())
                    .setPlacement(partition.placement());
            partition.target().forEach(member -> members.addTarget(member.value()));
            partition.founders().forEach(member -> members.addFounders(member.value()));
            partition.holders().forEach(member -> members.addHolders(member.value()));
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
        if (state.getVersion() != VERSION && state.getVersion() != VERSION_WITHOUT_MEMBERS) {
            throw new IllegalArgumentException("a registry of version " + state.getVersion() + ", this release knows "
                    + VERSION + "; a newer one wrote it");
        }
        List<NodeRecord> nodes = new ArrayList<>(state.getNodesCount());
        for (RegisteredNode node : state.getNodesList()) {
            nodes.add(new NodeRecord(
                    new NodeId(node.getNodeId()),
                    node.getClientAddress(),
                    node.getPeerAddress(),
                    node.getIncarnation(),
                    node.getAdmission(),
                    state.getVersion() == VERSION_WITHOUT_MEMBERS ? NodeRecord.State.ACTIVE : decode(node.getState())));
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
            boolean neverMoved = partition.getFoundersCount() == 0;
            partitions.add(new TopicState.PartitionState(
                    partition.getGroupId(),
                    members(neverMoved ? partition.getTargetList() : partition.getFoundersList()),
                    members(neverMoved ? partition.getTargetList() : partition.getHoldersList()),
                    members(partition.getTargetList()),
                    partition.getPlacement()));
        }
        return new TopicState(
                topic.getTopic(),
                topic.getReplicationFactor(),
                new TopicSettings(topic.getMaxBatchBytes(), topic.getRetentionMs(), topic.getRetentionBytes()),
                partitions);
    }

    private static List<NodeId> members(List<Integer> values) {
        return values.stream().map(NodeId::new).toList();
    }

    static RegisteredNodeState encode(NodeRecord.State state) {
        return switch (state) {
            case ADDED -> RegisteredNodeState.REGISTERED_NODE_STATE_ADDED;
            case ACTIVE -> RegisteredNodeState.REGISTERED_NODE_STATE_ACTIVE;
            case LEAVING -> RegisteredNodeState.REGISTERED_NODE_STATE_LEAVING;
            case REMOVED -> RegisteredNodeState.REGISTERED_NODE_STATE_REMOVED;
        };
    }

    /** @throws IllegalArgumentException if this version does not know it */
    static NodeRecord.State decode(RegisteredNodeState state) {
        return switch (state) {
            case REGISTERED_NODE_STATE_ADDED -> NodeRecord.State.ADDED;
            case REGISTERED_NODE_STATE_ACTIVE -> NodeRecord.State.ACTIVE;
            case REGISTERED_NODE_STATE_LEAVING -> NodeRecord.State.LEAVING;
            case REGISTERED_NODE_STATE_REMOVED -> NodeRecord.State.REMOVED;
            case REGISTERED_NODE_STATE_UNSPECIFIED, UNRECOGNIZED ->
                throw new IllegalArgumentException("a state of a node that this version does not know");
        };
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import io.quorate.internal.v1.AddNodeCommand;
import io.quorate.internal.v1.AdmitNodeCommand;
import io.quorate.internal.v1.AlterTopicCommand;
import io.quorate.internal.v1.ChangeNodeStateCommand;
import io.quorate.internal.v1.CreateTopicCommand;
import io.quorate.internal.v1.DeleteTopicCommand;
import io.quorate.internal.v1.MetadataCommand;
import io.quorate.internal.v1.MovePartitionCommand;
import io.quorate.internal.v1.SettlePartitionCommand;
import io.quorate.node.api.TopicSettings;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Entries of the metadata group's log as bytes: {@code quorate.internal.v1.MetadataCommand}. */
public final class MetadataCodec {
    /** @param requestId chosen by the proposer, to recognise its own */
    public record Command(long requestId, Change change) {}

    private MetadataCodec() {}

    public static Payload encode(Command command) {
        MetadataCommand.Builder builder = MetadataCommand.newBuilder().setRequestId(command.requestId());
        Change change = command.change();
        if (change instanceof Change.RegisterNode node) {
            builder.setRegisterNode(io.quorate.internal.v1.RegisterNode.newBuilder()
                    .setNodeId(node.node().value())
                    .setClientAddress(node.clientAddress())
                    .setIncarnation(node.incarnation())
                    .setPeerAddress(node.peerAddress()));
        } else if (change instanceof Change.CreateTopic create) {
            builder.setCreateTopic(CreateTopicCommand.newBuilder()
                    .setTopic(create.topic())
                    .setReplicationFactor(create.replicationFactor())
                    .setMaxBatchBytes(create.settings().maxBatchBytes())
                    .setRetentionMs(create.settings().retentionMillis())
                    .setRetentionBytes(create.settings().retentionBytes())
                    .addAllPlacements(placements(create.placements())));
        } else if (change instanceof Change.DeleteTopic delete) {
            builder.setDeleteTopic(
                    DeleteTopicCommand.newBuilder().setTopic(delete.topic()).setGroupId(delete.groupId()));
        } else if (change instanceof Change.AlterTopic alter) {
            AlterTopicCommand.Builder alteration = AlterTopicCommand.newBuilder()
                    .setTopic(alter.topic())
                    .setGroupId(alter.groupId())
                    .setPartitionsBefore(alter.partitionsBefore())
                    .addAllAdded(placements(alter.added()));
            alter.settings().maxBatchBytes().ifPresent(alteration::setMaxBatchBytes);
            alter.settings().retentionMillis().ifPresent(alteration::setRetentionMs);
            alter.settings().retentionBytes().ifPresent(alteration::setRetentionBytes);
            builder.setAlterTopic(alteration);
        }
        encodeMembers(change, builder);
        return Payload.wrap(builder.build().toByteArray());
    }

    private static void encodeMembers(Change change, MetadataCommand.Builder builder) {
        if (change instanceof Change.AddNode add) {
            builder.setAddNode(
                    AddNodeCommand.newBuilder().setNodeId(add.node().value()).setPeerAddress(add.peerAddress()));
        } else if (change instanceof Change.AdmitNode admit) {
            builder.setAdmitNode(AdmitNodeCommand.newBuilder()
                    .setNodeId(admit.node().value())
                    .setIncarnation(admit.incarnation()));
        } else if (change instanceof Change.ChangeNodeState state) {
            builder.setChangeNodeState(ChangeNodeStateCommand.newBuilder()
                    .setNodeId(state.node().value())
                    .setState(RegistryCodec.encode(state.state())));
        } else if (change instanceof Change.MovePartition move) {
            MovePartitionCommand.Builder command =
                    MovePartitionCommand.newBuilder().setGroupId(move.groupId()).setPlacement(move.placement());
            move.nodes().forEach(node -> command.addNodes(node.value()));
            builder.setMovePartition(command);
        } else if (change instanceof Change.SettlePartition settle) {
            builder.setSettlePartition(SettlePartitionCommand.newBuilder()
                    .setGroupId(settle.groupId())
                    .setPlacement(settle.placement()));
        }
    }

    /**
     * @throws IllegalArgumentException if the bytes are no command that this version knows: the replica must stop there,
     *                                  never skip it
     */
    public static Command decode(Payload payload) {
        MetadataCommand command;
        try {
            command = MetadataCommand.parseFrom(
                    CodedInputStream.newInstance(payload.array(), payload.arrayOffset(), payload.size()));
        } catch (InvalidProtocolBufferException malformed) {
            throw new IllegalArgumentException("malformed metadata command: " + malformed.getMessage(), malformed);
        } catch (IOException impossible) {
            throw new IllegalStateException("reading from an array", impossible);
        }
        return new Command(command.getRequestId(), change(command));
    }

    private static Change change(MetadataCommand command) {
        return switch (command.getCommandCase()) {
            case REGISTER_NODE ->
                new Change.RegisterNode(
                        new NodeId(command.getRegisterNode().getNodeId()),
                        command.getRegisterNode().getClientAddress(),
                        command.getRegisterNode().getIncarnation(),
                        command.getRegisterNode().getPeerAddress());
            case ADD_NODE ->
                new Change.AddNode(
                        new NodeId(command.getAddNode().getNodeId()),
                        command.getAddNode().getPeerAddress());
            case ADMIT_NODE ->
                new Change.AdmitNode(
                        new NodeId(command.getAdmitNode().getNodeId()),
                        command.getAdmitNode().getIncarnation());
            case CHANGE_NODE_STATE ->
                new Change.ChangeNodeState(
                        new NodeId(command.getChangeNodeState().getNodeId()),
                        RegistryCodec.decode(command.getChangeNodeState().getState()));
            case MOVE_PARTITION ->
                new Change.MovePartition(
                        command.getMovePartition().getGroupId(),
                        command.getMovePartition().getNodesList().stream()
                                .map(NodeId::new)
                                .toList(),
                        command.getMovePartition().getPlacement());
            case SETTLE_PARTITION ->
                new Change.SettlePartition(
                        command.getSettlePartition().getGroupId(),
                        command.getSettlePartition().getPlacement());
            case CREATE_TOPIC ->
                new Change.CreateTopic(
                        command.getCreateTopic().getTopic(),
                        command.getCreateTopic().getReplicationFactor(),
                        new TopicSettings(
                                command.getCreateTopic().getMaxBatchBytes(),
                                command.getCreateTopic().getRetentionMs(),
                                command.getCreateTopic().getRetentionBytes()),
                        nodes(command.getCreateTopic().getPlacementsList()));
            case DELETE_TOPIC ->
                new Change.DeleteTopic(
                        command.getDeleteTopic().getTopic(),
                        command.getDeleteTopic().getGroupId());
            case ALTER_TOPIC ->
                new Change.AlterTopic(
                        command.getAlterTopic().getTopic(),
                        command.getAlterTopic().getGroupId(),
                        settings(command.getAlterTopic()),
                        command.getAlterTopic().getPartitionsBefore(),
                        nodes(command.getAlterTopic().getAddedList()));
            case COMMAND_NOT_SET ->
                throw new IllegalArgumentException(
                        "metadata command of a kind that this version does not know; a newer version wrote it");
        };
    }

    private static TopicSettings.Change settings(AlterTopicCommand alter) {
        return new TopicSettings.Change(
                alter.hasMaxBatchBytes() ? OptionalInt.of(alter.getMaxBatchBytes()) : OptionalInt.empty(),
                alter.hasRetentionMs() ? OptionalLong.of(alter.getRetentionMs()) : OptionalLong.empty(),
                alter.hasRetentionBytes() ? OptionalLong.of(alter.getRetentionBytes()) : OptionalLong.empty());
    }

    private static List<io.quorate.internal.v1.Placement> placements(List<List<NodeId>> partitions) {
        List<io.quorate.internal.v1.Placement> placements = new ArrayList<>(partitions.size());
        for (List<NodeId> replicas : partitions) {
            io.quorate.internal.v1.Placement.Builder placement = io.quorate.internal.v1.Placement.newBuilder();
            for (NodeId replica : replicas) {
                placement.addReplicas(replica.value());
            }
            placements.add(placement.build());
        }
        return placements;
    }

    private static List<List<NodeId>> nodes(List<io.quorate.internal.v1.Placement> placements) {
        List<List<NodeId>> partitions = new ArrayList<>(placements.size());
        for (io.quorate.internal.v1.Placement placement : placements) {
            List<NodeId> replicas = new ArrayList<>(placement.getReplicasCount());
            for (int replica : placement.getReplicasList()) {
                replicas.add(new NodeId(replica));
            }
            partitions.add(replicas);
        }
        return partitions;
    }
}

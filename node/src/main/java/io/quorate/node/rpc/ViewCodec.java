/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.quorate.node.api.ClusterView;
import io.quorate.node.api.ClusterView.DiskView;
import io.quorate.node.api.ClusterView.FollowerView;
import io.quorate.node.api.ClusterView.GroupView;
import io.quorate.node.api.ClusterView.NodeView;
import io.quorate.node.api.ClusterView.PartitionView;
import io.quorate.node.api.ClusterView.ScrubView;
import io.quorate.node.api.ClusterView.SpaceLevel;
import io.quorate.node.api.ClusterView.TopicView;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.Disk;
import io.quorate.v1.DiskSpace;
import io.quorate.v1.FollowerProgress;
import io.quorate.v1.Group;
import io.quorate.v1.Node;
import io.quorate.v1.NodeStanding;
import io.quorate.v1.NodeState;
import io.quorate.v1.Partition;
import io.quorate.v1.ReplicaRole;
import io.quorate.v1.Scrub;
import io.quorate.v1.Topic;
import io.quorate.v1.TopicConfig;

/** What a node knows of the cluster, as messages. */
final class ViewCodec {
    private ViewCodec() {}

    static DescribeClusterResponse toProto(ClusterView view, String version) {
        DescribeClusterResponse.Builder response = DescribeClusterResponse.newBuilder()
                .setClusterId(view.clusterId())
                .setNodeId(view.nodeId())
                .setMetadata(toProto(view.metadata()))
                .setDisk(toProto(view.disk()))
                .setScrub(toProto(view.scrub()))
                .setVersion(version)
                .setMaxBatchBytes(view.maxBatchBytes());
        view.nodes().forEach(node -> response.addNodes(toProto(node)));
        view.topics().forEach(topic -> response.addTopics(toProto(topic)));
        view.localGroups().forEach(group -> response.addLocalGroups(toProto(group)));
        return response.build();
    }

    static Topic toProto(TopicView view) {
        Topic.Builder topic = Topic.newBuilder()
                .setName(view.name())
                .setReplicationFactor(view.replicationFactor())
                .setConfig(TopicConfig.newBuilder()
                        .setMaxBatchBytes(view.settings().maxBatchBytes())
                        .setRetentionMs(view.settings().retentionMillis())
                        .setRetentionBytes(view.settings().retentionBytes()));
        view.partitions().forEach(partition -> topic.addPartitions(toProto(partition)));
        return topic.build();
    }

    private static Partition toProto(PartitionView view) {
        return Partition.newBuilder()
                .setPartition(view.partition())
                .setGroupId(view.groupId())
                .addAllReplicas(view.replicas())
                .setLeaderId(view.leaderId())
                .setGeneration(view.generation())
                .addAllLeaving(view.leaving())
                .addAllJoining(view.joining())
                .build();
    }

    private static NodeStanding toProto(ClusterView.Standing standing) {
        return switch (standing) {
            case ACTIVE -> NodeStanding.NODE_STANDING_ACTIVE;
            case ADDED -> NodeStanding.NODE_STANDING_ADDED;
            case LEAVING -> NodeStanding.NODE_STANDING_LEAVING;
            case REMOVED -> NodeStanding.NODE_STANDING_REMOVED;
            case LOST -> NodeStanding.NODE_STANDING_LOST;
        };
    }

    private static Node toProto(NodeView view) {
        Node.Builder node = Node.newBuilder()
                .setNodeId(view.nodeId())
                .setClientAddress(view.clientAddress())
                .setPeerAddress(view.peerAddress())
                .setState(view.up() ? NodeState.NODE_STATE_UP : NodeState.NODE_STATE_DOWN)
                .setStanding(toProto(view.standing()));
        view.lastContactMillis().ifPresent(node::setLastContactMs);
        return node.build();
    }

    private static Scrub toProto(ScrubView view) {
        Scrub.Builder scrub = Scrub.newBuilder()
                .setOn(view.on())
                .setRunning(view.running())
                .setLogsDone(view.logsDone())
                .setLogs(view.logs())
                .setBytes(view.bytes())
                .setLastTookMs(view.lastTookMillis())
                .setLastBytes(view.lastBytes());
        view.lastEndedMillis().ifPresent(scrub::setLastEndedMs);
        return scrub.build();
    }

    private static Disk toProto(DiskView view) {
        Disk.Builder disk = Disk.newBuilder()
                .setPendingMs(view.pendingMillis())
                .setStalled(view.stalled())
                .setSpace(toProto(view.space()));
        if (view.freeBytes() >= 0) {
            disk.setFreeBytes(view.freeBytes());
        }
        return disk.build();
    }

    private static DiskSpace toProto(SpaceLevel level) {
        return switch (level) {
            case PLENTY -> DiskSpace.DISK_SPACE_PLENTY;
            case LOW -> DiskSpace.DISK_SPACE_LOW;
            case FULL -> DiskSpace.DISK_SPACE_FULL;
        };
    }

    private static Group toProto(GroupView view) {
        Group.Builder group = Group.newBuilder()
                .setGroupId(view.groupId())
                .setTopic(view.topic())
                .setPartition(view.partition())
                .setRole(toProto(view.role()))
                .setGeneration(view.generation())
                .setLeaderId(view.leaderId())
                .setCommitIndex(view.commitIndex())
                .setLastIndex(view.lastIndex())
                .setHighWatermark(view.highWatermark())
                .addAllVoters(view.voters())
                .setFailure(view.failure())
                .setLastGeneration(view.lastTerm())
                .setAppliedIndex(view.appliedIndex());
        view.followers().forEach(follower -> group.addFollowers(toProto(follower)));
        return group.build();
    }

    private static FollowerProgress toProto(FollowerView view) {
        FollowerProgress.Builder follower = FollowerProgress.newBuilder()
                .setNodeId(view.nodeId())
                .setMatchIndex(view.matchIndex())
                .setLagEntries(view.lagEntries())
                .setSilentMs(view.silentMillis())
                .setReplicating(view.replicating())
                .setInstalling(view.installing());
        view.lagBytes().ifPresent(follower::setLagBytes);
        view.laggingMillis().ifPresent(follower::setLaggingMs);
        return follower.build();
    }

    private static ReplicaRole toProto(ClusterView.ReplicaRole role) {
        return switch (role) {
            case FOLLOWER -> ReplicaRole.REPLICA_ROLE_FOLLOWER;
            case PRE_CANDIDATE -> ReplicaRole.REPLICA_ROLE_PRE_CANDIDATE;
            case CANDIDATE -> ReplicaRole.REPLICA_ROLE_CANDIDATE;
            case LEADER -> ReplicaRole.REPLICA_ROLE_LEADER;
            case QUARANTINED -> ReplicaRole.REPLICA_ROLE_QUARANTINED;
            case FAILED -> ReplicaRole.REPLICA_ROLE_FAILED;
        };
    }
}

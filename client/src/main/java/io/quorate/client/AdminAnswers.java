/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.client.Admin.ClusterInfo;
import io.quorate.client.Admin.GroupInfo;
import io.quorate.client.Admin.NodeInfo;
import io.quorate.client.Admin.PartitionInfo;
import io.quorate.client.Admin.TailInfo;
import io.quorate.client.Admin.TopicInfo;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.GetTailResponse;
import io.quorate.v1.Group;
import io.quorate.v1.Node;
import io.quorate.v1.NodeStanding;
import io.quorate.v1.NodeState;
import io.quorate.v1.Partition;
import io.quorate.v1.ReplicaRole;
import io.quorate.v1.Topic;
import io.quorate.v1.TrimResponse;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/** The public records of {@link Admin}, from what is on the wire. */
final class AdminAnswers {
    private static final String ROLE_PREFIX = "REPLICA_ROLE_";
    private static final String STANDING_PREFIX = "NODE_STANDING_";

    private AdminAnswers() {}

    static ClusterInfo cluster(DescribeClusterResponse response) {
        return new ClusterInfo(
                response.getClusterId(),
                response.getNodeId(),
                response.getVersion(),
                response.getMaxBatchBytes(),
                response.getNodesList().stream().map(AdminAnswers::node).toList(),
                group(response.getMetadata()),
                response.getTopicsList().stream().map(AdminAnswers::topic).toList(),
                response.getLocalGroupsList().stream().map(AdminAnswers::group).toList());
    }

    static TopicInfo topic(Topic topic) {
        return new TopicInfo(
                topic.getName(),
                topic.getReplicationFactor(),
                topic.getConfig().getMaxBatchBytes(),
                Duration.ofMillis(topic.getConfig().getRetentionMs()),
                topic.getConfig().getRetentionBytes(),
                topic.getPartitionsList().stream().map(AdminAnswers::partition).toList());
    }

    static TailInfo tail(GetTailResponse response) {
        return new TailInfo(response.getLowWatermark(), response.getHighWatermark(), response.getGeneration());
    }

    static TailInfo tail(TrimResponse response) {
        return new TailInfo(response.getLowWatermark(), response.getHighWatermark(), response.getGeneration());
    }

    private static PartitionInfo partition(Partition partition) {
        return new PartitionInfo(
                partition.getPartition(),
                partition.getGroupId(),
                List.copyOf(partition.getReplicasList()),
                partition.getLeaderId(),
                partition.getGeneration(),
                List.copyOf(partition.getLeavingList()),
                List.copyOf(partition.getJoiningList()));
    }

    private static NodeInfo node(Node node) {
        return new NodeInfo(
                node.getNodeId(),
                node.getClientAddress(),
                node.getPeerAddress(),
                node.getState() == NodeState.NODE_STATE_UP,
                node.hasLastContactMs() ? OptionalLong.of(node.getLastContactMs()) : OptionalLong.empty(),
                standing(node));
    }

    private static String standing(Node node) {
        String name = node.getStanding().name();
        return node.getStanding() == NodeStanding.NODE_STANDING_UNSPECIFIED
                ? "ACTIVE"
                : name.startsWith(STANDING_PREFIX) ? name.substring(STANDING_PREFIX.length()) : name;
    }

    private static GroupInfo group(Group group) {
        return new GroupInfo(
                group.getGroupId(),
                group.getTopic(),
                group.getPartition(),
                role(group.getRole()),
                group.getGeneration(),
                group.getLeaderId(),
                group.getCommitIndex(),
                group.getLastIndex(),
                group.getHighWatermark(),
                List.copyOf(group.getVotersList()),
                group.getFailure());
    }

    private static String role(ReplicaRole role) {
        String name = role.name();
        return name.startsWith(ROLE_PREFIX) ? name.substring(ROLE_PREFIX.length()) : name;
    }
}

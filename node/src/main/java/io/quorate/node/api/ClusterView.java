/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

import java.util.List;
import java.util.OptionalLong;

/** What one node knows of the cluster. */
public record ClusterView(
        String clusterId,
        int nodeId,
        List<NodeView> nodes,
        GroupView metadata,
        List<TopicView> topics,
        List<GroupView> localGroups,
        int maxBatchBytes) {
    public ClusterView {
        nodes = List.copyOf(nodes);
        topics = List.copyOf(topics);
        localGroups = List.copyOf(localGroups);
    }

    /** @param lastContactMillis since this node last heard of it; 0 for itself; empty: never */
    public record NodeView(
            int nodeId, String clientAddress, String peerAddress, boolean up, OptionalLong lastContactMillis) {}

    public record TopicView(String name, int replicationFactor, int maxBatchBytes, List<PartitionView> partitions) {
        public TopicView {
            partitions = List.copyOf(partitions);
        }
    }

    /** @param leaderId 0 if unknown */
    public record PartitionView(int partition, long groupId, List<Integer> replicas, int leaderId, long generation) {
        public PartitionView {
            replicas = List.copyOf(replicas);
        }
    }

    public enum ReplicaRole {
        FOLLOWER,
        PRE_CANDIDATE,
        CANDIDATE,
        LEADER,
        FAILED
    }

    /** One replica on this node. {@code topic} is empty for the metadata group, {@code failure} empty if healthy. */
    public record GroupView(
            long groupId,
            String topic,
            int partition,
            ReplicaRole role,
            long generation,
            int leaderId,
            long commitIndex,
            long lastIndex,
            long highWatermark,
            List<Integer> voters,
            String failure) {
        public GroupView {
            voters = List.copyOf(voters);
        }
    }
}

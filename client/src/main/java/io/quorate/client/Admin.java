/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Topics and the state of the cluster. Blocking; each call ends within the client's request timeout. All methods throw
 * {@link QuorateException}; calls that wait for a leader or a majority are tried again until then. Thread-safe.
 */
public interface Admin {
    /** Zero asks for the cluster's default. */
    default TopicInfo createTopic(String topic, int partitions, int replicationFactor) {
        return createTopic(topic, partitions, replicationFactor, TopicOptions.NONE);
    }

    /** Zero asks for the cluster's default. */
    TopicInfo createTopic(String topic, int partitions, int replicationFactor, TopicOptions options);

    List<TopicInfo> listTopics();

    TopicInfo describeTopic(String topic);

    /** Zero or empty: unchanged. */
    TopicInfo alterTopic(String topic, int partitions, TopicOptions options);

    void deleteTopic(String topic);

    TailInfo tail(String topic, int partition);

    /**
     * The offset of the first kept record that was appended at {@code appendedSince} or later, by the clock of the leader
     * that took it; the high-water mark if there is none. Records behind it may be older if a later leader's clock was
     * behind its predecessor's.
     */
    long findOffset(String topic, int partition, Instant appendedSince);

    /**
     * Forgets the records of a partition below {@code offset}, for good.
     *
     * @param offset at most the high-water mark; one at or below the low-water mark changes nothing
     */
    TailInfo trim(String topic, int partition, long offset);

    /**
     * A new node may join the cluster; it is to be started with {@code node.join} on an empty directory.
     *
     * @param peerAddress where its peers reach it, host:port
     * @return what happens now, for people
     */
    String addNode(int nodeId, String peerAddress);

    /** A node hands over what it holds, and leaves. Returns what happens now, for people. */
    String removeNode(int nodeId);

    /** A node that has lost its disk, and runs, takes part again as a new member. As {@link #removeNode}. */
    String readmitNode(int nodeId);

    /** What a node holds goes to another one as far as possible, and it leaves. As {@link #removeNode}. */
    String replaceNode(int nodeId, int byNodeId);

    /** Moves the replicas of a partition. @param nodeIds the first one is preferred as leader */
    String movePartition(String topic, int partition, List<Integer> nodeIds);

    /** Spreads replicas and leaders evenly over the nodes, some at a time. @param dryRun only tells the moves */
    RebalanceInfo rebalance(boolean dryRun);

    /** @param message for people */
    record RebalanceInfo(String message, List<MoveInfo> moves) {}

    /** @param to the first one is preferred as leader */
    record MoveInfo(String topic, int partition, List<Integer> from, List<Integer> to) {}

    /** As the first node that answers sees it. */
    ClusterInfo describeCluster();

    /** As the node at this address, host:port, sees it. No other node is asked. */
    ClusterInfo describeCluster(String address);

    /** What every node says for itself, by address: those that are known to the client, and those that they name. */
    List<NodeAnswer> describeNodes();

    /**
     * One node's own view, or why it gave none: exactly one of the two is present.
     *
     * @param nodeId 0 if unknown
     */
    record NodeAnswer(int nodeId, String address, Optional<ClusterInfo> view, Optional<QuorateException> error) {}

    /**
     * @param retention      age from which on records may be deleted; zero: no limit
     * @param retentionBytes of each partition's log that are kept at least; 0: no limit
     */
    record TopicInfo(
            String name,
            int replicationFactor,
            int maxBatchBytes,
            Duration retention,
            long retentionBytes,
            List<PartitionInfo> partitions) {}

    /**
     * @param replicas nodes that hold one, or are to; the first one is preferred as leader
     * @param leaderId 0 if unknown
     * @param leaving  nodes whose replica goes
     * @param joining  nodes whose replica is being made
     */
    record PartitionInfo(
            int partition,
            long groupId,
            List<Integer> replicas,
            int leaderId,
            long generation,
            List<Integer> leaving,
            List<Integer> joining) {
        /** Of which no replica is moved. */
        public PartitionInfo(int partition, long groupId, List<Integer> replicas, int leaderId, long generation) {
            this(partition, groupId, replicas, leaderId, generation, List.of(), List.of());
        }
    }

    record TailInfo(long lowWatermark, long highWatermark, long generation) {}

    record ClusterInfo(
            String clusterId,
            int answeringNode,
            String version,
            int maxBatchBytes,
            List<NodeInfo> nodes,
            GroupInfo metadata,
            List<TopicInfo> topics,
            List<GroupInfo> localGroups) {}

    /**
     * @param lastContactMillis since the answering node heard of it; empty: never
     * @param standing          ACTIVE, ADDED (may join), LEAVING, REMOVED or LOST (has lost its disk, to be readmitted)
     */
    record NodeInfo(
            int nodeId,
            String clientAddress,
            String peerAddress,
            boolean up,
            OptionalLong lastContactMillis,
            String standing) {
        /** Of an ordinary member. */
        public NodeInfo(
                int nodeId, String clientAddress, String peerAddress, boolean up, OptionalLong lastContactMillis) {
            this(nodeId, clientAddress, peerAddress, up, lastContactMillis, "ACTIVE");
        }
    }

    /** @param role FOLLOWER, PRE_CANDIDATE, CANDIDATE, LEADER, QUARANTINED or FAILED */
    record GroupInfo(
            long groupId,
            String topic,
            int partition,
            String role,
            long generation,
            int leaderId,
            long commitIndex,
            long lastIndex,
            long highWatermark,
            List<Integer> voters,
            String failure) {}
}

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
        DiskView disk,
        ScrubView scrub,
        int maxBatchBytes) {
    public ClusterView {
        nodes = List.copyOf(nodes);
        topics = List.copyOf(topics);
        localGroups = List.copyOf(localGroups);
    }

    /** @param lastContactMillis since this node last heard of it; 0 for itself; empty: never */
    public record NodeView(
            int nodeId,
            String clientAddress,
            String peerAddress,
            boolean up,
            OptionalLong lastContactMillis,
            Standing standing) {
        /** Of an ordinary member. */
        public NodeView(
                int nodeId, String clientAddress, String peerAddress, boolean up, OptionalLong lastContactMillis) {
            this(nodeId, clientAddress, peerAddress, up, lastContactMillis, Standing.ACTIVE);
        }
    }

    public enum Standing {
        /** May join, has not yet been there. */
        ADDED,
        ACTIVE,
        /** Hands over what it holds. */
        LEAVING,
        REMOVED,
        /** Has lost its disk and takes no part until it is readmitted. */
        LOST
    }

    /**
     * The disk of the node that tells.
     *
     * @param pendingMillis how long the write or flush under way has taken; 0 if none is
     * @param stalled       too long: this node leads nothing until it ends
     * @param freeBytes     negative: not known yet
     */
    public record DiskView(long pendingMillis, boolean stalled, SpaceLevel space, long freeBytes) {}

    /**
     * How the node that tells reads again what it has stored long ago.
     *
     * @param on              false: it does not
     * @param running         a pass is under way
     * @param logsDone        that this pass is through with
     * @param logs            that this pass takes; 0 if none is under way
     * @param bytes           that this pass has read
     * @param lastEndedMillis since the last pass ended; empty: none has since the node started
     * @param lastTookMillis  how long that took
     * @param lastBytes       that it read
     */
    public record ScrubView(
            boolean on,
            boolean running,
            int logsDone,
            int logs,
            long bytes,
            OptionalLong lastEndedMillis,
            long lastTookMillis,
            long lastBytes) {
        /** Of a node that has nothing to read. */
        public static final ScrubView OFF = new ScrubView(false, false, 0, 0, 0, OptionalLong.empty(), 0, 0);
    }

    public enum SpaceLevel {
        PLENTY,
        /** Below the low watermark. */
        LOW,
        /** Below the critical watermark: no appends are taken. */
        FULL
    }

    /** @param settings with the cluster's limits in force */
    public record TopicView(
            String name, int replicationFactor, TopicSettings settings, List<PartitionView> partitions) {
        public TopicView {
            partitions = List.copyOf(partitions);
        }
    }

    /**
     * @param replicas nodes that hold one, or are to; the first one is preferred as leader
     * @param leaderId 0 if unknown
     * @param leaving  nodes whose replica goes
     * @param joining  nodes whose replica is being made
     */
    public record PartitionView(
            int partition,
            long groupId,
            List<Integer> replicas,
            int leaderId,
            long generation,
            List<Integer> leaving,
            List<Integer> joining) {
        public PartitionView {
            replicas = List.copyOf(replicas);
            leaving = List.copyOf(leaving);
            joining = List.copyOf(joining);
        }

        /** Of which no replica is moved. */
        public PartitionView(int partition, long groupId, List<Integer> replicas, int leaderId, long generation) {
            this(partition, groupId, replicas, leaderId, generation, List.of(), List.of());
        }
    }

    public enum ReplicaRole {
        FOLLOWER,
        PRE_CANDIDATE,
        CANDIDATE,
        LEADER,
        /** Its log is damaged: it takes no part until it has been repaired from its peers. */
        QUARANTINED,
        FAILED
    }

    /**
     * What a leader knows of one follower.
     *
     * @param lagEntries    that it lacks, as far as is known
     * @param lagBytes      about their size; empty: not known
     * @param laggingMillis for how long it has been behind; empty: it is not
     * @param silentMillis  since anything was heard from it
     * @param replicating   entries are streamed to it; else the leader still looks for where their logs agree
     * @param installing    it is being sent a snapshot, since it needs what is in no log any more
     */
    public record FollowerView(
            int nodeId,
            long matchIndex,
            long lagEntries,
            OptionalLong lagBytes,
            OptionalLong laggingMillis,
            long silentMillis,
            boolean replicating,
            boolean installing) {
        public FollowerView laggingFor(OptionalLong millis) {
            return new FollowerView(
                    nodeId, matchIndex, lagEntries, lagBytes, millis, silentMillis, replicating, installing);
        }
    }

    /**
     * One replica on this node.
     *
     * @param topic     empty for the metadata group
     * @param failure   empty if healthy
     * @param lastTerm  of the last entry in its log; 0 if there is none
     * @param followers of a leader
     */
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
            String failure,
            long lastTerm,
            long appliedIndex,
            List<FollowerView> followers) {
        public GroupView {
            voters = List.copyOf(voters);
            followers = List.copyOf(followers);
        }

        /** Of a replica that does not lead, or could not be opened. */
        public GroupView(
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
            this(
                    groupId,
                    topic,
                    partition,
                    role,
                    generation,
                    leaderId,
                    commitIndex,
                    lastIndex,
                    highWatermark,
                    voters,
                    failure,
                    0,
                    0,
                    List.of());
        }

        public GroupView withFollowers(List<FollowerView> those) {
            return new GroupView(
                    groupId,
                    topic,
                    partition,
                    role,
                    generation,
                    leaderId,
                    commitIndex,
                    lastIndex,
                    highWatermark,
                    voters,
                    failure,
                    lastTerm,
                    appliedIndex,
                    those);
        }
    }
}

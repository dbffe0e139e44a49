/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.logstore.LogStoreConfig;
import io.quorate.node.replica.DiskLimits;
import io.quorate.node.replica.ScrubSettings;
import io.quorate.raft.RaftConfig;
import io.quorate.raft.log.NodeId;
import java.util.SortedMap;

/**
 * All that a node's runtime needs to know, already validated.
 *
 * @param clusterId         the same on all nodes
 * @param nodeId            this node
 * @param peerAddresses     every node of the cluster, this one included, and where peers reach it (host:port)
 * @param clientAddress     where clients reach this node (host:port), as told to peers and clients
 * @param tickMillis        length of a Raft tick
 * @param raft              limits of every group
 * @param logStore          limits of every log
 * @param disk              when the disk is considered unfit
 * @param housekeepingMillis between two looks at what is kept
 * @param maxBatchBytes     largest record batch taken from a client
 * @param maxInflightBytes  appends that the whole node may have under way; more is refused as OVERLOADED
 * @param maxTailBytes      of all groups together in memory, for followers and readers
 * @param maxEventBytes     that the flight recorder may have on the disk
 * @param scrub             how eagerly old segments are read again
 * @param joins             an empty disk means that this node is new to a cluster that is there already
 */
public record NodeSettings(
        String clusterId,
        NodeId nodeId,
        SortedMap<NodeId, String> peerAddresses,
        String clientAddress,
        int tickMillis,
        RaftConfig raft,
        LogStoreConfig logStore,
        DiskLimits disk,
        int housekeepingMillis,
        int maxBatchBytes,
        long maxInflightBytes,
        long maxTailBytes,
        long maxEventBytes,
        ScrubSettings scrub,
        boolean joins) {
    public static final long DEFAULT_MAX_TAIL_BYTES = 64 << 20;
    public static final long DEFAULT_MAX_EVENT_BYTES = 4 << 20;

    /** One that is there from the beginning, with as many events as usual. */
    public NodeSettings(
            String clusterId,
            NodeId nodeId,
            SortedMap<NodeId, String> peerAddresses,
            String clientAddress,
            int tickMillis,
            RaftConfig raft,
            LogStoreConfig logStore,
            DiskLimits disk,
            int housekeepingMillis,
            int maxBatchBytes,
            long maxInflightBytes) {
        this(
                clusterId,
                nodeId,
                peerAddresses,
                clientAddress,
                tickMillis,
                raft,
                logStore,
                disk,
                housekeepingMillis,
                maxBatchBytes,
                maxInflightBytes,
                DEFAULT_MAX_TAIL_BYTES,
                DEFAULT_MAX_EVENT_BYTES,
                ScrubSettings.DEFAULT,
                false);
    }

    public NodeSettings scrubbing(ScrubSettings eagerness) {
        return new NodeSettings(
                clusterId,
                nodeId,
                peerAddresses,
                clientAddress,
                tickMillis,
                raft,
                logStore,
                disk,
                housekeepingMillis,
                maxBatchBytes,
                maxInflightBytes,
                maxTailBytes,
                maxEventBytes,
                eagerness,
                joins);
    }
}

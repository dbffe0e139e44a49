/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.node.api.TopicSettings;
import io.quorate.raft.log.NodeId;
import java.util.List;

/** What can happen to the registry: one entry of the metadata group's log. */
public sealed interface Change {
    /**
     * A member tells where it is.
     *
     * @param incarnation of the node's storage
     * @param peerAddress where peers reach it; empty: as configured
     */
    record RegisterNode(NodeId node, String clientAddress, long incarnation, String peerAddress) implements Change {}

    /** A node may join. */
    record AddNode(NodeId node, String peerAddress) implements Change {}

    /** A node has this storage from now on; what it had before is lost. */
    record AdmitNode(NodeId node, long incarnation) implements Change {}

    record ChangeNodeState(NodeId node, NodeRecord.State state) implements Change {}

    /**
     * A partition's replicas are to be elsewhere.
     *
     * @param nodes     the first one is preferred as leader
     * @param placement that this replaces, so that a request that is late changes nothing
     */
    record MovePartition(long groupId, List<NodeId> nodes, int placement) implements Change {
        public MovePartition {
            nodes = List.copyOf(nodes);
        }
    }

    /** The partition's group has the members that this placement wants, committed. */
    record SettlePartition(long groupId, int placement) implements Change {}

    /**
     * @param settings   0 stands for the cluster's
     * @param placements for each partition its replicas; the first one is preferred as leader
     */
    record CreateTopic(String topic, int replicationFactor, TopicSettings settings, List<List<NodeId>> placements)
            implements Change {
        public CreateTopic {
            placements = placements.stream().map(List::copyOf).toList();
        }
    }

    /** @param groupId of partition 0 in the incarnation that is meant; 0: whichever there is */
    record DeleteTopic(String topic, long groupId) implements Change {}

    /**
     * @param groupId          of partition 0 in the incarnation that is meant; 0: whichever there is
     * @param partitionsBefore what the topic had when this was proposed; 0: what it has
     * @param added            placements of further partitions after those, of which some may have come meanwhile
     */
    record AlterTopic(
            String topic, long groupId, TopicSettings.Change settings, int partitionsBefore, List<List<NodeId>> added)
            implements Change {
        public AlterTopic {
            added = added.stream().map(List::copyOf).toList();
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

import java.util.List;

/** What an operator may want of the nodes of a cluster and of where replicas are. Each may be asked for again. */
public sealed interface ClusterChange {
    /** A new node may join. @param peerAddress where its peers reach it, host:port, checked */
    record AddNode(int nodeId, String peerAddress) implements ClusterChange {}

    /** A node hands over what it holds, and leaves. */
    record RemoveNode(int nodeId) implements ClusterChange {}

    /** A node that has lost its disk takes part again, as a new member. */
    record ReadmitNode(int nodeId) implements ClusterChange {}

    /** As {@link RemoveNode}; what the node holds goes to another one, as far as that has it not already. */
    record ReplaceNode(int nodeId, int by) implements ClusterChange {}

    /** @param nodeIds the first one is preferred as leader */
    record MovePartition(String topic, int partition, List<Integer> nodeIds) implements ClusterChange {
        public MovePartition {
            nodeIds = List.copyOf(nodeIds);
        }
    }

    /** Replicas are spread evenly over the nodes, with few moves, some at a time. @param dryRun only tells the moves */
    record Rebalance(boolean dryRun) implements ClusterChange {}

    /**
     * Begun, or done before. What becomes of it is in {@link ClusterView}.
     *
     * @param message what happens now, for people
     * @param moves   of replicas that this begins, as far as they are known
     */
    record Accepted(String message, List<Move> moves) {
        public Accepted {
            moves = List.copyOf(moves);
        }

        public Accepted(String message) {
            this(message, List.of());
        }
    }

    /** @param to the first one is preferred as leader */
    record Move(String topic, int partition, List<Integer> from, List<Integer> to) {
        public Move {
            from = List.copyOf(from);
            to = List.copyOf(to);
        }
    }
}

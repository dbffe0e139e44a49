/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.raft.log.NodeId;

/**
 * Who a node is in one group. A replica that is placed on a node again, after it was removed or its disk was lost, knows
 * nothing of what it has voted and acknowledged: it must be another member (promise P10). So Raft's ids are made of two
 * numbers:
 *
 * <pre>
 *   bits 30..16   stay: which stay of the node in this group; 0 for those that were there from the beginning
 *   bits 15..0    the node
 * </pre>
 *
 * A member of the first stay has the node's id. The registry gives the stays, and never one twice in a group.
 */
public final class MemberId {
    public static final int MAX_NODE = 0xFFFF;
    public static final int MAX_STAY = 0x7FFF;

    private static final int NODE_BITS = 16;

    private MemberId() {}

    /**
     * @param node 1 to {@link #MAX_NODE}
     * @param stay 0 to {@link #MAX_STAY}
     */
    public static NodeId of(NodeId node, int stay) {
        if (node.value() > MAX_NODE || stay < 0 || stay > MAX_STAY) {
            throw new IllegalArgumentException("stay " + stay + " of node " + node.value() + " in a group");
        }
        return new NodeId(stay << NODE_BITS | node.value());
    }

    /** The node on which the member is. A node's own id stands for itself. */
    public static NodeId node(NodeId member) {
        return stay(member) == 0 ? member : new NodeId(member.value() & MAX_NODE);
    }

    public static int stay(NodeId member) {
        return member.value() >>> NODE_BITS;
    }
}

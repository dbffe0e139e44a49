/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.replica.MemberId;
import io.quorate.raft.log.NodeId;
import io.quorate.sim.check.DurableImages;
import java.util.List;
import java.util.Optional;

/** The disks of all nodes, as the checkers see them. */
final class NodeDisks implements DurableImages {
    private final List<SimulatedNode> nodes;

    NodeDisks(List<SimulatedNode> nodes) {
        this.nodes = nodes;
    }

    @Override
    public Optional<Image> of(NodeId member, long groupId) {
        return nodes.get(MemberId.node(member).value() - 1).disk().forced(groupId);
    }
}

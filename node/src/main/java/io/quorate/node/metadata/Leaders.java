/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.raft.log.NodeId;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Who leads each group, from hearsay: what this node's own replicas see and what peers tell of themselves. The highest
 * generation wins; there is at most one leader in each. Event loop only.
 */
public final class Leaders {
    /**
     * @param leader     empty if nobody is known to lead
     * @param generation the highest one that was heard of
     */
    public record Leadership(Optional<NodeId> leader, long generation) {
        private static final Leadership UNKNOWN = new Leadership(Optional.empty(), 0);
    }

    private final SortedMap<Long, Leadership> byGroup = new TreeMap<>();

    public Leadership of(long groupId) {
        return byGroup.getOrDefault(groupId, Leadership.UNKNOWN);
    }

    /** @param leader empty if the generation has none yet */
    public void observe(long groupId, long generation, Optional<NodeId> leader) {
        Leadership known = of(groupId);
        if (generation > known.generation() || generation == known.generation() && leader.isPresent()) {
            byGroup.put(groupId, new Leadership(leader, generation));
        }
    }

    /** {@code node} has told of everything that it leads, and of nothing else. */
    public void leadsNothingBut(NodeId node, SortedMap<Long, Long> generationsByGroup) {
        byGroup.replaceAll((groupId, known) ->
                known.leader().filter(node::equals).isPresent() && !generationsByGroup.containsKey(groupId)
                        ? new Leadership(Optional.empty(), known.generation())
                        : known);
    }

    /** {@code node} leads the group no more. */
    public void resigned(long groupId, NodeId node) {
        Leadership known = of(groupId);
        if (known.leader().filter(node::equals).isPresent()) {
            byGroup.put(groupId, new Leadership(Optional.empty(), known.generation()));
        }
    }

    /** {@code node} takes back what it said of the group: only a generation with another leader is known to others. */
    public void withdrawn(long groupId, NodeId node) {
        if (of(groupId).leader().filter(leader -> !leader.equals(node)).isEmpty()) {
            byGroup.remove(groupId);
        }
    }

    /** The group is gone. */
    public void forget(long groupId) {
        byGroup.remove(groupId);
    }
}

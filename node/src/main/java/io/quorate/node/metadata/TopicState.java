/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.node.api.TopicSettings;
import io.quorate.node.replica.MemberId;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A topic in the registry.
 *
 * @param settings   as they were given: 0 stands for the cluster's
 * @param partitions by number
 */
public record TopicState(String name, int replicationFactor, TopicSettings settings, List<PartitionState> partitions) {
    /**
     * A partition: who its members are, and who they are to be.
     *
     * <pre>
     *   settled: holders = target ──move──► holders = those that were ∪ target ──the group has changed──► settled
     * </pre>
     *
     * <p>Invariant: every member that Raft's membership of the group may name is among the holders. So what is not among
     * them may be deleted, and never comes back: a node that gets a replica again gets another stay.
     *
     * @param founders  members before the first change of the group
     * @param holders   members of which a node must keep what it has, by id
     * @param target    members that are wanted; the first one is preferred as leader
     * @param placement counts the changes of the target; a stay of a newcomer is that number
     */
    public record PartitionState(
            long groupId, List<NodeId> founders, List<NodeId> holders, List<NodeId> target, int placement) {
        public PartitionState {
            founders = List.copyOf(founders);
            holders = holders.stream().sorted().distinct().toList();
            target = List.copyOf(target);
        }

        /** As it is created. @param replicas nodes; the first one is preferred as leader */
        public PartitionState(long groupId, List<NodeId> replicas) {
            this(groupId, replicas, replicas, replicas, 0);
        }

        /** Nodes that hold a replica, or are to; the first one is preferred as leader. */
        public List<NodeId> replicas() {
            return target.stream().map(MemberId::node).toList();
        }

        /** The member on a node: of several, the latest, for the others have lost their disk. */
        public Optional<NodeId> memberOn(NodeId node) {
            return holders.stream()
                    .filter(member -> MemberId.node(member).equals(node))
                    .max(Comparator.naturalOrder());
        }

        /** Whether nothing is under way. */
        public boolean isSettled() {
            return holders.equals(target.stream().sorted().toList());
        }

        /** Nodes whose replica goes. */
        public List<NodeId> leaving() {
            return holders.stream()
                    .filter(member -> !target.contains(member))
                    .map(MemberId::node)
                    .distinct()
                    .toList();
        }

        /** Nodes whose replica comes. */
        public List<NodeId> joining() {
            return isSettled()
                    ? List.of()
                    : target.stream()
                            .filter(member -> MemberId.stay(member) == placement)
                            .map(MemberId::node)
                            .toList();
        }

        /** The replicas are to be on these nodes, whatever is under way. Only if there is a stay left. */
        PartitionState moveTo(List<NodeId> nodes) {
            List<NodeId> wanted = new ArrayList<>(nodes.size());
            for (NodeId node : nodes) {
                wanted.add(memberOn(node).orElseGet(() -> MemberId.of(node, placement + 1)));
            }
            return replacedBy(wanted);
        }

        /** The node has lost its disk: whoever it was is to be replaced by who it is now. */
        PartitionState readmit(NodeId node) {
            Optional<NodeId> lost = memberOn(node);
            if (lost.isEmpty()) {
                return this;
            }
            NodeId newcomer = MemberId.of(node, placement + 1);
            List<NodeId> wanted = new ArrayList<>(target);
            wanted.replaceAll(member -> MemberId.node(member).equals(node) ? newcomer : member);
            TreeSet<NodeId> all = new TreeSet<>(holders);
            all.addAll(wanted);
            // Also if it was about to go: should it be wanted again, it must not be taken for the one that it was.
            all.add(newcomer);
            return new PartitionState(groupId, founders, List.copyOf(all), wanted, placement + 1);
        }

        private PartitionState replacedBy(List<NodeId> wanted) {
            TreeSet<NodeId> all = new TreeSet<>(holders);
            all.addAll(wanted);
            return new PartitionState(groupId, founders, List.copyOf(all), wanted, placement + 1);
        }

        /** The group has exactly the members that are wanted. */
        PartitionState settle() {
            return new PartitionState(groupId, founders, target, target, placement);
        }
    }

    public TopicState {
        partitions = List.copyOf(partitions);
    }

    TopicState with(int partition, PartitionState changed) {
        List<PartitionState> all = new ArrayList<>(partitions);
        all.set(partition, changed);
        return new TopicState(name, replicationFactor, settings, all);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.node.metadata.TopicState.PartitionState;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Where replicas should go. Works on a copy of the placement, in which every move that it plans is made at once. The same
 * registry gives the same moves.
 */
final class Balance {
    /** @param to the first one is preferred as leader */
    record Move(PartitionState partition, List<NodeId> to) {}

    private final SortedMap<NodeId, Integer> replicas = new TreeMap<>();
    private final SortedMap<NodeId, Integer> firsts = new TreeMap<>();
    private final SortedMap<Long, PartitionState> partitions = new TreeMap<>();
    private final SortedMap<Long, List<NodeId>> places = new TreeMap<>();

    /**
     * @param nodes      that may hold replicas
     * @param partitions all there are
     */
    Balance(Collection<NodeId> nodes, Collection<PartitionState> partitions) {
        for (NodeId node : nodes) {
            replicas.put(node, 0);
            firsts.put(node, 0);
        }
        for (PartitionState partition : partitions) {
            this.partitions.put(partition.groupId(), partition);
            count(partition.replicas(), 1);
            places.put(partition.groupId(), partition.replicas());
        }
    }

    private void count(List<NodeId> nodes, int change) {
        for (NodeId node : nodes) {
            replicas.computeIfPresent(node, (n, count) -> count + change);
        }
        firsts.computeIfPresent(nodes.get(0), (n, count) -> count + change);
    }

    private Move make(long groupId, List<NodeId> to) {
        count(places.put(groupId, List.copyOf(to)), -1);
        count(to, 1);
        return new Move(partitions.get(groupId), List.copyOf(to));
    }

    /**
     * Another node takes the place of one that goes.
     *
     * @param successor preferred, if it has no replica of the partition yet
     * @return empty if every node that may hold one has one already
     */
    Optional<Move> replace(PartitionState partition, NodeId gone, Optional<NodeId> successor) {
        List<NodeId> now = places.get(partition.groupId());
        return successor
                .filter(node -> replicas.containsKey(node) && !now.contains(node))
                .or(() -> replicas.keySet().stream()
                        .filter(node -> !now.contains(node) && !node.equals(gone))
                        .min(Comparator.comparing((NodeId node) -> replicas.get(node))
                                .thenComparing(firsts::get)
                                .thenComparing(node -> node)))
                .map(node -> make(partition.groupId(), replaced(now, gone, node)));
    }

    private static List<NodeId> replaced(List<NodeId> nodes, NodeId gone, NodeId by) {
        List<NodeId> result = new ArrayList<>(nodes);
        result.replaceAll(node -> node.equals(gone) ? by : node);
        return result;
    }

    /** Moves after which no node has two replicas, or two preferred leaders, more than another; few of them. */
    List<Move> plan() {
        SortedMap<Long, List<NodeId>> before = new TreeMap<>(places);
        while (evenReplicas() || evenFirsts()) {
            // Each step makes the spread narrower.
        }
        List<Move> moves = new ArrayList<>();
        before.forEach((groupId, from) -> {
            if (!places.get(groupId).equals(from)) {
                moves.add(new Move(partitions.get(groupId), places.get(groupId)));
            }
        });
        return moves;
    }

    private boolean evenReplicas() {
        for (NodeId full : byCount(replicas, true)) {
            for (NodeId empty : byCount(replicas, false)) {
                if (replicas.get(full) - replicas.get(empty) < 2) {
                    break;
                }
                for (var place : places.entrySet()) {
                    if (place.getValue().contains(full) && !place.getValue().contains(empty)) {
                        make(place.getKey(), replaced(place.getValue(), full, empty));
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private boolean evenFirsts() {
        for (NodeId full : byCount(firsts, true)) {
            for (NodeId empty : byCount(firsts, false)) {
                if (firsts.get(full) - firsts.get(empty) < 2) {
                    break;
                }
                for (var place : places.entrySet()) {
                    List<NodeId> nodes = place.getValue();
                    if (nodes.get(0).equals(full) && nodes.contains(empty)) {
                        List<NodeId> turned = new ArrayList<>(nodes);
                        turned.remove(empty);
                        turned.add(0, empty);
                        make(place.getKey(), turned);
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private static List<NodeId> byCount(SortedMap<NodeId, Integer> counts, boolean descending) {
        Comparator<NodeId> byCount = Comparator.comparing(counts::get);
        List<NodeId> nodes = new ArrayList<>(counts.keySet());
        nodes.sort((descending ? byCount.reversed() : byCount).thenComparing(node -> node));
        return nodes;
    }
}

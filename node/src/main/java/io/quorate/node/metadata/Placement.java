/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Chooses where replicas go: always the nodes that hold the fewest, and as first replica, which is the preferred leader,
 * the one of them that is first least often. Equal nodes are taken by id, so that the same registry gives the same
 * placement.
 */
public final class Placement {
    private final SortedMap<NodeId, Integer> replicas = new TreeMap<>();
    private final SortedMap<NodeId, Integer> firsts = new TreeMap<>();

    /**
     * @param nodes    all that may hold replicas
     * @param existing replicas of every existing partition, first one first
     */
    public Placement(Iterable<NodeId> nodes, Iterable<List<NodeId>> existing) {
        for (NodeId node : nodes) {
            replicas.put(node, 0);
            firsts.put(node, 0);
        }
        for (List<NodeId> partition : existing) {
            count(partition);
        }
    }

    private void count(List<NodeId> partition) {
        for (NodeId node : partition) {
            replicas.computeIfPresent(node, (n, count) -> count + 1);
        }
        firsts.computeIfPresent(partition.get(0), (n, count) -> count + 1);
    }

    /** Places one more partition. @param replicationFactor 1 to the number of nodes */
    public List<NodeId> place(int replicationFactor) {
        List<NodeId> byLoad = new ArrayList<>(replicas.keySet());
        byLoad.sort(Comparator.comparing((NodeId node) -> replicas.get(node)).thenComparing(firsts::get));
        List<NodeId> chosen = byLoad.subList(0, replicationFactor);
        chosen.sort(Comparator.comparing((NodeId node) -> firsts.get(node)).thenComparing(node -> node));
        List<NodeId> placed = List.copyOf(chosen);
        count(placed);
        return placed;
    }

    public List<List<NodeId>> place(int partitions, int replicationFactor) {
        List<List<NodeId>> placed = new ArrayList<>(partitions);
        for (int partition = 0; partition < partitions; partition++) {
            placed.add(place(replicationFactor));
        }
        return placed;
    }
}

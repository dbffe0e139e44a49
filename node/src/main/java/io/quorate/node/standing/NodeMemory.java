/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.standing;

import io.quorate.raft.log.NodeId;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a node must not forget of the cluster.
 *
 * @param admission as which this node was admitted: how often storage of it has been readmitted; empty: not yet
 * @param founders  the members of the metadata group before its first change, as this node was told; empty: not yet
 * @param nodes     the others, as far as they were met or heard of
 */
public record NodeMemory(OptionalInt admission, List<NodeId> founders, SortedMap<NodeId, Known> nodes) {
    public static final NodeMemory EMPTY = new NodeMemory(OptionalInt.empty(), List.of(), new TreeMap<>());

    /** Room for those that were there once; what is more is not remembered, and so takes no part. */
    static final int MAX_NODES = 256;

    /**
     * A node's storage.
     *
     * @param admission   which one it is, counted from 0
     * @param incarnation its random number; 0 if it was not met yet
     * @param peerAddress where its peers reach it, host:port; empty if that is not known
     */
    public record Known(int admission, long incarnation, String peerAddress) {}

    public NodeMemory {
        founders = List.copyOf(founders);
        nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
    }

    Optional<Known> node(NodeId node) {
        return Optional.ofNullable(nodes.get(node));
    }

    boolean hasRoomFor(NodeId node) {
        return nodes.containsKey(node) || nodes.size() < MAX_NODES;
    }

    NodeMemory with(NodeId node, Known known) {
        TreeMap<NodeId, Known> more = new TreeMap<>(nodes);
        more.put(node, known);
        return new NodeMemory(admission, founders, more);
    }

    NodeMemory admitted(int as, List<NodeId> withFounders) {
        return new NodeMemory(OptionalInt.of(as), withFounders, nodes);
    }
}

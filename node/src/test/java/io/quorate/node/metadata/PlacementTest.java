/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Placement")
class PlacementTest {
    private static List<NodeId> nodes(int count) {
        List<NodeId> nodes = new ArrayList<>();
        for (int id = 1; id <= count; id++) {
            nodes.add(new NodeId(id));
        }
        return nodes;
    }

    private static int spread(Iterable<NodeId> nodes, List<NodeId> placed) {
        SortedMap<NodeId, Integer> counts = new TreeMap<>();
        nodes.forEach(node -> counts.put(node, 0));
        placed.forEach(node -> counts.merge(node, 1, Integer::sum));
        return Collections.max(counts.values()) - Collections.min(counts.values());
    }

    @ParameterizedTest(name = "{1} partitions with {2} copies on {0} nodes")
    @CsvSource({"3, 1, 3", "3, 7, 3", "5, 10, 3", "5, 11, 3", "4, 9, 1", "7, 20, 5", "1, 4, 1"})
    @DisplayName("differs by at most one replica between nodes, and hardly in first replicas")
    void even(int nodeCount, int partitions, int copies) {
        List<NodeId> nodes = nodes(nodeCount);

        List<List<NodeId>> placed = new Placement(nodes, List.of()).place(partitions, copies);

        assertEquals(partitions, placed.size());
        placed.forEach(replicas -> assertEquals(copies, new HashSet<>(replicas).size()));
        assertTrue(spread(nodes, placed.stream().flatMap(List::stream).toList()) <= 1);
        assertTrue(
                spread(nodes, placed.stream().map(replicas -> replicas.get(0)).toList()) <= 2);
    }

    @Test
    @DisplayName("fills up the nodes that hold least")
    void fillsUp() {
        List<List<NodeId>> existing = List.of(List.of(new NodeId(1)), List.of(new NodeId(1)), List.of(new NodeId(3)));

        List<List<NodeId>> placed = new Placement(nodes(3), existing).place(3, 1);

        assertEquals(List.of(List.of(new NodeId(2)), List.of(new NodeId(2)), List.of(new NodeId(3))), placed);
    }
}

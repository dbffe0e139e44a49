/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.raft.log.NodeId;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Hearsay about leaders")
class LeadersTest {
    private static final NodeId N1 = new NodeId(1);
    private static final NodeId N2 = new NodeId(2);
    private static final long GROUP = 7;

    private final Leaders leaders = new Leaders();

    private void holds(String expected) {
        Leaders.Leadership known = leaders.of(GROUP);
        assertEquals(expected, known.leader().map(NodeId::toString).orElse("nobody") + " in " + known.generation());
    }

    @Test
    @DisplayName("the highest generation wins, in whatever order it is heard")
    void highestGeneration() {
        holds("nobody in 0");
        leaders.observe(GROUP, 5, Optional.of(N1));
        leaders.observe(GROUP, 4, Optional.of(N2));
        holds("n1 in 5");
        leaders.observe(GROUP, 6, Optional.of(N2));
        holds("n2 in 6");
    }

    @Test
    @DisplayName("a generation without a leader yet replaces an older leader, and is completed by its own")
    void generationWithoutLeader() {
        leaders.observe(GROUP, 5, Optional.of(N1));
        leaders.observe(GROUP, 6, Optional.empty());
        holds("nobody in 6");
        leaders.observe(GROUP, 6, Optional.of(N2));
        leaders.observe(GROUP, 6, Optional.empty());
        holds("n2 in 6");
    }

    @Test
    @DisplayName("a generation that only its candidate knew hides no true leader once it is taken back")
    void withdrawn() {
        leaders.observe(GROUP, 10, Optional.empty());
        leaders.observe(GROUP, 3, Optional.of(N2));
        holds("nobody in 10");

        leaders.withdrawn(GROUP, N1);
        leaders.observe(GROUP, 3, Optional.of(N2));
        holds("n2 in 3");
        leaders.withdrawn(GROUP, N1);
        holds("n2 in 3");
        leaders.withdrawn(GROUP, N2);
        holds("nobody in 0");
    }

    @Test
    @DisplayName("a node that tells of all it leads leads nothing else any more")
    void completeStatus() {
        leaders.observe(GROUP, 5, Optional.of(N1));
        leaders.leadsNothingBut(N2, new TreeMap<>());
        holds("n1 in 5");
        leaders.leadsNothingBut(N1, new TreeMap<>(Map.of(GROUP, 5L)));
        holds("n1 in 5");
        leaders.leadsNothingBut(N1, new TreeMap<>());
        holds("nobody in 5");
    }

    @Test
    @DisplayName("a leader that resigns is forgotten, another is not")
    void resignation() {
        leaders.observe(GROUP, 5, Optional.of(N1));
        leaders.resigned(GROUP, N2);
        holds("n1 in 5");
        leaders.resigned(GROUP, N1);
        holds("nobody in 5");
    }
}

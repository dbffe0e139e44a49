/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.quorum;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.NodeId;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Majorities (§5.2)")
class MajorityTest {
    @ParameterizedTest(name = "{1} of {0}")
    @DisplayName("more than half decide")
    @CsvSource({"1, 1", "2, 2", "3, 2", "4, 3", "5, 3", "6, 4", "7, 4"})
    void size(int voters, int majority) {
        assertEquals(majority, Majority.of(voters));
        assertTrue(2 * Majority.of(voters) > voters, "any two majorities share a voter");
    }

    @Test
    @DisplayName("nobody has no majority")
    void nobody() {
        assertThrows(IllegalArgumentException.class, () -> Majority.of(0));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @DisplayName("the agreed index is the highest that a majority has reached")
    @CsvSource({
        "7, 7",
        "7 3, 3",
        "9 5 1, 5",
        "1 5 9, 5",
        "5 5 1, 5",
        "5 1 1, 1",
        "8 6 4 2, 4",
        "1 2 3 4 5, 3",
        "5 5 5 0 0, 5",
        "5 5 0 0 0, 0"
    })
    void agreedIndex(String reached, long agreed) {
        long[] indexes =
                Stream.of(reached.split(" ")).mapToLong(Long::parseLong).toArray();
        assertEquals(agreed, Majority.agreedIndex(indexes));
    }

    @Test
    @DisplayName("the agreed index is what counting says, for every mix of five voters and four indexes")
    void agreesWithCounting() {
        for (int mix = 0; mix < 4 * 4 * 4 * 4 * 4; mix++) {
            int digits = mix;
            long[] indexes = IntStream.range(0, 5)
                    .mapToLong(i -> (digits >> (2 * i)) & 3)
                    .toArray();
            long counted = IntStream.rangeClosed(0, 3)
                    .filter(index ->
                            Arrays.stream(indexes).filter(i -> i >= index).count() >= 3)
                    .max()
                    .orElseThrow();
            assertEquals(counted, Majority.agreedIndex(indexes.clone()), () -> Arrays.toString(indexes));
        }
    }

    @Test
    @DisplayName("a voter counts once, and a stranger never")
    void tally() {
        VoteTally tally = new VoteTally(List.of(new NodeId(1), new NodeId(2), new NodeId(3)));
        tally.grant(new NodeId(1));
        tally.grant(new NodeId(1));
        tally.grant(new NodeId(7));
        assertEquals(1, tally.grants());
        assertFalse(tally.isWon());
        tally.grant(new NodeId(3));
        assertTrue(tally.isWon());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.NodeId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Reads that wait for a round")
class ReadRoundsTest {
    private static final NodeId FOLLOWER = new NodeId(2);

    private final ReadRounds rounds = new ReadRounds(1);

    @Test
    @DisplayName("are taken from followers up to a bound, and again when they have been answered")
    void bound() {
        for (int generation = 1; generation <= 3; generation++) {
            for (int i = 0; i < ReadRounds.MAX_REMOTE; i++) {
                assertTrue(rounds.addRemote(FOLLOWER, i));
            }
            assertFalse(rounds.addRemote(FOLLOWER, 0), "one too many");
            rounds.roundStarts(generation, 5);
            assertEquals(ReadRounds.MAX_REMOTE, rounds.granted(generation, 5).size());
        }
    }

    @Test
    @DisplayName("are there as long as they are collected or in a round")
    void isEmpty() {
        assertTrue(rounds.isEmpty());
        rounds.addLocal(1);
        assertFalse(rounds.isEmpty());
        rounds.roundStarts(1, 5);
        assertFalse(rounds.isEmpty());
        rounds.granted(1, 5);
        assertTrue(rounds.isEmpty());
    }
}

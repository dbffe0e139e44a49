/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Many {@link RandomSchedule}s. A failure names its seed; {@code -Draft.seed=N} runs that one alone.
 */
class RandomClusterTest {
    @ParameterizedTest(name = "{0} members")
    @ValueSource(ints = {1, 3, 5})
    @DisplayName("figure 3 holds at every step of a random schedule, and a healed group makes progress")
    void safetyThenLiveness(int members) {
        Long only = Long.getLong("raft.seed");
        long restings = 0;
        int seeds = only != null ? 1 : members == 1 ? 50 : 250;
        for (int i = 0; i < seeds; i++) {
            long seed = only != null ? only : 1000L * members + i;
            try {
                RandomSchedule schedule = new RandomSchedule(members, seed);
                schedule.run();
                restings += schedule.restings();
            } catch (Throwable failure) {
                throw new AssertionError(
                        members + " members, -Draft.seed=" + seed + ": " + failure.getMessage(), failure);
            }
        }
        assertTrue(only != null || restings > seeds, "hardly anybody ever rests: " + restings);
    }
}

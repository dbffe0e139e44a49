/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.CONFIG;
import static io.quorate.raft.CoreFixture.ELECTION_TIMEOUT;
import static io.quorate.raft.CoreFixture.HEARTBEAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The time until a campaign")
class ElectionTimerTest {
    private static final int ENOUGH_SEEDS = 500;

    private static int ticksLeft(ElectionTimer timer) {
        int ticks = 1;
        while (!timer.expiresOnTick()) {
            ticks++;
        }
        return ticks;
    }

    /** All times that occur after {@code start}, over many seeds. */
    private static TreeSet<Integer> times(Consumer<ElectionTimer> start) {
        TreeSet<Integer> times = new TreeSet<>();
        for (int seed = 0; seed < ENOUGH_SEEDS; seed++) {
            ElectionTimer timer = new ElectionTimer(CONFIG, new Prng(seed));
            start.accept(timer);
            times.add(ticksLeft(timer));
        }
        return times;
    }

    private static TreeSet<Integer> from(int first, int last) {
        return IntStream.rangeClosed(first, last).boxed().collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    @DisplayName("is one of [T, 2T) ticks, without haste; each restart draws anew")
    void calm() {
        assertEquals(from(ELECTION_TIMEOUT, 2 * ELECTION_TIMEOUT - 1), times(timer -> {}));
        assertEquals(from(ELECTION_TIMEOUT, 2 * ELECTION_TIMEOUT - 1), times(timer -> {
            timer.hurry();
            timer.restart();
            assertEquals(ElectionTimer.CALM, timer.hasteOfCampaign());
        }));
    }

    @Test
    @DisplayName("is one of 2 to 8 ticks in a fresh group, in haste")
    void fresh() {
        assertEquals(from(2, 8), times(timer -> {
            timer.restartForFreshGroup();
            assertEquals(1, timer.hasteOfCampaign());
        }));
    }

    @Test
    @DisplayName("is the next tick for an only voter, without haste")
    void onlyVoter() {
        assertEquals(from(1, 1), times(timer -> {
            timer.hurry();
            timer.restartForOnlyVoter();
            assertEquals(ElectionTimer.CALM, timer.hasteOfCampaign());
        }));
    }

    @Test
    @DisplayName(
            "is at most two heartbeat intervals once the connection to the leader broke, and never longer than it was")
    void hurries() {
        assertEquals(from(1, 2 * HEARTBEAT), times(timer -> {
            timer.hurry();
            assertEquals(1, timer.hasteOfCampaign());
        }));
        assertEquals(from(1, 1), times(timer -> {
            timer.restartForOnlyVoter();
            timer.hurry();
        }));
    }

    @ParameterizedTest(name = "campaign {0}: {1} to {2} ticks, then {3}")
    @DisplayName("spreads wider with each campaign in haste, up to T, and is that of anyone after the third")
    @CsvSource({"1, 2, 5, 2", "2, 2, 9, 3", "3, 2, 10, 0", "0, 10, 19, 0"})
    void campaigns(int haste, int first, int last, int next) {
        assertEquals(from(first, last), times(timer -> {
            timer.restartForCampaign(haste);
            assertEquals(haste == ElectionTimer.CALM ? ElectionTimer.CALM : 1, timer.hasteOfCampaign());
        }));
        assertEquals(next, ElectionTimer.hasteAfter(haste));
    }

    @Test
    @DisplayName("begins anew, without haste, for a member in haste that stands back; another one's runs on")
    void standsBack() {
        assertEquals(from(ELECTION_TIMEOUT, 2 * ELECTION_TIMEOUT - 1), times(timer -> {
            timer.hurry();
            timer.standBack();
            assertEquals(ElectionTimer.CALM, timer.hasteOfCampaign());
        }));
        assertEquals(from(1, 1), times(timer -> {
            timer.restartForOnlyVoter();
            timer.standBack();
        }));
    }

    @Test
    @DisplayName("is shorter by ticks that were not counted, but not over before the next one")
    void elapses() {
        assertEquals(from(ELECTION_TIMEOUT - 4, 2 * ELECTION_TIMEOUT - 5), times(timer -> timer.elapse(4)));
        assertEquals(from(1, 1), times(timer -> timer.elapse(5 * ELECTION_TIMEOUT)));
    }

    @Test
    @DisplayName("is over from the tick on with which it has run down")
    void stays() {
        ElectionTimer timer = new ElectionTimer(CONFIG, new Prng(1));
        timer.restartForOnlyVoter();
        assertTrue(timer.expiresOnTick());
        assertTrue(timer.expiresOnTick());
        timer.restart();
        assertFalse(timer.expiresOnTick());
    }
}

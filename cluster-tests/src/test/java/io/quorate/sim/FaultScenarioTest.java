/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.Prng;
import io.quorate.sim.Fault.Kind;
import io.quorate.sim.check.Invariant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Failures that have cost others data or availability, scripted, each on whole simulated clusters with clients: all
 * invariants hold at every step, and everything comes to rest. By the numbers of the list in {@code docs/testing.md}.
 */
@DisplayName("A simulated cluster")
class FaultScenarioTest {
    private static final int FAULTY_MILLIS = 4_000;
    /** Topics are made, and clients busy, from about then on. */
    private static final int BUSY_MILLIS = 1_000;

    private final List<Fault> script = new ArrayList<>();
    private final Sightings sightings = new Sightings();

    /** A few seeds whose clusters have so many nodes. */
    private static long[] seeds(int nodes, int count) {
        return LongStream.iterate(1, seed -> seed + 1)
                .filter(seed -> optionsOf(seed).nodes() == nodes)
                .limit(count)
                .toArray();
    }

    private static SimulationOptions optionsOf(long seed) {
        return SimulationOptions.draw(new Prng(seed).split(), EnumSet.noneOf(Reduction.class));
    }

    private void at(int millis, Kind kind, long... arguments) {
        script.add(Fault.of(1_000_000L * millis, kind, arguments));
    }

    /** Runs the script on clusters of so many nodes, in three lives each. */
    private void runOn(int nodes) {
        script.sort(Comparator.comparingLong(Fault::atNanos));
        for (long seed : seeds(nodes, 5)) {
            Scenario scenario = new Scenario(
                    seed,
                    Set.of(Reduction.NO_TOPIC_CHURN, Reduction.NO_NODE_CHURN),
                    OptionalInt.of(FAULTY_MILLIS),
                    Optional.of(script));
            sightings.add(Simulation.run(scenario, new Timeline(false)).sightings());
        }
    }

    private void met(RareState state) {
        assertTrue(sightings.counts().containsKey(state), () -> state + " was not met, only " + sightings);
    }

    @ParameterizedTest(name = "after {0} operations")
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    @DisplayName("RF-02 power fails between and inside the writes of a vote: nobody votes twice")
    void votes(int operations) {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 500) {
            int node = 1 + millis / 500 % 3;
            // The others campaign when a leader goes, and lose power while they write their votes.
            at(millis, Kind.CRASH, node, 100, -1);
            at(millis + 1, Kind.DISK_CRASH, 1 + node % 3, operations, 50, -1);
        }

        runOn(3);

        met(RareState.NODE_CRASHED_AMID_DISK_OPERATIONS);
    }

    @ParameterizedTest(name = "after {0} operations")
    @ValueSource(ints = {0, 1, 2, 3, 5, 8, 13, 21, 34})
    @DisplayName("RF-04 a node loses power at any step of its disk's work: what it acknowledged is there")
    void powerFailsAnywhere(int operations) {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 300) {
            at(millis, Kind.DISK_CRASH, 1 + millis / 300 % 3, operations, 50, operations % 8);
        }

        runOn(3);

        met(RareState.NODE_CRASHED_AMID_DISK_OPERATIONS);
        met(RareState.NODE_CRASHED_WHILE_RECOVERING);
    }

    @ParameterizedTest(name = "{0} nodes")
    @ValueSource(ints = {1, 3, 5})
    @DisplayName("RF-05 all nodes lose power at one instant, with flushes under way: nothing acknowledged is lost")
    void blackouts(int nodes) {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 700) {
            for (int node = 1; node <= nodes; node++) {
                // Long enough for those to do something that would otherwise do nothing.
                at(millis, Kind.DISK_CRASH, node, node - 1, 300 + 20 * node, -1);
            }
        }

        runOn(nodes);

        met(RareState.ALL_NODES_DOWN);
    }

    @Test
    @DisplayName("RF-07 each node is paused in turn while others lead: who wakes up serves no stale read")
    void pauses() {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 450) {
            at(millis, Kind.PAUSE, 1 + millis / 450 % 3, 1_200);
        }

        runOn(3);

        met(RareState.NODE_PAUSED);
        met(RareState.LEADER_CHANGED);
    }

    @ParameterizedTest(name = "{0} nodes")
    @ValueSource(ints = {3, 5})
    @DisplayName(
            "RF-16 two nodes cannot hear each other, but both the rest; in turn, and in one direction: appends go on")
    void pairsCut(int nodes) {
        int millis = BUSY_MILLIS;
        for (int a = 1; a <= nodes; a++) {
            int b = 1 + a % nodes;
            at(millis, Kind.CUT, FaultActor.link(a, b) | FaultActor.link(b, a), a % 2, 500);
            at(millis + 250, Kind.CUT, FaultActor.link(b, a), 0, 500);
            millis += 550;
        }

        runOn(nodes);

        met(RareState.LINK_CUT);
    }

    @Test
    @DisplayName("RF-17 a node's links flap at the rate of the election timeout: it disturbs nobody for good")
    void flaps() {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 120) {
            int node = 1 + millis / 1_200 % 3;
            long links = 0;
            for (int peer = 1; peer <= 3; peer++) {
                links |= peer == node ? 0 : FaultActor.link(node, peer) | FaultActor.link(peer, node);
            }
            at(millis, Kind.CUT, links, millis / 120 % 2, 60);
        }

        runOn(3);

        met(RareState.LINK_CUT);
    }

    @Test
    @DisplayName("RF-18 nodes hand over what they lead to peers that are slow, paused, cut off or dead")
    void handsOver() {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 900) {
            int node = 1 + millis / 900 % 3;
            int target = 1 + node % 3;
            at(millis, Kind.PAUSE, target, 300);
            at(millis + 5, Kind.STOP, node, 100, -1);
            at(millis + 300, Kind.CUT, FaultActor.link(target, node), 0, 300);
            at(millis + 310, Kind.STOP, target, 50, -1);
            at(millis + 600, Kind.STOP, node, 50, -1);
            at(millis + 601, Kind.CRASH, target, 50, -1);
        }

        runOn(3);

        met(RareState.NODE_STOPPED);
    }

    @Test
    @DisplayName("RF-19 a follower is slow again and again: its window fills, it falls back and catches up")
    void slowFollower() {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 400) {
            at(millis, Kind.HANG, 3, 250);
            at(millis + 200, Kind.RESET, 3, 1 + millis / 400 % 2);
            at(millis + 300, Kind.PAUSE, 3, 80);
        }

        runOn(3);

        met(RareState.NODE_PAUSED);
    }

    @ParameterizedTest(name = "after {0} operations")
    @ValueSource(ints = {0, 1, 2, 3, 4, 6, 8, 11})
    @DisplayName("RF-25 a deposed leader's entries are cut, over segments, and power fails at each step of that")
    void truncations(int operations) {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 800) {
            int node = 1 + millis / 800 % 3;
            long links = 0;
            for (int peer = 1; peer <= 3; peer++) {
                links |= peer == node ? 0 : FaultActor.link(node, peer);
            }
            // Clients still reach it, its peers do not hear it: what it appends now is to be replaced.
            at(millis, Kind.CUT, links, 0, 600);
            at(millis + 620, Kind.DISK_CRASH, node, operations, 20, operations % 5);
        }

        runOn(3);

        met(RareState.LOG_TRUNCATED);
        met(RareState.NODE_CRASHED_AMID_DISK_OPERATIONS);
    }

    @Test
    @DisplayName("RF-28 nodes start again and again before they know what is committed: nothing is served too early")
    void restarts() {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 150) {
            at(millis, Kind.CRASH, 1 + millis / 150 % 3, 40, -1);
        }

        runOn(3);

        met(RareState.NODE_CRASHED);
    }

    @Test
    @DisplayName("RF-29 producers retry over changes of leader, restarts and broken connections: once in the log")
    void retries() {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 350) {
            int node = 1 + millis / 350 % 5;
            at(millis, Kind.RESET_ALL, node);
            at(millis + 100, Kind.CRASH, node, 150, -1);
        }

        runOn(5);

        met(RareState.DUPLICATE_ACKNOWLEDGED);
    }

    @Test
    @DisplayName("RF-32 leaderships are lost and regained at once: no append crosses into another generation")
    void regainsLeadership() {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 200) {
            at(millis, Kind.RESET_ALL, 1 + millis / 200 % 3);
        }

        runOn(3);

        met(RareState.LEADER_CHANGED);
        met(RareState.APPEND_OF_EARLIER_LEADERSHIP_ARRIVED);
    }

    @Test
    @DisplayName("RF-33 the disks of all nodes hang in turn, the network is fine: appends go on elsewhere")
    void hangs() {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 1_000) {
            at(millis, Kind.HANG, 1 + millis / 1_000 % 3, 4_000);
        }

        runOn(3);

        met(RareState.DISK_STALLED);
        met(RareState.LEADER_GAVE_UP_FOR_ITS_DISK);
    }

    @Test
    @DisplayName(
            "RF-08 clocks that differ by more than leases allow: a leader that is cut off serves the past, and is found out")
    void clocksBeyondTheirBounds() {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 1_000) {
            int node = 1 + millis / 1_000 % 3;
            long links = 0;
            for (int peer = 1; peer <= 3; peer++) {
                links |= peer == node ? 0 : FaultActor.link(node, peer) | FaultActor.link(peer, node);
            }
            // Its lease is as long as before by its own clock only. Clients reach it, its peers do not.
            at(millis, Kind.CLOCK_RATE, node, 20);
            at(millis + 1, Kind.CUT, links, 0, 900);
            at(millis + 950, Kind.CLOCK_RATE, node, 1_000);
        }
        Set<Invariant> broken = EnumSet.noneOf(Invariant.class);

        LongStream.iterate(1, seed -> seed + 1)
                .filter(seed ->
                        optionsOf(seed).nodes() == 3 && optionsOf(seed).raft().leaseTicks() > 0)
                .limit(12)
                .forEach(seed -> {
                    Scenario scenario = new Scenario(
                            seed,
                            Set.of(Reduction.NO_TOPIC_CHURN, Reduction.NO_NODE_CHURN),
                            OptionalInt.of(FAULTY_MILLIS),
                            Optional.of(script));
                    try {
                        Simulation.run(scenario, new Timeline(false));
                    } catch (SimulationFailure failure) {
                        broken.add(failure.invariant());
                    }
                });

        assertEquals(EnumSet.of(Invariant.READS_SEE_ACKNOWLEDGED), broken);
    }
}

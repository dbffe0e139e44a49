/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.Prng;
import io.quorate.sim.Fault.Kind;
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
 * Replicas that are away until their peers have deleted what they lack, scripted as in {@link FaultScenarioTest}. Taken are
 * seeds whose clients trim, whose segments are small, and whose leaders do not wait long for a replica that is silent.
 */
@DisplayName("A simulated cluster whose logs are trimmed")
class SnapshotScenarioTest {
    private static final int FAULTY_MILLIS = 9_000;
    private static final int BUSY_MILLIS = 1_000;
    private static final int AWAY_MILLIS = 1_500;
    private static final int ROUND_MILLIS = 2_000;

    private final List<Fault> script = new ArrayList<>();
    private final Sightings sightings = new Sightings();

    private static long[] seeds(int count) {
        return LongStream.iterate(1, seed -> seed + 1)
                .filter(SnapshotScenarioTest::trimsSoon)
                .limit(count)
                .toArray();
    }

    private static boolean trimsSoon(long seed) {
        SimulationOptions options = SimulationOptions.draw(new Prng(seed).split(), EnumSet.noneOf(Reduction.class));
        int patienceMillis = 10 * options.raft().electionTimeoutTicks() * options.tickMillis();
        return options.nodes() == 3
                && options.workload().trimMillis() > 0
                && options.housekeepingMillis() < 1_000
                && options.logStore().segmentBytes() <= 8 << 10
                && options.maxInflightBytes() > 4 << 10
                && patienceMillis <= 1_200;
    }

    private void at(int millis, Kind kind, long... arguments) {
        script.add(Fault.of(1_000_000L * millis, kind, arguments));
    }

    private void run() {
        script.sort(Comparator.comparingLong(Fault::atNanos));
        for (long seed : seeds(4)) {
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

    private static long linksOf(int node) {
        long links = 0;
        for (int peer = 1; peer <= 3; peer++) {
            links |= peer == node ? 0 : FaultActor.link(node, peer) | FaultActor.link(peer, node);
        }
        return links;
    }

    @Test
    @DisplayName("RF-20 snapshots of any age arrive beside appends, at replicas that have more or less than they hold")
    void installsBesideAppends() {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += ROUND_MILLIS) {
            int node = 1 + millis / ROUND_MILLIS % 3;
            at(millis, Kind.CUT, linksOf(node), millis / ROUND_MILLIS % 2, AWAY_MILLIS);
            // It is back for moments only: pieces are lost, come late, and meet another log than they were sent for.
            for (int moment = 20; moment < 500; moment += 60) {
                at(millis + AWAY_MILLIS + moment, Kind.CUT, linksOf(node), moment / 60 % 2, 30);
            }
        }

        run();

        met(RareState.SNAPSHOT_INSTALLED);
    }

    @ParameterizedTest(name = "after {0} operations")
    @ValueSource(ints = {0, 1, 2, 3, 5, 8, 13, 21, 34})
    @DisplayName("RF-21 power fails at any step of the installation of a snapshot: the old log is there or the new one")
    void powerFails(int operations) {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += ROUND_MILLIS) {
            int node = 1 + millis / ROUND_MILLIS % 3;
            at(millis, Kind.CUT, linksOf(node), 0, AWAY_MILLIS);
            for (int again = 0; again < 4; again++) {
                at(
                        millis + AWAY_MILLIS + 5 + 110 * again,
                        Kind.DISK_CRASH,
                        node,
                        operations + again,
                        30,
                        operations % 8);
            }
        }

        run();

        met(RareState.SNAPSHOT_INSTALLED);
        met(RareState.NODE_CRASHED_AMID_DISK_OPERATIONS);
    }

    @Test
    @DisplayName("RF-22 several leaders send the same snapshots, each for a moment: pieces of both, in any order")
    void changingLeaders() {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += ROUND_MILLIS) {
            int node = 1 + millis / ROUND_MILLIS % 3;
            at(millis, Kind.CUT, linksOf(node), 0, AWAY_MILLIS);
            for (int moment = 10; moment < 500; moment += 70) {
                at(millis + AWAY_MILLIS + moment, Kind.RESET_ALL, 1 + (node + moment / 70 % 2) % 3);
            }
        }

        run();

        met(RareState.SNAPSHOT_INSTALLED);
        met(RareState.LEADER_CHANGED);
    }

    @Test
    @DisplayName(
            "RF-23 whoever has got a snapshot leads soon after: producers go on where they were, retries are recognised")
    void leadsAfterwards() {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += ROUND_MILLIS) {
            int node = 1 + millis / ROUND_MILLIS % 3;
            at(millis, Kind.CRASH, node, AWAY_MILLIS, -1);
            at(millis + AWAY_MILLIS + 250, Kind.CRASH, 1 + node % 3, 150, -1);
            at(millis + AWAY_MILLIS + 450, Kind.CRASH, 1 + (node + 1) % 3, 150, -1);
        }

        run();

        met(RareState.SNAPSHOT_INSTALLED);
        met(RareState.DUPLICATE_ACKNOWLEDGED);
    }

    @Test
    @DisplayName("RF-24 logs are trimmed while a follower needs them, again and again: it gets there all the same")
    void trimmedUnderway() {
        for (int millis = BUSY_MILLIS; millis < FAULTY_MILLIS; millis += 400) {
            at(millis, Kind.PAUSE, 3, 250);
            at(millis + 300, Kind.HANG, 3, 80);
        }
        at(3_000, Kind.CUT, linksOf(3), 0, AWAY_MILLIS);
        at(6_000, Kind.CUT, linksOf(3), 1, AWAY_MILLIS);

        run();

        met(RareState.SNAPSHOT_INSTALLED);
        met(RareState.SEGMENTS_DELETED);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import io.quorate.client.QuorateClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * How long writers wait while operators do what they do, over and over, and that nothing is lost, doubled or refused
 * meanwhile. Three nodes and one producer with a steady rate, all on this machine.
 *
 * <pre>
 *   mvn -pl cluster-tests -am test -Dtest=PausesTest -Dsurefire.failIfNoSpecifiedTests=false \\
 *       -Dpauses=stop,transfer,rolling,replace,grow,move [-Dpauses.runs=5] [-Dpauses.rate=2000] \\
 *       [-Dlive.quorate=/path/to/bin/quorate]
 * </pre>
 */
@DisplayName("Under a steady load nothing fails, is lost or doubled")
@EnabledIfSystemProperty(
        named = "pauses",
        matches = ".+",
        disabledReason = "takes long; -Dpauses=stop,transfer runs it")
class PausesTest {
    private static final int RUNS = Integer.getInteger("pauses.runs", 5);
    private static final int RATE = Integer.getInteger("pauses.rate", 2_000);
    /** Records before each change: a JVM that has just started takes the processors from those that serve. */
    private static final int SETTLE = 2 * RATE;

    private static final List<Integer> HOME = List.of(1, 2, 3);
    private static final List<Integer> AWAY = List.of(4, 5, 1);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path directory;

    private enum Change {
        STOP,
        TRANSFER,
        ROLLING,
        REPLACE,
        GROW,
        MOVE
    }

    static List<Change> asked() {
        return List.of(System.getProperty("pauses").toUpperCase(Locale.ROOT).split(",")).stream()
                .map(Change::valueOf)
                .toList();
    }

    /** Makes the change and returns what is to be done before the next one. */
    private static Runnable make(Change change, int run, PlannedChanges changes) {
        Runnable nothing = () -> {};
        switch (change) {
            case STOP -> {
                LiveCluster.Node stopped = changes.stopLeader();
                return () -> changes.startAgain(stopped);
            }
            case TRANSFER -> changes.transfer();
            case ROLLING -> changes.rollingRestart();
            case REPLACE -> changes.replaceLeader();
            case GROW -> changes.growAndShrink();
            case MOVE -> changes.move(run % 2 == 0 ? AWAY : HOME);
        }
        return nothing;
    }

    /** Percentiles by nearest rank. */
    private static String summary(Change change, List<Long> pauses, long acknowledged) {
        List<Long> sorted = new ArrayList<>(pauses);
        Collections.sort(sorted);
        return String.format(
                Locale.ROOT,
                "%s x %d: longest pause median %d ms, p99 %d ms, max %d ms; %d records, 0 failed, 0 lost, 0 duplicated",
                change,
                sorted.size(),
                rank(sorted, 50),
                rank(sorted, 99),
                rank(sorted, 100),
                acknowledged);
    }

    private static long rank(List<Long> sorted, int percent) {
        return sorted.get((sorted.size() * percent + 99) / 100 - 1);
    }

    @ParameterizedTest(name = "while this is done again and again: {0}")
    @MethodSource("asked")
    void nothingIsLost(Change change) throws InterruptedException {
        List<Long> pauses = new ArrayList<>();
        try (LiveCluster cluster = LiveCluster.start(directory, 3);
                QuorateClient client = cluster.connect(Duration.ofSeconds(10))) {
            PlannedChanges changes = new PlannedChanges(cluster, client);
            client.admin().createTopic(PlannedChanges.TOPIC, 1, 3);
            cluster.awaitLeader(client, PlannedChanges.TOPIC, 0, 1);
            if (change == Change.MOVE) {
                changes.join();
                changes.join();
            }
            try (NumberedLoad load = new NumberedLoad(client, PlannedChanges.TOPIC, 0, RATE)) {
                for (int run = 0; run < RUNS; run++) {
                    load.awaitProgress("before " + change, SETTLE);
                    load.longestPauseMillis();
                    Runnable afterwards = make(change, run, changes);
                    load.awaitProgress("after " + change, RATE / 4);
                    pauses.add(load.longestPauseMillis());
                    System.out.printf("%s %d: longest pause %d ms%n", change, run + 1, pauses.get(run));
                    afterwards.run();
                }
                load.finish();
                load.verify(0);
                System.out.println(summary(change, pauses, load.acknowledged()));
            } catch (AssertionError failure) {
                throw new AssertionError(failure.getMessage() + cluster.logs(), failure);
            }
        }
    }
}

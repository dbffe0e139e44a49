/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.sim.check.Invariant;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * The long run of a night:
 *
 * <pre>
 *   mvn -pl cluster-tests -am test -Dtest=SoakTest -Dsurefire.failIfNoSpecifiedTests=false \\
 *       -Dsoak.seeds=10000 [-Dsoak.first=1000000] [-Dsoak.processes=2]
 * </pre>
 */
@DisplayName("A soak")
class SoakTest {
    private final SoakTally tally = new SoakTally();

    @Test
    @EnabledIfSystemProperty(named = "soak.seeds", matches = "\\d+")
    @DisplayName("of many seeds breaks no invariant and meets every rare state")
    void soaks() throws IOException, InterruptedException {
        Soak.Options options = new Soak.Options(
                Integer.getInteger("soak.seeds"),
                Long.getLong("soak.first", 1_000_000),
                Integer.getInteger("soak.processes", Runtime.getRuntime().availableProcessors()),
                Path.of("target", "soak"));

        assertTrue(Soak.run(options, System.out));
    }

    @Test
    @DisplayName("runs its seeds in processes of their own and says what they were like")
    void runsProcesses(@TempDir Path directory) throws IOException, InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();

        boolean clean =
                Soak.run(new Soak.Options(3, 1, 2, directory), new PrintStream(out, true, StandardCharsets.UTF_8));

        String text = out.toString(StandardCharsets.UTF_8);
        assertTrue(clean, text);
        assertTrue(text.contains("3 seeds, 0 failed"), text);
        assertTrue(text.contains("virtual hours per CPU hour"), text);
    }

    @Test
    @DisplayName("adds up what its processes say")
    void addsUp() {
        tally.take(0, "ok 0x1 1000 1800000 7 250 LOG_TRUNCATED=2 NODE_CRASHED=5");
        tally.take(0, "cpu 1000000000");
        tally.take(1, "ok 0x2 500 1800000 3 900 LOG_TRUNCATED=1");
        tally.take(1, "cpu 2000000000");
        tally.take(0, "cpu 3000000000");

        assertEquals(
                "2 seeds, 0 failed; 1.00 virtual hours in 4 s (5 s of CPU: 720 virtual hours per CPU hour); 1500 events,"
                        + " 10 batches acknowledged, slowest convergence 900 ms",
                tally.summary(Duration.ofSeconds(4)));
        List<String> rows = tally.table().lines().map(String::strip).toList();
        assertTrue(rows.contains("2            3  LOG_TRUNCATED"), () -> tally.table());
        assertTrue(rows.contains("1            5  NODE_CRASHED"), () -> tally.table());
        assertEquals("seeds        times  rare state", rows.get(0));
        assertTrue(rows.get(1).startsWith("0 "), "the rarest first");
    }

    @Test
    @DisplayName("keeps the seeds that failed, by what they broke")
    void keepsFailures() {
        tally.take(0, "failed 0x20 CONVERGENCE all faults ended 60050 ms ago, but: n1 is not ready");
        tally.take(1, "failed 0x1F LOG_MATCHING n1 sends something else");

        assertEquals(
                List.of(
                        new SoakTally.Failure(0x1F, Invariant.LOG_MATCHING, "LOG_MATCHING n1 sends something else"),
                        new SoakTally.Failure(
                                0x20,
                                Invariant.CONVERGENCE,
                                "CONVERGENCE all faults ended 60050 ms ago, but: n1 is not ready")),
                tally.failures());
    }

    @Test
    @DisplayName("misses a rare state only when there were seeds enough to have met it")
    void missesStates() {
        int enough = RareState.LOG_TRUNCATED.surelyMetBy();
        for (int i = 1; i < enough; i++) {
            tally.take(0, "ok 0x1 1 1 0 0");
        }
        assertFalse(tally.missing().contains(RareState.LOG_TRUNCATED));
        tally.take(0, "ok 0x1 1 1 0 0 NODE_CRASHED=1");

        assertTrue(tally.missing().contains(RareState.LOG_TRUNCATED));
        assertFalse(tally.missing().contains(RareState.NODE_CRASHED));
    }

    @Test
    @DisplayName("refuses a line that is none of its processes'")
    void refusesOtherLines() {
        assertThrows(IllegalArgumentException.class, () -> tally.take(0, "hello"));
    }
}

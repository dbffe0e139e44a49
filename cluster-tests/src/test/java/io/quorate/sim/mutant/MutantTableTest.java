/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.mutant;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Hunts mutants and writes the table of {@code docs/mutants.md}.
 *
 * <pre>
 *   -Dmutants=all                 or some, by id, with commas: then nothing is written
 *   -Dmutants.hunts=5             for each mutant
 *   -Dmutants.seeds=300           at most, for each hunt with whole clusters; 20 times as many with the small harnesses
 *   -Dmutants.control-seeds=100   for each control; likewise, and never fewer than the worst hunt before it took
 * </pre>
 */
@DisplayName("Every mutant")
@EnabledIfSystemProperty(named = "mutants", matches = ".+", disabledReason = "takes long; -Dmutants=all runs it")
class MutantTableTest {
    private static final Path TABLE = Path.of("..", "docs", "mutants.md");
    private static final String MARK = "<!-- table -->";
    private static final String END = "<!-- end of the table -->";
    private static final int HUNTS = Integer.getInteger("mutants.hunts", 5);
    private static final int SEEDS = Integer.getInteger("mutants.seeds", 300);
    private static final int CONTROL_SEEDS = Integer.getInteger("mutants.control-seeds", 100);
    /** Runs of a small harness take that much less time than those of a cluster. */
    private static final int SMALL_HARNESS = 20;

    /** Seeds of the worst hunt so far with each harness. */
    private final Map<Harness, Integer> worst = new ConcurrentHashMap<>();

    private final Queue<String> flaws = new ConcurrentLinkedQueue<>();

    @Test
    @DisplayName("is killed by an invariant that it is known to break, and no control is")
    void table() throws IOException, InterruptedException, ExecutionException {
        String wanted = System.getProperty("mutants");
        List<Mutant> mutants = Mutant.all().stream()
                .filter(mutant ->
                        wanted.equals("all") || List.of(wanted.split(",")).contains(mutant.id()))
                .toList();

        // Controls last: how long they run depends on the worst of the hunts.
        List<String> rows = new ArrayList<>();
        rows.addAll(
                rowsOf(mutants.stream().filter(mutant -> !mutant.isControl()).toList()));
        rows.addAll(rowsOf(mutants.stream().filter(Mutant::isControl).toList()));

        if (wanted.equals("all")) {
            write(rows);
        }
        assertEquals(List.of(), List.copyOf(flaws));
    }

    /** Each mutant has a world of its own, so one per processor is hunted at a time; in their order. */
    private List<String> rowsOf(List<Mutant> mutants) throws InterruptedException, ExecutionException {
        ExecutorService processors =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        try {
            List<String> rows = new ArrayList<>();
            for (Future<String> row : processors.invokeAll(mutants.stream()
                    .<Callable<String>>map(mutant -> () -> rowOf(mutant))
                    .toList())) {
                rows.add(row.get());
            }
            return rows;
        } finally {
            processors.shutdownNow();
        }
    }

    private String rowOf(Mutant mutant) {
        long start = System.nanoTime();
        String row = mutant.isApplicable()
                ? hunt(mutant)
                : row(mutant, "not applicable yet: needs " + mutant.needs(), "", "");
        System.out.printf(Locale.ROOT, "%s %d s%n", row, (System.nanoTime() - start) / 1_000_000_000);
        return row;
    }

    private String hunt(Mutant mutant) {
        MutantHunt hunt = new MutantHunt(mutant);
        int times = mutant.by() == Harness.CLUSTER ? 1 : SMALL_HARNESS;
        if (mutant.isControl()) {
            int seeds = Math.max(CONTROL_SEEDS * times, worst.getOrDefault(mutant.by(), 0));
            hunt.run(1, seeds);
            if (hunt.isKilled()) {
                flaws.add(mutant + " was flagged as " + hunt.fired());
                return row(mutant, "FLAGGED: " + names(hunt.fired()), "", "");
            }
            return row(mutant, "clean over " + seeds + " seeds", "", "");
        }
        hunt.run(HUNTS, SEEDS * times);
        if (!hunt.isKilled()) {
            flaws.add(mutant + " survived");
            return row(mutant, "SURVIVED", "> " + SEEDS * times, "> " + SEEDS * times);
        }
        worst.merge(mutant.by(), hunt.worstSeeds(), Math::max);
        if (!hunt.isKilledByItsInvariants()) {
            flaws.add(mutant + " should break " + mutant.breaks() + " and ended with " + hunt.fired());
        }
        return row(mutant, names(hunt.fired()), String.valueOf(hunt.medianSeeds()), String.valueOf(hunt.worstSeeds()));
    }

    private static String names(Map<String, Integer> fired) {
        return fired.entrySet().stream()
                .map(entry -> entry.getKey() + " × " + entry.getValue())
                .collect(Collectors.joining(", "));
    }

    private static String row(Mutant mutant, String outcome, String median, String worst) {
        return "| " + mutant.id() + " | " + mutant.title() + " | " + mutant.by() + " | " + outcome + " | " + median
                + " | " + worst + " |";
    }

    private static void write(List<String> rows) throws IOException {
        String page = Files.readString(TABLE);
        String head = page.substring(0, page.indexOf(MARK) + MARK.length());
        String tail = page.substring(page.indexOf(END));
        Files.writeString(
                TABLE,
                head + "\n\n" + HUNTS + " hunts of at most " + SEEDS + " seeds each, "
                        + SEEDS * SMALL_HARNESS + " with the small harnesses.\n\n"
                        + "| | what is wrong | by | fired | median | worst |\n|---|---|---|---|---|---|\n"
                        + String.join("\n", rows) + "\n\n" + tail);
    }
}

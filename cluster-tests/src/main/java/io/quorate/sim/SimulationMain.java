/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Runs simulations from a shell.
 *
 * <pre>
 *   SEED ...              runs these seeds, decimal or 0x…, and prints a report of each
 *   minimise SEED [FILE]  makes a failing seed as short as it gets, prints its timeline and writes the scenario
 *   replay FILE           runs a scenario and prints its timeline if it fails
 *   soak SEEDS [FIRST [PROCESSES [DIRECTORY]]]
 *                         runs that many seeds in processes of their own; ends with 1 if one failed, or if a rare state
 *                         was not met that should have been
 * </pre>
 */
public final class SimulationMain {
    private static final int MINIMISER_RUNS = 400;
    private static final int TIMELINE_LINES = 200;

    private SimulationMain() {}

    /** Ends with the stack trace of the first {@link SimulationFailure}. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        switch (arguments[0]) {
            case "minimise" -> {
                String text = minimise(Scenario.ofSeed(Long.decode(arguments[1])));
                if (arguments.length > 2) {
                    Files.writeString(Path.of(arguments[2]), text);
                }
            }
            case "replay" -> System.out.println(replay(Scenario.parse(Files.readString(Path.of(arguments[1])))));
            case "soak" -> {
                Soak.Options options = new Soak.Options(
                        Integer.parseInt(arguments[1]),
                        arguments.length > 2 ? Long.decode(arguments[2]) : 1,
                        arguments.length > 3
                                ? Integer.parseInt(arguments[3])
                                : Runtime.getRuntime().availableProcessors(),
                        Path.of(arguments.length > 4 ? arguments[4] : "soak"));
                System.exit(Soak.run(options, System.out) ? 0 : 1);
            }
            case "work" ->
                Soak.work(
                        Long.decode(arguments[1]),
                        Integer.parseInt(arguments[2]),
                        Integer.parseInt(arguments[3]),
                        System.out);
            default -> {
                for (String seed : arguments) {
                    System.out.println(Simulation.run(Long.decode(seed)));
                }
            }
        }
    }

    /** Prints what a failing scenario comes down to and returns it as text; nothing if it does not fail. */
    static String minimise(Scenario scenario) {
        return Minimiser.failureOf(scenario)
                .map(failure -> Minimiser.minimise(failure, MINIMISER_RUNS))
                .map(shortest -> {
                    String text = "# " + shortest.invariant() + " after "
                            + shortest.virtualNanos() / 1_000_000 + " ms, " + shortest.nodes() + " nodes\n"
                            + shortest.scenario().toText();
                    System.out.println(text);
                    System.out.println(replay(shortest.scenario()));
                    return text;
                })
                .orElse("");
    }

    /** The timeline of a run that fails, else its report. */
    static String replay(Scenario scenario) {
        Timeline timeline = new Timeline(true);
        try {
            return Simulation.run(scenario, timeline).toString();
        } catch (SimulationFailure failure) {
            return timeline.render(failure.nodes(), TIMELINE_LINES);
        }
    }
}

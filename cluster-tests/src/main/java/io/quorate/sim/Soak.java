/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Many seeds in processes of their own, which share nothing: tells how far it is, counts rare states, and makes the first
 * seeds that fail as short as they get.
 */
final class Soak {
    /** How many failures to look into. */
    private static final int MINIMISED_MAX = 3;

    private static final int PROGRESS_LINES = 50;

    /**
     * @param seeds     how many
     * @param first     the first one; the others follow it
     * @param processes at a time
     * @param directory where the scenarios of failures go; made if need be
     */
    record Options(int seeds, long first, int processes, Path directory) {}

    private final Options options;
    private final PrintStream out;
    private final SoakTally tally = new SoakTally();
    private final long startNanos = System.nanoTime();

    private Soak(Options options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /**
     * Runs all of it.
     *
     * @return whether every seed held every invariant and every state was met that should have been
     */
    static boolean run(Options options, PrintStream out) throws IOException, InterruptedException {
        return new Soak(options, out).run();
    }

    private boolean run() throws IOException, InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(options.processes());
        try {
            List<Callable<Integer>> workers = new ArrayList<>();
            for (int i = 0; i < options.processes(); i++) {
                int process = i;
                workers.add(() -> follow(process));
            }
            for (Future<Integer> worker : threads.invokeAll(workers)) {
                if (exitCodeOf(worker) != 0) {
                    out.println("a process ended by itself: some seeds were not run");
                }
            }
        } finally {
            threads.shutdownNow();
        }
        out.println(tally.table());
        out.println(tally.summary(elapsed()));
        lookIntoFailures();
        if (!tally.missing().isEmpty()) {
            out.println("NEVER MET: " + tally.missing() + ": the simulator does not test it any more");
        }
        return tally.failures().isEmpty() && tally.missing().isEmpty() && tally.seeds() == options.seeds();
    }

    private static int exitCodeOf(Future<Integer> worker) throws InterruptedException {
        try {
            return worker.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("cannot run a process of the soak", e);
        }
    }

    private Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - startNanos);
    }

    /** Every so manyth seed is this process's. */
    private Integer follow(int number) throws IOException, InterruptedException {
        int share = options.seeds() / options.processes() + (number < options.seeds() % options.processes() ? 1 : 0);
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-Xmx512m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SimulationMain.class.getName(),
                        "work",
                        Long.toString(options.first() + number),
                        Integer.toString(options.processes()),
                        Integer.toString(share))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                take(number, line);
            }
            return process.waitFor();
        } finally {
            process.destroy();
        }
    }

    private synchronized void take(int process, String line) {
        long before = tally.seeds();
        tally.take(process, line);
        if (line.startsWith("failed")) {
            out.println(line);
        }
        long step = Math.max(1, options.seeds() / PROGRESS_LINES);
        if (tally.seeds() / step > before / step) {
            out.println(tally.summary(elapsed()));
        }
    }

    private void lookIntoFailures() throws IOException {
        List<SoakTally.Failure> failures = tally.failures();
        for (SoakTally.Failure failure : failures.subList(0, Math.min(MINIMISED_MAX, failures.size()))) {
            Path file = options.directory().resolve(String.format(Locale.ROOT, "0x%X.scenario", failure.seed()));
            Files.createDirectories(options.directory());
            Files.writeString(file, SimulationMain.minimise(Scenario.ofSeed(failure.seed())));
            out.println("scenario: " + file);
        }
    }

    /** The work of one process: every {@code step}th seed from the first on, a line for each. */
    static void work(long first, int step, int seeds, PrintStream out) {
        for (int i = 0; i < seeds; i++) {
            long seed = first + (long) i * step;
            try {
                out.println(SoakTally.lineOf(Simulation.run(seed)));
            } catch (SimulationFailure failure) {
                out.println(SoakTally.lineOf(seed, failure));
            }
            ProcessHandle.current().info().totalCpuDuration().ifPresent(cpu -> out.println("cpu " + cpu.toNanos()));
        }
    }
}

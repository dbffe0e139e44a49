/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.sim.check.Invariant;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What many runs were like, put together from lines, so that runs can be in other processes:
 *
 * <pre>
 *   ok     SEED EVENTS VIRTUAL-MILLIS ACKNOWLEDGED CONVERGENCE-MILLIS [STATE=COUNT ...]
 *   failed SEED INVARIANT what was found
 *   cpu    NANOSECONDS                                                     of the whole process, so far
 * </pre>
 *
 * Not thread-safe.
 */
final class SoakTally {
    /** @param detail what was found, in one line */
    record Failure(long seed, Invariant invariant, String detail) {}

    private record Seen(long seeds, long times) {
        Seen plus(long more) {
            return new Seen(seeds + 1, times + more);
        }
    }

    private final Map<RareState, Seen> states = new EnumMap<>(RareState.class);
    private final Map<Integer, Long> cpuNanos = new TreeMap<>();
    private final List<Failure> failures = new ArrayList<>();
    private long seeds;
    private long events;
    private long virtualMillis;
    private long acknowledged;
    private long slowestConvergenceMillis;

    static String lineOf(SimulationReport report) {
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "ok 0x%X %d %d %d %d",
                report.seed(),
                report.events(),
                report.virtualMillis(),
                report.acknowledged(),
                report.convergenceMillis()));
        report.sightings()
                .counts()
                .forEach((state, times) ->
                        line.append(' ').append(state).append('=').append(times));
        return line.toString();
    }

    static String lineOf(long seed, SimulationFailure failure) {
        String detail = failure.getCause().getMessage().lines().findFirst().orElse("");
        return String.format(Locale.ROOT, "failed 0x%X %s %s", seed, failure.invariant(), detail);
    }

    /**
     * Takes one line of a process.
     *
     * @throws IllegalArgumentException if it is none of those above
     */
    void take(int process, String line) {
        String[] words = line.split(" ");
        switch (words[0]) {
            case "ok" -> takeReport(words);
            case "failed" -> {
                seeds++;
                failures.add(new Failure(
                        Long.decode(words[1]), Invariant.valueOf(words[2]), line.substring(line.indexOf(words[2]))));
            }
            case "cpu" -> cpuNanos.put(process, Long.parseLong(words[1]));
            default -> throw new IllegalArgumentException("not a line of a run: " + line);
        }
    }

    private void takeReport(String[] words) {
        seeds++;
        events += Long.parseLong(words[2]);
        virtualMillis += Long.parseLong(words[3]);
        acknowledged += Long.parseLong(words[4]);
        slowestConvergenceMillis = Math.max(slowestConvergenceMillis, Long.parseLong(words[5]));
        for (int i = 6; i < words.length; i++) {
            String[] sighting = words[i].split("=");
            RareState state = RareState.valueOf(sighting[0]);
            states.put(state, states.getOrDefault(state, new Seen(0, 0)).plus(Long.parseLong(sighting[1])));
        }
    }

    long seeds() {
        return seeds;
    }

    /** By seed. */
    List<Failure> failures() {
        return failures.stream()
                .sorted((one, other) -> Long.compareUnsigned(one.seed(), other.seed()))
                .toList();
    }

    /** States that so many seeds should have met and did not: the simulator does not test them any more. */
    List<RareState> missing() {
        List<RareState> missing = new ArrayList<>();
        for (RareState state : RareState.values()) {
            if (seeds >= state.surelyMetBy() && !states.containsKey(state)) {
                missing.add(state);
            }
        }
        return missing;
    }

    /** One line. */
    String summary(Duration wall) {
        double cpuSeconds =
                cpuNanos.values().stream().mapToLong(Long::longValue).sum() / 1e9;
        double virtualHours = virtualMillis / 3.6e6;
        return String.format(
                Locale.ROOT,
                "%d seeds, %d failed; %.2f virtual hours in %d s (%.0f s of CPU: %.0f virtual hours per CPU hour); %d events,"
                        + " %d batches acknowledged, slowest convergence %d ms",
                seeds,
                failures.size(),
                virtualHours,
                wall.toSeconds(),
                cpuSeconds,
                cpuSeconds > 0 ? virtualHours / (cpuSeconds / 3600) : 0,
                events,
                acknowledged,
                slowestConvergenceMillis);
    }

    /** Every rare state with how many seeds have met it, and how often; the rarest first. */
    String table() {
        StringBuilder table = new StringBuilder();
        List<RareState> rarestFirst = new ArrayList<>(List.of(RareState.values()));
        rarestFirst.sort((one, other) -> Long.compare(seenBy(one), seenBy(other)));
        for (RareState state : rarestFirst) {
            Seen seen = states.getOrDefault(state, new Seen(0, 0));
            table.append(String.format(Locale.ROOT, "%9d %12d  %s%n", seen.seeds(), seen.times(), state));
        }
        return String.format(Locale.ROOT, "%9s %12s  rare state%n", "seeds", "times") + table;
    }

    private long seenBy(RareState state) {
        return states.getOrDefault(state, new Seen(0, 0)).seeds();
    }
}

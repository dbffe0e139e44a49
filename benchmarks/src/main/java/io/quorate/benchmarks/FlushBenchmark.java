/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.io.NioDisk;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Durable appends of log stores against write and fdatasync of raw files: every round gives each contender a slice of time,
 * one after the other, so that whatever else the disk does meets all of them alike.
 *
 * <pre>
 * flush DIR [BYTES[,BYTES...] [GROUPS[,GROUPS...] [ROUNDS [SLICE_MS]]]]
 * </pre>
 *
 * BYTES is the payload of one flush of one group, 100 to 1 MiB, and what is counted; frames and blocks come on top. Printed
 * are medians over the rounds: flushes of one group per second, MB per second, milliseconds of processor time per MB, and
 * the rate relative to each of the raw ways, paired round by round. The first two rounds do not count.
 */
final class FlushBenchmark {
    private static final int WARM_UP_ROUNDS = 2;
    private static final long RAW_BYTES_IN_ALL = 1L << 30;
    private static final long MIN_RAW_FILE_BYTES = 4L << 20;
    private static final long MAX_RAW_FILE_BYTES = 128L << 20;

    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final Path root;
    private final int rounds;
    private final long sliceNanos;

    private FlushBenchmark(Path root, int rounds, long sliceNanos) {
        this.root = root;
        this.rounds = rounds;
        this.sliceNanos = sliceNanos;
    }

    static void run(List<String> arguments) throws IOException {
        if (arguments.isEmpty()) {
            throw new IllegalArgumentException("flush DIR [BYTES,... [GROUPS,... [ROUNDS [SLICE_MS]]]]");
        }
        Path root = Path.of(arguments.get(0)).resolve("flush-benchmark").toAbsolutePath();
        int[] bytes = numbers(arguments, 1, "100,4096,65536,1048576");
        int[] groups = numbers(arguments, 2, "1,16,256");
        int rounds = numbers(arguments, 3, "10")[0];
        long sliceNanos = numbers(arguments, 4, "200")[0] * 1_000_000L;
        FlushBenchmark benchmark = new FlushBenchmark(root, rounds + WARM_UP_ROUNDS, sliceNanos);
        for (int groupCount : groups) {
            for (int flushBytes : bytes) {
                benchmark.compare(flushBytes, groupCount);
            }
        }
    }

    private static int[] numbers(List<String> arguments, int at, String byDefault) {
        String text = at < arguments.size() ? arguments.get(at) : byDefault;
        return Arrays.stream(text.split(",")).mapToInt(Integer::parseInt).toArray();
    }

    /** What a contender did in each round. */
    private record Scores(Contender contender, double[] flushesPerSecond, double[] cpuMillis, long[] flushes) {}

    private void compare(int flushBytes, int groups) throws IOException {
        Trees.delete(root);
        Files.createDirectories(root);
        List<Scores> all = new ArrayList<>();
        try {
            List<Contender> contenders = contenders(flushBytes, groups);
            contenders.forEach(
                    one -> all.add(new Scores(one, new double[rounds], new double[rounds], new long[rounds])));
            for (int round = 0; round < rounds; round++) {
                for (Scores scores : all) {
                    measure(scores, round, groups);
                }
            }
            print(all, flushBytes, groups);
        } finally {
            for (Scores scores : all) {
                scores.contender().close();
            }
            Trees.delete(root);
        }
    }

    private List<Contender> contenders(int flushBytes, int groups) throws IOException {
        long rawFileBytes = Math.max(MIN_RAW_FILE_BYTES, Math.min(MAX_RAW_FILE_BYTES, RAW_BYTES_IN_ALL / groups));
        List<Contender> all = new ArrayList<>();
        boolean hasDirect = new NioDisk().directBlockBytes(root) > 0;
        for (boolean direct : hasDirect ? new boolean[] {false, true} : new boolean[] {false}) {
            for (boolean growing : new boolean[] {false, true}) {
                all.add(new RawFiles(root, groups, flushBytes, direct, growing, false, rawFileBytes));
            }
            if (direct) {
                all.add(new RawFiles(root, groups, flushBytes, true, false, true, rawFileBytes));
            }
        }
        LogStoreConfig standard = LogStoreConfig.DEFAULT;
        LogStoreConfig cached = new LogStoreConfig(
                standard.segmentBytes(), standard.zeroAheadBytes(), standard.indexIntervalBytes(), false);
        Stores store = new Stores("store", root.resolve("store"), groups, flushBytes, standard, false);
        Stores cachedStore = new Stores("store, cached", root.resolve("cached"), groups, flushBytes, cached, false);
        all.add(store);
        all.add(cachedStore);
        if (groups == 1) {
            store.inSteadyState();
            cachedStore.inSteadyState();
            all.add(new Stores("store, new every slice", root.resolve("new"), 1, flushBytes, standard, true));
        }
        return all;
    }

    private void measure(Scores scores, int round, int groups) throws IOException {
        Contender contender = scores.contender();
        contender.rest();
        long cpu = SYSTEM.getProcessCpuTime();
        long start = System.nanoTime();
        long flushes = 0;
        long elapsed;
        do {
            contender.flush();
            flushes += groups;
            elapsed = System.nanoTime() - start;
        } while (elapsed < sliceNanos);
        scores.flushesPerSecond()[round] = flushes * 1e9 / elapsed;
        scores.cpuMillis()[round] = (SYSTEM.getProcessCpuTime() - cpu) / 1e6;
        scores.flushes()[round] = flushes;
    }

    private void print(List<Scores> all, int flushBytes, int groups) {
        System.out.printf(
                Locale.ROOT,
                "%n%,d bytes per flush and group, %d %s, %d rounds of %d ms%n%-28s %12s %10s %10s",
                flushBytes,
                groups,
                groups == 1 ? "group" : "groups",
                rounds - WARM_UP_ROUNDS,
                sliceNanos / 1_000_000,
                "",
                "flushes/s",
                "MB/s",
                "CPU ms/MB");
        List<Scores> raw =
                all.stream().filter(one -> one.contender() instanceof RawFiles).toList();
        for (Scores one : raw) {
            System.out.printf(Locale.ROOT, " %15s", "to " + shortName(one.contender()));
        }
        System.out.println();
        for (Scores one : all) {
            double flushesPerSecond = median(one.flushesPerSecond());
            System.out.printf(
                    Locale.ROOT,
                    "%-28s %12.0f %10.1f %10.2f",
                    one.contender().name(),
                    flushesPerSecond,
                    flushesPerSecond * flushBytes / 1e6,
                    cpuMillisPerFlush(one) * 1e6 / flushBytes);
            for (Scores other : raw) {
                System.out.printf(Locale.ROOT, " %15.2f", median(ratios(one, other)));
            }
            System.out.println();
        }
    }

    private static String shortName(Contender raw) {
        return raw.name()
                .replace("raw, ", "")
                .replace(", written before", " over")
                .replace(", copied", " +")
                .replace(", growing", " grow");
    }

    private double[] ratios(Scores one, Scores other) {
        double[] ratios = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            ratios[round] = one.flushesPerSecond()[round] / other.flushesPerSecond()[round];
        }
        return ratios;
    }

    /** Over all rounds, as the clock of processor time is a coarse one. */
    private static double cpuMillisPerFlush(Scores scores) {
        double millis = 0;
        long flushes = 0;
        for (int round = WARM_UP_ROUNDS; round < scores.flushes().length; round++) {
            millis += scores.cpuMillis()[round];
            flushes += scores.flushes()[round];
        }
        return millis / flushes;
    }

    private static double median(double[] rounds) {
        double[] counted = Arrays.copyOfRange(rounds, WARM_UP_ROUNDS, rounds.length);
        Arrays.sort(counted);
        int middle = counted.length / 2;
        return counted.length % 2 == 1 ? counted[middle] : (counted[middle - 1] + counted[middle]) / 2;
    }
}

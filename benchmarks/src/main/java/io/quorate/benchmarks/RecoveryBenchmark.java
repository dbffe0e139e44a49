/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.benchmarks;

import io.quorate.logstore.LogStore;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.StoreIdentity;
import io.quorate.logstore.WriteBuffer;
import io.quorate.logstore.io.NioDisk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * How long a start takes over logs of different lengths that were closed in order, and how much heap: each opened in a new
 * JVM with 32 MiB of it, in turns.
 *
 * <pre>
 * recovery DIR [GIB[,GIB...] [TIMES]]
 * </pre>
 */
final class RecoveryBenchmark {
    private static final int ENTRY_BYTES = 64 << 10;
    private static final int ENTRIES_PER_FLUSH = 16;
    /** Half a segment is in the active one, whatever the length. */
    private static final long ACTIVE_BYTES = 64L << 20;

    private static final StoreIdentity IDENTITY = new StoreIdentity(Stores.CLUSTER, 1, 0);

    private RecoveryBenchmark() {}

    static void run(List<String> arguments) throws IOException {
        Path root = Path.of(arguments.get(0)).resolve("recovery-benchmark").toAbsolutePath();
        List<String> lengths = Arrays.asList((arguments.size() > 1 ? arguments.get(1) : "1,10").split(","));
        int times = arguments.size() > 2 ? Integer.parseInt(arguments.get(2)) : 5;
        Trees.delete(root);
        Files.createDirectories(root);
        try {
            for (String gib : lengths) {
                write(root.resolve(gib), Long.parseLong(gib) << 30);
            }
            List<List<double[]>> results = new ArrayList<>();
            lengths.forEach(gib -> results.add(new ArrayList<>()));
            for (int time = 0; time < times; time++) {
                for (int i = 0; i < lengths.size(); i++) {
                    results.get(i).add(openInNewJvm(root.resolve(lengths.get(i))));
                }
            }
            for (int i = 0; i < lengths.size(); i++) {
                System.out.printf(
                        Locale.ROOT,
                        "%3s GiB  opened in %.0f ms  most heap used %.1f MiB  after a collection %.1f MiB  segments %.0f%n",
                        lengths.get(i),
                        median(results.get(i), 0),
                        median(results.get(i), 1),
                        median(results.get(i), 2),
                        median(results.get(i), 3));
            }
        } finally {
            Trees.delete(root);
        }
    }

    private static double median(List<double[]> results, int column) {
        double[] sorted =
                results.stream().mapToDouble(row -> row[column]).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static void write(Path directory, long bytes) throws IOException {
        long start = System.nanoTime();
        Payload payload = Payload.wrap(new byte[ENTRY_BYTES]);
        ExecutorService background = Executors.newSingleThreadExecutor();
        try (LogStore store = openStore(directory, background)) {
            store.putHardState(new HardState(1, Optional.empty()));
            long index = 0;
            for (long written = 0; written < bytes + ACTIVE_BYTES; written += (long) ENTRIES_PER_FLUSH * ENTRY_BYTES) {
                List<LogEntry> entries = new ArrayList<>();
                for (int i = 0; i < ENTRIES_PER_FLUSH; i++) {
                    index++;
                    entries.add(new LogEntry(new EntryId(1, index), EntryType.RECORDS, index - 1, 1, index, payload));
                }
                store.append(entries);
                store.force();
            }
            background.shutdown();
            if (!background.awaitTermination(1, TimeUnit.MINUTES)) {
                throw new IOException("sidecars are not written after a minute");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
        System.out.printf(
                Locale.ROOT, "%s written in %.1f s%n", directory.getFileName(), (System.nanoTime() - start) / 1e9);
    }

    private static LogStore openStore(Path directory, Executor background) throws IOException {
        NioDisk disk = new NioDisk();
        disk.createDirectories(directory);
        WriteBuffer buffer = WriteBuffer.of(disk, directory, LogStoreConfig.DEFAULT, WriteBuffer.DEFAULT_BYTES);
        return LogStore.open(disk, directory, IDENTITY, LogStoreConfig.DEFAULT, background, buffer);
    }

    private static double[] openInNewJvm(Path directory) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx32m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "recovery-open",
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .start();
        String line = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException("the new JVM ended with " + process.exitValue());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
        return Arrays.stream(line.strip().split(" "))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    /** In the new JVM: opens the log and prints milliseconds, MiB of heap at most and after a collection, and segments. */
    static void open(List<String> arguments) throws IOException {
        long start = System.nanoTime();
        try (LogStore store = openStore(Path.of(arguments.get(0)), task -> {})) {
            double millis = (System.nanoTime() - start) / 1e6;
            long most = 0;
            for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
                most += pool.getType() == MemoryType.HEAP ? pool.getPeakUsage().getUsed() : 0;
            }
            System.gc();
            long kept = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
            System.out.printf(
                    Locale.ROOT,
                    "%.3f %.3f %.3f %d%n",
                    millis,
                    most / 1048576.0,
                    kept / 1048576.0,
                    store.segments().size());
        }
    }
}

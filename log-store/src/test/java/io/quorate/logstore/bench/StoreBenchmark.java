/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore.bench;

import com.sun.management.OperatingSystemMXBean;
import io.quorate.logstore.LogStore;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.StoreIdentity;
import io.quorate.logstore.WriteBuffer;
import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.logstore.io.NioDisk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/**
 * Durable appends of one and of many stores against write+fdatasync of raw files, in turns, in one run on one disk.
 *
 * <pre>
 *   java -cp log-store/target/classes:log-store/target/test-classes:raft/target/classes \
 *        io.quorate.logstore.bench.StoreBenchmark DIRECTORY FLUSH_BYTES[,...] SECONDS [GROUPS]
 * </pre>
 *
 * Prints flushes and MB per second, and milliseconds of processor time per MB. Not a test: it needs a quiet machine.
 */
public final class StoreBenchmark {
    private static final long RAW_FILE_BYTES = 256L << 20;
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final NioDisk disk = new NioDisk();
    private final Path root;
    private final long nanos;

    private StoreBenchmark(Path root, double seconds) {
        this.root = root;
        this.nanos = (long) (seconds * 1e9);
    }

    public static void main(String[] arguments) throws IOException {
        Path root = Path.of(arguments[0]).resolve("store-benchmark");
        StoreBenchmark benchmark = new StoreBenchmark(root, Double.parseDouble(arguments[2]));
        int groups = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 1;
        for (String bytes : arguments[1].split(",")) {
            benchmark.compare(Integer.parseInt(bytes), groups);
        }
    }

    private void compare(int flushBytes, int groups) throws IOException {
        raw("raw, cached, written before", flushBytes, false, true);
        if (disk.directBlockBytes(root.getParent()) > 0 && flushBytes % 4096 == 0) {
            raw("raw, direct, written before", flushBytes, true, true);
            raw("raw, direct, growing", flushBytes, true, false);
        }
        for (boolean direct : new boolean[] {true, false}) {
            for (int zeroAhead : new int[] {16 << 20, 0}) {
                stores(flushBytes, groups, new LogStoreConfig(128 << 20, zeroAhead, 16 << 10, direct));
            }
        }
    }

    private interface Flush {
        void run() throws IOException;
    }

    private void measure(String what, int flushBytes, int flushesPerRun, Flush flush) throws IOException {
        for (long end = System.nanoTime() + nanos / 4; System.nanoTime() < end; ) {
            flush.run();
        }
        long cpu = SYSTEM.getProcessCpuTime();
        long start = System.nanoTime();
        long flushes = 0;
        while (System.nanoTime() - start < nanos) {
            flush.run();
            flushes += flushesPerRun;
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        double cpuMillis = (SYSTEM.getProcessCpuTime() - cpu) / 1e6;
        double megabytes = flushes * (double) flushBytes / 1e6;
        System.out.printf(
                Locale.ROOT,
                "%9d bytes  %-34s %8.0f flushes/s %8.1f MB/s %7.2f CPU-ms/MB%n",
                flushBytes,
                what,
                flushes / seconds,
                megabytes / seconds,
                cpuMillis / megabytes);
    }

    private void raw(String what, int flushBytes, boolean direct, boolean written) throws IOException {
        clean();
        disk.createDirectories(root);
        Path path = root.resolve("raw");
        disk.create(path).close();
        if (written) {
            try (DiskFile file = disk.open(path)) {
                ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
                for (long at = 0; at < RAW_FILE_BYTES; at += zeros.capacity()) {
                    file.write(zeros.duplicate(), at);
                }
                file.force();
            }
        }
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(flushBytes + 4096).alignedSlice(4096).slice(0, flushBytes);
        long[] position = {0};
        try (DiskFile file = direct ? disk.openDirect(path) : disk.open(path)) {
            measure(what, flushBytes, 1, () -> {
                if (written && position[0] + flushBytes > RAW_FILE_BYTES) {
                    position[0] = 0;
                }
                file.write(bytes.duplicate(), position[0]);
                file.force();
                position[0] += flushBytes;
            });
        }
        clean();
    }

    private void stores(int flushBytes, int groups, LogStoreConfig config) throws IOException {
        clean();
        disk.createDirectories(root);
        ExecutorService background = Executors.newSingleThreadExecutor();
        WriteBuffer buffer = WriteBuffer.of((Disk) disk, root, config, WriteBuffer.DEFAULT_BYTES);
        List<LogStore> stores = new ArrayList<>();
        Payload payload = Payload.wrap(new byte[flushBytes - 48]);
        long[] index = {0};
        try {
            for (int group = 0; group < groups; group++) {
                LogStore store = LogStore.open(
                        disk,
                        root.resolve(Integer.toString(group)),
                        new StoreIdentity("bench", 1, group),
                        config,
                        background,
                        buffer);
                store.putHardState(new HardState(1, Optional.empty()));
                stores.add(store);
            }
            String what = groups
                    + (groups == 1 ? " store, " : " stores, ")
                    + (config.directIo() ? "direct" : "cached")
                    + (config.zeroAheadBytes() > 0 ? ", zeros ahead" : ", growing");
            measure(what, flushBytes, groups, () -> {
                index[0]++;
                for (LogStore store : stores) {
                    store.append(List.of(new LogEntry(
                            new EntryId(1, index[0]), EntryType.RECORDS, index[0] - 1, 1, index[0], payload)));
                }
                stores.forEach(LogStore::force);
            });
        } finally {
            stores.forEach(LogStore::close);
            background.shutdown();
        }
        clean();
    }

    private void clean() throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> all = Files.walk(root)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.delete(path);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}

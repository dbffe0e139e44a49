/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.benchmarks;

import io.quorate.logstore.LogStore;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.StoreIdentity;
import io.quorate.logstore.WriteBuffer;
import io.quorate.logstore.io.NioDisk;
import io.quorate.raft.Prng;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Reads and look-ups in a log of several segments that the operating system has in memory: what the store's own work costs.
 * Every entry that is read is verified.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class LogReadBenchmark {
    private static final int SEQUENTIAL_BYTES = 1 << 20;
    private static final int ENTRIES_PER_FLUSH = 64;

    /** Where to write the log; deleted afterwards. */
    @Param({"target"})
    public String directory;

    @Param({"1024", "16384"})
    public int entryBytes;

    @Param({"256"})
    public int logMebibytes;

    private Path root;
    private LogStore store;
    private long entries;
    private long next = 1;
    private final Prng random = new Prng(1);

    @Setup(Level.Trial)
    public void write() throws IOException {
        NioDisk disk = new NioDisk();
        root = Path.of(directory).resolve("read-benchmark").toAbsolutePath();
        Trees.delete(root);
        Files.createDirectories(root);
        LogStoreConfig config = new LogStoreConfig(32 << 20, 0, LogStoreConfig.DEFAULT.indexIntervalBytes());
        WriteBuffer buffer = WriteBuffer.of(disk, root, config, WriteBuffer.DEFAULT_BYTES);
        store = LogStore.open(
                disk, root.resolve("0"), new StoreIdentity(Stores.CLUSTER, 1, 0), config, Runnable::run, buffer);
        store.putHardState(new HardState(1, Optional.empty()));
        Payload payload = Payload.wrap(new byte[entryBytes]);
        entries = ((long) logMebibytes << 20) / entryBytes / ENTRIES_PER_FLUSH * ENTRIES_PER_FLUSH;
        for (long index = 1; index <= entries; ) {
            List<LogEntry> flush = new ArrayList<>();
            for (int i = 0; i < ENTRIES_PER_FLUSH; i++, index++) {
                flush.add(new LogEntry(
                        new EntryId(1, index), EntryType.RECORDS, 10 * (index - 1), 10, 1_000 * index, payload));
            }
            store.append(flush);
            store.force();
        }
        for (long index = 1; index <= entries; ) {
            index += store.read(index, entries, SEQUENTIAL_BYTES).size();
        }
    }

    @TearDown(Level.Trial)
    public void delete() throws IOException {
        store.close();
        Trees.delete(root);
    }

    private long anyIndex() {
        return 1 + random.nextInt((int) entries);
    }

    /** The next MiB. */
    @Benchmark
    public List<LogEntry> sequentialMebibyte() {
        List<LogEntry> read = store.read(next, entries, SEQUENTIAL_BYTES);
        next += read.size();
        if (next > entries) {
            next = 1;
        }
        return read;
    }

    @Benchmark
    public List<LogEntry> randomEntry() {
        long index = anyIndex();
        return store.read(index, index, entryBytes);
    }

    @Benchmark
    public long indexOfOffset() {
        return store.indexOfOffset(10 * anyIndex() - 5);
    }

    @Benchmark
    public long indexOfTimestamp() {
        return store.indexOfTimestamp(1_000 * anyIndex() - 5);
    }
}

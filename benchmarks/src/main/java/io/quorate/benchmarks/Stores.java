/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.benchmarks;

import io.quorate.logstore.LogStore;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.SegmentInfo;
import io.quorate.logstore.Snapshot;
import io.quorate.logstore.StoreIdentity;
import io.quorate.logstore.WriteBuffer;
import io.quorate.logstore.io.NioDisk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Log stores that are flushed together, as a node's groups are: all are written, then each is forced. They are in a steady state:
 * beside the writer each is trimmed as it grows, by a thread of its own, as a node does it.
 */
final class Stores implements Contender {
    static final String CLUSTER = "benchmark";

    /** A store that is trimmed as it grows has no more segments. */
    private static final int STEADY_SEGMENTS = 3;

    /** After so many the active segment, and the next, are in files that were others before. */
    private static final int TRIMS_BEFORE_STEADY = 2 * STEADY_SEGMENTS;

    /** From this size on a node's event loop tells what it has queued while the disk is busy. */
    private static final int EXPECTED_BYTES = 256 << 10;

    /** A task in the background may start another one, and that a third. */
    private static final int BACKGROUND_DEPTH = 8;

    private final NioDisk disk = new NioDisk();
    private final String name;
    private final Path directory;
    private final int groups;
    private final LogStoreConfig config;
    private final boolean newEverySlice;
    private final Payload payload;
    private final ExecutorService background = thread("background");
    private final ExecutorService trimming = thread("trimming");
    private final ExecutorService loop = thread("loop");
    private final List<LogStore> stores = new ArrayList<>();
    private long lastTrimAt;
    private Future<?> trim = CompletableFuture.completedFuture(null);
    private long index;

    /** @param newEverySlice whether the stores are made anew after every slice */
    Stores(String name, Path directory, int groups, int flushBytes, LogStoreConfig config, boolean newEverySlice)
            throws IOException {
        this.name = name;
        this.directory = directory;
        this.groups = groups;
        this.config = config;
        this.newEverySlice = newEverySlice;
        this.payload = Payload.wrap(new byte[flushBytes]);
        start();
    }

    private static ExecutorService thread(String name) {
        return Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    private void start() throws IOException {
        disk.createDirectories(directory);
        WriteBuffer buffer = WriteBuffer.of(disk, directory, config, WriteBuffer.DEFAULT_BYTES);
        index = 0;
        lastTrimAt = 1;
        for (int group = 0; group < groups; group++) {
            LogStore store = LogStore.open(
                    disk,
                    directory.resolve(Integer.toString(group)),
                    new StoreIdentity(CLUSTER, 1, group),
                    config,
                    background,
                    buffer);
            store.putHardState(new HardState(1, Optional.empty()));
            store.force();
            stores.add(store);
        }
        settle();
    }

    @Override
    public String name() {
        return name;
    }

    /** Brings a store to where it is after hours: files of segments that it has trimmed are its next ones. */
    Stores inSteadyState() {
        Payload large = Payload.wrap(new byte[1 << 20]);
        int trims = 0;
        for (long first = 1; trims < TRIMS_BEFORE_STEADY; ) {
            flush(large);
            if (stores.get(0).segments().size() > STEADY_SEGMENTS) {
                settle();
            }
            long nowFirst = stores.get(0).segments().get(0).baseIndex();
            trims += nowFirst > first ? 1 : 0;
            first = nowFirst;
        }
        return this;
    }

    @Override
    public void flush() {
        flush(payload);
    }

    private static LogEntry entry(long index, Payload content) {
        return new LogEntry(new EntryId(1, index), EntryType.RECORDS, index - 1, 1, index, content);
    }

    private void flush(Payload content) {
        index++;
        List<LogEntry> entries = List.of(entry(index, content));
        if (content.size() >= EXPECTED_BYTES) {
            List<LogEntry> next = List.of(entry(index + 1, content));
            loop.execute(() -> stores.forEach(store -> store.expect(next)));
        }
        for (LogStore store : stores) {
            store.append(entries);
        }
        for (LogStore store : stores) {
            store.force();
        }
        List<SegmentInfo> segments = stores.get(stores.size() - 1).segments();
        long active = segments.get(segments.size() - 1).baseIndex();
        if (active > lastTrimAt && trim.isDone()) {
            lastTrimAt = active;
            long durable = index;
            trim = trimming.submit(() -> trim(durable));
        }
    }

    /** The older of the two snapshots that a store keeps says how far it may be trimmed. */
    private void trim(long durable) {
        for (LogStore store : stores) {
            store.saveSnapshot(new Snapshot(new EntryId(1, durable), durable, Payload.EMPTY, Payload.EMPTY));
            boolean more = true;
            while (more) {
                more = store.trimPrefix(durable);
            }
        }
    }

    /** Waits until nothing is filled, indexed or prepared any more, so that it does not run beside somebody else's slice. */
    private void settle() {
        try {
            trim.get();
            for (int i = 0; i < BACKGROUND_DEPTH; i++) {
                background.submit(() -> {}).get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void rest() throws IOException {
        settle();
        if (newEverySlice) {
            end();
            start();
        }
    }

    private void end() throws IOException {
        settle();
        for (LogStore store : stores) {
            store.close();
        }
        stores.clear();
        Trees.delete(directory);
    }

    @Override
    public void close() throws IOException {
        end();
        background.shutdown();
        trimming.shutdown();
        loop.shutdown();
    }
}

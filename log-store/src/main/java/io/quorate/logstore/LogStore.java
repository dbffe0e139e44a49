/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.RecoveredLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * The durable log and hard state of one group.
 *
 * <p>Writes ({@link #putHardState}, {@link #truncateSuffix}, {@link #append}) and {@link #force} come from one thread at
 * a time; only after {@link #force} returns are they durable. Reads come from any thread and only ask for what the
 * caller knows to be durable and never truncated.
 *
 * <p>The first failure of a write or force, and of a force in the background, is final: what the operating system still
 * holds in memory may never reach the disk, so every later call throws {@link StorageException}, and only a new
 * {@link #open} may find out what is left (promise P6). A full disk is such a failure: watch {@link Disk#freeBytes}.
 */
public final class LogStore implements AutoCloseable {
    private final Background background;
    private final SegmentedLog log;
    private final EntryReader reader;
    private final HardStateFile hardState;
    private final RecoveredLog recovered;
    private final RecoveryReport report;

    private LogStore(Background background, SegmentedLog log, Recovery.Result result) {
        this.background = background;
        this.log = log;
        this.reader = log.reader();
        this.hardState = result.hardState();
        this.recovered = new RecoveredLog(hardState.state(), result.terms(), result.nextOffset());
        this.report = result.report();
    }

    /**
     * Opens or creates the log in {@code directory}, recovers it, and forces what it accepted.
     *
     * @param background runs work off the write path, such as zero-filling ahead
     * @param buffer     what the writing thread writes through; all stores of one writing thread share one. Whether they
     *                   write past the operating system's cache is its choice
     * @throws CorruptLogException if damage is found that is not a torn tail; nothing has been changed then
     * @throws StorageException    if the disk fails, or the directory belongs to someone else
     */
    public static LogStore open(
            Disk disk,
            Path directory,
            StoreIdentity identity,
            LogStoreConfig config,
            Executor background,
            WriteBuffer buffer) {
        try {
            Recovery.Result result = Recovery.run(disk, directory, identity, config, buffer.blockBytes());
            Background work = new Background(background);
            SegmentedLog log = new SegmentedLog(disk, directory, identity, config, work, buffer, result);
            return new LogStore(work, log, result);
        } catch (IOException e) {
            throw new StorageException(directory, "cannot open the log", e);
        }
    }

    /** What was found on disk at {@link #open}. */
    public RecoveredLog recovered() {
        return recovered;
    }

    /** What {@link #open} had to decide and repair. */
    public RecoveryReport recoveryReport() {
        return report;
    }

    /** Notes the new term and vote; they are written, ahead of all later entries, at the latest by {@link #force}. */
    public void putHardState(HardState state) {
        background.checkAlive();
        hardState.put(state);
    }

    /** Forgets {@code fromIndex} and everything after it, durably at once: conflicts are rare, remains dangerous. */
    public void truncateSuffix(long fromIndex) {
        write("truncate", () -> {
            hardState.force();
            log.truncateSuffix(fromIndex);
        });
    }

    /**
     * Appends contiguous entries with as few writes as possible.
     *
     * @throws IllegalArgumentException if they do not follow the log; nothing is written then
     */
    public void append(List<LogEntry> entries) {
        write("append", () -> {
            hardState.force();
            log.append(entries);
        });
    }

    /** Makes everything written so far durable. The first failure is final: every later call throws as well. */
    public void force() {
        write("force", () -> {
            hardState.force();
            log.force();
        });
        background.checkAlive();
    }

    private interface Write {
        void run() throws IOException;
    }

    private void write(String what, Write write) {
        background.checkAlive();
        try {
            write.run();
        } catch (IOException e) {
            throw failed(new StorageException(log.activePath(), "cannot " + what, e));
        } catch (StorageException e) {
            throw failed(e);
        }
    }

    private StorageException failed(StorageException cause) {
        background.fail(cause);
        return cause;
    }

    /** First index that is kept. */
    public long firstIndex() {
        return log.firstIndex();
    }

    /**
     * Reads entries from {@code fromIndex}, at least one if there is one, at most up to {@code toIndex} (inclusive) and,
     * after the first, not above {@code maxBytes} in {@code LogEntry.sizeBytes()}. Every frame's checksum is verified.
     *
     * @throws IllegalArgumentException if {@code fromIndex} is below {@link #firstIndex}
     * @throws CorruptLogException      if an entry is damaged
     */
    public List<LogEntry> read(long fromIndex, long toIndex, int maxBytes) {
        background.checkAlive();
        try {
            return reader.read(fromIndex, toIndex, maxBytes);
        } catch (IOException e) {
            throw new StorageException(log.activePath(), "cannot read from index " + fromIndex, e);
        }
    }

    /**
     * The index of the entry that holds {@code offset}, or of the last entry whose base offset is not above it.
     *
     * @param offset from the first kept offset to the last
     * @throws IllegalArgumentException if the log holds no such entry
     * @throws CorruptLogException      if an entry on the way is damaged
     */
    public long indexOfOffset(long offset) {
        background.checkAlive();
        try {
            return reader.indexOfOffset(offset);
        } catch (IOException e) {
            throw new StorageException(log.activePath(), "cannot look up offset " + offset, e);
        }
    }

    /**
     * The index of the first entry whose timestamp is not before {@code millis}, or the next free index if there is none.
     * Timestamps are what the leaders' clocks said: an entry behind the one that is found may be older than it.
     *
     * @param millis ms since 1970
     * @throws CorruptLogException if an entry on the way is damaged
     */
    public long indexOfTimestamp(long millis) {
        background.checkAlive();
        try {
            return reader.indexOfTimestamp(millis);
        } catch (IOException e) {
            throw new StorageException(log.activePath(), "cannot look up time " + millis, e);
        }
    }

    /** How often optional work in the background (zero-filling, indexes) could not be done: a full disk, mostly. */
    public long skippedBackgroundSteps() {
        return background.skippedSteps();
    }

    /** Closes the files; what was not forced may be lost. Background work that is under way ends by itself. */
    @Override
    public void close() {
        background.close();
        try {
            log.close();
            hardState.close();
        } catch (IOException e) {
            throw new StorageException(log.activePath(), "cannot close", e);
        }
    }
}

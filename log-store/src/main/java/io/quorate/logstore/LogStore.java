/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.RecoveredLog;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * The durable log and hard state of one group.
 *
 * <p>Writes ({@link #putHardState}, {@link #truncateSuffix}, {@link #append}) and {@link #force} come from one thread at
 * a time; only after {@link #force} returns are they durable. Reads come from any thread and only ask for what the
 * caller knows to be durable and never truncated.
 */
public final class LogStore implements AutoCloseable {
    private LogStore() {}

    /**
     * Opens or creates the log in {@code directory}, recovers it, and forces what it accepted.
     *
     * @param background runs work off the write path, such as zero-filling ahead
     * @throws CorruptLogException if damage is found that is not a torn tail; nothing has been changed then
     * @throws StorageException    if the disk fails, or the directory belongs to someone else
     */
    public static LogStore open(
            Disk disk, Path directory, StoreIdentity identity, LogStoreConfig config, Executor background) {
        throw new UnsupportedOperationException();
    }

    /** What was found on disk at {@link #open}. */
    public RecoveredLog recovered() {
        throw new UnsupportedOperationException();
    }

    public void putHardState(HardState state) {
        throw new UnsupportedOperationException();
    }

    /** Forgets {@code fromIndex} and everything after it. */
    public void truncateSuffix(long fromIndex) {
        throw new UnsupportedOperationException();
    }

    /** Appends contiguous entries with as few writes as possible. */
    public void append(List<LogEntry> entries) {
        throw new UnsupportedOperationException();
    }

    /** Makes everything written so far durable. The first failure is final: every later call throws as well. */
    public void force() {
        throw new UnsupportedOperationException();
    }

    /** First index that is kept. */
    public long firstIndex() {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads entries from {@code fromIndex}, at least one if there is one, at most up to {@code toIndex} (inclusive) and,
     * after the first, not above {@code maxBytes} in {@code LogEntry.sizeBytes()}. Every frame's checksum is verified.
     */
    public List<LogEntry> read(long fromIndex, long toIndex, int maxBytes) {
        throw new UnsupportedOperationException();
    }

    /**
     * The index of the entry that holds {@code offset}, or of the last entry whose base offset is not above it.
     *
     * @param offset from the first kept offset to the last
     */
    public long indexOfOffset(long offset) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}

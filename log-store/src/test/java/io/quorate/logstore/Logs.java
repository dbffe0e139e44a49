/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/** Entries and stores as the tests of this package need them. */
final class Logs {
    static final StoreIdentity IDENTITY = new StoreIdentity("test-cluster", 1, 7);

    private Logs() {}

    /** Opens a store whose background work runs at once. */
    static LogStore open(Disk disk, Path directory, LogStoreConfig config) {
        return open(disk, directory, config, Runnable::run);
    }

    /** Opens a store that writes as its configuration and disk say. */
    static LogStore open(Disk disk, Path directory, LogStoreConfig config, Executor background) {
        WriteBuffer buffer = WriteBuffer.of(disk, existing(disk, directory), config, 4096);
        return LogStore.open(disk, directory, IDENTITY, config, background, buffer);
    }

    private static Path existing(Disk disk, Path directory) {
        try {
            disk.createDirectories(directory.getParent());
            return directory.getParent();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * {@code count} entries of {@code term} after {@code last}; every fourth is a no-op, the others hold 1 to 3 records
     * in up to {@code maxPayloadBytes} bytes that depend on term and index.
     */
    static List<LogEntry> entries(EntryId last, long nextOffset, long term, int count, int maxPayloadBytes) {
        List<LogEntry> entries = new ArrayList<>();
        long offset = nextOffset;
        for (int i = 1; i <= count; i++) {
            LogEntry entry = entry(new EntryId(term, last.index() + i), offset, maxPayloadBytes);
            entries.add(entry);
            offset = entry.nextOffset();
        }
        return entries;
    }

    static LogEntry entry(EntryId id, long offset, int maxPayloadBytes) {
        if (id.index() % 4 == 1) {
            return new LogEntry(id, EntryType.NO_OP, offset, 0, id.index(), Payload.EMPTY);
        }
        byte[] payload = new byte[(int) (id.index() * 7919 % maxPayloadBytes) + 1];
        for (int i = 0; i < payload.length; i++) {
            payload[i] = (byte) (id.index() * 31 + id.term() * 7 + i);
        }
        return new LogEntry(
                id, EntryType.RECORDS, offset, (int) (id.index() % 3) + 1, id.index() * 10, Payload.wrap(payload));
    }
}

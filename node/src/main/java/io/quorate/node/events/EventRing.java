/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.events;

import io.quorate.logstore.StorageException;
import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.node.api.NodeEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * A node's events on its disk: up to {@value #FILES} files, the oldest of which goes when a new one is needed.
 *
 * <pre>
 * events/00000000000000000001.events   named by its first sequence
 *        header: magic "QRTEVNT\n" (8), version (4), CRC32C of these (4); then frames, see {@link EventFrame}
 * </pre>
 *
 * <p>Nothing is ever forced: a killed process loses nothing that it had written, a machine without power the last moments.
 * A file ends for readers at the first frame that is not whole; a start cuts the newest file there and goes on behind it.
 * Opened, appended to and closed by one thread at a time; {@link #read} may run beside that.
 */
public final class EventRing {
    static final int FILES = 4;
    /** With less there is no room for the events of one election. */
    public static final long MIN_BYTES = 64 << 10;

    public static final long MAX_BYTES = 64 << 20;
    private static final long MAX_FILE_BYTES = MAX_BYTES / FILES;

    /** The directory in a node's data directory. */
    public static final String DIRECTORY = "events";

    private static final long MAGIC = 0x51525445564E540AL;
    private static final int VERSION = 1;
    private static final int HEADER_BYTES = 16;
    private static final String SUFFIX = ".events";
    private static final int NAME_DIGITS = 20;

    private final Disk disk;
    private final Path directory;
    private final long fileBytes;
    private Optional<DiskFile> newest = Optional.empty();
    private long position;
    private long lastSequence;

    private EventRing(Disk disk, Path directory, long maxBytes) {
        this.disk = disk;
        this.directory = directory;
        this.fileBytes = maxBytes / FILES;
    }

    /**
     * Finds where an earlier process has ended and goes on there. Reads one file.
     *
     * @param dataDirectory of the node
     * @param maxBytes      that all files together may have, at least {@value #MIN_BYTES}
     * @throws StorageException if the directory cannot be read or written
     */
    public static EventRing open(Disk disk, Path dataDirectory, long maxBytes) {
        Path directory = dataDirectory.resolve(DIRECTORY);
        EventRing ring = new EventRing(disk, directory, maxBytes);
        try {
            disk.createDirectories(directory);
            List<String> names = names(disk, directory);
            if (!names.isEmpty()) {
                ring.resume(names.get(names.size() - 1));
            }
            return ring;
        } catch (IOException e) {
            ring.close();
            throw new StorageException(directory, "cannot open the flight recorder", e);
        }
    }

    private void resume(String name) throws IOException {
        Path path = directory.resolve(name);
        lastSequence = firstSequence(name) - 1;
        DiskFile file = disk.open(path);
        newest = Optional.of(file);
        ByteBuffer bytes = content(file);
        if (!isHeaderIntact(bytes)) {
            // Made by a process that ended before it could write, or damaged: there is nothing in it to be kept.
            close();
            disk.delete(path);
            return;
        }
        int end = HEADER_BYTES;
        Optional<EventFrame.Found> found = EventFrame.decode(bytes, end);
        while (found.isPresent()) {
            end += found.get().sizeBytes();
            lastSequence = found.get().sequence();
            found = EventFrame.decode(bytes, end);
        }
        file.truncate(end);
        position = end;
    }

    /** Of the newest event; 0 if there is none. */
    public long lastSequence() {
        return lastSequence;
    }

    /**
     * Writes events, in the order of their sequences.
     *
     * @throws StorageException if that is not possible: they are lost, later ones may be tried again
     */
    public void append(List<NodeEvent> events) {
        try {
            for (NodeEvent event : events) {
                ByteBuffer frame = EventFrame.encode(event);
                if (newest.isEmpty() || position + frame.remaining() > fileBytes) {
                    roll(event.sequence());
                }
                int size = frame.remaining();
                newest.orElseThrow().write(frame, position);
                position += size;
                lastSequence = event.sequence();
            }
        } catch (IOException e) {
            close();
            throw new StorageException(directory, "cannot write to the flight recorder", e);
        }
    }

    private void roll(long firstSequence) throws IOException {
        close();
        List<String> names = names(disk, directory);
        for (String oldest : names.subList(0, Math.max(0, names.size() - FILES + 1))) {
            disk.delete(directory.resolve(oldest));
        }
        Path path = directory.resolve(String.format(Locale.ROOT, "%0" + NAME_DIGITS + "d", firstSequence) + SUFFIX);
        if (disk.exists(path)) {
            disk.delete(path);
        }
        DiskFile file = disk.create(path);
        newest = Optional.of(file);
        file.write(header(), 0);
        position = HEADER_BYTES;
    }

    /** Lets go of the file; a later {@link #append} begins another one. */
    public void close() {
        newest.ifPresent(file -> {
            try {
                file.close();
            } catch (IOException e) {
                throw new StorageException(directory, "cannot close the flight recorder", e);
            }
        });
        newest = Optional.empty();
    }

    /**
     * All events in a node's data directory, oldest first; also of a node that does not run, or runs meanwhile.
     *
     * @throws StorageException if the files cannot be read
     */
    public static void read(Disk disk, Path dataDirectory, Consumer<NodeEvent> events) {
        Path directory = dataDirectory.resolve(DIRECTORY);
        try {
            for (String name : names(disk, directory)) {
                Path path = directory.resolve(name);
                // The node that runs may have deleted the oldest one meanwhile.
                if (disk.exists(path)) {
                    try (DiskFile file = disk.open(path)) {
                        read(content(file), events);
                    }
                }
            }
        } catch (IOException e) {
            throw new StorageException(directory, "cannot read the flight recorder", e);
        }
    }

    private static void read(ByteBuffer bytes, Consumer<NodeEvent> events) {
        if (!isHeaderIntact(bytes)) {
            return;
        }
        int at = HEADER_BYTES;
        Optional<EventFrame.Found> found = EventFrame.decode(bytes, at);
        while (found.isPresent()) {
            found.get().event().ifPresent(events);
            at += found.get().sizeBytes();
            found = EventFrame.decode(bytes, at);
        }
    }

    /** In the order of their sequences; files that are not ours are left alone. */
    private static List<String> names(Disk disk, Path directory) throws IOException {
        List<String> names = new ArrayList<>();
        for (String name : disk.list(directory)) {
            if (name.length() == NAME_DIGITS + SUFFIX.length()
                    && name.endsWith(SUFFIX)
                    && name.chars().limit(NAME_DIGITS).allMatch(c -> c >= '0' && c <= '9')) {
                names.add(name);
            }
        }
        return names;
    }

    private static long firstSequence(String name) throws IOException {
        try {
            return Long.parseLong(name.substring(0, NAME_DIGITS));
        } catch (NumberFormatException e) {
            throw new IOException(name + " is not the name of a file of events", e);
        }
    }

    private static ByteBuffer content(DiskFile file) throws IOException {
        int size = (int) Math.min(file.size(), MAX_FILE_BYTES);
        ByteBuffer bytes = ByteBuffer.allocate(size);
        file.read(bytes, 0);
        return bytes.flip();
    }

    private static ByteBuffer header() {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).putLong(0, MAGIC).putInt(8, VERSION);
        return header.putInt(12, headerChecksum(header));
    }

    private static boolean isHeaderIntact(ByteBuffer bytes) {
        return bytes.limit() >= HEADER_BYTES
                && bytes.getLong(0) == MAGIC
                && bytes.getInt(8) == VERSION
                && bytes.getInt(12) == headerChecksum(bytes);
    }

    private static int headerChecksum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate().limit(12).position(0));
        return (int) crc.getValue();
    }
}

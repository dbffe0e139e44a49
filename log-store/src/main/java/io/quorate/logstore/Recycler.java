/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Makes the file of a trimmed segment the file of a later one, so that a log which trims as fast as it grows overwrites blocks
 * that the file system knows, whatever the size of its flushes.
 *
 * <pre>
 *   trimmed segment   00..1.log  --renamed-->  00..1.spare.tmp  --cut to what is described, forced-->  spare
 *   its sums          00..1.sums --stay until no segment holds old bytes that they describe
 *   roll              spare: new header, forced, renamed to 00..9.log
 *   not recycled      00..1.log  --renamed-->  00..1.spare.tmp  --cut away piece by piece, deleted
 * </pre>
 *
 * Old frames are never taken for new ones: a frame's checksum covers the base index of its segment, and that of a later
 * segment is higher. What recovery needs to know of old bytes is in {@link SectorSums}; only a file whose sums are durable is
 * recycled, and only if the log is written directly, in whole sectors. At most {@value #MOST_SPARES} are kept, and none on a disk
 * with little room. Like all of a store's temporary files it does not outlive a restart.
 */
final class Recycler {
    static final String SPARE_SUFFIX = ".spare" + Recovery.TEMPORARY_SUFFIX;
    private static final int MOST_SPARES = 2;

    /** To free more than that at once takes a file system some milliseconds. */
    private static final int FREED_AT_ONCE_BYTES = 16 << 20;

    private final Disk disk;
    private final Path directory;
    private final StoreIdentity identity;
    private final LogStoreConfig config;
    private final Background background;
    private final int writeUnitBytes;

    private volatile boolean allowed = true;

    // Guarded by the gate.
    private final ArrayDeque<Spare> spares = new ArrayDeque<>();
    /** Base indexes of the segments that are becoming spares. */
    private final TreeSet<Long> underWay = new TreeSet<>();
    /** Base indexes of segments that are not there any more, but whose sums are. */
    private final TreeSet<Long> describing = new TreeSet<>();

    private volatile boolean hasSpare;

    /** @param origin base index of the segment that it was */
    record Spare(DiskFile file, Path path, long origin) {}

    /**
     * @param writeUnitBytes {@link WriteBuffer#blockBytes}
     * @param firstSegment   base index of the first segment
     */
    Recycler(
            Disk disk,
            Path directory,
            StoreIdentity identity,
            LogStoreConfig config,
            Background background,
            int writeUnitBytes,
            long firstSegment)
            throws IOException {
        this.disk = disk;
        this.directory = directory;
        this.identity = identity;
        this.config = config;
        this.background = background;
        this.writeUnitBytes = writeUnitBytes;
        describing.addAll(StaleSectors.basesBefore(disk.list(directory), firstSegment));
    }

    /** Whether what is written in such units, see {@link WriteBuffer#blockBytes}, is whole sectors. */
    static boolean writesSectors(int writeUnitBytes) {
        return writeUnitBytes >= SectorSums.SECTOR_BYTES;
    }

    /**
     * What takes the sums of a segment that is written from now on; empty if it has been written to before and they are not
     * known of that.
     *
     * @param known of all sectors that are complete
     */
    Optional<SumsCollector> collector(Segment active, Optional<int[]> known) {
        if (!writesSectors(writeUnitBytes) || !active.isEmpty() && known.isEmpty()) {
            return Optional.empty();
        }
        SumsCollector collector = new SumsCollector(disk, directory, identity, active.baseIndex(), background);
        known.ifPresent(collector::noteKnown);
        return Optional.of(collector);
    }

    /** Whether files are taken over from now on. For any thread. */
    void setAllowed(boolean isAllowed) {
        allowed = isAllowed;
    }

    /** How much of a sealed segment's file can be recycled, in bytes; 0 if it cannot. */
    long recyclableBytes(Segment trimmed) throws IOException {
        if (!allowed
                || !writesSectors(writeUnitBytes)
                || trimmed.extent().end() > config.segmentBytes()
                || !ZeroAhead.hasRoom(disk, directory, config)) {
            return 0;
        }
        return SectorSums.describedEnd(disk, directory, identity, trimmed) & -writeUnitBytes;
    }

    private Path sparePath(long origin) {
        return directory.resolve(Segment.stem(origin) + SPARE_SUFFIX);
    }

    /**
     * Takes over the file of a segment that is not part of the log any more and that nobody reads, to be recycled if
     * {@code keptBytes} are worth it and there is not enough already. The gate is held; {@link #settle} follows.
     */
    void takeOver(Segment trimmed, long keptBytes) throws IOException {
        long origin = trimmed.baseIndex();
        disk.rename(trimmed.path(), sparePath(origin));
        if (keptBytes > SegmentHeader.BYTES && spares.size() + underWay.size() < MOST_SPARES) {
            describing.add(origin);
            underWay.add(origin);
            hasSpare = true;
        } else {
            deleteSums(origin);
        }
    }

    /** Goes on with the file that was taken over, when its new name is durable. @param keptBytes its size as a spare */
    void settle(long origin, long keptBytes) {
        boolean isSpare;
        synchronized (background.gate()) {
            isSpare = underWay.contains(origin);
        }
        background.run(isSpare ? () -> makeSpare(origin, keptBytes) : () -> discard(sparePath(origin)));
    }

    /** Frees a file that is not part of the log any more, in the background. */
    void discardLater(Path gone) {
        background.run(() -> discard(gone));
    }

    private void makeSpare(long origin, long keptBytes) {
        Optional<DiskFile> file = Optional.empty();
        boolean done = false;
        try {
            synchronized (background.gate()) {
                if (background.isClosed()) {
                    return;
                }
                file = Optional.of(disk.open(sparePath(origin)));
                file.get().truncate(keptBytes);
            }
            file.get().force();
            synchronized (background.gate()) {
                if (!background.isClosed() && allowed) {
                    spares.add(new Spare(file.get(), sparePath(origin), origin));
                    done = true;
                }
            }
        } catch (IOException e) {
            background.skipped();
        } finally {
            synchronized (background.gate()) {
                underWay.remove(origin);
                hasSpare = !spares.isEmpty() || !underWay.isEmpty();
            }
            if (!done) {
                file.ifPresent(this::close);
                discard(sparePath(origin));
            }
        }
    }

    private void close(DiskFile file) {
        try {
            file.close();
        } catch (IOException e) {
            background.skipped();
        }
    }

    /** Frees a file in small steps, as others wait for the file system meanwhile, and for the gate. */
    private void discard(Path path) {
        try {
            for (long size = sizeOf(path); size > 0; ) {
                size = Math.max(0, size - FREED_AT_ONCE_BYTES);
                synchronized (background.gate()) {
                    if (background.isClosed()) {
                        return;
                    }
                    if (size > 0) {
                        try (DiskFile file = disk.open(path)) {
                            file.truncate(size);
                        }
                    } else {
                        disk.delete(path);
                    }
                }
            }
        } catch (IOException e) {
            background.skipped();
        }
    }

    private long sizeOf(Path path) throws IOException {
        synchronized (background.gate()) {
            if (background.isClosed()) {
                return 0;
            }
            try (DiskFile file = disk.open(path)) {
                return Math.max(1, file.size());
            }
        }
    }

    /** Hands over a spare, still under its temporary name; from then on the new segment needs its origin's sums. */
    Optional<Spare> take() {
        synchronized (background.gate()) {
            Optional<Spare> taken = Optional.ofNullable(spares.poll());
            hasSpare = !spares.isEmpty() || !underWay.isEmpty();
            return taken;
        }
    }

    /** Whether there is a spare, or will be soon. */
    boolean hasSpare() {
        return hasSpare;
    }

    /** Deletes the spares: their room is needed for something else. */
    void giveUp() {
        for (Optional<Spare> spare = take(); spare.isPresent(); spare = take()) {
            close(spare.get().file());
            discard(spare.get().path());
        }
    }

    /**
     * A new segment is active, and all before it are durable in full: sums that describe neither it nor the spare go.
     *
     * @param origin base index of the segment of which the new one was made, 0 if it is new
     */
    void rolled(long origin) {
        List<Long> done = new ArrayList<>();
        synchronized (background.gate()) {
            for (long base : describing) {
                boolean ofSpare = underWay.contains(base) || spares.stream().anyMatch(spare -> spare.origin() == base);
                if (base != origin && !ofSpare) {
                    done.add(base);
                }
            }
            describing.removeAll(done);
        }
        if (!done.isEmpty()) {
            background.run(() -> deleteAll(done));
        }
    }

    private void deleteAll(List<Long> baseIndexes) {
        try {
            for (long base : baseIndexes) {
                deleteSums(base);
            }
        } catch (IOException e) {
            background.skipped();
        }
    }

    /** Deletes the sums of a segment that is deleted or written anew, if there are any. */
    void deleteSums(long baseIndex) throws IOException {
        synchronized (background.gate()) {
            Path path = directory.resolve(SectorSums.fileName(baseIndex));
            if (!background.isClosed() && disk.exists(path)) {
                disk.delete(path);
            }
        }
    }

    /** After the background was closed. */
    void close() throws IOException {
        for (Optional<Spare> unused = take(); unused.isPresent(); unused = take()) {
            unused.get().file().close();
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Makes the file of a trimmed segment the file of a later one, so that a log which trims as fast as it grows overwrites blocks
 * that the file system knows, whatever the size of its flushes.
 *
 * <pre>
 *   trimmed segment   00..1.log  --renamed-->  spare.tmp  --cut to what is described, forced-->  spare
 *   its sums          00..1.sums --stay until no segment holds old bytes that they describe
 *   roll              spare: new header, forced, renamed to 00..9.log
 * </pre>
 *
 * Old frames are never taken for new ones: a frame's checksum covers the base index of its segment, and that of a later
 * segment is higher. What recovery needs to know of old bytes is in {@link SectorSums}; only a file whose sums are durable is
 * recycled, and only if the log is written directly, in whole sectors. At most one spare is kept, and none on a disk with little
 * room. Like all of a store's temporary files it does not outlive a restart.
 */
final class Recycler {
    static final String SPARE_NAME = "spare" + Recovery.TEMPORARY_SUFFIX;

    private final Disk disk;
    private final Path directory;
    private final Path sparePath;
    private final StoreIdentity identity;
    private final LogStoreConfig config;
    private final Background background;
    private final int writeUnitBytes;

    private volatile boolean allowed = true;

    // Guarded by the gate.
    private boolean underWay;
    private boolean unwanted;
    private Optional<Spare> spare = Optional.empty();
    /** Base indexes of segments that are not there any more, but whose sums are. */
    private final TreeSet<Long> describing = new TreeSet<>();

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
        this.sparePath = directory.resolve(SPARE_NAME);
        this.identity = identity;
        this.config = config;
        this.background = background;
        this.writeUnitBytes = writeUnitBytes;
        describing.addAll(StaleSectors.basesBefore(disk.list(directory), firstSegment));
    }

    private boolean writesSectors() {
        return writeUnitBytes >= SectorSums.SECTOR_BYTES;
    }

    /** What takes the sums of a segment that is written from now on; empty if it has been written to before. */
    Optional<SumsCollector> collector(Segment active) {
        return writesSectors() && active.isEmpty()
                ? Optional.of(new SumsCollector(disk, directory, identity, active.baseIndex(), background))
                : Optional.empty();
    }

    /** Whether files are taken over from now on. For any thread. */
    void setAllowed(boolean isAllowed) {
        allowed = isAllowed;
    }

    /** How much of a sealed segment's file can be recycled, in bytes; 0 if it cannot. */
    long recyclableBytes(Segment trimmed) throws IOException {
        if (!allowed
                || !writesSectors()
                || trimmed.extent().end() > config.segmentBytes()
                || !ZeroAhead.hasRoom(disk, directory, config)) {
            return 0;
        }
        return SectorSums.describedEnd(disk, directory, identity, trimmed) & -writeUnitBytes;
    }

    /**
     * Takes over the file of a segment that is not part of the log any more and that nobody reads; returns false, having done
     * nothing, if there is a spare already. The gate is held.
     */
    boolean takeOver(Segment trimmed) throws IOException {
        if (underWay || spare.isPresent()) {
            return false;
        }
        disk.rename(trimmed.path(), sparePath);
        describing.add(trimmed.baseIndex());
        underWay = true;
        unwanted = false;
        return true;
    }

    /** Makes a spare of the file that was taken over, when its new name is durable. @param keptBytes its size then */
    void prepare(long origin, long keptBytes) {
        background.run(() -> makeSpare(origin, keptBytes));
    }

    private void makeSpare(long origin, long keptBytes) {
        Optional<DiskFile> file = Optional.empty();
        boolean done = false;
        try {
            synchronized (background.gate()) {
                if (background.isClosed()) {
                    return;
                }
                file = Optional.of(disk.open(sparePath));
                file.get().truncate(keptBytes);
            }
            file.get().force();
            synchronized (background.gate()) {
                if (!background.isClosed() && !unwanted) {
                    spare = Optional.of(new Spare(file.get(), sparePath, origin));
                    done = true;
                }
            }
        } catch (IOException e) {
            background.skipped();
        } finally {
            synchronized (background.gate()) {
                underWay = false;
                if (!done && file.isPresent()) {
                    discard(file.get());
                }
            }
        }
    }

    private void discard(DiskFile file) {
        try {
            file.close();
            if (!background.isClosed()) {
                disk.delete(sparePath);
            }
        } catch (IOException e) {
            background.skipped();
        }
    }

    /** Hands over the spare, still under its temporary name; from then on the new segment needs its origin's sums. */
    Optional<Spare> take() {
        synchronized (background.gate()) {
            Optional<Spare> taken = spare;
            spare = Optional.empty();
            return taken;
        }
    }

    boolean hasSpare() {
        synchronized (background.gate()) {
            return underWay || spare.isPresent();
        }
    }

    /** Deletes the spare: its room is needed for something else. */
    void giveUp() {
        synchronized (background.gate()) {
            unwanted = true;
            if (!background.isClosed()) {
                take().ifPresent(given -> discard(given.file()));
            }
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
            long ofSpare = spare.map(Spare::origin).orElse(0L);
            for (long base : describing) {
                if (base != origin && base != ofSpare && !(underWay && base == describing.last())) {
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

    void close() throws IOException {
        synchronized (background.gate()) {
            Optional<Spare> unused = take();
            if (unused.isPresent()) {
                unused.get().file().close();
            }
        }
    }
}

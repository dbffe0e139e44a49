/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.logstore.io.NoSpaceException;
import io.quorate.raft.log.TermStarts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Collects what {@link Recovery} has decided and carries it out in the end: all of it, or, with damage, nothing. */
final class Settlement {
    /** Of large files that are not part of the log any more, and are freed in the background. */
    static final String GONE_SUFFIX = ".gone" + Recovery.TEMPORARY_SUFFIX;

    private static final long NO_CUT = -1;

    private final Disk disk;
    private final Path directory;
    private final StoreIdentity identity;
    private final LogStoreConfig config;
    private final SegmentMaker maker;

    private List<String> names = List.of();
    private HardStateFile.Marks marks = HardStateFile.Marks.INITIAL;
    private Optional<SnapshotFiles> snapshots = Optional.empty();
    private Optional<HardStateFile> hardState = Optional.empty();
    private Optional<DiskFile> active = Optional.empty();
    private Optional<SegmentTally> activeTally = Optional.empty();
    private Optional<int[]> activeSums = Optional.empty();
    private final List<SegmentTally> missingIndexes = new ArrayList<>();
    private final List<SegmentHeader> damagedHeaders = new ArrayList<>();
    private final List<Path> gone = new ArrayList<>();
    private long cutPosition = NO_CUT;

    Settlement(Disk disk, Path directory, StoreIdentity identity, LogStoreConfig config, int writeUnitBytes) {
        this.disk = disk;
        this.directory = directory;
        this.identity = identity;
        this.config = config;
        this.maker = new SegmentMaker(disk, directory, identity, config, writeUnitBytes);
    }

    void setHardState(HardStateFile found) {
        hardState = Optional.of(found);
    }

    boolean hasHardState() {
        return hardState.isPresent();
    }

    HardStateFile hardState() {
        return hardState.get();
    }

    void setFound(List<String> foundNames, HardStateFile.Marks foundMarks, SnapshotFiles foundSnapshots) {
        names = foundNames;
        marks = foundMarks;
        snapshots = Optional.of(foundSnapshots);
    }

    void setActive(DiskFile file) {
        active = Optional.of(file);
    }

    void setActiveTally(SegmentTally tally) {
        activeTally = Optional.of(tally);
    }

    void setActiveSums(int[] sums) {
        activeSums = Optional.of(sums);
    }

    void rebuildIndex(SegmentTally sealed) {
        missingIndexes.add(sealed);
    }

    void rewriteHeader(SegmentHeader derived) {
        damagedHeaders.add(derived);
    }

    void cutActiveAt(long position) {
        cutPosition = position;
    }

    boolean cuts() {
        return cutPosition != NO_CUT;
    }

    void closeFiles() throws IOException {
        if (active.isPresent()) {
            active.get().close();
        }
        if (hardState.isPresent()) {
            hardState.get().close();
        }
    }

    /** Makes a new, empty log, in place of whatever is there. */
    Recovery.Result begin(SegmentHeader header) throws IOException {
        disk.createDirectories(directory);
        int leftovers = putAsideSegments() + deleteLeftovers(List.of(), true);
        int badSnapshots = snapshots.get().badCount();
        disk.forceDirectory(directory);
        active = Optional.of(makeFirst(header));
        activeTally = Optional.of(new SegmentTally(header, config));
        List<Segment> segments = List.of(new Segment(directory, header, identity, Extent.empty(header)));
        if (marks.resetTo() > 0) {
            // The one that the new log goes on from may be older than all others, and than where the old log began.
            snapshots.get().deleteAllBut(marks.resetTo() - 1);
        } else {
            snapshots.get().deleteObsolete(marks.firstSegment());
        }
        HardStateFile.Marks fresh = HardStateFile.Marks.startingAt(header.baseIndex());
        return settle(
                segments,
                new TermStarts(header.before()),
                header.baseOffset(),
                new Outcome(true, leftovers, badSnapshots),
                marks.willLackEntries() ? fresh.durableTo(marks.durableIndex()) : fresh,
                marks.willLackEntries() ? Optional.of(lacking(segments.get(0))) : Optional.empty());
    }

    private static Damage lacking(Segment segment) {
        return new Damage(
                segment.path(),
                segment.extent().end(),
                segment.baseIndex(),
                Damage.OPEN_END,
                "LACKING: the entries behind the snapshot that took the place of a damaged log");
    }

    /** Accepts what was found, after everything that a crash left over is gone. */
    Recovery.Result accept(List<Segment> segments, TermStarts terms, long nextOffset) throws IOException {
        int leftovers = deleteLeftovers(segments, false);
        int badSnapshots = snapshots.get().badCount();
        snapshots.get().deleteObsolete(marks.firstSegment());
        for (SegmentHeader header : damagedHeaders) {
            try (DiskFile file = disk.open(directory.resolve(Segment.fileName(header.baseIndex())))) {
                file.write(header.encode(identity), 0);
                file.force();
            }
        }
        if (cuts()) {
            active.get().truncate(cutPosition);
        }
        long lastSegment = segments.get(segments.size() - 1).baseIndex();
        return settle(
                segments,
                terms,
                nextOffset,
                new Outcome(false, leftovers, badSnapshots),
                marks.recovered(lastSegment, terms.lastIndex()),
                Optional.empty());
    }

    private record Outcome(boolean created, int leftovers, int badSnapshots) {}

    private Recovery.Result settle(
            List<Segment> segments,
            TermStarts terms,
            long nextOffset,
            Outcome outcome,
            HardStateFile.Marks newMarks,
            Optional<Damage> damage)
            throws IOException {
        active.get().force();
        if (hardState.isEmpty()) {
            hardState = Optional.of(HardStateFile.create(disk, directory, identity));
        }
        boolean repaired = hardState.get().isDirty();
        hardState.get().mark(old -> newMarks);
        hardState.get().force();
        disk.forceDirectory(directory);
        RecoveryReport report = new RecoveryReport(
                outcome.created(),
                segments.size(),
                cutPosition,
                repaired,
                missingIndexes.size(),
                outcome.leftovers(),
                damagedHeaders.size(),
                outcome.badSnapshots());
        return result(segments, terms, nextOffset, missingIndexes, damage, report);
    }

    /** Leaves everything as it is. */
    Recovery.Result leave(List<Segment> segments, TermStarts terms, Damage damage) throws IOException {
        RecoveryReport report = new RecoveryReport(
                false, segments.size(), NO_CUT, false, 0, 0, 0, snapshots.get().badCount());
        long nextOffset = segments.get(0).header().baseOffset();
        return result(segments, terms, nextOffset, List.of(), Optional.of(damage), report);
    }

    private Recovery.Result result(
            List<Segment> segments,
            TermStarts terms,
            long nextOffset,
            List<SegmentTally> toIndex,
            Optional<Damage> damage,
            RecoveryReport report)
            throws IOException {
        return new Recovery.Result(
                List.copyOf(segments),
                active.get(),
                activeTally.get(),
                damage.isEmpty() ? activeSums : Optional.empty(),
                active.get().size(),
                terms,
                nextOffset,
                hardState.get(),
                snapshots.get(),
                List.copyOf(toIndex),
                List.copyOf(gone),
                damage,
                report);
    }

    private DiskFile makeFirst(SegmentHeader header) throws IOException {
        try {
            return maker.make(header);
        } catch (NoSpaceException full) {
            if (gone.isEmpty()) {
                throw full;
            }
            // The new log needs the room of the old one at once.
            for (Path path : gone) {
                disk.delete(path);
            }
            gone.clear();
            disk.forceDirectory(directory);
            return maker.make(header);
        }
    }

    /**
     * Takes their names from all segments, and from what was kept to become one: to free a large log takes long, and the thread
     * that replaces it writes other logs, too.
     */
    private int putAsideSegments() throws IOException {
        List<String> kept = new ArrayList<>();
        for (String name : names) {
            if (name.endsWith(GONE_SUFFIX)) {
                gone.add(directory.resolve(name));
            } else if (name.endsWith(Segment.SUFFIX) || name.endsWith(Recycler.SPARE_SUFFIX)) {
                Path aside = directory.resolve(name + GONE_SUFFIX);
                disk.rename(directory.resolve(name), aside);
                gone.add(aside);
            } else {
                kept.add(name);
            }
        }
        names = kept;
        return gone.size();
    }

    /**
     * Temporary files, segments that are trimmed or replaced, and sidecars of what is not a sealed segment; but sums of segments
     * before the first one stay, since the active segment may be made of one of those.
     */
    private int deleteLeftovers(List<Segment> segments, boolean allSegments) throws IOException {
        int deleted = 0;
        for (String name : names) {
            long indexBase = Segment.baseIndexOf(name, IndexFile.SUFFIX);
            boolean staleIndex = indexBase >= 0 && !isSealed(segments, indexBase);
            long base = Segment.baseIndexOf(name, Segment.SUFFIX);
            boolean staleSegment = base >= 0 && (allSegments || base < marks.firstSegment());
            long sumsBase = Segment.baseIndexOf(name, SectorSums.SUFFIX);
            boolean staleSums =
                    sumsBase >= marks.firstSegment() && !isSealed(segments, sumsBase) || sumsBase >= 0 && allSegments;
            if (name.endsWith(Recovery.TEMPORARY_SUFFIX) || staleIndex || staleSegment || staleSums) {
                disk.delete(directory.resolve(name));
                deleted++;
            }
        }
        return deleted;
    }

    private static boolean isSealed(List<Segment> segments, long base) {
        for (int i = 0; i < segments.size() - 1; i++) {
            if (segments.get(i).baseIndex() == base) {
                return true;
            }
        }
        return false;
    }
}

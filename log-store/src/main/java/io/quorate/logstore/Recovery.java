/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.TermStarts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds out what a directory holds. First everything is verified and nothing is changed; only when every decision is
 * made are they carried out, and what was accepted is forced before anyone is told.
 *
 * <p>It relies on this order of writing: a segment's header is durable before the segment has its name; its predecessor
 * is durable in full before that; a cut is durable before anything is written behind it; term and vote are durable before
 * an entry is written; and a frame with the flag "flush start" is written only after everything before it was forced.
 *
 * <pre>
 * case       what is found                                                 decision
 * ---------  ------------------------------------------------------------  --------------------------------------
 * NEW        no directory, or only temporary files                         make an empty log
 * NEWBORN    temporary files; or first segment without entries and         delete them; finish making the log
 *            no hard state yet
 * END        last segment: zeros to the end of the file                    end of log
 * TORN       last segment: no frame, and no valid flush start behind it    cut here, force the cut
 * ROT        last segment: no frame, but a valid flush start behind it;    refuse: name file, position, index
 *            sealed segment: no frame before its end; a damaged header
 * GAP        a valid frame that does not follow its predecessor            refuse: misplaced write
 * MISSING    a segment's predecessor is not the entry before it, or the    refuse: a file was lost or copied
 * DUPLICATE  marks name one that is not there; or two segments overlap
 * LOST       entries without hard state, both copies damaged, or a term    refuse: it may have voted
 *            older than the last entry's; a trimmed log without a good
 *            snapshot that covers what was trimmed
 * STALE      one copy of the hard state damaged or older                   the other wins and is copied
 * TRIMMED    segments before the first one that is kept                    delete them
 * RESET      the log is being replaced by one that starts at a snapshot    go on: delete all, make the new one
 * BAD_SNAP   a snapshot that is damaged                                    delete it, use the one before
 * NO_INDEX   a sidecar missing, damaged or of another segment              read the segment, write it again
 * TOO_NEW    an intact header or frame of a newer version                  refuse
 * OWNER      an intact header of another cluster, node or group            refuse
 * </pre>
 *
 * "Refuse" changes nothing. Known ambiguity: rot in the frames of the very last flush looks as TORN does, since nothing
 * later proves that they were durable.
 */
final class Recovery {
    static final String TEMPORARY_SUFFIX = ".tmp";

    private static final long NO_CUT = -1;

    private final Disk disk;
    private final Path directory;
    private final StoreIdentity identity;
    private final LogStoreConfig config;
    private final int writeUnitBytes;

    private final List<Segment> segments = new ArrayList<>();
    /** Of the sealed segments whose sidecar must be written. */
    private final List<SegmentTally> missingIndexes = new ArrayList<>();

    private TermStarts terms = new TermStarts(EntryId.NONE);
    private HardStateFile.Marks marks = HardStateFile.Marks.INITIAL;
    private Optional<SnapshotFiles> snapshots = Optional.empty();
    private long nextOffset;
    private long cutPosition = NO_CUT;
    private boolean hardStateRepaired;
    private Optional<HardStateFile> hardState = Optional.empty();
    private Optional<DiskFile> active = Optional.empty();
    private Optional<SegmentTally> activeTally = Optional.empty();

    private Recovery(Disk disk, Path directory, StoreIdentity identity, LogStoreConfig config, int writeUnitBytes) {
        this.disk = disk;
        this.directory = directory;
        this.identity = identity;
        this.config = config;
        this.writeUnitBytes = writeUnitBytes;
    }

    /**
     * Everything needed to go on.
     *
     * @param active         the open file of the last segment
     * @param zeroedTo       size of the last segment's file, all zeros after its end
     * @param missingIndexes sealed segments whose sidecar must be written
     */
    record Result(
            List<Segment> segments,
            DiskFile active,
            SegmentTally activeTally,
            long zeroedTo,
            TermStarts terms,
            long nextOffset,
            HardStateFile hardState,
            SnapshotFiles snapshots,
            List<SegmentTally> missingIndexes,
            RecoveryReport report) {}

    static Result run(Disk disk, Path directory, StoreIdentity identity, LogStoreConfig config, int writeUnitBytes)
            throws IOException {
        Recovery recovery = new Recovery(disk, directory, identity, config, writeUnitBytes);
        boolean done = false;
        try {
            Result result = recovery.run();
            done = true;
            return result;
        } finally {
            if (!done) {
                recovery.closeFiles();
            }
        }
    }

    private void closeFiles() throws IOException {
        if (active.isPresent()) {
            active.get().close();
        }
        if (hardState.isPresent()) {
            hardState.get().close();
        }
    }

    private Result run() throws IOException {
        List<String> names = disk.list(directory);
        List<Long> bases = basesOf(names);
        if (names.contains(HardStateFile.NAME)) {
            hardState = Optional.of(HardStateFile.open(disk, directory, identity));
            marks = hardState.get().marks();
        }
        snapshots = Optional.of(SnapshotFiles.find(disk, directory, identity, names));
        boolean isNew = bases.isEmpty() && hardState.isEmpty();
        if (marks.resetTo() > 0) {
            return carryOut(names, Optional.of(replacement()));
        }
        snapshots.get().ignoreBehind(marks.durableIndex());
        bases.removeIf(base -> base < marks.firstSegment());
        checkComplete(bases);
        if (isNew) {
            return carryOut(names, Optional.of(new SegmentHeader(EntryId.NONE, 0)));
        }
        List<SegmentHeader> headers = readHeaders(bases);
        terms = new TermStarts(headers.get(0).before());
        nextOffset = headers.get(0).baseOffset();
        for (int i = 0; i < headers.size(); i++) {
            checkAdjoins(headers.get(i));
            if (i < headers.size() - 1) {
                readSealed(headers.get(i), headers.get(i + 1));
            } else {
                readActive(headers.get(i));
            }
        }
        checkHardState();
        checkDurable();
        return carryOut(names, Optional.empty());
    }

    private List<Long> basesOf(List<String> names) {
        List<Long> bases = new ArrayList<>();
        for (String name : names) {
            if (name.endsWith(Segment.SUFFIX)) {
                long base = Segment.baseIndexOf(name, Segment.SUFFIX);
                if (base < 1) {
                    throw new CorruptLogException(directory.resolve(name), 0, 0, "not a name this store gives");
                }
                bases.add(base);
            }
        }
        return bases;
    }

    /** What an interrupted replacement of the log was to begin with. */
    private SegmentHeader replacement() throws IOException {
        Optional<Snapshot> snapshot = snapshots.get().readAt(marks.resetTo() - 1);
        if (snapshot.isEmpty()) {
            throw new CorruptLogException(
                    directory,
                    0,
                    marks.resetTo(),
                    "LOST: the log is being replaced, but the snapshot that comes before it is missing");
        }
        return new SegmentHeader(snapshot.get().last(), snapshot.get().nextOffset());
    }

    private void checkComplete(List<Long> bases) throws IOException {
        if (hardState.isPresent()) {
            for (long base : new long[] {marks.firstSegment(), marks.lastSegment()}) {
                if (!bases.contains(base)) {
                    throw new CorruptLogException(
                            pathOf(base), 0, base, "MISSING: a segment that the log had, entries were lost");
                }
            }
        } else if (!bases.isEmpty() && bases.get(0) != 1) {
            throw new CorruptLogException(pathOf(1), 0, 1, "MISSING: the first segment, entries were lost");
        }
        long before = marks.firstSegment() - 1;
        if (before > 0
                && snapshots
                        .get()
                        .newest()
                        .filter(last -> last.index() >= before)
                        .isEmpty()) {
            throw new CorruptLogException(
                    directory,
                    0,
                    before,
                    "LOST: the log starts after index " + before
                            + ", but no good snapshot stands in for what was before");
        }
    }

    /** What was durable once and is not there now was not torn off by a crash. */
    private void checkDurable() {
        if (terms.lastIndex() < marks.durableIndex()) {
            Segment last = segments.get(segments.size() - 1);
            throw new CorruptLogException(
                    last.path(),
                    last.extent().end(),
                    terms.lastIndex() + 1,
                    "ROT: no valid entry, but all up to " + marks.durableIndex() + " were durable");
        }
    }

    private List<SegmentHeader> readHeaders(List<Long> bases) throws IOException {
        List<SegmentHeader> headers = new ArrayList<>();
        for (long base : bases) {
            Path path = pathOf(base);
            try (DiskFile file = disk.open(path)) {
                headers.add(SegmentHeader.read(file, path, identity, base));
            }
        }
        return headers;
    }

    private Path pathOf(long base) {
        return directory.resolve(Segment.fileName(base));
    }

    private void checkAdjoins(SegmentHeader header) {
        if (!header.before().equals(terms.last()) || header.baseOffset() != nextOffset) {
            throw new CorruptLogException(
                    pathOf(header.baseIndex()),
                    0,
                    header.baseIndex(),
                    "MISSING or DUPLICATE: the segment follows entry " + header.before() + " and offset "
                            + header.baseOffset() + ", but the log before it ends with entry " + terms.last()
                            + " and offset " + nextOffset);
        }
    }

    private void readSealed(SegmentHeader header, SegmentHeader next) throws IOException {
        Path path = pathOf(header.baseIndex());
        try (DiskFile file = disk.open(path)) {
            long size = file.size();
            Optional<IndexFile.Summary> found = IndexFile.readSummary(disk, directory, header, identity)
                    .filter(sidecar -> sidecar.extent().last().equals(next.before())
                            && sidecar.extent().nextOffset() == next.baseOffset()
                            && sidecar.extent().end() <= size);
            if (found.isPresent()) {
                accept(found.get());
            } else {
                SegmentTally tally = rebuild(path, file, header, size, next);
                missingIndexes.add(tally);
                accept(IndexFile.Summary.of(tally));
            }
        }
    }

    private SegmentTally rebuild(Path path, DiskFile file, SegmentHeader header, long size, SegmentHeader next)
            throws IOException {
        SegmentScan scan = SegmentScan.of(path, header, readerOf(path, file, header), config, size);
        if (scan.nextIndex() < next.baseIndex()) {
            throw new CorruptLogException(
                    path,
                    scan.end(),
                    scan.nextIndex(),
                    "ROT or MISSING: no valid entry in a sealed segment, the next segment starts at index "
                            + next.baseIndex());
        }
        return scan.tally();
    }

    private void readActive(SegmentHeader header) throws IOException {
        Path path = pathOf(header.baseIndex());
        DiskFile file = disk.open(path);
        active = Optional.of(file);
        long size = file.size();
        FrameReader reader = readerOf(path, file, header);
        SegmentScan scan = SegmentScan.of(path, header, reader, config, size);
        if (scan.stoppedAt() != FrameReader.Look.NOTHING || !reader.isZero(scan.end(), size)) {
            TornTail.checkNothingLaterBehind(path, reader, scan, size);
            cutPosition = scan.end();
        }
        accept(IndexFile.Summary.of(scan.tally()));
        activeTally = Optional.of(scan.tally());
    }

    private FrameReader readerOf(Path path, DiskFile file, SegmentHeader header) throws IOException {
        int bufferBytes = (int) Math.min(SegmentScan.BUFFER_BYTES, file.size());
        return new FrameReader(path, file, identity.seed(header.baseIndex()), bufferBytes);
    }

    private void accept(IndexFile.Summary summary) {
        segments.add(new Segment(directory, summary.header(), identity, summary.extent()));
        TermStarts found = summary.terms();
        for (long at = found.firstIndex(); at <= found.lastIndex(); at = terms.lastIndex() + 1) {
            terms.appendRun(found.termAt(at), found.lastIndexOfTermAt(at));
        }
        nextOffset = summary.extent().nextOffset();
    }

    private void checkHardState() {
        long term = terms.last().term();
        if (hardState.isEmpty()) {
            if (segments.size() > 1 || terms.lastIndex() > 0 || cutPosition != NO_CUT) {
                throw new CorruptLogException(
                        directory.resolve(HardStateFile.NAME), 0, 0, "LOST: entries, but no term and vote");
            }
        } else if (hardState.get().state().term() < term) {
            throw new CorruptLogException(
                    hardState.get().path(),
                    0,
                    0,
                    "LOST: the hard state is of term " + hardState.get().state().term() + ", older than the last entry "
                            + terms.last());
        }
    }

    /** @param fresh what the log is to begin with if it is new or being replaced */
    private Result carryOut(List<String> names, Optional<SegmentHeader> fresh) throws IOException {
        if (fresh.isPresent()) {
            disk.createDirectories(directory);
        }
        int leftovers = deleteLeftovers(names, fresh.isPresent());
        int badSnapshots = snapshots.get().badCount();
        snapshots.get().deleteObsolete();
        if (fresh.isPresent()) {
            SegmentHeader header = fresh.get();
            terms = new TermStarts(header.before());
            nextOffset = header.baseOffset();
            disk.forceDirectory(directory);
            active = Optional.of(new SegmentMaker(disk, directory, identity, config, writeUnitBytes).make(header));
            activeTally = Optional.of(new SegmentTally(header, config));
            segments.add(new Segment(directory, header, identity, Extent.empty(header)));
        }
        DiskFile file = active.get();
        if (cutPosition != NO_CUT) {
            file.truncate(cutPosition);
        }
        file.force();
        if (hardState.isEmpty()) {
            hardState = Optional.of(HardStateFile.create(disk, directory, identity));
        }
        hardStateRepaired = hardState.get().isDirty();
        if (marks.resetTo() > 0) {
            snapshots.get().deleteAllBut(marks.resetTo() - 1);
            hardState.get().mark(old -> HardStateFile.Marks.startingAt(old.resetTo()));
        }
        long lastSegment = segments.get(segments.size() - 1).baseIndex();
        hardState.get().mark(old -> old.recovered(lastSegment, terms.lastIndex()));
        hardState.get().force();
        disk.forceDirectory(directory);

        RecoveryReport report = new RecoveryReport(
                fresh.isPresent(),
                segments.size(),
                cutPosition,
                hardStateRepaired,
                missingIndexes.size(),
                leftovers,
                badSnapshots);
        return new Result(
                List.copyOf(segments),
                file,
                activeTally.get(),
                file.size(),
                terms,
                nextOffset,
                hardState.get(),
                snapshots.get(),
                List.copyOf(missingIndexes),
                report);
    }

    /** Temporary files, segments that are trimmed or replaced, and sidecars of what is not a sealed segment. */
    private int deleteLeftovers(List<String> names, boolean allSegments) throws IOException {
        int deleted = 0;
        for (String name : names) {
            long indexBase = Segment.baseIndexOf(name, IndexFile.SUFFIX);
            boolean staleIndex = indexBase >= 0 && !isSealed(indexBase);
            long base = Segment.baseIndexOf(name, Segment.SUFFIX);
            boolean staleSegment = base >= 0 && (allSegments || base < marks.firstSegment());
            if (name.endsWith(TEMPORARY_SUFFIX) || staleIndex || staleSegment) {
                disk.delete(directory.resolve(name));
                deleted++;
            }
        }
        return deleted;
    }

    private boolean isSealed(long base) {
        for (int i = 0; i < segments.size() - 1; i++) {
            if (segments.get(i).baseIndex() == base) {
                return true;
            }
        }
        return false;
    }
}

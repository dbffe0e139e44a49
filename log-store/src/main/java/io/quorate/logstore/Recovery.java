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
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Finds out what a directory holds. First everything is looked at and nothing is changed; only when every decision is
 * made, and if there is no damage, they are carried out ({@link Settlement}), and what was accepted is forced before
 * anyone is told.
 *
 * <p>It relies on this order of writing: a segment's header is durable before the segment has its name; its predecessor
 * is durable in full before that; a cut is durable before anything is written behind it; term and vote are durable before
 * an entry is written; a frame with the flag "flush start" is written only after everything before it was forced; and the
 * marks beside term and vote never claim more than is durable.
 *
 * <pre>
 * case       what is found                                                 decision
 * ---------  ------------------------------------------------------------  --------------------------------------
 * NEW        no directory, or only temporary files                         make an empty log
 * NEWBORN    temporary files; or first segment without entries and         delete them; finish making the log
 *            no hard state yet
 * END        last segment: zeros to the end of the file                    end of log
 * STALE_SEC  last segment, recycled: like END or TORN, but with sectors    as END or TORN: what was there before is
 *            of the trimmed segment it was, which its sums recognise       what zeros are in a new file
 * NO_SUMS    sums of sectors missing, damaged or unreadable                describe nothing: the old bytes count as
 *                                                                          ROT where a flush was torn
 * UNCUT      last segment: no frame, where a cut was under way             cut here, force the cut
 * TORN       last segment: no frame, which sectors that never arrived      cut here, force the cut
 *            explain, and neither a valid flush start behind it nor
 *            a mark say that it was durable
 * ROT        last segment: no frame, and not TORN; sealed segment: no      damage: name file, position, indexes
 *            frame before its end
 * GAP        a valid frame that does not follow its predecessor            damage: misplaced write
 * MISSING    entries between two segments, or before the first or from     damage: name file and indexes
 *            the last one on of those that the marks name
 * HEAD       a segment header that is damaged, or cannot be read, whose    write it again
 *            content follows from the segment before, the sidecar, or a
 *            snapshot
 * DUPLICATE  two segments overlap or contradict each other; a name that    refuse
 *            is none; no segments at all; a header that cannot be told
 * LOST       entries without hard state, both copies damaged, or a term    refuse: it may have voted
 *            older than the last entry's; a trimmed log without a good
 *            snapshot that covers what was trimmed
 * TRIMMED    segments before the first one that is kept                    delete them
 * RESET      the log is being replaced by one that starts at a snapshot    go on: put all aside, make the new one
 * BAD_SNAP   a snapshot that is damaged, or cannot be read                 delete it, use the one before
 * STALE      one copy of the hard state damaged, unreadable or older       the other wins and is copied
 * NO_INDEX   a sidecar missing, damaged, unreadable or of another segment  read the segment, write it again
 * TOO_NEW    an intact header or frame of a newer version                  refuse
 * OWNER      an intact header of another cluster, node or group            refuse
 * </pre>
 *
 * What cannot be read counts as damaged while it is some blocks. Where a row says LOST because of it, or nothing of a segment can be
 * read, or more than {@value FrameReader#UNREADABLE_BLOCKS_MAX} blocks cannot, it is the disk that fails: nothing is decided or changed.
 *
 * <p>"Damage" and "refuse" change nothing. With damage the log is opened, says so, serves the rest, and takes no entries
 * until it is repaired. Known ambiguity: rot that turned a whole sector of the very last flush into zeros, or hit an entry
 * that has such sectors of its own, before a mark was written behind it, looks as TORN does.
 */
final class Recovery {
    static final String TEMPORARY_SUFFIX = ".tmp";

    private final Disk disk;
    private final Path directory;
    private final StoreIdentity identity;
    private final LogStoreConfig config;
    private final UncachedFile.Scratch scratch;
    private final boolean takesSums;
    private final Settlement settlement;

    private final List<Segment> segments = new ArrayList<>();
    private TermStarts terms = new TermStarts(EntryId.NONE);
    private HardStateFile.Marks marks = HardStateFile.Marks.INITIAL;
    private List<String> names = List.of();
    private StaleSectors stale = StaleSectors.NONE;
    private Optional<Damage> damage = Optional.empty();

    /** Why headers could not be read, by base index. */
    private final SortedMap<Long, IOException> unreadableHeaders = new TreeMap<>();

    /** End of the segments looked at so far, whether they are whole or not. */
    private EntryId last = EntryId.NONE;

    private long nextOffset;

    private Recovery(Disk disk, Path directory, StoreIdentity identity, LogStoreConfig config, WriteBuffer buffer) {
        this.disk = disk;
        this.directory = directory;
        this.identity = identity;
        this.config = config;
        this.takesSums = Recycler.writesSectors(buffer.blockBytes());
        this.scratch = new UncachedFile.Scratch(buffer.readBlockBytes());
        this.settlement = new Settlement(disk, directory, identity, config, buffer.blockBytes());
    }

    /**
     * Everything needed to go on.
     *
     * @param active         the open file of the last segment
     * @param activeSums     of the last segment's sectors that are complete, if they were taken
     * @param zeroedTo       size of the last segment's file, whose blocks all were written before
     * @param terms          of the entries before the damage, if there is any
     * @param missingIndexes sealed segments whose sidecar must be written
     * @param gone           large files that are to be deleted in the background
     */
    record Result(
            List<Segment> segments,
            DiskFile active,
            SegmentTally activeTally,
            Optional<int[]> activeSums,
            long zeroedTo,
            TermStarts terms,
            long nextOffset,
            HardStateFile hardState,
            SnapshotFiles snapshots,
            List<SegmentTally> missingIndexes,
            List<Path> gone,
            Optional<Damage> damage,
            RecoveryReport report) {}

    /** @param buffer says how files are written, and read: past the operating system's cache, where that can be */
    static Result run(Disk disk, Path directory, StoreIdentity identity, LogStoreConfig config, WriteBuffer buffer)
            throws IOException {
        Recovery recovery = new Recovery(disk, directory, identity, config, buffer);
        boolean done = false;
        try {
            Result result = recovery.run();
            done = true;
            return result;
        } finally {
            if (!done) {
                recovery.settlement.closeFiles();
            }
        }
    }

    private Result run() throws IOException {
        names = disk.list(directory);
        List<Long> bases = basesOf();
        if (names.contains(HardStateFile.NAME)) {
            HardStateFile hardState = HardStateFile.open(disk, directory, identity, scratch);
            settlement.setHardState(hardState);
            marks = hardState.marks();
        }
        SnapshotFiles snapshots = SnapshotFiles.find(disk, directory, identity, names);
        settlement.setFound(names, marks, snapshots);
        if (marks.resetTo() > 0) {
            return settlement.begin(replacement(snapshots));
        }
        snapshots.ignoreBehind(marks.durableIndex());
        if (bases.isEmpty() && !settlement.hasHardState()) {
            return settlement.begin(new SegmentHeader(EntryId.NONE, 0));
        }
        bases.removeIf(base -> base < marks.firstSegment());
        checkBeginning(bases, snapshots);
        try (StaleSectors found = StaleSectors.find(disk, directory, identity, names, marks.firstSegment())) {
            stale = found;
            lookAt(bases, snapshots);
        }
        checkHardState();
        return damage.isPresent()
                ? settlement.leave(segments, terms, damage.get())
                : settlement.accept(segments, terms, nextOffset);
    }

    private List<Long> basesOf() {
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
    private SegmentHeader replacement(SnapshotFiles snapshots) throws IOException {
        Optional<SnapshotFiles.End> snapshot = snapshots.endAt(marks.resetTo() - 1);
        if (snapshot.isEmpty()) {
            failIfUnreadable(snapshots);
            throw new LostStateException(
                    directory, "the log is being replaced, but the snapshot that comes before it is missing");
        }
        return new SegmentHeader(snapshot.get().last(), snapshot.get().nextOffset());
    }

    private void checkBeginning(List<Long> bases, SnapshotFiles snapshots) throws IOException {
        if (bases.isEmpty()) {
            throw new CorruptLogException(
                    pathOf(marks.firstSegment()), 0, marks.firstSegment(), "MISSING: all segments, entries were lost");
        }
        long before = marks.firstSegment() - 1;
        if (snapshots.newest() < before) {
            failIfUnreadable(snapshots);
            throw new LostStateException(
                    directory,
                    "the log starts after index " + before + ", but no good snapshot stands in for what was before");
        }
        if (bases.get(0) > marks.firstSegment()) {
            note(new Damage(
                    pathOf(marks.firstSegment()),
                    0,
                    marks.firstSegment(),
                    bases.get(0) - 1,
                    "MISSING: the first segment"));
        }
    }

    /** Nothing is lost for certain yet. */
    private static void failIfUnreadable(SnapshotFiles snapshots) throws IOException {
        if (snapshots.unreadable().isPresent()) {
            throw new IOException(
                    "no good snapshot, and not all can be read",
                    snapshots.unreadable().get());
        }
    }

    private void note(Damage found) {
        if (damage.isEmpty()) {
            damage = Optional.of(found);
        }
    }

    private void lookAt(List<Long> bases, SnapshotFiles snapshots) throws IOException {
        List<Optional<SegmentHeader>> headers = new ArrayList<>();
        for (long base : bases) {
            headers.add(readHeader(base));
        }
        for (int i = 0; i < bases.size(); i++) {
            SegmentHeader header = header(bases.get(i), headers.get(i), i == 0, snapshots);
            if (i == 0) {
                terms = new TermStarts(header.before());
            } else {
                checkAdjoins(header);
            }
            if (i < bases.size() - 1) {
                readSealed(header, bases.get(i + 1), headers.get(i + 1));
            } else {
                readActive(header, headers.get(i).isEmpty());
            }
        }
        checkEnd(bases);
    }

    private Optional<SegmentHeader> readHeader(long base) throws IOException {
        Path path = pathOf(base);
        try (DiskFile file = openToRead(path)) {
            return readHeader(file, path, base);
        }
    }

    private Optional<SegmentHeader> readHeader(DiskFile file, Path path, long base) throws IOException {
        try {
            return SegmentHeader.read(file, path, identity, base);
        } catch (IOException bad) {
            unreadableHeaders.put(base, bad);
            if (unreadableHeaders.size() > FrameReader.UNREADABLE_BLOCKS_MAX) {
                throw bad;
            }
            return Optional.empty();
        }
    }

    private DiskFile openToRead(Path path) throws IOException {
        return UncachedFile.open(disk, path, scratch);
    }

    private Path pathOf(long base) {
        return directory.resolve(Segment.fileName(base));
    }

    /** The header, or what it must have been. */
    private SegmentHeader header(long base, Optional<SegmentHeader> intact, boolean isFirst, SnapshotFiles snapshots)
            throws IOException {
        if (intact.isPresent()) {
            return intact.get();
        }
        Optional<SegmentHeader> derived =
                ofSidecar(() -> IndexFile.readHeader(disk, directory, base, identity), Optional.empty());
        if (base == 1) {
            derived = Optional.of(new SegmentHeader(EntryId.NONE, 0));
        } else if (!isFirst && last.index() + 1 == base && damage.isEmpty()) {
            derived = Optional.of(new SegmentHeader(last, nextOffset));
        } else if (derived.isEmpty()) {
            derived = snapshots
                    .endAt(base - 1)
                    .map(snapshot -> new SegmentHeader(snapshot.last(), snapshot.nextOffset()));
        }
        if (derived.isEmpty() && unreadableHeaders.containsKey(base)) {
            throw unreadableHeaders.get(base);
        }
        if (derived.isEmpty()) {
            throw new CorruptLogException(pathOf(base), 0, base, "the segment's header is damaged");
        }
        settlement.rewriteHeader(derived.get());
        return derived.get();
    }

    private void checkAdjoins(SegmentHeader header) {
        long base = header.baseIndex();
        if (base > last.index() + 1) {
            // Those of a segment of which only the header is left belong into it.
            Segment previous = segments.get(segments.size() - 1);
            note(new Damage(
                    pathOf(last.index() + 1),
                    previous.isEmpty() ? previous.extent().end() : 0,
                    last.index() + 1,
                    base - 1,
                    "MISSING: the entries before the segment that starts at index " + base));
        } else if (base <= last.index()
                || damage.isEmpty() && (!header.before().equals(last) || header.baseOffset() != nextOffset)) {
            throw new CorruptLogException(
                    pathOf(base),
                    0,
                    base,
                    "DUPLICATE: the segment follows entry " + header.before() + " and offset " + header.baseOffset()
                            + ", but the log before it ends with entry " + last + " and offset " + nextOffset);
        }
    }

    private void readSealed(SegmentHeader header, long nextBase, Optional<SegmentHeader> next) throws IOException {
        Path path = pathOf(header.baseIndex());
        try (DiskFile file = openToRead(path)) {
            long size = file.size();
            FrameReader reader = SegmentScan.reader(path, file, identity.seed(header.baseIndex()), size);
            Optional<IndexFile.Summary> sidecar = ofSidecar(
                            () -> IndexFile.readSummary(disk, directory, header, identity),
                            Optional.<IndexFile.Summary>empty())
                    .filter(found -> found.extent().last().index() == nextBase - 1
                            && found.extent().end() <= size
                            && next.filter(follower -> !follower.before()
                                                    .equals(found.extent().last())
                                            || follower.baseOffset()
                                                    != found.extent().nextOffset())
                                    .isEmpty());
            if (sidecar.isPresent()
                    && ofSidecar(() -> IndexFile.endsAsSaid(disk, directory, sidecar.get(), identity, reader), false)) {
                accept(sidecar.get());
                return;
            }
            SegmentScan scan = scan(header, reader, size);
            accept(IndexFile.Summary.of(scan.tally()));
            settlement.rebuildIndex(scan.tally());
            if (scan.nextIndex() < nextBase && !scan.isAtEnd(reader, stale, size)) {
                Optional<SegmentScan.Behind> behind =
                        scan.behind(reader, size).filter(found -> found.last().index() < nextBase);
                long lastDamaged = behind.map(found -> found.firstIndex() - 1).orElse(nextBase - 1);
                note(rot(path, scan, lastDamaged, "no valid entry in a sealed segment"));
                EntryId before = new EntryId(
                        behind.map(SegmentScan.Behind::last).orElse(last).term(), nextBase - 1);
                extend(
                        behind.map(SegmentScan.Behind::end).orElse(scan.end()),
                        before,
                        behind.map(SegmentScan.Behind::nextOffset).orElse(nextOffset));
            }
        }
    }

    private interface Read<T> {
        T get() throws IOException;
    }

    /** A sidecar that cannot be read is as good as none. */
    private static <T> T ofSidecar(Read<T> read, T none) {
        try {
            return read.get();
        } catch (IOException unreadable) {
            return none;
        }
    }

    /** @throws IOException if nothing of it can be read, which is not a block of the disk that fails, but the disk */
    private SegmentScan scan(SegmentHeader header, FrameReader reader, long size) throws IOException {
        SegmentScan scan = SegmentScan.of(header, reader, config, size);
        IOException unreadable = unreadableHeaders.get(header.baseIndex());
        if (unreadable != null
                && scan.nextIndex() == header.baseIndex()
                && !reader.unreadable().isEmpty()) {
            throw unreadable;
        }
        return scan;
    }

    private static Damage rot(Path path, SegmentScan scan, long lastIndex, String found) {
        return new Damage(path, scan.end(), scan.nextIndex(), lastIndex, "ROT: " + found);
    }

    /** Lets the damaged segment that was accepted last reach behind its damage, so that what is there can be read. */
    private void extend(long end, EntryId newLast, long newNextOffset) {
        segments.get(segments.size() - 1)
                .moveTo(new Extent(end, newLast, newNextOffset, Long.MIN_VALUE, FrameFormat.NO_ENTRIES));
        last = newLast;
        nextOffset = newNextOffset;
    }

    private void readActive(SegmentHeader header, boolean isHeaderDamaged) throws IOException {
        Path path = pathOf(header.baseIndex());
        settlement.setActive(disk.open(path));
        try (DiskFile file = openToRead(path)) {
            readActive(header, isHeaderDamaged, path, file);
        }
    }

    private void readActive(SegmentHeader header, boolean isHeaderDamaged, Path path, DiskFile file)
            throws IOException {
        long size = file.size();
        FrameReader reader = SegmentScan.reader(path, file, identity.seed(header.baseIndex()), size);
        ScannedSums sums = new ScannedSums();
        if (takesSums) {
            reader.setListener(sums::see);
        }
        SegmentScan scan = scan(header, reader, size);
        reader.setListener((bytes, length, position) -> {});
        if (takesSums && reader.unreadable().isEmpty()) {
            sums.upTo(scan.end()).ifPresent(settlement::setActiveSums);
        }
        settlement.setActiveTally(scan.tally());
        accept(IndexFile.Summary.of(scan.tally()));
        if (scan.isAtEnd(reader, stale, size) && size >= SegmentHeader.BYTES) {
            if (isHeaderDamaged && scan.nextIndex() == header.baseIndex()) {
                // A header is durable before the file has its name: whatever took it may have taken entries.
                note(rot(path, scan, Damage.OPEN_END, "neither the segment's header nor an entry"));
            }
            return;
        }
        if (size < SegmentHeader.BYTES) {
            note(rot(path, scan, Damage.OPEN_END, "the file ends within its header"));
            return;
        }
        Optional<SegmentScan.Behind> behind = scan.behind(reader, size);
        Optional<String> rot = whyRot(reader, scan, behind, size);
        if (rot.isEmpty()) {
            settlement.cutActiveAt(scan.end());
            return;
        }
        note(rot(path, scan, behind.map(found -> found.firstIndex() - 1).orElse(Damage.OPEN_END), rot.get()));
        behind.ifPresent(found -> extend(found.end(), found.last(), found.nextOffset()));
    }

    private Optional<String> whyRot(
            FrameReader reader, SegmentScan scan, Optional<SegmentScan.Behind> behind, long size) throws IOException {
        if (scan.stoppedAt() == FrameReader.Look.FRAME) {
            return Optional.of("an intact entry that does not follow entry "
                    + scan.tally().extent().last());
        }
        if (marks.cuttingFrom() > 0 && scan.nextIndex() >= marks.cuttingFrom()) {
            return Optional.empty();
        }
        if (behind.filter(SegmentScan.Behind::hasLaterFlush).isPresent()) {
            return Optional.of("no valid entry, but one of a later flush is intact");
        }
        if (marks.durableIndex() >= scan.nextIndex()) {
            return Optional.of("no valid entry, but all up to " + marks.durableIndex() + " were durable");
        }
        return TornTail.isExplained(reader, stale, scan.end(), size)
                ? Optional.empty()
                : Optional.of("no valid entry, though all its sectors are there");
    }

    private void accept(IndexFile.Summary summary) {
        segments.add(new Segment(directory, summary.header(), identity, summary.extent()));
        TermStarts found = summary.terms();
        if (damage.isEmpty()) {
            for (long at = found.firstIndex(); at <= found.lastIndex(); at = terms.lastIndex() + 1) {
                terms.appendRun(found.termAt(at), found.lastIndexOfTermAt(at));
            }
        }
        last = summary.extent().last();
        nextOffset = summary.extent().nextOffset();
    }

    private void checkEnd(List<Long> bases) {
        Segment active = segments.get(segments.size() - 1);
        if (bases.get(bases.size() - 1) < marks.lastSegment()) {
            note(new Damage(
                    pathOf(marks.lastSegment()), 0, last.index() + 1, Damage.OPEN_END, "MISSING: the last segment"));
        } else if (last.index() < marks.durableIndex()) {
            note(new Damage(
                    active.path(),
                    active.extent().end(),
                    last.index() + 1,
                    Damage.OPEN_END,
                    "ROT: no valid entry, but all up to " + marks.durableIndex() + " were durable"));
        }
    }

    private void checkHardState() {
        Path path = directory.resolve(HardStateFile.NAME);
        long lastTerm = terms.last().term();
        if (!settlement.hasHardState()) {
            if (segments.size() > 1 || last.index() > 0 || settlement.cuts() || damage.isPresent()) {
                throw new LostStateException(path, "entries, but no term and vote");
            }
        } else if (settlement.hardState().state().term() < lastTerm) {
            throw new LostStateException(
                    path,
                    "the hard state is of term "
                            + settlement.hardState().state().term() + ", older than the last entry " + terms.last());
        }
    }
}

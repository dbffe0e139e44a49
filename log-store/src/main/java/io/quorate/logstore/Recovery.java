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
 * MISSING    a segment's predecessor is not the entry before it;           refuse: a file was lost or copied
 * DUPLICATE  or two segments overlap
 * LOST       entries without hard state, hard state without segments,      refuse: it may have voted
 *            both copies damaged, or a term older than the last entry's
 * STALE      one copy of the hard state damaged or older                   the other wins and is copied
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

    private final TermStarts terms = new TermStarts(EntryId.NONE);
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
        boolean hasHardState = names.contains(HardStateFile.NAME);
        boolean isNew = bases.isEmpty() && !hasHardState;
        if (bases.isEmpty() && hasHardState) {
            throw new CorruptLogException(directory, 0, 1, "MISSING: a hard state but no segment, entries were lost");
        }
        if (hasHardState) {
            hardState = Optional.of(HardStateFile.open(disk, directory, identity));
        }
        List<SegmentHeader> headers = readHeaders(bases);
        for (int i = 0; i < headers.size(); i++) {
            checkAdjoins(headers.get(i));
            if (i < headers.size() - 1) {
                readSealed(headers.get(i), headers.get(i + 1));
            } else {
                readActive(headers.get(i));
            }
        }
        checkHardState();
        return carryOut(names, isNew);
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

    private Result carryOut(List<String> names, boolean isNew) throws IOException {
        if (isNew) {
            disk.createDirectories(directory);
        }
        int leftovers = deleteLeftovers(names);
        if (isNew) {
            SegmentHeader header = new SegmentHeader(EntryId.NONE, 0);
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
        hardState.get().force();
        disk.forceDirectory(directory);

        RecoveryReport report = new RecoveryReport(
                isNew, segments.size(), cutPosition, hardStateRepaired, missingIndexes.size(), leftovers);
        return new Result(
                List.copyOf(segments),
                file,
                activeTally.get(),
                file.size(),
                terms,
                nextOffset,
                hardState.get(),
                List.copyOf(missingIndexes),
                report);
    }

    /** Temporary files, and sidecars of what is not a sealed segment. */
    private int deleteLeftovers(List<String> names) throws IOException {
        int deleted = 0;
        for (String name : names) {
            long base = Segment.baseIndexOf(name, IndexFile.SUFFIX);
            boolean staleIndex = base >= 0 && !isSealed(base);
            if (name.endsWith(TEMPORARY_SUFFIX) || staleIndex) {
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

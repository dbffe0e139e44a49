/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.LogReport.NextStart;
import io.quorate.logstore.LogReport.SegmentReport;
import io.quorate.logstore.LogReport.Slot;
import io.quorate.logstore.LogReport.SnapshotReport;
import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Looks at the directory of one group that no node uses now, and changes nothing: the disk need not be able to write.
 * Whatever the files hold, it takes a bounded amount of memory, says what it found, and goes on behind it. What a node
 * would make of the directory is found out by letting {@link Recovery} run over an {@link OverlayDisk}. For one thread.
 */
public final class LogInspection {
    private static final int PAYLOAD_BUFFER_BYTES = 256 << 10;
    private static final int HEADER_BUFFER_BYTES = 16 << 10;

    private final Disk disk;
    private final Path directory;
    private final StoreIdentity identity;

    LogInspection(Disk disk, Path directory, StoreIdentity identity) {
        this.disk = disk;
        this.directory = directory;
        this.identity = identity;
    }

    /** Hears how far an inspection is. */
    public interface Progress {
        Progress NONE = (file, position, size) -> {};

        /** Called often: keep it cheap. @param position of {@code size} bytes of the file */
        void at(Path file, long position, long size);
    }

    /**
     * An entry as it is on disk.
     *
     * @param typeCode       of {@link EntryType}, or of a newer version
     * @param isFlushStart   whether everything before it was durable when it was written
     * @param payloadBytes   size of the payload
     * @param payloadCrc     CRC-32C of payload and padding, as stored
     * @param isIntact       whether the payload is what was written
     * @param payload        empty unless it was asked for and is intact
     */
    public record StoredEntry(
            Path file,
            long position,
            long index,
            long term,
            int typeCode,
            long baseOffset,
            int recordCount,
            long timestampMillis,
            boolean isFlushStart,
            int payloadBytes,
            int payloadCrc,
            boolean isIntact,
            Optional<Payload> payload) {

        /** Name of the type, or its code if this version does not know it. */
        public String typeName() {
            return typeCode >= 0 && typeCode < EntryType.values().length
                    ? EntryType.ofCode(typeCode).name()
                    : "type " + typeCode;
        }
    }

    /** Is shown entries. */
    public interface EntryVisitor {
        /** Returns whether to go on. */
        boolean onEntry(StoredEntry entry);

        /** There should be an entry at {@code from}, and the next one is at {@code to}. Returns whether to go on. */
        boolean onUnreadable(Path file, long from, long to);
    }

    public long group() {
        return identity.groupId();
    }

    public Path directory() {
        return directory;
    }

    /** Reads headers, summaries of sealed segments, and the active segment. */
    public LogReport inspect(Progress progress) throws IOException {
        return report(false, progress);
    }

    /** Reads and verifies every byte. */
    public LogReport verify(Progress progress) throws IOException {
        return report(true, progress);
    }

    private LogReport report(boolean everything, Progress progress) throws IOException {
        Findings findings = new Findings();
        FileReports files = new FileReports(disk, identity, findings);
        List<String> names = disk.list(directory);
        List<Slot> hardState =
                names.contains(HardStateFile.NAME) ? files.hardState(directory.resolve(HardStateFile.NAME)) : List.of();
        List<SnapshotReport> snapshots = new ArrayList<>();
        List<String> others = new ArrayList<>();
        List<Long> bases = new ArrayList<>();
        for (String name : names) {
            if (Segment.baseIndexOf(name, Segment.SUFFIX) > 0) {
                bases.add(Segment.baseIndexOf(name, Segment.SUFFIX));
            } else if (name.endsWith(SnapshotFiles.SUFFIX)) {
                snapshots.add(files.snapshot(directory.resolve(name), name));
            } else if (!name.equals(HardStateFile.NAME) && !isSidecar(name)) {
                others.add(name);
            }
        }
        Optional<Slot> marks = LogReport.newest(hardState);
        long firstSegment = marks.map(Slot::firstSegment).orElse(1L);
        List<SegmentReport> segments;
        try (StaleSectors stale = StaleSectors.find(disk, directory, identity, names, firstSegment)) {
            segments = new LogWalk(disk, directory, identity, findings, stale, everything, progress)
                    .segments(bases, firstSegment, marks.map(Slot::durableIndex).orElse(0L));
        }
        judgeTogether(findings, hardState, marks, segments, others);
        return new LogReport(
                identity.groupId(),
                directory,
                hardState,
                segments,
                snapshots,
                others,
                findings.kept(),
                findings.more(),
                findings.moreDamage(),
                nextStart());
    }

    private static boolean isSidecar(String name) {
        return Segment.baseIndexOf(name, IndexFile.SUFFIX) > 0 || Segment.baseIndexOf(name, SectorSums.SUFFIX) > 0;
    }

    private void judgeTogether(
            Findings findings,
            List<Slot> hardState,
            Optional<Slot> marks,
            List<SegmentReport> segments,
            List<String> others) {
        Path file = directory.resolve(HardStateFile.NAME);
        long lastTerm =
                segments.isEmpty() ? 0 : segments.get(segments.size() - 1).lastTerm();
        long lastIndex =
                segments.isEmpty() ? 0 : segments.get(segments.size() - 1).lastIndex();
        if (hardState.isEmpty() && (segments.size() > 1 || lastIndex > 0)) {
            findings.damage(file, 0, 0, "LOST: entries, but no term and vote");
        }
        marks.ifPresent(newest -> {
            if (newest.resetTo() > 0) {
                findings.note(file, 0, newest.resetTo(), "RESET: the log is being replaced, its segments do not count");
            } else if (segments.isEmpty()) {
                findings.damage(directory, 0, newest.firstSegment(), "MISSING: a hard state but no segment");
            } else {
                judgeMarks(findings, file, newest, segments, lastTerm, lastIndex);
            }
        });
        for (String name : others) {
            if (name.endsWith(Segment.SUFFIX)) {
                findings.damage(directory.resolve(name), 0, 0, "a segment with a name that this store does not give");
            } else if (!name.endsWith(Recovery.TEMPORARY_SUFFIX)) {
                findings.note(directory.resolve(name), 0, 0, "not a file of this store; left alone");
            }
        }
    }

    private void judgeMarks(
            Findings findings, Path file, Slot marks, List<SegmentReport> segments, long lastTerm, long lastIndex) {
        if (marks.term() < lastTerm) {
            findings.damage(
                    file,
                    0,
                    lastIndex,
                    "LOST: the hard state is of term " + marks.term() + ", older than the last entry's " + lastTerm);
        }
        for (long base : new long[] {marks.firstSegment(), marks.lastSegment()}) {
            if (segments.stream().noneMatch(segment -> segment.firstIndex() == base)) {
                findings.damage(
                        directory.resolve(Segment.fileName(base)), 0, base, "MISSING: a segment that the log had");
                return;
            }
        }
    }

    private NextStart nextStart() {
        OverlayDisk overlay = new OverlayDisk(disk);
        LogStoreConfig config = new LogStoreConfig(128 << 20, 0, 16 << 10, false);
        try (LogStore store = LogStore.open(overlay, directory, identity, config, task -> {}, new WriteBuffer(4096))) {
            Optional<String> repair =
                    store.damage().map(damage -> damage.asException().getMessage());
            List<String> changes = new ArrayList<>(overlay.changes());
            if (store.recoveryReport().hardStateRepaired()) {
                changes.add("writes a copy of the hard state again");
            }
            if (store.recoveryReport().rewrittenHeaders() > 0) {
                changes.add("writes " + store.recoveryReport().rewrittenHeaders() + " damaged segment headers again");
            }
            if (store.recoveryReport().rebuiltIndexes() > 0) {
                changes.add("makes " + store.recoveryReport().rebuiltIndexes() + " sidecars again from their segments");
            }
            return new NextStart(Optional.empty(), repair, changes);
        } catch (StorageException e) {
            return new NextStart(Optional.of(e.getMessage()), Optional.empty(), List.of());
        }
    }

    /**
     * Shows the entries of all segments that can be read, in order.
     *
     * @param fromIndex    of the first one to be shown
     * @param toIndex      of the last one
     * @param withPayloads whether payloads are read and shown; without, none is verified
     * @throws StorageException if a segment belongs to somebody else or is of a newer version
     */
    public void entries(long fromIndex, long toIndex, boolean withPayloads, EntryVisitor visitor) throws IOException {
        List<Long> bases = new ArrayList<>();
        for (String name : disk.list(directory)) {
            long base = Segment.baseIndexOf(name, Segment.SUFFIX);
            if (base > 0) {
                bases.add(base);
            }
        }
        for (int i = 0; i < bases.size() && bases.get(i) <= toIndex; i++) {
            boolean isBefore = i + 1 < bases.size() && bases.get(i + 1) <= fromIndex;
            if (!isBefore && !entriesOf(bases.get(i), fromIndex, toIndex, withPayloads, visitor)) {
                return;
            }
        }
    }

    private boolean entriesOf(long base, long fromIndex, long toIndex, boolean withPayloads, EntryVisitor visitor)
            throws IOException {
        Path path = directory.resolve(Segment.fileName(base));
        boolean[] goOn = {true};
        try (DiskFile file = disk.open(path)) {
            int bufferBytes = withPayloads ? PAYLOAD_BUFFER_BYTES : HEADER_BUFFER_BYTES;
            FrameReader reader = new FrameReader(path, file, identity.seed(base), bufferBytes);
            SegmentWalk.walk(reader, file.size(), false, new SegmentWalk.Visitor() {
                @Override
                public boolean frame(long position, boolean isIntact) throws IOException {
                    long index = reader.header().index();
                    if (index < fromIndex) {
                        return true;
                    }
                    goOn[0] = index <= toIndex
                            && visitor.onEntry(entry(reader, path, position, isIntact, withPayloads, file.size()));
                    return goOn[0];
                }

                @Override
                public boolean unreadable(long position, long next) {
                    goOn[0] = visitor.onUnreadable(path, position, next);
                    return goOn[0];
                }
            });
        }
        return goOn[0];
    }

    private static StoredEntry entry(
            FrameReader reader, Path path, long position, boolean hasRoom, boolean withPayload, long limit)
            throws IOException {
        boolean isIntact =
                hasRoom && (!withPayload || reader.lookWithPayload(position, limit) == FrameReader.Look.FRAME);
        FrameFormat.Header header = reader.header();
        return new StoredEntry(
                path,
                position,
                header.index(),
                header.term(),
                header.typeCode(),
                header.baseOffset(),
                header.recordCount(),
                header.timestampMillis(),
                header.isFlushStart(),
                header.length() - FrameFormat.HEADER_BYTES,
                header.payloadChecksum(),
                isIntact,
                withPayload && isIntact ? Optional.of(reader.payload()) : Optional.empty());
    }
}

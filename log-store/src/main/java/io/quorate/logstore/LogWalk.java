/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.LogReport.SegmentReport;
import io.quorate.logstore.LogReport.SegmentState;
import io.quorate.logstore.LogReport.SidecarState;
import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.EntryId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Goes through the segments of one log in order, and tells damage from what a crash leaves in the terms of
 * {@link Recovery}, but goes on behind it. For one thread.
 */
final class LogWalk {
    private final Disk disk;
    private final Path directory;
    private final StoreIdentity identity;
    private final Findings findings;
    private final StaleSectors stale;
    private final boolean everything;
    private final LogInspection.Progress progress;

    /** How far the log reaches before the segment that is next; empty if that is not known. */
    private Optional<Extent> reach = Optional.empty();

    /**
     * @param stale      what the active segment's file may hold besides
     * @param everything whether sealed segments with a good sidecar are read, too
     */
    LogWalk(
            Disk disk,
            Path directory,
            StoreIdentity identity,
            Findings findings,
            StaleSectors stale,
            boolean everything,
            LogInspection.Progress progress) {
        this.disk = disk;
        this.directory = directory;
        this.identity = identity;
        this.findings = findings;
        this.stale = stale;
        this.everything = everything;
        this.progress = progress;
    }

    /**
     * @param bases        of all segments, rising
     * @param firstSegment base index of the first one that counts
     * @param durableIndex all entries up to it were durable once
     */
    List<SegmentReport> segments(List<Long> bases, long firstSegment, long durableIndex) {
        List<SegmentReport> reports = new ArrayList<>();
        for (int i = 0; i < bases.size(); i++) {
            long base = bases.get(i);
            Path path = directory.resolve(Segment.fileName(base));
            long next = i + 1 < bases.size() ? bases.get(i + 1) : 0;
            try (DiskFile file = disk.open(path)) {
                if (base < firstSegment) {
                    findings.note(path, 0, base, "TRIMMED: what is left of a trim, which does not count");
                    reports.add(report(path, file, SegmentState.TRIMMED, SidecarState.NONE, base, Optional.empty(), 0));
                } else {
                    reports.add(new OneSegment(path, file, base, next, durableIndex).look());
                }
            } catch (IOException e) {
                findings.damage(path, 0, base, "cannot be read: " + e.getMessage());
                reach = Optional.empty();
            }
        }
        return reports;
    }

    private static SegmentReport report(
            Path path,
            DiskFile file,
            SegmentState state,
            SidecarState sidecar,
            long base,
            Optional<SegmentHeader> header,
            long usedBytes)
            throws IOException {
        return new SegmentReport(
                path.getFileName().toString(),
                state,
                sidecar,
                base,
                base - 1,
                header.map(SegmentHeader::baseOffset).orElse(-1L),
                -1,
                0,
                usedBytes,
                file.size(),
                Long.MIN_VALUE,
                0,
                0);
    }

    /** A place without the entry that should be there: what it means shows only behind it. */
    private record Break(long position, long index, String what) {}

    /** One segment that counts. */
    private final class OneSegment implements SegmentWalk.Visitor {
        private static final int MOST_BREAKS = 100;

        private final Path path;
        private final DiskFile file;
        private final long size;
        private final long base;
        /** Base index of the next segment, 0 if this is the active one. */
        private final long next;

        private final long durableIndex;
        private final FrameReader reader;
        private Optional<SegmentHeader> header = Optional.empty();
        private Optional<SidecarCheck> sidecar = Optional.empty();
        /** Up to the last frame; empty behind a gap. */
        private Optional<Extent> extent = Optional.empty();

        private final List<Break> open = new ArrayList<>();
        private Optional<Extent> beforeBreak = Optional.empty();
        private long verified;
        private boolean complete = true;

        OneSegment(Path path, DiskFile file, long base, long next, long durableIndex) throws IOException {
            this.path = path;
            this.file = file;
            this.size = file.size();
            this.base = base;
            this.next = next;
            this.durableIndex = durableIndex;
            int bufferBytes = (int) Math.min(SegmentScan.BUFFER_BYTES, size);
            this.reader = new FrameReader(path, file, identity.seed(base), bufferBytes);
        }

        SegmentReport look() throws IOException {
            readHeader();
            SidecarState sidecarState = next == 0 ? SidecarState.NONE : openSidecar();
            try {
                if (!everything && sidecar.filter(this::isWhole).isPresent()) {
                    extent = Optional.of(sidecar.get().extent());
                } else {
                    walk();
                    Optional<Finding> difference = complete && sidecar.isPresent() && extent.isPresent()
                            ? sidecar.get().finish(extent.get())
                            : Optional.empty();
                    difference.ifPresent(findings::add);
                    sidecarState = difference.isPresent() ? SidecarState.UNUSABLE : sidecarState;
                }
            } finally {
                if (sidecar.isPresent()) {
                    sidecar.get().close();
                }
            }
            reach = extent;
            return finishedReport(sidecarState);
        }

        private boolean isWhole(SidecarCheck summary) {
            return summary.extent().last().index() == next - 1
                    && summary.extent().end() <= size;
        }

        private void readHeader() throws IOException {
            try {
                header = SegmentHeader.read(file, path, identity, base);
                if (header.isEmpty()) {
                    findings.damage(path, 0, base, "the segment's header is damaged");
                    return;
                }
                checkAdjoins(header.get());
                extent = Optional.of(Extent.empty(header.get()));
            } catch (StorageException e) {
                findings.damage(e, path);
            }
        }

        private void checkAdjoins(SegmentHeader found) {
            if (reach.isPresent()
                    && (!found.before().equals(reach.get().last())
                            || found.baseOffset() != reach.get().nextOffset())) {
                findings.damage(
                        path,
                        0,
                        base,
                        "MISSING or DUPLICATE: the segment follows entry " + found.before() + " and offset "
                                + found.baseOffset() + ", but the log before it ends with entry "
                                + reach.get().last() + " and offset "
                                + reach.get().nextOffset());
            }
        }

        private SidecarState openSidecar() throws IOException {
            Path sidecarPath = directory.resolve(IndexFile.fileName(base));
            if (!disk.exists(sidecarPath)) {
                findings.note(sidecarPath, 0, base, "NO_INDEX: missing; it is made from its segment");
                return SidecarState.MISSING;
            }
            if (header.isEmpty()) {
                return SidecarState.UNUSABLE;
            }
            DiskFile opened = disk.open(sidecarPath);
            try {
                sidecar = SidecarCheck.open(opened, sidecarPath, header.get(), identity, findings);
            } finally {
                if (sidecar.isEmpty()) {
                    opened.close();
                }
            }
            return sidecar.isPresent() ? SidecarState.USABLE : SidecarState.UNUSABLE;
        }

        private void walk() throws IOException {
            long end = SegmentWalk.walk(reader, size, true, this);
            progress.at(path, size, size);
            if (!stale.isMissing(reader, end, size)) {
                if (next > 0 && lastIndex() == next - 1) {
                    findings.note(path, end, 0, "bytes behind the last entry of a sealed segment; they do not count");
                } else {
                    noEntry(end, "no valid entry from here to the end of the file");
                }
            }
            if (next > 0) {
                settleAs("ROT: in a sealed segment, ");
                if (extent.isEmpty() || lastIndex() < next - 1) {
                    findings.damage(
                            path,
                            end,
                            lastIndex() + 1,
                            "ROT or MISSING: the next segment starts at index " + next + ", this one ends before");
                }
            } else {
                settleTail();
            }
        }

        @Override
        public boolean frame(long position, boolean isIntact) throws IOException {
            progress.at(path, position, size);
            FrameFormat.Header frame = reader.header();
            if (next > 0 && frame.index() >= next && lastIndex() == next - 1) {
                return false;
            }
            if (next == 0 && frame.isFlushStart()) {
                settleAs("ROT: an entry of a later flush is intact at position " + position + ", but ");
            }
            try {
                reader.checkKnown();
            } catch (StorageException e) {
                findings.damage(e, path);
            }
            if (!isPossible(frame)) {
                findings.damage(path, position, 0, "GAP: an intact entry with impossible numbers");
                lose();
                return true;
            }
            checkFollows(frame, position);
            if (!isIntact) {
                noEntry(position, "the payload of the entry is damaged");
            }
            Extent before = extent.orElseGet(() -> new Extent(
                    position,
                    new EntryId(frame.term(), frame.index() - 1),
                    frame.baseOffset(),
                    Long.MIN_VALUE,
                    FrameFormat.NO_ENTRIES));
            if (complete && sidecar.isPresent()) {
                sidecar.get().onFrame(frame, position, before);
            }
            extent = Optional.of(after(frame, position, before));
            verified += isIntact ? 1 : 0;
            return true;
        }

        private static boolean isPossible(FrameFormat.Header frame) {
            return frame.index() >= 1
                    && frame.index() < Long.MAX_VALUE
                    && frame.term() >= 1
                    && frame.baseOffset() >= 0
                    && frame.recordCount() >= 0;
        }

        private void checkFollows(FrameFormat.Header frame, long position) {
            if (extent.isPresent()) {
                try {
                    SegmentScan.checkFollows(path, position, frame, extent.get());
                } catch (CorruptLogException e) {
                    findings.damage(e, path);
                    lose();
                }
            }
        }

        private static Extent after(FrameFormat.Header frame, long position, Extent before) {
            return new Extent(
                    position + FrameFormat.paddedBytes(frame.length()),
                    new EntryId(frame.term(), frame.index()),
                    frame.baseOffset() + frame.recordCount(),
                    Math.max(before.maxTimestampMillis(), frame.timestampMillis()),
                    frame.digest(before.digest()));
        }

        @Override
        public boolean unreadable(long position, long nextHeader) {
            if (next > 0 && lastIndex() == next - 1) {
                return false;
            }
            noEntry(position, "no valid entry up to position " + nextHeader);
            lose();
            return true;
        }

        /** What comes is not known to follow what was. */
        private void lose() {
            extent = Optional.empty();
            complete = false;
        }

        private void noEntry(long position, String what) {
            if (open.isEmpty() && beforeBreak.isEmpty()) {
                beforeBreak = extent;
            }
            if (open.size() < MOST_BREAKS) {
                open.add(new Break(position, lastIndex() + 1, what));
            }
        }

        private void settleAs(String verdict) {
            open.forEach(found -> findings.damage(path, found.position(), found.index(), verdict + found.what()));
            open.clear();
            beforeBreak = Optional.empty();
        }

        /** At the end of the active segment: what is missing was durable if a mark says so, or if all its sectors are there. */
        private void settleTail() throws IOException {
            if (!open.isEmpty()) {
                Break first = open.get(0);
                extent = beforeBreak;
                boolean isMarked = first.index() <= durableIndex;
                if (!isMarked && TornTail.isExplained(reader, stale, first.position(), size)) {
                    findings.note(
                            path, first.position(), first.index(), "TORN: " + first.what() + "; cut at the next start");
                    return;
                }
                settleAs(
                        isMarked
                                ? "ROT: all entries up to " + durableIndex + " were durable, but "
                                : "ROT: all sectors are there, but ");
            } else if (extent.isPresent() && lastIndex() < durableIndex) {
                findings.damage(
                        path,
                        extent.get().end(),
                        lastIndex() + 1,
                        "ROT: all entries up to " + durableIndex + " were durable, but here they end");
            }
        }

        private long lastIndex() {
            return extent.map(known -> known.last().index()).orElse(base - 1);
        }

        private SegmentReport finishedReport(SidecarState sidecarState) throws IOException {
            SegmentState state = next == 0 ? SegmentState.ACTIVE : SegmentState.SEALED;
            if (extent.isEmpty()) {
                return report(path, file, state, sidecarState, base, header, 0);
            }
            Extent found = extent.get();
            return new SegmentReport(
                    path.getFileName().toString(),
                    state,
                    sidecarState,
                    base,
                    found.last().index(),
                    header.map(SegmentHeader::baseOffset).orElse(-1L),
                    found.nextOffset(),
                    found.last().term(),
                    found.end(),
                    size,
                    found.maxTimestampMillis(),
                    found.digest(),
                    verified);
        }
    }
}

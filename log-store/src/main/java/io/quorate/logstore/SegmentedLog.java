/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.logstore.io.NoSpaceException;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The entries of one group in segments, and what the writing thread does with them. {@link EntryReader} reads them.
 *
 * <p>What a reader needs is published last: bytes, then the segment's extent, then the list of segments. Invariants: the
 * segments' ranges adjoin; all but the last are durable in full; {@code flushStart} holds exactly when everything before
 * the write position is durable; {@code tally} is of the active segment.
 */
final class SegmentedLog {
    private static final int READ_BUFFER_BYTES = 16 << 10;

    /**
     * From this size of a flush on, zero-filling ahead costs more than it saves: every byte is written twice, while the
     * file system's own work, which it takes off the flush, hardly grows with the bytes.
     */
    static final int LARGE_FLUSH_BYTES = 128 << 10;

    /** Less is copied sooner than another thread wakes up. */
    private static final int WORTH_EXPECTING_BYTES = 256 << 10;

    private final Disk disk;
    private final Path directory;
    private final StoreIdentity identity;
    private final LogStoreConfig config;
    private final Background background;
    private final WriteBuffer buffer;
    private final SegmentFiles files;
    private final SegmentMaker maker;
    private final NextSegment next;
    private final Recycler recycler;
    private final HardStateFile hardState;

    /** Replaced under the gate, for the background. */
    private volatile SegmentList segments;

    // Of the writing thread.
    private Segment active;
    private SegmentTally tally;
    private SegmentFiles.Handle activeHandle;
    private SegmentOutput output;
    private ZeroAhead zeroAhead;
    private boolean flushStart = true;
    private volatile long durableIndex;
    private long unforcedBytes;
    private long averageFlushBytes;

    /** Where the active segment ends when the append that is under way is done. */
    private volatile long plannedEnd;

    SegmentedLog(
            Disk disk,
            Path directory,
            StoreIdentity identity,
            LogStoreConfig config,
            Background background,
            WriteBuffer buffer,
            Recovery.Result recovered)
            throws IOException {
        this.disk = disk;
        this.directory = directory;
        this.identity = identity;
        this.config = config;
        this.background = background;
        this.buffer = buffer;
        this.files = new SegmentFiles(disk, identity, config);
        this.maker = new SegmentMaker(disk, directory, identity, config, buffer.blockBytes());
        this.next = new NextSegment(disk, directory, background, config, buffer.blockBytes());
        this.recycler = new Recycler(
                disk,
                directory,
                identity,
                config,
                background,
                buffer.blockBytes(),
                recovered.segments().get(0).baseIndex());
        this.hardState = recovered.hardState();
        this.segments = new SegmentList(recovered.segments());
        this.active = segments.active();
        this.tally = recovered.activeTally();
        this.durableIndex = tally.extent().last().index();
        this.activeHandle = files.pin(active, recovered.active(), tally.index());
        this.output = openOutput(recovered.activeSums());
        output.resume(tailOf(readerOf(active, activeHandle), tally.extent()), end());
        this.plannedEnd = end();
        this.zeroAhead = zeroAheadFrom(recovered.zeroedTo(), 0);
        recovered.gone().forEach(recycler::discardLater);
        if (recovered.damage().isEmpty()) {
            recovered.missingIndexes().forEach(this::writeIndex);
            zeroAhead.advance(end());
        }
    }

    private ZeroAhead zeroAheadFrom(long zeroedTo, int stepBytes) {
        return new ZeroAhead(disk, active.path(), buffer.blockBytes(), background, config, end(), zeroedTo, stepBytes);
    }

    private SegmentOutput openOutput(Optional<int[]> knownSums) throws IOException {
        return SegmentOutput.open(
                disk, active.path(), activeHandle.file(), buffer.blockBytes(), recycler.collector(active, knownSums));
    }

    /** Position after the last frame of the active segment. */
    private long end() {
        return tally.extent().end();
    }

    SegmentList segments() {
        return segments;
    }

    EntryReader reader() {
        return new EntryReader(this::segments, files);
    }

    long firstIndex() {
        return segments.first().baseIndex();
    }

    /** The last entry that is surely durable. */
    long durableIndex() {
        return durableIndex;
    }

    List<SegmentInfo> infos() {
        SegmentList now = segments;
        return now.all().stream()
                .map(segment -> SegmentInfo.of(segment, now.active() != segment))
                .toList();
    }

    SegmentFiles.Handle acquire(Segment segment) throws IOException {
        return files.acquire(segment);
    }

    /**
     * The first damage in the segment {@code file}, reading all of it; empty if there is none, after all. Then its sidecar may
     * have been wrong, and is made again.
     */
    Optional<Damage> examine(Path file) throws IOException {
        for (Segment segment : segments.all()) {
            if (segment.path().equals(file)) {
                try (SegmentFiles.Handle handle = files.acquire(segment)) {
                    long end = segment.extent().end();
                    FrameReader reader = SegmentScan.reader(file, handle.file(), segment.seed(), end);
                    SegmentScan scan = SegmentScan.of(segment.header(), reader, config, end);
                    if (scan.end() != end) {
                        return Optional.of(Scrub.damageAt(
                                segment, reader, scan.end(), scan.nextIndex(), "found when it was read"));
                    }
                    if (segments.isSealed(segment)) {
                        handle.setIndex(scan.tally().index());
                        writeIndex(scan.tally());
                    }
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }

    /** Whether the first of these entries is part of the log. For any thread. */
    boolean holds(Damage damage) {
        return segments.all().stream()
                .anyMatch(
                        segment -> segment.path().equals(damage.file()) && segment.lastIndex() >= damage.firstIndex());
    }

    Path activePath() {
        return segments.active().path();
    }

    private void update(UnaryOperator<SegmentList> change) {
        synchronized (background.gate()) {
            segments = change.apply(segments);
        }
    }

    /**
     * @throws IllegalArgumentException if the entries do not follow the log or each other; nothing is written then
     * @throws NoSpaceException         if there is no room; the log is as it was then
     */
    void append(List<LogEntry> entries) throws IOException {
        checkFollows(entries);
        if (entries.isEmpty()) {
            return;
        }
        Cut asItWas = new Cut(active, tally, tally.extent(), buffer.noteTail(output, end()));
        try {
            write(entries);
        } catch (NoSpaceException full) {
            undo(asItWas, full);
            throw full;
        }
    }

    /** Removes what was written of an append, wherever it ended: its remains must not be found behind later entries. */
    private void undo(Cut asItWas, NoSpaceException full) throws IOException {
        // If the append began with a segment of its own, that one may stay.
        Segment last = segments.get(segments.ofIndex(asItWas.fromIndex()));
        try {
            cut(last == asItWas.segment() ? asItWas : cutAll(last));
        } catch (IOException e) {
            IOException failure = new IOException("cannot take back what was written to a full disk", e);
            failure.addSuppressed(full);
            throw failure;
        }
    }

    private void write(List<LogEntry> entries) throws IOException {
        plannedEnd = endAfter(entries);
        LogEntry first = entries.get(0);
        if (needsNextSegment(end(), frameBytes(first))) {
            roll();
        }
        buffer.begin(this, output, end(), first);
        for (LogEntry entry : entries) {
            int bytes = frameBytes(entry);
            if (needsNextSegment(buffer.position(), bytes)) {
                publish();
                roll();
                buffer.begin(this, output, end(), entry);
            }
            long position = buffer.position();
            zeroAhead.claim(output.blockEnd(position + bytes));
            tally.add(buffer.put(entry, flushStart ? FrameFormat.FLAG_FLUSH_START : 0, active.seed()));
            unforcedBytes += bytes;
            flushStart = false;
        }
        publish();
        if (averageFlushBytes < LARGE_FLUSH_BYTES) {
            zeroAhead.advance(end());
        }
        if (config.zeroAheadBytes() > 0 && end() > config.segmentBytes() / 2 && !recycler.hasSpare()) {
            next.prepare();
        }
    }

    private static int frameBytes(LogEntry entry) {
        return FrameFormat.paddedBytes(
                FrameFormat.HEADER_BYTES + entry.payload().size());
    }

    private boolean needsNextSegment(long position, int frameBytes) {
        return position + frameBytes > config.segmentBytes() && position > SegmentHeader.BYTES;
    }

    private long endAfter(List<LogEntry> entries) {
        long end = end();
        for (LogEntry entry : entries) {
            int bytes = frameBytes(entry);
            end = bytes + (needsNextSegment(end, bytes) ? SegmentHeader.BYTES : end);
        }
        return end;
    }

    /** What will probably be appended next, after what is being appended. A hint only; for any thread. */
    void expect(List<LogEntry> entries) {
        long bytes = 0;
        for (LogEntry entry : entries) {
            bytes += entry.payload().size();
        }
        if (bytes < WORTH_EXPECTING_BYTES) {
            return;
        }
        long end = plannedEnd;
        long start = needsNextSegment(end, frameBytes(entries.get(0))) ? SegmentHeader.BYTES : end;
        buffer.expect(this, entries, (int) (start & buffer.blockBytes() - 1), background);
    }

    private void publish() throws IOException {
        buffer.finish();
        active.moveTo(tally.extent());
    }

    private void checkFollows(List<LogEntry> entries) {
        EntryId last = tally.extent().last();
        long offset = tally.extent().nextOffset();
        for (LogEntry entry : entries) {
            if (entry.index() != last.index() + 1
                    || entry.term() < last.term()
                    || entry.term() < 1
                    || entry.baseOffset() != offset) {
                throw new IllegalArgumentException("entry " + entry.id() + " with offset " + entry.baseOffset()
                        + " cannot follow " + last + ", which ends before offset " + offset);
            }
            if (entry.payload().size() > FrameFormat.MAX_PAYLOAD_BYTES) {
                throw new IllegalArgumentException("entry " + entry.id() + " has "
                        + entry.payload().size() + " bytes, at most " + FrameFormat.MAX_PAYLOAD_BYTES
                        + " fit into a frame");
            }
            last = entry.id();
            offset = entry.nextOffset();
        }
    }

    /** Seals the active segment and begins the next one behind it. */
    private void roll() throws IOException {
        if (!flushStart) {
            output.force();
            flushStart = true;
        }
        durableIndex = tally.extent().last().index();
        SegmentHeader header =
                new SegmentHeader(tally.extent().last(), tally.extent().nextOffset());
        Optional<Recycler.Spare> spare = recycler.take();
        DiskFile file = maker.make(header, spare, next);

        zeroAhead.retire();
        Segment sealed = active;
        SegmentTally sealedTally = tally;
        Optional<SumsCollector> sums = output.takeSums();
        output.close();
        activate(
                new Segment(directory, header, identity, Extent.empty(header)), file, new SegmentTally(header, config));
        output.resume(header.encode(identity).array(), end());
        update(now -> now.with(active));
        files.unpin(sealed);
        hardState.mark(marks -> marks.rolledTo(active.baseIndex()));
        writeIndex(sealedTally);
        sums.ifPresent(collector -> collector.finish(sealed.extent(), () -> segments.isSealed(sealed)));
        recycler.rolled(spare.map(Recycler.Spare::origin).orElse(0L));
        // Last, as a snapshot or a trim that follows a roll has often forced them by then.
        background.run(this::forceMarks);
    }

    /** A mark may be late, so nobody waits for it, but its force may not fail. */
    private void forceMarks() {
        try {
            hardState.force();
        } catch (IOException e) {
            background.fail(new StorageException(hardState.path(), "cannot force the marks", e));
        }
    }

    private void activate(Segment segment, DiskFile file, SegmentTally itsTally) throws IOException {
        active = segment;
        tally = itsTally;
        activeHandle = files.pin(segment, file, itsTally.index());
        output = openOutput(Optional.empty());
        zeroAhead = zeroAheadFrom(file.size(), zeroAhead.stepBytes());
    }

    private void writeIndex(SegmentTally sealed) {
        long base = sealed.header().baseIndex();
        IndexFile.writeInBackground(
                disk, directory, IndexFile.encode(sealed, identity), base, background, () -> isSealed(sealed));
    }

    private boolean isSealed(SegmentTally sealed) {
        SegmentList now = segments;
        Segment found = now.get(now.ofIndex(sealed.header().baseIndex()));
        return now.isSealed(found) && found.extent().equals(sealed.extent());
    }

    /**
     * As {@link #planCut} and {@link #cut}.
     *
     * @throws CorruptLogException as {@link #planCut}
     */
    void truncateSuffix(long fromIndex) throws IOException {
        Optional<Cut> planned = planCut(fromIndex);
        if (planned.isPresent()) {
            cut(planned.get());
        }
    }

    /**
     * Reads all that is to be known to forget {@code fromIndex} and everything after it; empty if there is nothing to forget.
     *
     * @throws IllegalArgumentException if the log starts behind {@code fromIndex}
     * @throws CorruptLogException      if some of what has to be read is damaged
     */
    Optional<Cut> planCut(long fromIndex) throws IOException {
        if (fromIndex < firstIndex()) {
            throw new IllegalArgumentException("cannot cut at " + fromIndex + ", the log starts at " + firstIndex());
        }
        if (fromIndex > tally.extent().last().index()) {
            return Optional.empty();
        }
        Segment last = segments.get(segments.ofIndex(fromIndex));
        if (fromIndex == last.baseIndex()) {
            return Optional.of(cutAll(last));
        }
        try (SegmentFiles.Handle handle = files.acquire(last)) {
            SegmentTally its = last == active ? tally : files.tallyOf(last, handle.file());
            FrameReader reader = readerOf(last, handle);
            Extent end = its.endBefore(reader, fromIndex);
            return Optional.of(new Cut(last, its, end, tailOf(reader, end)));
        }
    }

    /** All entries of {@code segment}, and what is behind it. */
    private Cut cutAll(Segment segment) {
        SegmentHeader header = segment.header();
        return new Cut(
                segment,
                segment == active ? tally : new SegmentTally(header, config),
                Extent.empty(header),
                header.encode(identity).array());
    }

    private static FrameReader readerOf(Segment segment, SegmentFiles.Handle handle) {
        return new FrameReader(segment.path(), handle.file(), segment.seed(), READ_BUFFER_BYTES);
    }

    /** What the block in which a segment ends has before that. */
    private byte[] tailOf(FrameReader reader, Extent end) throws IOException {
        long start = output.blockStart(end.end());
        byte[] tail = new byte[(int) (end.end() - start)];
        if (!reader.read(tail, start)) {
            throw reader.corrupt(end.end() - 1, end.last().index());
        }
        return tail;
    }

    /**
     * Forgets the entries, for good when this returns: what is written next may take the same places, and must never be read
     * together with the remains of what was there. Reads nothing.
     */
    void cut(Cut cut) throws IOException {
        hardState.mark(marks -> marks.cutFrom(cut.fromIndex(), cut.segment().baseIndex()));
        hardState.force();
        durableIndex = Math.min(durableIndex, cut.fromIndex() - 1);
        zeroAhead.retire();
        output.abandonSums();
        cut.tally().truncateTo(cut.end());
        if (cut.segment() == active) {
            active.moveTo(cut.end());
        } else {
            deleteBehind(cut);
        }
        output.resume(cut.tail(), end());
        writeTail();
        activeHandle.file().truncate(end());
        activeHandle.file().force();
        hardState.mark(HardStateFile.Marks::cut);
        hardState.force();
        flushStart = true;
        zeroAhead = zeroAheadFrom(end(), zeroAhead.stepBytes());
        zeroAhead.advance(end());
    }

    /** Who cuts a file within a block may have to read that block; if it cannot be read any more, writing it mends it. */
    private void writeTail() throws IOException {
        try {
            buffer.begin(output, end());
            buffer.finish();
        } catch (NoSpaceException full) {
            // Where what is there needs room to be written again, it stays as it is.
        }
    }

    /**
     * Deletes the segments behind the one that is to be the last, which becomes active; from the end on and one at a time, so that no crash
     * leaves a gap.
     */
    private void deleteBehind(Cut cut) throws IOException {
        SegmentList before = segments;
        int kept = before.ofIndex(cut.segment().baseIndex());
        DiskFile file = disk.open(cut.segment().path());
        // A new object: whoever still writes the sidecar of the sealed one must not take it for this.
        Segment last = new Segment(directory, cut.segment().header(), identity, cut.end());
        output.close();
        files.drop(cut.segment());
        activate(last, file, cut.tally());
        // Sums are only of what was never cut.
        output.abandonSums();
        update(now -> now.endingWith(last));
        deleteSidecars(last);
        for (int at = before.size() - 1; at > kept; at--) {
            Segment deleted = before.get(at);
            files.drop(deleted);
            disk.delete(deleted.path());
            deleteSidecars(deleted);
            disk.forceDirectory(directory);
        }
    }

    private void deleteSidecars(Segment segment) throws IOException {
        deleteIndex(segment);
        recycler.deleteSums(segment.baseIndex());
    }

    private void deleteIndex(Segment segment) throws IOException {
        Path sidecar = directory.resolve(IndexFile.fileName(segment.baseIndex()));
        if (disk.exists(sidecar)) {
            disk.delete(sidecar);
        }
    }

    void force() throws IOException {
        if (!flushStart) {
            output.force();
            flushStart = true;
            durableIndex = tally.extent().last().index();
            averageFlushBytes += (unforcedBytes - averageFlushBytes) / 8;
            unforcedBytes = 0;
        }
    }

    /**
     * Deletes the first segment if no entry of it is from {@code firstIndexToKeep} on, and it is not the only one. For any
     * thread, but one at a time.
     */
    boolean trimFirst(long firstIndexToKeep) throws IOException {
        Segment first;
        synchronized (background.gate()) {
            first = segments.first();
            if (background.isClosed() || first == segments.active() || first.lastIndex() >= firstIndexToKeep) {
                return false;
            }
        }
        hardState.mark(marks -> marks.trimmedTo(first.lastIndex() + 1));
        hardState.force();
        long recyclable = recycler.recyclableBytes(first);
        boolean isUnused;
        synchronized (background.gate()) {
            if (background.isClosed()) {
                return false;
            }
            segments = segments.withoutFirst();
            isUnused = files.drop(first);
            if (isUnused) {
                recycler.takeOver(first, recyclable);
            } else {
                disk.delete(first.path());
                recycler.deleteSums(first.baseIndex());
            }
            deleteIndex(first);
        }
        disk.forceDirectory(directory);
        if (isUnused) {
            recycler.settle(first.baseIndex(), recyclable);
        }
        return true;
    }

    /** Whether files of trimmed segments are kept. For any thread. */
    void setRecycling(boolean allowed) {
        recycler.setAllowed(allowed);
    }

    /** Makes room: what is kept only to be faster goes. For any thread. */
    void giveUpSpare() {
        recycler.giveUp();
    }

    void close() throws IOException {
        zeroAhead.retire();
        recycler.close();
        next.close();
        output.close();
        files.close();
    }
}

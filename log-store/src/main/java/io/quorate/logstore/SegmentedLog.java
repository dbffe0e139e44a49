/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.TermStarts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The entries of one group in segments.
 *
 * <p>Writing is for one thread; reading for any. What a reader needs is published last: bytes, then the segment's end,
 * then the list of segments. Invariants: the segments' ranges adjoin; all but the last are durable in full;
 * {@code flushStart} holds exactly when everything before the write position is durable.
 */
final class SegmentedLog {
    private static final int MIN_READ_BUFFER_BYTES = 16 << 10;
    private static final int MAX_READ_BUFFER_BYTES = 256 << 10;

    /**
     * From this size of a flush on, zero-filling ahead costs more than it saves: every byte is written twice, while the
     * file system's own work, which it takes off the flush, hardly grows with the bytes.
     */
    static final int LARGE_FLUSH_BYTES = 64 << 10;

    private final Disk disk;
    private final Path directory;
    private final StoreIdentity identity;
    private final LogStoreConfig config;
    private final Background background;
    private final WriteBuffer buffer;
    private final SegmentFiles files;
    private final NextSegment next;
    private final TermStarts terms;

    /** In order, never empty, the active one last. Replaced under the gate, for the background. */
    private volatile List<Segment> segments;

    // Of the writing thread.
    private Segment active;
    private SegmentFiles.Handle activeHandle;
    private SegmentOutput output;
    private ZeroAhead zeroAhead;
    private long nextOffset;
    private boolean flushStart = true;
    private long unforcedBytes;
    private long averageFlushBytes;

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
        this.next = new NextSegment(disk, directory, background, config, buffer.blockBytes());
        this.terms = recovered.terms().copy();
        this.segments = recovered.segments();
        this.active = segments.get(segments.size() - 1);
        this.activeHandle = files.pin(active, recovered.active(), recovered.activeIndex());
        this.output = openOutput();
        this.zeroAhead = zeroAheadOf(recovered.zeroedTo(), 0);
        this.nextOffset = recovered.nextOffset();
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            recovered.missingIndexes().get(i).ifPresent(sidecar -> writeIndex(segment, sidecar));
        }
        zeroAhead.advance(active.end());
    }

    private ZeroAhead zeroAheadOf(long zeroedTo, int stepBytes) {
        return new ZeroAhead(
                disk, active.path(), buffer.blockBytes(), background, config, active.end(), zeroedTo, stepBytes);
    }

    private SegmentOutput openOutput() throws IOException {
        return SegmentOutput.open(disk, active.path(), activeHandle.file(), buffer.blockBytes(), active.end());
    }

    /** Makes a segment of its own accord: zero-filled, with its header, forced, named, its name forced. */
    static DiskFile createSegment(
            Disk disk,
            Path directory,
            SegmentHeader header,
            StoreIdentity identity,
            LogStoreConfig config,
            int writeUnitBytes)
            throws IOException {
        Path temporary = directory.resolve(Segment.fileName(header.baseIndex()) + Recovery.TEMPORARY_SUFFIX);
        DiskFile file = disk.create(temporary);
        try (DiskFile filled = ZeroAhead.openToFill(disk, temporary, writeUnitBytes)) {
            ZeroAhead.fill(filled, 0, ZeroAhead.initialEnd(config, writeUnitBytes));
        } catch (IOException e) {
            file.close();
            throw e;
        }
        return nameSegment(disk, directory, file, temporary, header, identity);
    }

    private static DiskFile nameSegment(
            Disk disk, Path directory, DiskFile file, Path temporary, SegmentHeader header, StoreIdentity identity)
            throws IOException {
        Path path = directory.resolve(Segment.fileName(header.baseIndex()));
        try (file) {
            file.write(header.encode(identity), 0);
            file.force();
        }
        disk.rename(temporary, path);
        disk.forceDirectory(directory);
        return disk.open(path);
    }

    long firstIndex() {
        return segments.get(0).baseIndex();
    }

    long lastIndex() {
        List<Segment> now = segments;
        return now.get(now.size() - 1).lastIndex();
    }

    Path activePath() {
        List<Segment> now = segments;
        return now.get(now.size() - 1).path();
    }

    /**
     * @throws IllegalArgumentException if the entries do not follow the log or each other; nothing is written then
     */
    void append(List<LogEntry> entries) throws IOException {
        checkFollows(entries);
        if (entries.isEmpty()) {
            return;
        }
        buffer.begin(output, active.end());
        long lastIndex = active.lastIndex();
        for (LogEntry entry : entries) {
            int bytes = FrameFormat.paddedBytes(
                    FrameFormat.HEADER_BYTES + entry.payload().size());
            if (buffer.position() + bytes > config.segmentBytes() && buffer.position() > SegmentHeader.BYTES) {
                publish(lastIndex);
                roll();
                buffer.begin(output, active.end());
            }
            long position = buffer.position();
            zeroAhead.claim(output.blockEnd(position + bytes));
            activeHandle.index().note(entry.index(), entry.baseOffset(), position);
            buffer.put(entry, flushStart ? FrameFormat.FLAG_FLUSH_START : 0, active.seed());
            unforcedBytes += bytes;
            flushStart = false;
            terms.append(entry.id());
            nextOffset = entry.nextOffset();
            lastIndex = entry.index();
        }
        publish(lastIndex);
        if (averageFlushBytes < LARGE_FLUSH_BYTES) {
            zeroAhead.advance(active.end());
        }
        if (config.zeroAheadBytes() > 0 && active.end() > config.segmentBytes() / 2) {
            next.prepare();
        }
    }

    private void publish(long lastIndex) throws IOException {
        active.moveEnd(buffer.finish(), lastIndex);
    }

    private void checkFollows(List<LogEntry> entries) {
        long index = terms.lastIndex();
        long term = terms.last().term();
        long offset = nextOffset;
        for (LogEntry entry : entries) {
            if (entry.index() != index + 1 || entry.term() < term || entry.term() < 1 || entry.baseOffset() != offset) {
                throw new IllegalArgumentException("entry " + entry.id() + " with offset " + entry.baseOffset()
                        + " cannot follow " + term + "/" + index + ", which ends before offset " + offset);
            }
            if (entry.payload().size() > FrameFormat.MAX_PAYLOAD_BYTES) {
                throw new IllegalArgumentException("entry " + entry.id() + " has "
                        + entry.payload().size() + " bytes, at most " + FrameFormat.MAX_PAYLOAD_BYTES
                        + " fit into a frame");
            }
            index++;
            term = entry.term();
            offset = entry.nextOffset();
        }
    }

    /** Seals the active segment and begins the next one behind it. */
    private void roll() throws IOException {
        zeroAhead.retire();
        output.force();
        output.close();
        flushStart = true;

        Segment sealed = active;
        SegmentHeader header = new SegmentHeader(terms.last(), nextOffset);
        Optional<DiskFile> prepared = next.take();
        DiskFile file = prepared.isPresent()
                ? nameSegment(disk, directory, prepared.get(), next.path(), header, identity)
                : createSegment(disk, directory, header, identity, config, buffer.blockBytes());
        active = new Segment(
                directory,
                header,
                identity,
                SegmentHeader.BYTES,
                header.before().index());
        IndexFile sidecar = new IndexFile(termsOf(sealed), sealed.end(), nextOffset, activeHandle.index());
        activeHandle = files.pin(active, file, new SparseIndex(config.indexIntervalBytes()));
        output = openOutput();
        zeroAhead = zeroAheadOf(file.size(), zeroAhead.stepBytes());
        List<Segment> grown = new ArrayList<>(segments);
        grown.add(active);
        replaceSegments(grown);
        files.unpin(sealed);
        writeIndex(sealed, sidecar);
    }

    private TermStarts termsOf(Segment segment) {
        TermStarts own = new TermStarts(segment.header().before());
        for (long at = segment.baseIndex(); at <= segment.lastIndex(); at = own.lastIndex() + 1) {
            own.appendRun(terms.termAt(at), Math.min(segment.lastIndex(), terms.lastIndexOfTermAt(at)));
        }
        return own;
    }

    private void writeIndex(Segment sealed, IndexFile sidecar) {
        IndexFile.writeInBackground(disk, sealed, sidecar, background, () -> isSealed(sealed));
    }

    private boolean isSealed(Segment segment) {
        List<Segment> now = segments;
        return now.indexOf(segment) >= 0 && now.indexOf(segment) < now.size() - 1;
    }

    private void replaceSegments(List<Segment> replacement) {
        synchronized (background.gate()) {
            segments = List.copyOf(replacement);
        }
    }

    /**
     * Forgets {@code fromIndex} and all after it, for good when this returns: what is written next may take the same
     * places, and must never be read together with the remains of what was there.
     */
    void truncateSuffix(long fromIndex) throws IOException {
        if (fromIndex < firstIndex()) {
            throw new IllegalArgumentException("cannot cut at " + fromIndex + ", the log starts at " + firstIndex());
        }
        if (fromIndex > terms.lastIndex()) {
            return;
        }
        zeroAhead.retire();
        while (active.baseIndex() > fromIndex) {
            deleteActive();
        }
        Place cut = locate(activeHandle, active, fromIndex);
        terms.truncateSuffix(fromIndex);
        nextOffset = cut.baseOffset();
        active.moveEnd(cut.position(), fromIndex - 1);
        activeHandle.index().truncateSuffix(fromIndex);
        activeHandle.file().truncate(cut.position());
        activeHandle.file().force();
        output.seek(activeHandle.file(), cut.position());
        flushStart = true;
        zeroAhead = zeroAheadOf(cut.position(), zeroAhead.stepBytes());
        zeroAhead.advance(active.end());
    }

    /** Deletes the last segment; the one before it becomes active. One at a time, so that no crash leaves a gap. */
    private void deleteActive() throws IOException {
        List<Segment> shrunk = new ArrayList<>(segments);
        Segment deleted = shrunk.remove(shrunk.size() - 1);
        Segment sealed = shrunk.get(shrunk.size() - 1);
        // A new object: whoever still writes the sidecar of the sealed one must not take it for this.
        Segment last = new Segment(directory, sealed.header(), identity, sealed.end(), sealed.lastIndex());
        shrunk.set(shrunk.size() - 1, last);
        output.close();
        activeHandle = files.repin(last);
        active = last;
        output = openOutput();
        replaceSegments(shrunk);
        files.drop(deleted);
        disk.delete(deleted.path());
        Path sidecar = directory.resolve(IndexFile.fileName(last.baseIndex()));
        if (disk.exists(sidecar)) {
            disk.delete(sidecar);
        }
        disk.forceDirectory(directory);
    }

    void force() throws IOException {
        if (!flushStart) {
            output.force();
            flushStart = true;
            averageFlushBytes += (unforcedBytes - averageFlushBytes) / 8;
            unforcedBytes = 0;
        }
    }

    /** Where an entry is. */
    private record Place(long index, long baseOffset, long position) {}

    private Place locate(SegmentFiles.Handle handle, Segment segment, long index) throws IOException {
        FrameReader reader = readerOf(segment, handle, MIN_READ_BUFFER_BYTES);
        long position = handle.index().positionForIndex(index);
        while (true) {
            expectFrame(reader.look(position, segment.end()), segment, position, index);
            if (reader.header().index() == index) {
                return new Place(index, reader.header().baseOffset(), position);
            }
            position = reader.after(position);
        }
    }

    List<LogEntry> read(long fromIndex, long toIndex, int maxBytes) throws IOException {
        List<Segment> now = segments;
        if (fromIndex < now.get(0).baseIndex()) {
            throw new IllegalArgumentException("cannot read from index " + fromIndex + ", the log starts at "
                    + now.get(0).baseIndex());
        }
        List<LogEntry> entries = new ArrayList<>();
        long bytesLeft = maxBytes;
        long index = fromIndex;
        for (int i = floorByIndex(now, fromIndex); i < now.size() && (bytesLeft > 0 || entries.isEmpty()); i++) {
            Segment segment = now.get(i);
            long to = Math.min(toIndex, segment.lastIndex());
            if (index <= to) {
                long taken = readSegment(segment, index, to, bytesLeft, entries);
                bytesLeft -= taken;
                if (entries.get(entries.size() - 1).index() < to) {
                    break;
                }
                index = to + 1;
            }
        }
        return entries;
    }

    /** Adds entries from {@code from}, the first in any case if there was none before; returns their size. */
    private long readSegment(Segment segment, long from, long to, long maxBytes, List<LogEntry> entries)
            throws IOException {
        try (SegmentFiles.Handle handle = files.acquire(segment)) {
            long end = segment.end();
            int bufferBytes = (int) Math.max(MIN_READ_BUFFER_BYTES, Math.min(MAX_READ_BUFFER_BYTES, maxBytes));
            FrameReader reader = readerOf(segment, handle, bufferBytes);
            long position = handle.index().positionForIndex(from);
            long taken = 0;
            for (long index = from; index <= to; ) {
                if (!entries.isEmpty() && taken + reader.peekSizeBytes(position, end) > maxBytes) {
                    return taken;
                }
                expectFrame(reader.lookWithPayload(position, end), segment, position, index);
                long found = reader.header().index();
                if (found == index) {
                    LogEntry entry = reader.entry();
                    entries.add(entry);
                    taken += entry.sizeBytes();
                    index++;
                }
                position = reader.after(position);
            }
            return taken;
        }
    }

    long indexOfOffset(long offset) throws IOException {
        List<Segment> now = segments;
        if (offset < now.get(0).header().baseOffset()) {
            throw new IllegalArgumentException("offset " + offset + " is below the first kept offset "
                    + now.get(0).header().baseOffset());
        }
        int at = now.size() - 1;
        while (at > 0 && (now.get(at).isEmpty() || now.get(at).header().baseOffset() > offset)) {
            at--;
        }
        Segment segment = now.get(at);
        if (segment.isEmpty()) {
            throw new IllegalArgumentException("offset " + offset + ": the log is empty");
        }
        try (SegmentFiles.Handle handle = files.acquire(segment)) {
            FrameReader reader = readerOf(segment, handle, MIN_READ_BUFFER_BYTES);
            long end = segment.end();
            long found = segment.baseIndex();
            for (long position = handle.index().positionForOffset(offset); position < end; ) {
                expectFrame(reader.look(position, end), segment, position, found);
                if (reader.header().baseOffset() > offset) {
                    break;
                }
                found = reader.header().index();
                position = reader.after(position);
            }
            return found;
        }
    }

    private static int floorByIndex(List<Segment> segments, long index) {
        int low = 0;
        int high = segments.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (segments.get(middle).baseIndex() <= index) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private FrameReader readerOf(Segment segment, SegmentFiles.Handle handle, int bufferBytes) {
        // Nothing lies behind the end, so a small log needs only a small buffer.
        int useful = (int) Math.min(bufferBytes, segment.end());
        return new FrameReader(segment.path(), handle.file(), segment.seed(), useful);
    }

    private static void expectFrame(FrameReader.Look look, Segment segment, long position, long index) {
        if (look != FrameReader.Look.FRAME) {
            throw new CorruptLogException(
                    segment.path(), position, index, "an entry that was written before is damaged");
        }
    }

    void close() throws IOException {
        zeroAhead.retire();
        Optional<DiskFile> unused = next.take();
        if (unused.isPresent()) {
            unused.get().close();
        }
        output.close();
        files.close();
    }
}

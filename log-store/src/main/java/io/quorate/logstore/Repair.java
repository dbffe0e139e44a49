/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.logstore.io.NoSpaceException;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Mends damage in a closed log's directory: the damaged segment is written anew under a temporary name, with the entries
 * that are good and those that were fetched in place of the damaged ones, forced, and renamed over the old one. A crash leaves the
 * old file or the new one.
 *
 * @param segments what recovery saw, or what the store had when it found the damage
 */
record Repair(
        Disk disk,
        Path directory,
        StoreIdentity identity,
        WriteBuffer buffer,
        SnapshotFiles snapshots,
        HardStateFile hardState,
        SegmentList segments) {

    /** A repair is beside the writing thread and its buffer: it must not hold up other groups' flushes. */
    private static final int BUFFER_BYTES = 256 << 10;

    Repair(
            Disk disk,
            Path directory,
            StoreIdentity identity,
            SnapshotFiles snapshots,
            HardStateFile hardState,
            SegmentList segments) {
        this(disk, directory, identity, new WriteBuffer(BUFFER_BYTES), snapshots, hardState, segments);
    }

    /** What is done about a damage. */
    interface Mending {
        void apply(Repair repair) throws IOException;
    }

    /**
     * Puts {@code entries} where {@code damage} is.
     *
     * @throws IllegalArgumentException if they are not exactly what is missing, or do not fit to what is around; nothing
     *                                  has changed then
     */
    void fill(Damage damage, List<LogEntry> entries) throws IOException {
        checkRange(damage, entries);
        place(damage, entries, true);
    }

    /**
     * Puts {@code entries} where {@code damage} begins, and leaves nothing of what is behind in that segment.
     *
     * @throws IllegalArgumentException if they do not begin where the damage does, or do not follow what is before; nothing
     *                                  has changed then
     */
    void fillFirst(Damage damage, List<LogEntry> entries) throws IOException {
        checkFirst(damage, entries);
        place(damage, entries, false);
    }

    /**
     * As {@link #fillFirst}, and leaves nothing of any later segment either. Those go first: the new entries may reach beyond
     * their beginnings, and two segments that overlap are refused. The marks keep what is left damaged until all is done.
     */
    void replaceFrom(Damage damage, List<LogEntry> entries) throws IOException {
        checkFirst(damage, entries);
        int kept = segments.ofIndex(damage.firstIndex());
        Segment segment = segments.get(kept);
        if (isIn(segment, damage)) {
            try (DiskFile file = disk.open(segment.path())) {
                FrameReader reader = SegmentScan.reader(segment.path(), file, segment.seed(), file.size());
                checkFitsBefore(reader, segment, damage, entries);
            }
        } else {
            Extent before = endBefore(damage.firstIndex());
            checkFollow(before.last(), before.nextOffset(), entries);
        }
        hardState.mark(
                marks -> marks.cutFrom(Long.MAX_VALUE, segment.baseIndex()).durableTo(damage.firstIndex()));
        hardState.force();
        int lastKept = segment.baseIndex() <= damage.firstIndex() ? kept : -1;
        for (int i = segments.size() - 1; i > lastKept; i--) {
            disk.delete(segments.get(i).path());
            disk.forceDirectory(directory);
        }
        place(damage, entries, false);
    }

    private static boolean isIn(Segment segment, Damage damage) {
        return segment.baseIndex() <= damage.firstIndex() && segment.path().equals(damage.file());
    }

    private void checkFirst(Damage damage, List<LogEntry> entries) {
        if (entries.isEmpty() || entries.get(0).index() != damage.firstIndex()) {
            throw new IllegalArgumentException("entries from "
                    + (entries.isEmpty() ? 0 : entries.get(0).index()) + " on do not mend damage from index "
                    + damage.firstIndex() + " on");
        }
        checkTerm(entries);
    }

    private void place(Damage damage, List<LogEntry> entries, boolean keepsBehind) throws IOException {
        Segment segment = segments.get(segments.ofIndex(damage.firstIndex()));
        if (isIn(segment, damage)) {
            rewrite(segment, damage, entries, keepsBehind);
        } else {
            Extent before = endBefore(damage.firstIndex());
            checkFollow(before.last(), before.nextOffset(), entries);
            SegmentHeader header = new SegmentHeader(before.last(), before.nextOffset());
            if (damage.isOpenEnded()) {
                // This becomes the last segment, whatever its name was before.
                hardState.mark(marks -> marks.cutFrom(Long.MAX_VALUE, header.baseIndex()));
                hardState.force();
            }
            write(header, entries, Optional.empty(), damage);
        }
    }

    private void checkRange(Damage damage, List<LogEntry> entries) {
        long needed = damage.isOpenEnded()
                ? Math.max(hardState.marks().durableIndex(), damage.firstIndex())
                : damage.lastIndex();
        long first = entries.isEmpty() ? 0 : entries.get(0).index();
        long last = entries.isEmpty() ? 0 : entries.get(entries.size() - 1).index();
        if (first != damage.firstIndex() || last < needed || !damage.isOpenEnded() && last > needed) {
            throw new IllegalArgumentException("entries " + first + " to " + last + " do not mend damage from index "
                    + damage.firstIndex() + " to " + needed + (damage.isOpenEnded() ? " or later" : ""));
        }
        checkTerm(entries);
    }

    private void checkTerm(List<LogEntry> entries) {
        long term = hardState.state().term();
        if (entries.get(entries.size() - 1).term() > term) {
            throw new IllegalArgumentException("entries of term "
                    + entries.get(entries.size() - 1).term() + ", but the hard state is of term " + term);
        }
    }

    /** Where the log ends before a segment that is missing. */
    private Extent endBefore(long index) throws IOException {
        for (Segment segment : segments.all()) {
            if (segment.lastIndex() == index - 1) {
                return segment.extent();
            }
        }
        if (index == 1) {
            return Extent.empty(new SegmentHeader(EntryId.NONE, 0));
        }
        return snapshots
                .endAt(index - 1)
                .map(snapshot -> Extent.empty(new SegmentHeader(snapshot.last(), snapshot.nextOffset())))
                .orElseThrow(() -> new IllegalArgumentException("nothing tells what comes before index " + index
                        + "; the log can only be replaced by a snapshot"));
    }

    private static Extent checkFollow(EntryId before, long nextOffset, List<LogEntry> entries) {
        EntryId last = before;
        long offset = nextOffset;
        for (LogEntry entry : entries) {
            if (entry.index() != last.index() + 1 || entry.term() < last.term() || entry.baseOffset() != offset) {
                throw new IllegalArgumentException("entry " + entry.id() + " with offset " + entry.baseOffset()
                        + " cannot follow " + last + ", which ends before offset " + offset);
            }
            last = entry.id();
            offset = entry.nextOffset();
        }
        return new Extent(0, last, offset, 0, 0);
    }

    private void rewrite(Segment segment, Damage damage, List<LogEntry> entries, boolean keepsBehind)
            throws IOException {
        try (DiskFile file = disk.open(segment.path())) {
            long size = file.size();
            FrameReader reader = SegmentScan.reader(segment.path(), file, segment.seed(), size);
            checkFitsBefore(reader, segment, damage, entries);
            if (keepsBehind) {
                checkFitsBehind(reader, damage, entries, size);
            }
            write(segment.header(), entries, Optional.of(new Old(reader, size, keepsBehind)), damage);
        }
    }

    /** The file that is written anew. @param keepsBehind whether what is behind the damage is kept */
    private record Old(FrameReader reader, long size, boolean keepsBehind) {}

    private void checkFitsBefore(FrameReader reader, Segment segment, Damage damage, List<LogEntry> entries)
            throws IOException {
        EntryId last = segment.header().before();
        long offset = segment.header().baseOffset();
        for (long at = SegmentHeader.BYTES; last.index() + 1 < damage.firstIndex(); at = reader.after(at)) {
            if (reader.look(at, damage.position()) != FrameReader.Look.FRAME) {
                throw reader.corrupt(at, last.index() + 1);
            }
            last = new EntryId(reader.header().term(), reader.header().index());
            offset = reader.header().baseOffset() + reader.header().recordCount();
        }
        checkFollow(last, offset, entries);
    }

    /** What has only lost its payload still says which entry it was, and what is behind must follow. */
    private static void checkFitsBehind(FrameReader reader, Damage damage, List<LogEntry> entries, long size)
            throws IOException {
        if (reader.look(damage.position(), size) == FrameReader.Look.DAMAGED
                && reader.header().index() == damage.firstIndex()
                && !reader.header().isOf(entries.get(0))) {
            throw new IllegalArgumentException("entry " + entries.get(0).id()
                    + " is not the one that is damaged: its header, which is intact, says so");
        }
        LogEntry last = entries.get(entries.size() - 1);
        long next = headerOf(reader, damage.position(), last.index() + 1, size);
        if (next >= 0
                && (reader.header().term() < last.term() || reader.header().baseOffset() != last.nextOffset())) {
            throw new IllegalArgumentException("entry " + last.id() + " does not go before the good entry "
                    + reader.header().term() + "/" + reader.header().index() + " behind the damage");
        }
    }

    /** The position of the intact header of entry {@code index}, -1 if there is none. */
    private static long headerOf(FrameReader reader, long from, long index, long size) throws IOException {
        long position = reader.nextHeader(from, size);
        while (position >= 0 && reader.header().index() != index) {
            position = reader.nextHeader(reader.after(position), size);
        }
        return position;
    }

    private void write(SegmentHeader header, List<LogEntry> entries, Optional<Old> old, Damage damage)
            throws IOException {
        Path path = directory.resolve(Segment.fileName(header.baseIndex()));
        Path temporary = directory.resolve(path.getFileName() + Recovery.TEMPORARY_SUFFIX);
        if (disk.exists(temporary)) {
            disk.delete(temporary);
        }
        try (DiskFile file = disk.create(temporary)) {
            file.write(header.encode(identity), 0);
            long seed = identity.seed(header.baseIndex());
            buffer.begin(SegmentOutput.open(disk, temporary, file, 1, Optional.empty()), SegmentHeader.BYTES);
            if (old.isPresent()) {
                long end = copy(old.get(), SegmentHeader.BYTES, header.baseIndex(), damage.firstIndex() - 1, seed);
                if (end != damage.position()) {
                    throw old.get().reader().corrupt(end, damage.firstIndex());
                }
            }
            for (LogEntry entry : entries) {
                buffer.put(entry, FrameFormat.FLAG_FLUSH_START, seed);
            }
            if (old.isPresent() && old.get().keepsBehind()) {
                copyBehind(
                        old.get(), file, damage, entries.get(entries.size() - 1).index() + 1, seed);
            } else {
                buffer.finish();
            }
            file.force();
        } catch (NoSpaceException e) {
            disk.delete(temporary);
            throw e;
        }
        deleteSidecars(header.baseIndex());
        disk.rename(temporary, path);
        disk.forceDirectory(directory);
    }

    /**
     * Copies good frames from {@code position} on, up to {@code lastIndex}, and returns where the first one that is not
     * good or not wanted begins. All are forced before the file has its name, so each may say that it begins a flush.
     */
    private long copy(Old old, long position, long firstIndex, long lastIndex, long seed) throws IOException {
        long at = position;
        for (long index = firstIndex; index <= lastIndex; index++) {
            if (old.reader().lookWithPayload(at, old.size()) != FrameReader.Look.FRAME
                    || old.reader().header().index() != index) {
                return at;
            }
            buffer.put(old.reader().entry(), FrameFormat.FLAG_FLUSH_START, seed);
            at = old.reader().after(at);
        }
        return at;
    }

    private boolean isUnwritten(Old old, long from) throws IOException {
        List<String> names = disk.list(directory);
        try (StaleSectors stale = StaleSectors.find(
                disk, directory, identity, names, hardState.marks().firstSegment())) {
            return stale.isMissing(old.reader(), from, old.size());
        }
    }

    /** Copies what comes after the damage: good frames, and as it is what is behind them, such as more damage. */
    private void copyBehind(Old old, DiskFile target, Damage damage, long nextIndex, long seed) throws IOException {
        long position = headerOf(old.reader(), damage.position(), nextIndex, old.size());
        if (position < 0) {
            buffer.finish();
            return;
        }
        long rest = copy(old, position, nextIndex, Long.MAX_VALUE, seed);
        long end = buffer.finish();
        if (isUnwritten(old, rest)) {
            return;
        }
        if (end != rest) {
            throw new CorruptLogException(
                    damage.file(), rest, nextIndex, "damage in several places; replace the log by a snapshot");
        }
        for (long at = rest; at < old.size(); ) {
            ByteBuffer piece = old.reader().bytes(at, old.size());
            int count = piece.remaining();
            if (count == 0) {
                break;
            }
            target.write(piece, at);
            at += count;
        }
    }

    /**
     * Cuts {@code fromIndex} and everything behind it, the damage included.
     *
     * @throws IllegalArgumentException if the log is known to be damaged before, or starts behind it
     * @throws CorruptLogException      if it is found to be damaged before; nothing has changed then
     */
    void cut(Damage damage, long fromIndex) throws IOException {
        if (fromIndex > damage.firstIndex() || fromIndex < segments.first().baseIndex()) {
            throw new IllegalArgumentException("cannot cut at " + fromIndex + ": the log starts at "
                    + segments.first().baseIndex() + " and is damaged from " + damage.firstIndex() + " on");
        }
        int kept = segments.ofIndex(fromIndex);
        Segment segment = segments.get(kept);
        try (DiskFile file = disk.open(segment.path())) {
            long end = endBefore(fromIndex, segment, file);
            hardState.mark(marks -> marks.cutFrom(fromIndex, segment.baseIndex()));
            hardState.force();
            for (int i = segments.size() - 1; i > kept; i--) {
                disk.delete(segments.get(i).path());
                disk.forceDirectory(directory);
            }
            deleteSidecars(segment.baseIndex());
            file.truncate(end);
            file.force();
        }
    }

    private static long endBefore(long fromIndex, Segment segment, DiskFile file) throws IOException {
        long size = file.size();
        FrameReader reader = SegmentScan.reader(segment.path(), file, segment.seed(), size);
        long end = SegmentHeader.BYTES;
        for (long index = segment.baseIndex(); index < fromIndex; index++) {
            if (reader.lookAtHeader(end, size) != FrameReader.Look.FRAME) {
                throw reader.corrupt(end, index);
            }
            end = reader.after(end);
        }
        // A file that is cut within a block loses the rest of that block: the system may have to read it.
        if (fromIndex > segment.baseIndex() && !reader.canRead(end - 1, size)) {
            throw reader.corrupt(end - 1, fromIndex - 1);
        }
        return end;
    }

    /** Before a segment becomes another one: they are of the frames that are there now. */
    private void deleteSidecars(long baseIndex) throws IOException {
        for (String name : List.of(IndexFile.fileName(baseIndex), SectorSums.fileName(baseIndex))) {
            Path sidecar = directory.resolve(name);
            if (disk.exists(sidecar)) {
                disk.delete(sidecar);
            }
        }
        disk.forceDirectory(directory);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Reads a log and finds places in it, for any number of threads beside the one that writes. */
final class EntryReader {
    private static final int MIN_BUFFER_BYTES = 16 << 10;
    private static final int MAX_BUFFER_BYTES = 256 << 10;

    private final Supplier<SegmentList> segments;
    private final SegmentFiles files;

    EntryReader(Supplier<SegmentList> segments, SegmentFiles files) {
        this.segments = segments;
        this.files = files;
    }

    List<LogEntry> read(long fromIndex, long toIndex, int maxBytes) throws IOException {
        SegmentList now = segments.get();
        if (fromIndex < now.first().baseIndex()) {
            throw new IllegalArgumentException("cannot read from index " + fromIndex + ", the log starts at "
                    + now.first().baseIndex());
        }
        List<LogEntry> entries = new ArrayList<>();
        long bytesLeft = maxBytes;
        long index = fromIndex;
        for (int i = now.ofIndex(fromIndex); i < now.size() && (bytesLeft > 0 || entries.isEmpty()); i++) {
            Segment segment = now.get(i);
            long to = Math.min(toIndex, segment.lastIndex());
            if (index <= to) {
                try {
                    bytesLeft -= readSegment(segment, index, to, bytesLeft, entries);
                } catch (CorruptLogException damaged) {
                    if (entries.isEmpty()) {
                        throw damaged;
                    }
                    break;
                }
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
            long end = segment.extent().end();
            int bufferBytes = (int) Math.max(MIN_BUFFER_BYTES, Math.min(MAX_BUFFER_BYTES, maxBytes));
            FrameReader reader = readerOf(segment, handle, bufferBytes);
            long position = position(reader, handle, segment, from);
            long taken = 0;
            for (long index = from; index <= to; index++) {
                if (!entries.isEmpty() && taken + reader.peekSizeBytes(position, end) > maxBytes) {
                    return taken;
                }
                if (reader.lookWithPayload(position, end) != FrameReader.Look.FRAME
                        || reader.header().index() != index) {
                    throw reader.corrupt(position, index);
                }
                LogEntry entry = reader.entry();
                entries.add(entry);
                taken += entry.sizeBytes();
                position = reader.after(position);
            }
            return taken;
        }
    }

    /** Where the entry {@code index} is, stepping from header to header, and over what is damaged before it. */
    private static long position(FrameReader reader, SegmentFiles.Handle handle, Segment segment, long index)
            throws IOException {
        long end = segment.extent().end();
        long position = handle.index().positionForIndex(index);
        long damaged = -1;
        while (true) {
            if (reader.lookAtHeader(position, end) != FrameReader.Look.FRAME) {
                damaged = damaged < 0 ? position : damaged;
                position = reader.nextHeader(position + FrameFormat.ALIGNMENT, end);
            }
            if (position < 0 || reader.header().index() > index) {
                throw reader.corrupt(damaged < 0 ? position : damaged, index);
            }
            if (reader.header().index() == index) {
                return position;
            }
            position = reader.after(position);
        }
    }

    List<LogEntry> entriesOfType(EntryType type, long fromIndex) throws IOException {
        List<LogEntry> found = new ArrayList<>();
        for (Segment segment : segments.get().all()) {
            if (!segment.isEmpty() && segment.lastIndex() >= fromIndex) {
                addEntriesOfType(type, segment, Math.max(fromIndex, segment.baseIndex()), found);
            }
        }
        return found;
    }

    private void addEntriesOfType(EntryType type, Segment segment, long fromIndex, List<LogEntry> found)
            throws IOException {
        try (SegmentFiles.Handle handle = files.acquire(segment)) {
            FrameReader reader = readerOf(segment, handle, SegmentScan.BUFFER_BYTES);
            long end = segment.extent().end();
            long index = fromIndex;
            for (long position = position(reader, handle, segment, fromIndex); position < end; index++) {
                if (reader.lookAtHeader(position, end) != FrameReader.Look.FRAME) {
                    throw reader.corrupt(position, index);
                }
                if (reader.header().typeCode() == type.code()) {
                    if (reader.lookWithPayload(position, end) != FrameReader.Look.FRAME) {
                        throw reader.corrupt(position, index);
                    }
                    found.add(reader.entry());
                }
                position = reader.after(position);
            }
        }
    }

    /** By the headers, which have the payloads' checksums; empty unless the log holds all of them. */
    Optional<DigestPart> digest(long fromIndex, long toIndex, long before, long maxBytes) throws IOException {
        return unlessTrimmed(fromIndex, now -> digest(now, fromIndex, toIndex, before, maxBytes));
    }

    private Optional<DigestPart> digest(SegmentList now, long fromIndex, long toIndex, long before, long maxBytes)
            throws IOException {
        if (toIndex > now.active().lastIndex()) {
            return Optional.empty();
        }
        long digest = before;
        long bytes = 0;
        long index = fromIndex;
        for (int i = now.ofIndex(fromIndex); i < now.size() && index <= toIndex && bytes < maxBytes; i++) {
            Segment segment = now.get(i);
            try (SegmentFiles.Handle handle = files.acquire(segment)) {
                FrameReader reader = readerOf(segment, handle, SegmentScan.BUFFER_BYTES);
                long end = segment.extent().end();
                long to = Math.min(toIndex, segment.lastIndex());
                long position = index <= to ? position(reader, handle, segment, index) : end;
                for (; index <= to && bytes < maxBytes; index++) {
                    if (reader.lookAtHeader(position, end) != FrameReader.Look.FRAME
                            || reader.header().index() != index) {
                        throw reader.corrupt(position, index);
                    }
                    digest = reader.header().digest(digest);
                    bytes += reader.after(position) - position;
                    position = reader.after(position);
                }
            }
        }
        return Optional.of(new DigestPart(digest, index, bytes));
    }

    /** Entries that are intact and yet wrong, as damage: as many of them as the first one's segment holds. */
    Optional<Damage> asDamage(long fromIndex, long toIndex, String found) throws IOException {
        return unlessTrimmed(fromIndex, now -> {
            Segment segment = now.get(now.ofIndex(fromIndex));
            try (SegmentFiles.Handle handle = files.acquire(segment)) {
                FrameReader reader = readerOf(segment, handle, MIN_BUFFER_BYTES);
                return Optional.of(new Damage(
                        segment.path(),
                        position(reader, handle, segment, fromIndex),
                        fromIndex,
                        Math.min(toIndex, segment.lastIndex()),
                        found));
            }
        });
    }

    private interface Part<T> {
        Optional<T> of(SegmentList segments) throws IOException;
    }

    /** Whoever does not take turns with who trims may find a segment gone in the midst of its work. */
    private <T> Optional<T> unlessTrimmed(long fromIndex, Part<T> part) throws IOException {
        SegmentList now = segments.get();
        if (fromIndex < now.first().baseIndex()) {
            return Optional.empty();
        }
        try {
            return part.of(now);
        } catch (IOException e) {
            if (fromIndex < segments.get().first().baseIndex()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    long indexOfOffset(long offset) throws IOException {
        SegmentList now = segments.get();
        if (offset < now.first().header().baseOffset()) {
            throw new IllegalArgumentException("offset " + offset + " is below the first kept offset "
                    + now.first().header().baseOffset());
        }
        Segment segment = now.get(now.ofOffset(offset));
        if (segment.isEmpty()) {
            throw new IllegalArgumentException("offset " + offset + ": the log is empty");
        }
        try (SegmentFiles.Handle handle = files.acquire(segment)) {
            FrameReader reader = readerOf(segment, handle, MIN_BUFFER_BYTES);
            long end = segment.extent().end();
            long found = segment.baseIndex();
            for (long position = handle.index().positionForOffset(offset); position < end; ) {
                if (reader.lookAtHeader(position, end) != FrameReader.Look.FRAME) {
                    throw reader.corrupt(position, found);
                }
                if (reader.header().baseOffset() > offset) {
                    break;
                }
                found = reader.header().index();
                position = reader.after(position);
            }
            return found;
        }
    }

    long indexOfTimestamp(long millis) throws IOException {
        SegmentList now = segments.get();
        Segment segment = now.get(now.ofTimestamp(millis));
        try (SegmentFiles.Handle handle = files.acquire(segment)) {
            FrameReader reader = readerOf(segment, handle, MIN_BUFFER_BYTES);
            Extent extent = segment.extent();
            if (extent.maxTimestampMillis() >= millis) {
                for (long position = handle.index().positionForTimestamp(millis); position < extent.end(); ) {
                    if (reader.lookAtHeader(position, extent.end()) != FrameReader.Look.FRAME) {
                        throw reader.corrupt(position, segment.baseIndex());
                    }
                    if (reader.header().timestampMillis() >= millis) {
                        return reader.header().index();
                    }
                    position = reader.after(position);
                }
            }
            return extent.last().index() + 1;
        }
    }

    private static FrameReader readerOf(Segment segment, SegmentFiles.Handle handle, int bufferBytes) {
        // Nothing lies behind the end, so a small log needs only a small buffer.
        int useful = (int) Math.min(bufferBytes, segment.extent().end());
        return new FrameReader(segment.path(), handle.file(), segment.seed(), useful);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.io.IOException;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Reads the sealed segments of a log again, a little at a time, so that silent damage is found before its entries are
 * needed: every frame is verified, and all of a segment against its digest. Damage shows in {@link LogStore#damage}. For
 * one thread at a time, beside all others.
 */
public final class Scrub {
    private static final int BUFFER_BYTES = 64 << 10;

    private final Supplier<SegmentedLog> logs;
    private final LogStoreConfig config;
    private final BiConsumer<SegmentedLog, Damage> onDamage;

    private SegmentedLog log;
    private Segment segment;
    private SegmentTally tally;
    private long nextBase;

    Scrub(Supplier<SegmentedLog> logs, LogStoreConfig config, BiConsumer<SegmentedLog, Damage> onDamage) {
        this.logs = logs;
        this.config = config;
        this.onDamage = onDamage;
    }

    /**
     * Goes on reading, for at most {@code maxBytes} and the frame in which they end, and within one segment.
     *
     * @throws StorageException if the disk fails
     */
    public ScrubStep step(int maxBytes) {
        SegmentedLog now = logs.get();
        if (now != log) {
            log = now;
            segment = null;
        }
        SegmentList segments = now.segments();
        if (segment == null || !segments.isSealed(segment)) {
            Optional<Segment> next = segments.all().stream()
                    .filter(candidate -> candidate.baseIndex() >= nextBase && segments.isSealed(candidate))
                    .findFirst();
            if (next.isEmpty()) {
                segment = null;
                nextBase = 0;
                return new ScrubStep(0, Optional.empty(), true);
            }
            segment = next.get();
            tally = new SegmentTally(segment.header(), config);
        }
        try {
            return read(maxBytes);
        } catch (IOException e) {
            if (!now.segments().isSealed(segment)) {
                // It was trimmed or cut meanwhile: there is nothing left to verify.
                return finishSegment(0, Optional.empty());
            }
            throw new StorageException(segment.path(), "cannot read it to verify it", e);
        }
    }

    private ScrubStep read(int maxBytes) throws IOException {
        long start = tally.extent().end();
        long end = segment.extent().end();
        try (SegmentFiles.Handle handle = log.acquire(segment)) {
            FrameReader reader = new FrameReader(segment.path(), handle.file(), segment.seed(), BUFFER_BYTES);
            while (tally.extent().end() < end && tally.extent().end() - start < maxBytes) {
                long position = tally.extent().end();
                if (reader.look(position, end) != FrameReader.Look.FRAME
                        || !SegmentScan.follows(reader.header(), tally.extent())) {
                    long index = tally.extent().last().index() + 1;
                    onDamage.accept(log, damageAt(segment, reader, position, index, "found by reading it again"));
                    return finishSegment(position - start, Optional.empty());
                }
                tally.add(reader.header());
            }
        }
        long bytes = tally.extent().end() - start;
        if (tally.extent().end() < end) {
            return new ScrubStep(bytes, Optional.empty(), false);
        }
        if (!tally.extent().equals(segment.extent())) {
            onDamage.accept(
                    log,
                    new Damage(
                            segment.path(),
                            SegmentHeader.BYTES,
                            segment.baseIndex(),
                            segment.lastIndex(),
                            "ROT: the entries are not those of which the digest was taken"));
            return finishSegment(bytes, Optional.empty());
        }
        return finishSegment(bytes, Optional.of(SegmentInfo.of(segment, true)));
    }

    private ScrubStep finishSegment(long bytes, Optional<SegmentInfo> verified) {
        nextBase = segment.baseIndex() + 1;
        segment = null;
        return new ScrubStep(bytes, verified, false);
    }

    /** Damage of the entry {@code index} at {@code position}, up to the next entry that is not. */
    static Damage damageAt(Segment segment, FrameReader reader, long position, long index, String how)
            throws IOException {
        long end = segment.extent().end();
        long next = reader.nextHeader(position + FrameFormat.ALIGNMENT, end);
        while (next >= 0 && reader.header().index() <= index) {
            next = reader.nextHeader(reader.after(next), end);
        }
        long lastIndex = next >= 0 ? reader.header().index() - 1 : segment.lastIndex();
        return new Damage(
                segment.path(), position, index, lastIndex, "ROT: no valid entry, " + how + reader.unreadable());
    }
}

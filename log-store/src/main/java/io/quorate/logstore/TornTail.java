/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.io.IOException;
import java.nio.file.Path;

/** Tells a torn tail, which may be cut, from rot, which must not: rows TORN and ROT of {@link Recovery}. */
final class TornTail {
    /** How often the bytes behind the damage may be checksummed in all before we give up and refuse. */
    private static final int MAX_PASSES = 16;

    private TornTail() {}

    /**
     * Looks behind the last good frame for one that begins a later flush. Such a frame was written after everything
     * before it was forced, so what is broken here was durable once.
     *
     * <p>Only the last flush lies behind a torn frame, and payloads are not trusted to be free of bytes that look like
     * frames: a candidate must fit the log's next indexes before it is checksummed, and the work is bounded.
     *
     * @throws CorruptLogException if there is one
     */
    static void checkNothingLaterBehind(Path path, FrameReader reader, SegmentScan scan, long size) throws IOException {
        long expected = scan.terms().lastIndex() + 1;
        long region = size - scan.end();
        long maxIndex = expected + region / FrameFormat.HEADER_BYTES;
        long budget = MAX_PASSES * region + FrameFormat.MAX_FRAME_BYTES;
        long position = scan.end() + FrameFormat.ALIGNMENT;
        while (position < size) {
            position = reader.firstNonZero(position, size) & -FrameFormat.ALIGNMENT;
            if (size - position < FrameFormat.HEADER_BYTES) {
                return;
            }
            if (reader.couldBeFrame(position, size, expected, maxIndex)) {
                budget -= reader.header().length();
                if (reader.look(position, size) == FrameReader.Look.FRAME
                        && reader.header().isFlushStart()) {
                    throw new CorruptLogException(
                            path,
                            scan.end(),
                            expected,
                            "ROT: no valid entry, but entry " + reader.header().index()
                                    + " of a later flush is intact at position " + position);
                }
                if (budget < 0) {
                    throw new CorruptLogException(
                            path,
                            scan.end(),
                            expected,
                            "ROT: too much behind it looks like entries to tell a torn tail");
                }
            }
            position += FrameFormat.ALIGNMENT;
        }
    }
}

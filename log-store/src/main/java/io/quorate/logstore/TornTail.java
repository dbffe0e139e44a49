/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.io.IOException;
import java.nio.file.Path;

/** Tells a torn tail, which may be cut, from rot, which must not: rows TORN and ROT of {@link Recovery}. */
final class TornTail {
    private TornTail() {}

    /**
     * Looks behind the last good frame for one that begins a later flush. Such a frame was written after everything
     * before it was forced, so what is broken here was durable once.
     *
     * @throws CorruptLogException if there is one
     */
    static void checkNothingLaterBehind(Path path, FrameReader reader, SegmentScan scan, long size) throws IOException {
        for (long position = reader.nextHeader(scan.end() + FrameFormat.ALIGNMENT, size);
                position >= 0;
                position = reader.nextHeader(reader.after(position), size)) {
            if (reader.header().isFlushStart()) {
                throw new CorruptLogException(
                        path,
                        scan.end(),
                        scan.nextIndex(),
                        "ROT: no valid entry, but entry " + reader.header().index()
                                + " of a later flush is intact at position " + position);
            }
        }
    }
}

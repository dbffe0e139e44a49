/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.io.IOException;

/** Steps through all frames of a segment, and over whatever is none, without judging. */
final class SegmentWalk {
    private SegmentWalk() {}

    /** Whoever looks at the frames. */
    interface Visitor {
        /**
         * A frame with an intact header, which is {@code reader.header()}.
         *
         * @param isIntact whether the payload is there and verifies, or was not looked at
         * @return whether to go on
         */
        boolean frame(long position, boolean isIntact) throws IOException;

        /** No header from {@code position} up to {@code next}, where there is one again. */
        boolean unreadable(long position, long next) throws IOException;
    }

    /**
     * Walks from the first frame on.
     *
     * @param payloads whether they are read and verified
     * @return position behind the last header that was found, with its frame; of one that reaches beyond {@code limit}
     *     the limit
     */
    static long walk(FrameReader reader, long limit, boolean payloads, Visitor visitor) throws IOException {
        long position = SegmentHeader.BYTES;
        while (position < limit) {
            FrameReader.Look look = payloads ? reader.look(position, limit) : reader.lookAtHeader(position, limit);
            if (look == FrameReader.Look.FRAME || look == FrameReader.Look.DAMAGED) {
                long after = reader.after(position);
                if (!visitor.frame(position, look == FrameReader.Look.FRAME)) {
                    return Math.min(after, limit);
                }
                position = Math.min(after, limit);
            } else {
                long next = reader.nextHeader(position + FrameFormat.ALIGNMENT, limit);
                if (next < 0 || !visitor.unreadable(position, next)) {
                    return position;
                }
                position = next;
            }
        }
        return limit;
    }
}

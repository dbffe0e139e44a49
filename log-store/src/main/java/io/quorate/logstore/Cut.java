/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

/**
 * Where a log is to end. All that a cut has to know is found out before it begins: once begun it must be finished, and what it had to
 * read on the way might not be readable.
 *
 * @param segment the last one that stays
 * @param tally   of that segment, which goes back to {@code end}
 * @param end     how far the segment will reach
 * @param tail    what the file has before {@code end.end()}, from the beginning of a block of direct writes on; what comes behind in
 *                this array does not count
 */
record Cut(Segment segment, SegmentTally tally, Extent end, byte[] tail) {
    /** The first entry that goes. */
    long fromIndex() {
        return end.last().index() + 1;
    }
}

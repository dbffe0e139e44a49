/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

/**
 * What one segment holds.
 *
 * @param baseIndex          index of its first entry
 * @param lastIndex          index of its last entry, {@code baseIndex - 1} if it has none
 * @param baseOffset         first offset it may hold
 * @param nextOffset         first offset after its last entry
 * @param bytes              of header and frames, without zeros written ahead
 * @param maxTimestampMillis highest timestamp of an entry, {@code Long.MIN_VALUE} if there is none
 * @param isSealed           whether it will not change any more, unless a suffix is cut
 * @param digest             of all its entries: equal on two replicas whose segments have the same first and last index
 *                           exactly if the entries are the same
 */
public record SegmentInfo(
        long baseIndex,
        long lastIndex,
        long baseOffset,
        long nextOffset,
        long bytes,
        long maxTimestampMillis,
        boolean isSealed,
        long digest) {
    static SegmentInfo of(Segment segment, boolean isSealed) {
        Extent extent = segment.extent();
        return new SegmentInfo(
                segment.baseIndex(),
                extent.last().index(),
                segment.header().baseOffset(),
                extent.nextOffset(),
                extent.end(),
                extent.maxTimestampMillis(),
                isSealed,
                extent.digest());
    }
}

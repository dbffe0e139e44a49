/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.io.IOException;

/**
 * Tells a torn tail, which may be cut, from rot, which must not: rows TORN and ROT of {@link Recovery}.
 *
 * <p>Where a flush was torn, whole sectors of it are missing: the file ends there, or they are what was there before, which
 * {@link StaleSectors} know. A sector that arrived is right in every byte. So bytes that are wrong in a sector that is not missing
 * were right once.
 */
final class TornTail {
    private TornTail() {}

    /**
     * Whether what is wrong at {@code position} is explained by sectors that never arrived.
     *
     * @param stale    what was there before
     * @param position the end of the good frames
     * @param size     of the file
     */
    static boolean isExplained(FrameReader reader, StaleSectors stale, long position, long size) throws IOException {
        FrameReader.Look look = reader.lookAtHeader(position, size);
        long from = position;
        long to = position + FrameFormat.HEADER_BYTES;
        if (look == FrameReader.Look.FRAME || look == FrameReader.Look.DAMAGED) {
            from = to;
            to = reader.after(position);
        }
        if (to > size) {
            return true;
        }
        for (long at = from; at < to; ) {
            long sectorEnd = Math.min(size, (at / SectorSums.SECTOR_BYTES + 1) * SectorSums.SECTOR_BYTES);
            long sectorStart = Math.max(position, at / SectorSums.SECTOR_BYTES * SectorSums.SECTOR_BYTES);
            if (stale.isMissing(reader, sectorStart, sectorEnd)) {
                return true;
            }
            at = sectorEnd;
        }
        return false;
    }
}

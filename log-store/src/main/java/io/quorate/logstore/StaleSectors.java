/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells sectors of the active segment that never arrived from those that did: what was never written is beyond the end of the
 * file, or zeros, or, in a file that was recycled, what {@link SectorSums} of segments that are trimmed say. For one thread.
 */
final class StaleSectors implements AutoCloseable {
    /** Knows zeros only. */
    static final StaleSectors NONE = new StaleSectors(List.of());

    private final List<SectorSums> tables;

    private StaleSectors(List<SectorSums> tables) {
        this.tables = tables;
    }

    /**
     * Opens the sums of all segments before {@code firstSegment}: of one of them the active segment may have been made.
     *
     * @param names of the files in the directory
     * @throws StorageException if sums are of a newer version or of another owner
     */
    static StaleSectors find(Disk disk, Path directory, StoreIdentity identity, List<String> names, long firstSegment)
            throws IOException {
        StaleSectors found = new StaleSectors(new ArrayList<>());
        boolean done = false;
        try {
            for (long base : basesBefore(names, firstSegment)) {
                SectorSums.open(disk, directory, identity, base).ifPresent(found.tables::add);
            }
            done = true;
            return found;
        } finally {
            if (!done) {
                found.close();
            }
        }
    }

    /** Base indexes of the segments before {@code firstSegment} whose sums are still there. */
    static List<Long> basesBefore(List<String> names, long firstSegment) {
        List<Long> bases = new ArrayList<>();
        for (String name : names) {
            long base = Segment.baseIndexOf(name, SectorSums.SUFFIX);
            if (base > 0 && base < firstSegment) {
                bases.add(base);
            }
        }
        return bases;
    }

    /** Whether no byte in [{@code from}, {@code to}) was written to the segment: not beyond its file's end. */
    boolean isMissing(FrameReader reader, long from, long to) throws IOException {
        for (long at = from; at < to; ) {
            at = reader.firstNonZero(at, to);
            if (at < to) {
                long sector = at - at % SectorSums.SECTOR_BYTES;
                if (sector < from || !isStale(reader, sector, to)) {
                    return false;
                }
                at = sector + SectorSums.SECTOR_BYTES;
            }
        }
        return true;
    }

    private boolean isStale(FrameReader reader, long sector, long limit) throws IOException {
        if (tables.isEmpty() || limit - sector < SectorSums.SECTOR_BYTES) {
            return false;
        }
        int sum = reader.checksum(sector, SectorSums.SECTOR_BYTES, limit);
        for (SectorSums table : tables) {
            if (table.has(sector, sum)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() throws IOException {
        for (SectorSums table : tables) {
            table.close();
        }
    }
}

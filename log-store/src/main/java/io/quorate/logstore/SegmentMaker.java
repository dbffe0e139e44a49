/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Makes the files of new segments: zero-filled under a temporary name, headed, forced, then named, the name forced. Of a
 * segment that could not be made nothing is left. For the writing thread.
 */
final class SegmentMaker {
    private final Disk disk;
    private final Path directory;
    private final StoreIdentity identity;
    private final LogStoreConfig config;
    private final int writeUnitBytes;

    /** @param writeUnitBytes {@link WriteBuffer#blockBytes} */
    SegmentMaker(Disk disk, Path directory, StoreIdentity identity, LogStoreConfig config, int writeUnitBytes) {
        this.disk = disk;
        this.directory = directory;
        this.identity = identity;
        this.config = config;
        this.writeUnitBytes = writeUnitBytes;
    }

    /** Makes the segment from {@code spare}, or from {@code prepared}, or else of its own accord; returns its file, open. */
    DiskFile make(SegmentHeader header, Optional<Recycler.Spare> spare, NextSegment prepared) throws IOException {
        if (spare.isPresent()) {
            return name(spare.get().file(), spare.get().path(), header);
        }
        Optional<DiskFile> ready = prepared.take();
        return ready.isPresent() ? name(ready.get(), prepared.path(), header) : make(header);
    }

    DiskFile make(SegmentHeader header) throws IOException {
        Path temporary = directory.resolve(Segment.fileName(header.baseIndex()) + Recovery.TEMPORARY_SUFFIX);
        if (disk.exists(temporary)) {
            disk.delete(temporary);
        }
        DiskFile file = disk.create(temporary);
        try (DiskFile filled = ZeroAhead.openToFill(disk, temporary, writeUnitBytes)) {
            ZeroAhead.fill(filled, 0, ZeroAhead.initialEnd(config, writeUnitBytes));
        } catch (IOException e) {
            file.close();
            deleteAfter(e, temporary);
            throw e;
        }
        return name(file, temporary, header);
    }

    private DiskFile name(DiskFile file, Path temporary, SegmentHeader header) throws IOException {
        Path path = directory.resolve(Segment.fileName(header.baseIndex()));
        try {
            try (file) {
                file.write(header.encode(identity), 0);
                file.force();
            }
            disk.rename(temporary, path);
        } catch (IOException e) {
            deleteAfter(e, temporary);
            throw e;
        }
        try {
            disk.forceDirectory(directory);
            return disk.open(path);
        } catch (IOException e) {
            deleteAfter(e, path);
            throw e;
        }
    }

    private void deleteAfter(IOException cause, Path path) {
        try {
            if (disk.exists(path)) {
                disk.delete(path);
            }
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }
}

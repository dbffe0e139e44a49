/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The file that becomes the next segment, zero-filled and forced in the background under a temporary name, so that a roll
 * only writes its header, forces one block, and renames it. If it is not ready, the roll makes one itself.
 */
final class NextSegment {
    static final String NAME = "next" + Recovery.TEMPORARY_SUFFIX;

    private final Disk disk;
    private final Path path;
    private final Background background;
    private final int writeUnitBytes;
    private final long end;

    // Guarded by the gate.
    private boolean underWay;
    private DiskFile ready;

    NextSegment(Disk disk, Path directory, Background background, LogStoreConfig config, int writeUnitBytes) {
        this.disk = disk;
        this.path = directory.resolve(NAME);
        this.background = background;
        this.writeUnitBytes = writeUnitBytes;
        this.end = ZeroAhead.initialEnd(config, writeUnitBytes);
    }

    Path path() {
        return path;
    }

    /** Starts to make the file unless there is one. */
    void prepare() {
        synchronized (background.gate()) {
            if (underWay || ready != null) {
                return;
            }
            underWay = true;
        }
        background.run(this::make);
    }

    private void make() {
        boolean done = false;
        DiskFile file = null;
        try {
            synchronized (background.gate()) {
                if (background.isClosed()) {
                    return;
                }
                file = disk.create(path);
            }
            fill();
            file.force();
            synchronized (background.gate()) {
                if (!background.isClosed()) {
                    ready = file;
                    done = true;
                }
            }
        } catch (IOException e) {
            background.skipped();
        } finally {
            synchronized (background.gate()) {
                underWay = false;
                if (!done && file != null) {
                    abandon(file);
                }
            }
        }
    }

    private void fill() throws IOException {
        try (DiskFile filled = ZeroAhead.openToFill(disk, path, writeUnitBytes)) {
            for (long at = 0; at < end; at += ZeroAhead.PIECE_BYTES) {
                synchronized (background.gate()) {
                    if (background.isClosed()) {
                        return;
                    }
                    ZeroAhead.fill(filled, at, Math.min(end, at + ZeroAhead.PIECE_BYTES));
                }
            }
        }
    }

    /** Also after a failed force: a file whose pages may be lost is never used. */
    private void abandon(DiskFile file) {
        try {
            file.close();
            if (!background.isClosed()) {
                disk.delete(path);
            }
        } catch (IOException e) {
            background.skipped();
        }
    }

    void close() throws IOException {
        Optional<DiskFile> unused = take();
        if (unused.isPresent()) {
            unused.get().close();
        }
    }

    /** Hands over the prepared file, still under its temporary name. */
    Optional<DiskFile> take() {
        synchronized (background.gate()) {
            Optional<DiskFile> taken = Optional.ofNullable(ready);
            ready = null;
            return taken;
        }
    }
}

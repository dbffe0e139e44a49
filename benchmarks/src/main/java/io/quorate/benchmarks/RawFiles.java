/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.benchmarks;

import io.quorate.logstore.io.DiskFile;
import io.quorate.logstore.io.NioDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The least that durable bytes cost: write and fdatasync of some files, one after the other. Growing files begin anew after
 * every slice; files that were written before are gone over again and again. What is written directly is rounded up to
 * blocks, and a flush that does not fill its last block leaves the rest of it unused.
 *
 * <p>The same bytes are written each time, from memory that nobody touches in between, which is the cheapest for the disk; or they
 * are copied there first, which is the least that a writer of bytes from elsewhere must do.
 */
final class RawFiles implements Contender {
    private static final int ZEROS_BYTES = 1 << 20;

    private final NioDisk disk = new NioDisk();
    private final Path directory;
    private final boolean direct;
    private final boolean growing;
    private final boolean copying;
    private final long fileBytes;
    private final ByteBuffer bytes;
    private final byte[] source;
    private final List<DiskFile> files = new ArrayList<>();
    private final List<Path> paths = new ArrayList<>();
    private long position;

    /** @param fileBytes of a file that was written before, at least one flush */
    RawFiles(
            Path directory, int files, int flushBytes, boolean direct, boolean growing, boolean copying, long fileBytes)
            throws IOException {
        this.directory = directory;
        this.direct = direct;
        this.growing = growing;
        this.copying = copying;
        this.fileBytes = fileBytes;
        int block = Math.max(512, disk.directBlockBytes(directory));
        int written = direct ? flushBytes + block - 1 & -block : flushBytes;
        // A slice is aligned at both ends.
        int blocks = written + block - 1 & -block;
        this.bytes =
                ByteBuffer.allocateDirect(blocks + block).alignedSlice(block).slice(0, written);
        source = new byte[written];
        for (int i = 0; i < written; i++) {
            source[i] = (byte) (i * 31 + 7);
        }
        bytes.put(source).clear();
        for (int i = 0; i < files; i++) {
            paths.add(directory.resolve((direct ? "direct-" : "cached-")
                    + (growing ? "growing-" : "written-")
                    + (copying ? "copied-" : "")
                    + i));
        }
        start();
    }

    private void start() throws IOException {
        position = 0;
        for (Path path : paths) {
            try (DiskFile created = disk.create(path)) {
                ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS_BYTES);
                for (long at = 0; !growing && at < fileBytes; at += ZEROS_BYTES) {
                    created.write(zeros.clear(), at);
                }
                created.force();
            }
            files.add(direct ? disk.openDirect(path) : disk.open(path));
        }
        disk.forceDirectory(directory);
    }

    @Override
    public String name() {
        return "raw, " + (direct ? "direct" : "cached") + (growing ? ", growing" : ", written before")
                + (copying ? ", copied" : "");
    }

    @Override
    public void flush() throws IOException {
        if (!growing && position + bytes.capacity() > fileBytes) {
            position = 0;
        }
        for (DiskFile file : files) {
            if (copying) {
                bytes.put(source).clear();
            }
            file.write(bytes.duplicate(), position);
        }
        for (DiskFile file : files) {
            file.force();
        }
        position += bytes.capacity();
    }

    @Override
    public void rest() throws IOException {
        if (growing) {
            close();
            start();
        }
    }

    @Override
    public void close() throws IOException {
        for (DiskFile file : files) {
            file.close();
        }
        files.clear();
        for (Path path : paths) {
            disk.delete(path);
        }
    }
}

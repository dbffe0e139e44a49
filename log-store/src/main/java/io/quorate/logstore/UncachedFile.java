/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * A file as the disk has it, not as the operating system's cache does: after a failed force the cache may hold bytes that never
 * reached the disk and count as written. Whoever decides what is durable must not believe those. For reading only, any place and
 * size, through a {@link Scratch}. For one thread.
 */
final class UncachedFile implements DiskFile {
    private static final int BUFFER_BYTES = 128 << 10;

    private final DiskFile direct;
    private final Scratch scratch;

    private UncachedFile(DiskFile direct, Scratch scratch) {
        this.direct = direct;
        this.scratch = scratch;
    }

    /** The memory through which some files are read, one at a time. */
    static final class Scratch {
        private final int blockBytes;
        private final ByteBuffer blocks;
        private DiskFile file;
        private long position;

        /** @param blockBytes {@link Disk#directBlockBytes}; 0 to read through the cache after all, as there is no other way */
        Scratch(int blockBytes) {
            this.blockBytes = blockBytes;
            this.blocks = blockBytes == 0
                    ? ByteBuffer.allocate(0)
                    : ByteBuffer.allocateDirect(BUFFER_BYTES + blockBytes - 1)
                            .alignedSlice(blockBytes)
                            .slice(0, BUFFER_BYTES);
        }

        boolean holds(DiskFile wanted, long at) {
            return file == wanted && at >= position && at < position + blocks.limit();
        }

        void fill(DiskFile from, long at, int wanted) throws IOException {
            file = null;
            position = at & -blockBytes;
            long end = at + wanted + blockBytes - 1 & -blockBytes;
            blocks.clear().limit((int) Math.min(BUFFER_BYTES, end - position));
            blocks.limit(from.read(blocks, position));
            // Not before: what could not be read is not held.
            file = from;
        }
    }

    static DiskFile open(Disk disk, Path path, Scratch scratch) throws IOException {
        return scratch.blockBytes == 0 ? disk.open(path) : new UncachedFile(disk.openDirect(path), scratch);
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
        int total = 0;
        while (target.hasRemaining()) {
            long at = position + total;
            if (!scratch.holds(direct, at)) {
                scratch.fill(direct, at, target.remaining());
            }
            int from = (int) (at - scratch.position);
            int count = Math.min(target.remaining(), scratch.blocks.limit() - from);
            if (count <= 0) {
                break;
            }
            target.put(scratch.blocks.duplicate().limit(from + count).position(from));
            total += count;
        }
        return total;
    }

    @Override
    public long size() throws IOException {
        return direct.size();
    }

    @Override
    public void write(ByteBuffer source, long position) {
        throw new UnsupportedOperationException("only for reading");
    }

    @Override
    public void force() {
        throw new UnsupportedOperationException("only for reading");
    }

    @Override
    public void truncate(long size) {
        throw new UnsupportedOperationException("only for reading");
    }

    @Override
    public void close() throws IOException {
        direct.close();
    }
}

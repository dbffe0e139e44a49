/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A disk whose files are another one's, and whose changes are in memory only: what a store would do to a directory can be
 * tried without doing it. Remembers which files were cut, deleted and made. Holds what was written in blocks of 4 KiB.
 * For one thread.
 */
final class OverlayDisk implements Disk {
    private static final int BLOCK_BYTES = 4096;

    private final Disk below;
    private final TreeMap<Path, Node> changed = new TreeMap<>();
    private final TreeSet<Path> deleted = new TreeSet<>();
    private final List<String> changes = new ArrayList<>();

    OverlayDisk(Disk below) {
        this.below = below;
    }

    /** Cuts, deletions and new files so far, as sentences without a subject, in order. */
    List<String> changes() {
        return List.copyOf(changes);
    }

    /** The contents of a file: blocks written here, over the first {@code baseBytes} of a file below, over zeros. */
    private static final class Node {
        private final Optional<Path> base;
        private long baseBytes;
        private long size;
        private final Map<Long, byte[]> blocks = new TreeMap<>();

        Node(Optional<Path> base, long size) {
            this.base = base;
            this.baseBytes = size;
            this.size = size;
        }
    }

    @Override
    public DiskFile create(Path path) throws IOException {
        if (exists(path)) {
            throw new IOException(path + ": exists");
        }
        Node node = new Node(Optional.empty(), 0);
        changed.put(path, node);
        return new OverlayFile(path, node, Optional.empty());
    }

    @Override
    public DiskFile open(Path path) throws IOException {
        Node known = changed.get(path);
        if (known == null && !exists(path)) {
            throw new FileNotFoundException(path.toString());
        }
        Optional<DiskFile> base = known == null
                ? Optional.of(below.open(path))
                : known.base.isPresent() ? Optional.of(below.open(known.base.get())) : Optional.empty();
        Node node = known == null ? new Node(Optional.of(path), base.get().size()) : known;
        if (known == null) {
            changed.put(path, node);
        }
        return new OverlayFile(path, node, base);
    }

    @Override
    public int directBlockBytes(Path directory) {
        return 0;
    }

    @Override
    public DiskFile openDirect(Path path) throws IOException {
        throw new IOException(path + ": no direct writes in memory");
    }

    @Override
    public boolean exists(Path path) throws IOException {
        return changed.containsKey(path) || !deleted.contains(path) && below.exists(path);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        TreeSet<String> names = new TreeSet<>();
        for (String name : below.list(directory)) {
            if (!deleted.contains(directory.resolve(name))) {
                names.add(name);
            }
        }
        for (Path path : changed.keySet()) {
            if (directory.equals(path.getParent())) {
                names.add(path.getFileName().toString());
            }
        }
        return List.copyOf(names);
    }

    /** Directories need not be there: only files are kept. */
    @Override
    public void createDirectories(Path directory) {}

    @Override
    public void rename(Path from, Path to) throws IOException {
        open(from).close();
        Node node = changed.remove(from);
        deleted.add(from);
        changed.put(to, node);
        changes.add("makes " + to.getFileName());
    }

    @Override
    public void delete(Path path) throws IOException {
        if (!exists(path)) {
            throw new FileNotFoundException(path.toString());
        }
        if (below.exists(path) && !deleted.contains(path)) {
            changes.add("deletes " + path.getFileName());
        }
        changed.remove(path);
        deleted.add(path);
    }

    @Override
    public void forceDirectory(Path directory) {}

    @Override
    public long freeBytes(Path directory) throws IOException {
        return below.freeBytes(directory);
    }

    @Override
    public AutoCloseable lock(Path path) {
        return () -> {};
    }

    private final class OverlayFile implements DiskFile {
        private final Path path;
        private final Node node;
        private final Optional<DiskFile> base;

        OverlayFile(Path path, Node node, Optional<DiskFile> base) {
            this.path = path;
            this.node = node;
            this.base = base;
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            int count = (int) Math.max(0, Math.min(target.remaining(), node.size - position));
            if (node.blocks.isEmpty() && position + count <= node.baseBytes) {
                return readBase(target, position, count);
            }
            for (int done = 0; done < count; ) {
                long at = position + done;
                int offset = (int) (at % BLOCK_BYTES);
                int step = Math.min(count - done, BLOCK_BYTES - offset);
                byte[] block = node.blocks.get(at / BLOCK_BYTES);
                target.put(block == null ? baseBlock(at / BLOCK_BYTES) : block, offset, step);
                done += step;
            }
            return count;
        }

        private int readBase(ByteBuffer target, long position, int count) throws IOException {
            if (count == 0) {
                return 0;
            }
            int limit = target.limit();
            target.limit(target.position() + count);
            try {
                return base.orElseThrow().read(target, position);
            } finally {
                target.limit(limit);
            }
        }

        private byte[] baseBlock(long number) throws IOException {
            byte[] block = new byte[BLOCK_BYTES];
            int there = (int) Math.max(0, Math.min(BLOCK_BYTES, node.baseBytes - number * BLOCK_BYTES));
            readBase(ByteBuffer.wrap(block), number * BLOCK_BYTES, there);
            return block;
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            for (long at = position; source.hasRemaining(); ) {
                long number = at / BLOCK_BYTES;
                int offset = (int) (at % BLOCK_BYTES);
                int step = Math.min(source.remaining(), BLOCK_BYTES - offset);
                byte[] block = node.blocks.get(number);
                if (block == null) {
                    block = baseBlock(number);
                    node.blocks.put(number, block);
                }
                source.get(block, offset, step);
                at += step;
                node.size = Math.max(node.size, at);
            }
        }

        @Override
        public void force() {}

        @Override
        public long size() {
            return node.size;
        }

        @Override
        public void truncate(long size) throws IOException {
            if (size >= node.size) {
                return;
            }
            changes.add("cuts " + path.getFileName() + " at position " + size);
            long last = size / BLOCK_BYTES;
            node.blocks.keySet().removeIf(number -> number > last);
            byte[] block = node.blocks.get(last);
            for (int i = (int) (size % BLOCK_BYTES); block != null && i < BLOCK_BYTES; i++) {
                block[i] = 0;
            }
            node.baseBytes = Math.min(node.baseBytes, size);
            node.size = size;
        }

        @Override
        public void close() throws IOException {
            if (base.isPresent()) {
                base.get().close();
            }
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore.io;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * The operating system's files. No thread that uses it may ever be interrupted: an interrupt closes a
 * {@link FileChannel} under every other thread.
 */
public final class NioDisk implements Disk {
    /** The JDK copies heap buffers through a direct buffer per thread, as large as the request, and keeps it. */
    private static final int MAX_TRANSFER_BYTES = 1 << 20;

    private static final int MIN_BLOCK_BYTES = 512;

    /** As of everything that is deleted when a store finds it. */
    private static final String PROBE_SUFFIX = ".tmp";

    @Override
    public DiskFile create(Path path) throws IOException {
        try {
            return open(path, StandardOpenOption.CREATE_NEW);
        } catch (IOException e) {
            throw orNoSpace(e, e);
        }
    }

    /** The JDK has no type for it, only the operating system's words. */
    private static IOException orNoSpace(IOException cause, IOException failure) {
        String message = String.valueOf(cause.getMessage());
        return message.contains("No space left on device") || message.contains("Disk quota exceeded")
                ? new NoSpaceException(failure.getMessage(), cause)
                : failure;
    }

    @Override
    public DiskFile open(Path path) throws IOException {
        return open(path, StandardOpenOption.WRITE);
    }

    private static DiskFile open(Path path, StandardOpenOption how) throws IOException {
        return new NioFile(path, FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, how), false);
    }

    @Override
    public int directBlockBytes(Path directory) throws IOException {
        long blockBytes = Files.getFileStore(directory).getBlockSize();
        if (blockBytes < MIN_BLOCK_BYTES || blockBytes > MAX_DIRECT_BLOCK_BYTES || Long.bitCount(blockBytes) != 1) {
            return 0;
        }
        Path probe = directory.resolve("direct" + PROBE_SUFFIX);
        Files.deleteIfExists(probe);
        try {
            create(probe).close();
            try (DiskFile file = openDirect(probe)) {
                file.write(
                        ByteBuffer.allocateDirect(2 * (int) blockBytes)
                                .alignedSlice((int) blockBytes)
                                .limit((int) blockBytes),
                        0);
            }
            return (int) blockBytes;
        } catch (IOException | UnsupportedOperationException e) {
            // No reason to fail: whatever is wrong with the disk itself, the buffered write will meet it.
            return 0;
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    @Override
    public DiskFile openDirect(Path path) throws IOException {
        return new NioFile(
                path,
                FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, ExtendedOpenOption.DIRECT),
                true);
    }

    @Override
    public boolean exists(Path path) {
        return Files.exists(path);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        Path absolute = directory.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        if (parent != null && !Files.isDirectory(parent)) {
            createDirectories(parent);
        }
        Files.createDirectories(absolute);
        if (parent != null) {
            // Also if it was there: whoever made it may have died before this.
            forceDirectory(parent);
        }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw orNoSpace(e, e);
        }
    }

    @Override
    public void delete(Path path) throws IOException {
        Files.delete(path);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            throw named(directory, "cannot force the directory", e);
        }
    }

    @Override
    public long freeBytes(Path directory) throws IOException {
        return Files.getFileStore(directory).getUsableSpace();
    }

    @Override
    public AutoCloseable lock(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new FileSystemException(path.toString(), null, "in use by this very process");
        } catch (IOException e) {
            channel.close();
            throw named(path, "cannot lock", e);
        }
        channel.close();
        throw new FileSystemException(path.toString(), null, "in use by another process");
    }

    private static IOException named(Path path, String what, IOException cause) {
        return new IOException(path + ": " + what + ": " + cause.getMessage(), cause);
    }

    /**
     * A file that stays open until it is closed.
     *
     * @param direct whether it is read and written in whole blocks
     */
    record NioFile(Path path, FileChannel channel, boolean direct) implements DiskFile {
        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            int limit = target.limit();
            int total = 0;
            try {
                while (target.position() < limit) {
                    target.limit(Math.min(limit, target.position() + MAX_TRANSFER_BYTES));
                    int read = channel.read(target, position + total);
                    if (read < 0) {
                        break;
                    }
                    total += read;
                    if (direct && read % MIN_BLOCK_BYTES != 0) {
                        // The end of the file; from within a block nothing can be asked for.
                        break;
                    }
                }
            } catch (IOException e) {
                throw named(path, "cannot read at " + (position + total), e);
            } finally {
                target.limit(limit);
            }
            return total;
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            long at = position;
            try {
                while (source.hasRemaining()) {
                    at += channel.write(source, at);
                }
            } catch (IOException e) {
                throw orNoSpace(e, named(path, "cannot write at " + at, e));
            }
        }

        @Override
        public void force() throws IOException {
            try {
                channel.force(false);
            } catch (IOException e) {
                throw named(path, "cannot force", e);
            }
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public void truncate(long size) throws IOException {
            try {
                channel.truncate(size);
            } catch (IOException e) {
                throw named(path, "cannot truncate to " + size, e);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}

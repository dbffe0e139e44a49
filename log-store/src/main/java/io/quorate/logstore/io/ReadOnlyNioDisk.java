/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * The operating system's files, for looking only: no file is opened for writing, and whatever would change something
 * throws {@link UnsupportedOperationException}. As with {@link NioDisk}, no thread that uses it may be interrupted.
 */
public final class ReadOnlyNioDisk implements Disk {
    private final NioDisk disk = new NioDisk();

    @Override
    public DiskFile create(Path path) {
        throw readOnly("create", path);
    }

    @Override
    public DiskFile open(Path path) throws IOException {
        return new NioDisk.NioFile(path, FileChannel.open(path, StandardOpenOption.READ), false);
    }

    /** 0: nothing is ever written. */
    @Override
    public int directBlockBytes(Path directory) {
        return 0;
    }

    @Override
    public DiskFile openDirect(Path path) {
        throw readOnly("write", path);
    }

    @Override
    public boolean exists(Path path) {
        return disk.exists(path);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        return disk.list(directory);
    }

    @Override
    public void createDirectories(Path directory) {
        throw readOnly("create", directory);
    }

    @Override
    public void rename(Path from, Path to) {
        throw readOnly("rename", from);
    }

    @Override
    public void delete(Path path) {
        throw readOnly("delete", path);
    }

    @Override
    public void forceDirectory(Path directory) {
        throw readOnly("force", directory);
    }

    @Override
    public long freeBytes(Path directory) throws IOException {
        return disk.freeBytes(directory);
    }

    /**
     * Takes a shared lock on a file that must exist: any number of readers may hold one, but none while somebody has the
     * exclusive lock of {@link NioDisk#lock}, and nobody can take that one meanwhile.
     *
     * @throws FileSystemException if somebody holds the exclusive lock
     */
    @Override
    public AutoCloseable lock(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true);
            if (lock != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new FileSystemException(path.toString(), null, "in use by this very process");
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        channel.close();
        throw new FileSystemException(path.toString(), null, "in use by another process");
    }

    private static UnsupportedOperationException readOnly(String what, Path path) {
        return new UnsupportedOperationException("cannot " + what + " " + path + ": only for reading");
    }
}

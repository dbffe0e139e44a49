/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.CorruptLogException;
import io.quorate.logstore.DiskFullException;
import io.quorate.logstore.StorageException;
import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.logstore.io.NoSpaceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * Which stay of this node in a group its log is of, and whether that is over: after a restart the registry is applied from
 * its past, and wants replicas that were removed long ago. Such a one must not be made anew: it has voted (promise P10).
 *
 * <p>A file per group, named by it, in {@code stays} of the data directory; a group without one is in its first stay.
 *
 * <pre>
 *   0  4  magic "STAY"
 *   4  4  stay, see {@link MemberId}
 *   8  4  1 if it is over, 0 if not
 *  12  4  CRC32C of everything before it
 * </pre>
 *
 * Blocks; one call at a time for each group.
 */
final class Stays {
    static final String DIRECTORY = "stays";

    private static final int MAGIC = 0x53544159;
    private static final int BYTES = 16;

    /** @param isOver the log is gone, or may go */
    record Stay(int number, boolean isOver) {
        static final Stay FIRST = new Stay(0, false);
    }

    private final Disk disk;
    private final Path directory;

    Stays(Disk disk, Path dataDirectory) {
        this.disk = disk;
        this.directory = dataDirectory.resolve(DIRECTORY);
    }

    /** @throws StorageException if the disk fails, or what it has is damaged */
    Stay of(long groupId) {
        Path path = path(groupId);
        try {
            if (!disk.exists(path)) {
                return Stay.FIRST;
            }
            ByteBuffer bytes = ByteBuffer.allocate(BYTES);
            try (DiskFile file = disk.open(path)) {
                if (file.read(bytes, 0) < BYTES || bytes.getInt(0) != MAGIC || bytes.getInt(12) != checksum(bytes)) {
                    throw new CorruptLogException(path, 0, 0, "which stay of this node the log is of is damaged");
                }
            }
            return new Stay(bytes.getInt(4), bytes.getInt(8) != 0);
        } catch (IOException e) {
            throw new StorageException(path, "cannot be read", e);
        }
    }

    /**
     * Durable when this returns.
     *
     * @throws DiskFullException if there is no room; the former note is still there
     * @throws StorageException  if the disk fails
     */
    void put(long groupId, Stay stay) {
        Path path = path(groupId);
        Path temporary = directory.resolve(groupId + ".new");
        ByteBuffer bytes = ByteBuffer.allocate(BYTES)
                .putInt(0, MAGIC)
                .putInt(4, stay.number())
                .putInt(8, stay.isOver() ? 1 : 0);
        bytes.putInt(12, checksum(bytes));
        try {
            disk.createDirectories(directory);
            if (disk.exists(temporary)) {
                disk.delete(temporary);
            }
            try (DiskFile file = disk.create(temporary)) {
                file.write(bytes, 0);
                file.force();
            }
            disk.rename(temporary, path);
            disk.forceDirectory(directory);
        } catch (NoSpaceException e) {
            throw new DiskFullException(path, "cannot be written", e);
        } catch (IOException e) {
            throw new StorageException(path, "cannot be written", e);
        }
    }

    /**
     * The group is deleted.
     *
     * @throws StorageException if the disk fails
     */
    void forget(long groupId) {
        Path path = path(groupId);
        try {
            if (disk.exists(path)) {
                disk.delete(path);
                disk.forceDirectory(directory);
            }
        } catch (IOException e) {
            throw new StorageException(path, "cannot be removed", e);
        }
    }

    private Path path(long groupId) {
        return directory.resolve(Long.toString(groupId));
    }

    private static int checksum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.array(), 0, 12);
        return (int) crc.getValue();
    }
}

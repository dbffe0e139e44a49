/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;

/**
 * A node's data directory: whose it is, and that nobody else uses it now.
 *
 * <pre>
 * LOCK            locked while a node runs
 * IDENTITY        {@value #IDENTITY_BYTES} bytes, written once
 * groups/&lt;id&gt;/    the log of one group, see {@link LogStore}
 * </pre>
 *
 * Format of IDENTITY:
 *
 * <pre>
 *   0  8  magic "QRTNODE\n"
 *   8  4  format version
 *  12  4  node id
 *  16  8  incarnation: random, chosen when the directory was made
 *  24  1  length of the cluster id in bytes
 *  25     cluster id, UTF-8, then zeros
 * 508  4  CRC32C of everything before it
 * </pre>
 *
 * The incarnation tells this directory from one that the same node had before and lost: who votes must not be taken for
 * its forgetful successor (promise P10). Thread-safe once open.
 */
public final class DataDirectory implements AutoCloseable {
    static final int IDENTITY_BYTES = 512;
    static final long MAGIC = 0x5152544E4F44450AL;
    static final String IDENTITY = "IDENTITY";
    static final String LOCK = "LOCK";
    static final String GROUPS = "groups";

    private final Path root;
    private final AutoCloseable lock;
    private final long incarnation;
    private final boolean created;

    private DataDirectory(Path root, AutoCloseable lock, long incarnation, boolean created) {
        this.root = root;
        this.lock = lock;
        this.incarnation = incarnation;
        this.created = created;
    }

    /**
     * Creates or opens the directory and locks it.
     *
     * @param newIncarnation random; used only if the directory is new
     * @throws StorageException    if another process uses it, or it belongs to another node or cluster
     * @throws CorruptLogException if the identity is damaged, or missing although there is data
     */
    public static DataDirectory open(Disk disk, Path root, String clusterId, int nodeId, long newIncarnation) {
        Identity wanted = new Identity(new StoreIdentity(clusterId, nodeId, 0), newIncarnation);
        try {
            disk.createDirectories(root);
            disk.createDirectories(root.resolve(GROUPS));
            AutoCloseable lock = lock(disk, root);
            boolean done = false;
            try {
                boolean isNew = !disk.exists(root.resolve(IDENTITY));
                if (isNew) {
                    create(disk, root, wanted);
                }
                Identity found = read(disk, root.resolve(IDENTITY));
                found.checkIs(wanted, root);
                // A process may have died between making the name and forcing it.
                disk.forceDirectory(root);
                done = true;
                return new DataDirectory(root, lock, found.incarnation(), isNew);
            } finally {
                if (!done) {
                    release(lock, root);
                }
            }
        } catch (IOException e) {
            throw new StorageException(root, "cannot open the data directory", e);
        }
    }

    private static AutoCloseable lock(Disk disk, Path root) throws IOException {
        try {
            return disk.lock(root.resolve(LOCK));
        } catch (FileSystemException e) {
            throw new StorageException(root, "cannot lock the data directory; another node may be using it", e);
        }
    }

    private static void create(Disk disk, Path root, Identity identity) throws IOException {
        List<String> groups = disk.list(root.resolve(GROUPS));
        if (!groups.isEmpty()) {
            throw new CorruptLogException(
                    root.resolve(IDENTITY),
                    0,
                    0,
                    "the identity is missing, but there is data of " + groups.size() + " groups");
        }
        Path temporary = root.resolve(IDENTITY + Recovery.TEMPORARY_SUFFIX);
        if (disk.exists(temporary)) {
            disk.delete(temporary);
        }
        try (DiskFile file = disk.create(temporary)) {
            file.write(identity.encode(), 0);
            file.force();
        }
        disk.rename(temporary, root.resolve(IDENTITY));
    }

    private static Identity read(Disk disk, Path path) throws IOException {
        try (DiskFile file = disk.open(path)) {
            ByteBuffer bytes = ByteBuffer.allocate(IDENTITY_BYTES);
            if (file.read(bytes, 0) < IDENTITY_BYTES || !Headers.isIntact(bytes, MAGIC)) {
                throw new CorruptLogException(path, 0, 0, "the identity is damaged");
            }
            Headers.checkVersion(path, bytes);
            String clusterId = new String(bytes.array(), 25, bytes.get(24) & 0xFF, StandardCharsets.UTF_8);
            return new Identity(new StoreIdentity(clusterId, bytes.getInt(12), 0), bytes.getLong(16));
        }
    }

    private record Identity(StoreIdentity node, long incarnation) {
        ByteBuffer encode() {
            ByteBuffer bytes = ByteBuffer.allocate(IDENTITY_BYTES);
            byte[] clusterId = node.clusterId().getBytes(StandardCharsets.UTF_8);
            bytes.putLong(0, MAGIC)
                    .putInt(8, Headers.VERSION)
                    .putInt(12, node.nodeId())
                    .putLong(16, incarnation)
                    .put(24, (byte) clusterId.length)
                    .put(25, clusterId);
            Headers.seal(bytes);
            return bytes;
        }

        void checkIs(Identity wanted, Path root) {
            if (!node.equals(wanted.node())) {
                throw new StorageException(
                        root,
                        "belongs to node " + node.nodeId() + " of cluster '" + node.clusterId() + "', but this is node "
                                + wanted.node().nodeId() + " of cluster '"
                                + wanted.node().clusterId()
                                + "'; give this node its own directory",
                        null);
            }
        }
    }

    public Path root() {
        return root;
    }

    /** Random number that this directory was given when it was made. */
    public long incarnation() {
        return incarnation;
    }

    /** Whether {@link #open} made the directory. */
    public boolean isNew() {
        return created;
    }

    /** Where the log of a group is or will be; not created by this. */
    public Path groupDirectory(long groupId) {
        if (groupId < 0) {
            throw new IllegalArgumentException("group " + groupId);
        }
        return root.resolve(GROUPS).resolve(Long.toString(groupId));
    }

    /** Gives the lock back. */
    @Override
    public void close() {
        release(lock, root);
    }

    private static void release(AutoCloseable lock, Path root) {
        try {
            lock.close();
        } catch (Exception e) {
            throw new StorageException(root, "cannot unlock", e);
        }
    }
}

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
import java.util.Optional;
import java.util.TreeSet;

/**
 * Looks at a node's {@link DataDirectory}, or at the directory of one group in it, while no node runs on it. Changes
 * nothing and holds a shared lock, so that no node starts meanwhile; a directory without a lock file, such as a
 * copy, is looked at without. For one thread.
 */
public final class DirectoryInspection implements AutoCloseable {
    private static final int MOST_DIGITS = 19;

    private final Disk disk;
    private final Path root;
    private final Optional<AutoCloseable> lock;
    private final Optional<Owner> owner;
    private final Optional<Finding> identityProblem;
    private final TreeSet<Long> groups;

    private DirectoryInspection(
            Disk disk,
            Path root,
            Optional<AutoCloseable> lock,
            Optional<Owner> owner,
            Optional<Finding> identityProblem,
            TreeSet<Long> groups) {
        this.disk = disk;
        this.root = root;
        this.lock = lock;
        this.owner = owner;
        this.identityProblem = identityProblem;
        this.groups = groups;
    }

    /**
     * Whose directory it is.
     *
     * @param incarnation empty if the owner was told rather than found
     */
    public record Owner(String clusterId, int nodeId, Optional<Long> incarnation) {}

    /**
     * Looks for logs at {@code directory}, and locks them.
     *
     * @param directory a data directory, or one group's directory in one; absolute
     * @param assumed   whose directory it is if its identity does not say; without it the logs of such a directory
     *                  cannot be read
     * @return empty if there is neither
     * @throws StorageException if a node uses the directory
     */
    public static Optional<DirectoryInspection> find(Disk disk, Path directory, Optional<Owner> assumed)
            throws IOException {
        Path groups = directory.resolve(DataDirectory.GROUPS);
        if (disk.exists(directory.resolve(DataDirectory.IDENTITY)) || disk.exists(groups)) {
            TreeSet<Long> all = new TreeSet<>();
            disk.list(groups).forEach(name -> groupOf(name).ifPresent(all::add));
            return Optional.of(open(disk, directory, all, assumed));
        }
        Path parent = directory.getParent();
        boolean isGroup = parent != null
                && parent.getParent() != null
                && parent.endsWith(DataDirectory.GROUPS)
                && disk.exists(directory);
        Optional<Long> group = isGroup ? groupOf(directory.getFileName().toString()) : Optional.empty();
        return group.isEmpty()
                ? Optional.empty()
                : Optional.of(open(disk, parent.getParent(), new TreeSet<>(List.of(group.get())), assumed));
    }

    private static Optional<Long> groupOf(String name) {
        boolean isNumber = !name.isEmpty()
                && name.length() <= MOST_DIGITS
                && name.chars().allMatch(c -> c >= '0' && c <= '9')
                && (name.length() == 1 || name.charAt(0) != '0');
        try {
            return isNumber ? Optional.of(Long.parseLong(name)) : Optional.empty();
        } catch (NumberFormatException tooLarge) {
            return Optional.empty();
        }
    }

    private static DirectoryInspection open(Disk disk, Path root, TreeSet<Long> groups, Optional<Owner> assumed)
            throws IOException {
        Optional<AutoCloseable> lock = lock(disk, root.resolve(DataDirectory.LOCK));
        Path path = root.resolve(DataDirectory.IDENTITY);
        try {
            return new DirectoryInspection(
                    disk, root, lock, Optional.of(readOwner(disk, path)), Optional.empty(), groups);
        } catch (StorageException e) {
            Findings findings = new Findings();
            findings.damage(e, path);
            return new DirectoryInspection(
                    disk, root, lock, assumed, Optional.of(findings.kept().get(0)), groups);
        }
    }

    private static Optional<AutoCloseable> lock(Disk disk, Path path) throws IOException {
        if (!disk.exists(path)) {
            return Optional.empty();
        }
        try {
            return Optional.of(disk.lock(path));
        } catch (FileSystemException e) {
            throw new StorageException(
                    path.getParent(), "a node is running on this directory; stop it, or look at a copy", e);
        }
    }

    private static Owner readOwner(Disk disk, Path path) {
        ByteBuffer bytes = ByteBuffer.allocate(DataDirectory.IDENTITY_BYTES);
        try {
            if (!disk.exists(path)) {
                throw new CorruptLogException(path, 0, 0, "the identity is missing");
            }
            try (DiskFile file = disk.open(path)) {
                if (file.read(bytes, 0) < DataDirectory.IDENTITY_BYTES
                        || !Headers.isIntact(bytes, DataDirectory.MAGIC)) {
                    throw new CorruptLogException(path, 0, 0, "the identity is damaged");
                }
            }
        } catch (IOException e) {
            throw new StorageException(path, "cannot be read", e);
        }
        Headers.checkVersion(path, bytes);
        try {
            String clusterId = new String(bytes.array(), 25, bytes.get(24) & 0xFF, StandardCharsets.UTF_8);
            StoreIdentity identity = new StoreIdentity(clusterId, bytes.getInt(12), 0);
            return new Owner(identity.clusterId(), identity.nodeId(), Optional.of(bytes.getLong(16)));
        } catch (IllegalArgumentException e) {
            throw new CorruptLogException(path, 0, 0, "the identity is of an impossible " + e.getMessage());
        }
    }

    /** The data directory. */
    public Path root() {
        return root;
    }

    /** Whether a lock keeps nodes from starting on it meanwhile. */
    public boolean isLocked() {
        return lock.isPresent();
    }

    /** Empty if the identity does not say and nobody told: no group can be looked at then. */
    public Optional<Owner> owner() {
        return owner;
    }

    /** What is wrong with the identity. */
    public Optional<Finding> identityProblem() {
        return identityProblem;
    }

    /** Ids of the groups, rising. */
    public List<Long> groups() {
        return List.copyOf(groups);
    }

    /**
     * The log of one of {@link #groups}.
     *
     * @throws IllegalStateException if the {@link #owner} is not known
     */
    public LogInspection group(long id) {
        Owner known = owner.orElseThrow(() -> new IllegalStateException(root + ": whose directory it is is not known"));
        Path directory = root.resolve(DataDirectory.GROUPS).resolve(Long.toString(id));
        return new LogInspection(disk, directory, new StoreIdentity(known.clusterId(), known.nodeId(), id));
    }

    @Override
    public void close() throws IOException {
        if (lock.isPresent()) {
            try {
                lock.get().close();
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException(root + ": cannot unlock: " + e.getMessage(), e);
            }
        }
    }
}

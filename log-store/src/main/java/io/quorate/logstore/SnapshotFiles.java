/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The snapshots of one log, at most two, each a file named by the index of its last entry:
 *
 * <pre>
 *  0  32  {@link Headers}, magic "QRTSNAP\n"
 * 32   8  term of the last entry
 * 40   8  index of the last entry, also the file name
 * 48   8  next offset
 * 56   4  size of the membership
 * 60   4  size of the state
 * 64      membership, then state
 * -4   4  CRC32C of everything before it
 * </pre>
 *
 * A snapshot is written and forced under a temporary name, renamed, and the name is forced, before anyone relies on it.
 * The one before it is kept, with the log behind it, so that the damage of one file loses nothing. For one thread at a
 * time.
 */
final class SnapshotFiles {
    static final String SUFFIX = ".snapshot";
    static final long MAGIC = 0x515254534E41500AL;
    private static final int FIXED_BYTES = 64;
    private static final int KEPT = 2;

    private final Disk disk;
    private final Path directory;
    private final StoreIdentity identity;
    /** Files with a good snapshot, by last index. */
    private final TreeMap<Long, EntryId> good = new TreeMap<>();

    private final List<Path> bad = new ArrayList<>();
    private final List<Path> unused = new ArrayList<>();

    private SnapshotFiles(Disk disk, Path directory, StoreIdentity identity) {
        this.disk = disk;
        this.directory = directory;
        this.identity = identity;
    }

    /**
     * Looks at all snapshots and changes nothing.
     *
     * @throws StorageException if one is of a newer version or of another owner
     */
    static SnapshotFiles find(Disk disk, Path directory, StoreIdentity identity, List<String> names)
            throws IOException {
        SnapshotFiles found = new SnapshotFiles(disk, directory, identity);
        for (String name : names) {
            if (name.endsWith(SUFFIX)) {
                long index = Segment.baseIndexOf(name, SUFFIX);
                Path path = directory.resolve(name);
                Optional<Snapshot> snapshot = index < 1 ? Optional.empty() : found.read(path);
                if (snapshot.isPresent() && snapshot.get().last().index() == index) {
                    found.good.put(index, snapshot.get().last());
                } else {
                    found.bad.add(path);
                }
            }
        }
        return found;
    }

    static String fileName(long lastIndex) {
        return Segment.stem(lastIndex) + SUFFIX;
    }

    /** How many files hold no good snapshot. */
    int badCount() {
        return bad.size();
    }

    /** Puts aside what is of entries behind {@code index}: snapshots that were to replace the log, but never did. */
    void ignoreBehind(long index) {
        while (!good.isEmpty() && good.lastKey() > index) {
            unused.add(directory.resolve(fileName(good.pollLastEntry().getKey())));
        }
    }

    /** The last entry in the newest good snapshot. */
    Optional<EntryId> newest() {
        return good.isEmpty() ? Optional.empty() : Optional.of(good.lastEntry().getValue());
    }

    /** The last entry in the oldest good snapshot. */
    Optional<EntryId> oldest() {
        return good.isEmpty() ? Optional.empty() : Optional.of(good.firstEntry().getValue());
    }

    /** Reads the snapshot that ends with {@code index}; empty if there is no good one. */
    Optional<Snapshot> readAt(long index) throws IOException {
        return good.containsKey(index) ? read(directory.resolve(fileName(index))) : Optional.empty();
    }

    /** Reads the newest snapshot, or the one before it if that has become bad. */
    Optional<Snapshot> readNewest() throws IOException {
        while (!good.isEmpty()) {
            long index = good.lastKey();
            Path path = directory.resolve(fileName(index));
            Optional<Snapshot> snapshot = disk.exists(path) ? read(path) : Optional.empty();
            if (snapshot.isPresent()) {
                return snapshot;
            }
            good.remove(index);
            bad.add(path);
        }
        return Optional.empty();
    }

    /** Reads one file; empty if it is damaged. */
    private Optional<Snapshot> read(Path path) throws IOException {
        try (DiskFile file = disk.open(path)) {
            long size = file.size();
            ByteBuffer fixed = ByteBuffer.allocate(FIXED_BYTES);
            if (size < FIXED_BYTES + 4 || file.read(fixed, 0) < FIXED_BYTES) {
                return Optional.empty();
            }
            int membershipBytes = fixed.getInt(56);
            int stateBytes = fixed.getInt(60);
            if (isTooLarge(membershipBytes)
                    || isTooLarge(stateBytes)
                    || FIXED_BYTES + (long) membershipBytes + stateBytes + 4 != size) {
                return Optional.empty();
            }
            ByteBuffer bytes = ByteBuffer.allocate((int) size);
            if (file.read(bytes, 0) < size || !Headers.isIntact(bytes, MAGIC)) {
                return Optional.empty();
            }
            Headers.checkOwner(path, bytes, identity);
            return Optional.of(new Snapshot(
                    new EntryId(bytes.getLong(32), bytes.getLong(40)),
                    bytes.getLong(48),
                    Payload.wrap(bytes.array(), FIXED_BYTES + membershipBytes, stateBytes),
                    Payload.wrap(bytes.array(), FIXED_BYTES, membershipBytes)));
        } catch (IllegalArgumentException impossible) {
            return Optional.empty();
        }
    }

    private static boolean isTooLarge(int bytes) {
        return bytes < 0 || bytes > Snapshot.MAX_PART_BYTES;
    }

    private ByteBuffer encode(Snapshot snapshot) {
        int size = FIXED_BYTES + snapshot.membership().size() + snapshot.state().size() + 4;
        ByteBuffer bytes = ByteBuffer.allocate(size);
        Headers.begin(bytes, MAGIC, identity);
        bytes.position(Headers.BODY);
        bytes.putLong(snapshot.last().term()).putLong(snapshot.last().index()).putLong(snapshot.nextOffset());
        bytes.putInt(snapshot.membership().size()).putInt(snapshot.state().size());
        snapshot.membership().copyTo(bytes);
        snapshot.state().copyTo(bytes);
        Headers.seal(bytes);
        return bytes.clear();
    }

    /** Makes the snapshot durable; of one that could not be written nothing is left. */
    void save(Snapshot snapshot) throws IOException {
        long index = snapshot.last().index();
        Path temporary = directory.resolve(fileName(index) + Recovery.TEMPORARY_SUFFIX);
        if (disk.exists(temporary)) {
            disk.delete(temporary);
        }
        try {
            try (DiskFile file = disk.create(temporary)) {
                file.write(encode(snapshot), 0);
                file.force();
            }
            disk.rename(temporary, directory.resolve(fileName(index)));
        } catch (IOException e) {
            if (disk.exists(temporary)) {
                disk.delete(temporary);
            }
            throw e;
        }
        disk.forceDirectory(directory);
        good.put(index, snapshot.last());
    }

    /** Deletes what is bad or unused, and all but the newest two. */
    void deleteObsolete() throws IOException {
        while (good.size() > KEPT) {
            delete(directory.resolve(fileName(good.firstKey())));
            good.pollFirstEntry();
        }
        deleteAll(bad);
        deleteAll(unused);
    }

    private void deleteAll(List<Path> paths) throws IOException {
        while (!paths.isEmpty()) {
            delete(paths.get(paths.size() - 1));
            paths.remove(paths.size() - 1);
        }
    }

    /** Deletes all but the snapshot that ends with {@code index}. */
    void deleteAllBut(long index) throws IOException {
        for (long other : new ArrayList<>(good.keySet())) {
            if (other != index) {
                delete(directory.resolve(fileName(other)));
                good.remove(other);
            }
        }
        deleteObsolete();
    }

    private void delete(Path path) throws IOException {
        if (disk.exists(path)) {
            disk.delete(path);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.zip.CRC32C;

/**
 * The snapshots of one log, each a file named by the index of its last entry:
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
 * The one before it is kept, with the log behind it, so that the damage of one file loses nothing. So are all from which
 * the log goes on: whoever is to get the log from its beginning needs the one that comes right before.
 *
 * <p>When a log is opened the newest two that are good are verified; the others are believed by their names until they are
 * wanted, so that a long log opens as fast as a short one. To verify a snapshot takes a buffer of {@value #CHUNK_BYTES} bytes,
 * whatever its size; only whoever wants its contents gets them into memory. For one thread at a time.
 */
final class SnapshotFiles {
    static final String SUFFIX = ".snapshot";
    static final long MAGIC = 0x515254534E41500AL;
    private static final int FIXED_BYTES = 64;
    private static final int CHECKSUM_BYTES = 4;
    private static final int CHUNK_BYTES = 64 << 10;
    private static final int KEPT = 2;

    private final Disk disk;
    private final Path directory;
    private final StoreIdentity identity;
    /** Files with a good snapshot, as far as is known, by last index. */
    private final TreeSet<Long> good = new TreeSet<>();

    /** Those with a name like theirs that are none, by last index. */
    private final TreeSet<Long> bad = new TreeSet<>();

    /** Why one of the bad ones could not be read, if that was so. */
    private Optional<IOException> unreadable = Optional.empty();

    private final List<Path> misnamed = new ArrayList<>();
    private final List<Path> unused = new ArrayList<>();

    /** Where the log goes on after a snapshot. */
    record End(EntryId last, long nextOffset) {}

    private SnapshotFiles(Disk disk, Path directory, StoreIdentity identity) {
        this.disk = disk;
        this.directory = directory;
        this.identity = identity;
    }

    /**
     * Looks for the snapshots and changes nothing.
     *
     * @throws StorageException if one of the newest is of a newer version or of another owner
     */
    static SnapshotFiles find(Disk disk, Path directory, StoreIdentity identity, List<String> names)
            throws IOException {
        SnapshotFiles found = new SnapshotFiles(disk, directory, identity);
        TreeSet<Long> named = new TreeSet<>();
        for (String name : names) {
            if (name.endsWith(SUFFIX)) {
                long index = Segment.baseIndexOf(name, SUFFIX);
                if (index < 1) {
                    found.misnamed.add(directory.resolve(name));
                } else {
                    named.add(index);
                }
            }
        }
        for (long index : named.descendingSet()) {
            if (found.good.size() >= KEPT || found.verify(index).isPresent()) {
                found.good.add(index);
            } else {
                found.bad.add(index);
            }
        }
        return found;
    }

    private Path pathOf(long index) {
        return directory.resolve(fileName(index));
    }

    static String fileName(long lastIndex) {
        return Segment.stem(lastIndex) + SUFFIX;
    }

    /** How many files hold no good snapshot. */
    int badCount() {
        return bad.size() + misnamed.size();
    }

    /** Puts aside what is of entries behind {@code index}: snapshots that were to replace the log, but never did. */
    void ignoreBehind(long index) {
        while (!good.isEmpty() && good.last() > index) {
            unused.add(pathOf(good.pollLast()));
        }
    }

    /** Index of the last entry in the newest good snapshot; 0 if there is none. */
    long newest() {
        return good.isEmpty() ? 0 : good.last();
    }

    /** Up to which index the newest snapshot and, if there is one, that before it stand in for the log; 0 if there is none. */
    long covered() {
        Long before = good.lower(newest());
        return before == null ? newest() : before;
    }

    /** Reads the snapshot that ends with {@code index}; empty if there is no good one. */
    Optional<Snapshot> readAt(long index) throws IOException {
        return good.contains(index) ? ofGood(index, this::read) : Optional.empty();
    }

    /** The end of the snapshot whose last entry is {@code index}, which is verified; empty if there is no good one. */
    Optional<End> endAt(long index) throws IOException {
        return good.contains(index) ? ofGood(index, this::verify) : Optional.empty();
    }

    private interface Look<T> {
        Optional<T> at(long index) throws IOException;
    }

    private interface Read<T> {
        Optional<T> of(DiskFile file) throws IOException;
    }

    /** Why one of the bad ones could not be read, which may be otherwise another time; empty if all could be. */
    Optional<IOException> unreadable() {
        return unreadable;
    }

    /** What cannot be read is as good as damaged: there is another one, or the log goes back far enough. */
    private <T> Optional<T> ofFile(long index, Read<T> read) throws IOException {
        try (DiskFile file = disk.open(pathOf(index))) {
            return ifReadable(file, read);
        } catch (IllegalArgumentException impossible) {
            return Optional.empty();
        }
    }

    private <T> Optional<T> ifReadable(DiskFile file, Read<T> read) throws ClosedChannelException {
        try {
            return read.of(file);
        } catch (ClosedChannelException closed) {
            throw closed;
        } catch (IOException bad) {
            unreadable = Optional.of(bad);
            return Optional.empty();
        }
    }

    private <T> Optional<T> ofGood(long index, Look<T> look) throws IOException {
        Optional<T> found = disk.exists(pathOf(index)) ? look.at(index) : Optional.empty();
        if (found.isEmpty()) {
            good.remove(index);
            bad.add(index);
        }
        return found;
    }

    /** Reads the newest snapshot, or the one before it if that has become bad. */
    Optional<Snapshot> readNewest() throws IOException {
        while (!good.isEmpty()) {
            Optional<Snapshot> snapshot = readAt(good.last());
            if (snapshot.isPresent()) {
                return snapshot;
            }
        }
        return Optional.empty();
    }

    /**
     * Reads the newest snapshot behind which there is every record from {@code offset} on. If there is none, the first one of
     * a trimmed log will do: the log was not trimmed to where it begins before every record from the end of that snapshot on
     * was enough. Who asks may not know it any more, or not yet.
     *
     * @param fromIndex of its last entry at least; 0 if the log was never trimmed
     */
    Optional<Snapshot> readUpTo(long offset, long fromIndex) throws IOException {
        long found = 0;
        // From the oldest on: what is asked for is near the beginning of the log.
        for (Long index = good.ceiling(fromIndex); index != null; index = good.higher(index)) {
            Optional<End> next = endAt(index);
            if (next.isPresent() && next.get().nextOffset() > offset) {
                found = found == 0 && fromIndex > 0 && missingFirst(fromIndex).isEmpty() ? index : found;
                break;
            }
            found = next.isPresent() ? index : found;
        }
        return readAt(found);
    }

    /** Those that are bad, and come before the first good one from {@code fromIndex} on: a trim may have relied on them. */
    private SortedSet<Long> missingFirst(long fromIndex) {
        Long first = good.ceiling(fromIndex);
        return first == null ? new TreeSet<>() : bad.subSet(fromIndex, first);
    }

    /** Whether the first good one from {@code fromIndex} on leads on with every record from {@code offset} on. */
    boolean hasUpTo(long offset, long fromIndex) throws IOException {
        for (Long index = good.ceiling(fromIndex); index != null; index = good.higher(index)) {
            Optional<End> oldest = endAt(index);
            if (oldest.isPresent()) {
                return oldest.get().nextOffset() <= offset;
            }
        }
        return false;
    }

    /** Reads the one that ends with {@code index}; empty if it is damaged. */
    private Optional<Snapshot> read(long index) throws IOException {
        return ofFile(index, file -> read(file, pathOf(index)))
                .filter(snapshot -> snapshot.last().index() == index);
    }

    /** Verifies the one that ends with {@code index}, chunk by chunk; empty if it is damaged. */
    private Optional<End> verify(long index) throws IOException {
        return ofFile(index, file -> verify(file, index));
    }

    private Optional<End> verify(DiskFile file, long index) throws IOException {
        Optional<ByteBuffer> fixed = readFixed(file);
        if (fixed.isEmpty() || fixed.get().getLong(0) != MAGIC || !isIntact(file)) {
            return Optional.empty();
        }
        Headers.checkOwner(pathOf(index), fixed.get(), identity);
        EntryId last = new EntryId(fixed.get().getLong(32), fixed.get().getLong(40));
        long nextOffset = fixed.get().getLong(48);
        return last.index() == index && last.term() >= 1 && nextOffset >= 0
                ? Optional.of(new End(last, nextOffset))
                : Optional.empty();
    }

    private static boolean isIntact(DiskFile file) throws IOException {
        long end = file.size() - CHECKSUM_BYTES;
        CRC32C crc = new CRC32C();
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
        for (long at = 0; at < end; at += chunk.limit()) {
            chunk.clear().limit((int) Math.min(CHUNK_BYTES, end - at));
            if (file.read(chunk, at) < chunk.limit()) {
                return false;
            }
            crc.update(chunk.flip());
        }
        ByteBuffer stored = ByteBuffer.allocate(CHECKSUM_BYTES);
        return file.read(stored, end) == CHECKSUM_BYTES && stored.getInt(0) == (int) crc.getValue();
    }

    /** The fields before membership and state; empty if the file's size contradicts them. */
    private static Optional<ByteBuffer> readFixed(DiskFile file) throws IOException {
        long size = file.size();
        ByteBuffer fixed = ByteBuffer.allocate(FIXED_BYTES);
        if (size < FIXED_BYTES + CHECKSUM_BYTES || file.read(fixed, 0) < FIXED_BYTES) {
            return Optional.empty();
        }
        int membershipBytes = fixed.getInt(56);
        int stateBytes = fixed.getInt(60);
        return isTooLarge(membershipBytes)
                        || isTooLarge(stateBytes)
                        || FIXED_BYTES + (long) membershipBytes + stateBytes + CHECKSUM_BYTES != size
                ? Optional.empty()
                : Optional.of(fixed);
    }

    private Optional<Snapshot> read(DiskFile file, Path path) throws IOException {
        Optional<ByteBuffer> fixed = readFixed(file);
        if (fixed.isEmpty()) {
            return Optional.empty();
        }
        int membershipBytes = fixed.get().getInt(56);
        int stateBytes = fixed.get().getInt(60);
        ByteBuffer bytes = ByteBuffer.allocate(FIXED_BYTES + membershipBytes + stateBytes + CHECKSUM_BYTES);
        if (file.read(bytes, 0) < bytes.capacity() || !Headers.isIntact(bytes, MAGIC)) {
            return Optional.empty();
        }
        Headers.checkOwner(path, bytes, identity);
        return Optional.of(new Snapshot(
                new EntryId(bytes.getLong(32), bytes.getLong(40)),
                bytes.getLong(48),
                Payload.wrap(bytes.array(), FIXED_BYTES + membershipBytes, stateBytes),
                Payload.wrap(bytes.array(), FIXED_BYTES, membershipBytes)));
    }

    private static boolean isTooLarge(int bytes) {
        return bytes < 0 || bytes > Snapshot.MAX_PART_BYTES;
    }

    private ByteBuffer encode(Snapshot snapshot) {
        int size = FIXED_BYTES + snapshot.membership().size() + snapshot.state().size() + CHECKSUM_BYTES;
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
            disk.rename(temporary, pathOf(index));
        } catch (IOException e) {
            if (disk.exists(temporary)) {
                disk.delete(temporary);
            }
            throw e;
        }
        disk.forceDirectory(directory);
        good.add(index);
    }

    /**
     * Deletes what is bad or unused, and what is neither among the newest two nor followed by the log. What would be the first
     * one of a trimmed log is left even if it is bad: without it the next one would be taken for that.
     */
    void deleteObsolete(long firstIndex) throws IOException {
        while (good.size() > KEPT && good.first() < firstIndex - 1) {
            delete(pathOf(good.first()));
            good.pollFirst();
        }
        deleteBadBut(firstIndex > 1 ? missingFirst(firstIndex - 1) : new TreeSet<>());
        deleteAll(unused);
    }

    private void deleteBadBut(SortedSet<Long> kept) throws IOException {
        for (long index : new ArrayList<>(bad)) {
            if (!kept.contains(index)) {
                delete(pathOf(index));
                bad.remove(index);
            }
        }
        deleteAll(misnamed);
    }

    private void deleteAll(List<Path> paths) throws IOException {
        while (!paths.isEmpty()) {
            delete(paths.get(paths.size() - 1));
            paths.remove(paths.size() - 1);
        }
    }

    /** Deletes all but the snapshot that ends with {@code index}. */
    void deleteAllBut(long index) throws IOException {
        for (long other : new ArrayList<>(good)) {
            if (other != index) {
                delete(pathOf(other));
                good.remove(other);
            }
        }
        deleteBadBut(new TreeSet<>());
        deleteAll(unused);
    }

    private void delete(Path path) throws IOException {
        if (disk.exists(path)) {
            disk.delete(path);
        }
    }
}

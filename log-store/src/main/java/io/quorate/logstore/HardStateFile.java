/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Term and vote, and what the log surely had when they were written, in two copies ("slots") one 4 KiB block apart, each of {@value #SLOT_BYTES} bytes:
 *
 * <pre>
 *   0  32  {@link Headers}, magic "QRTHARD\n"
 *  32   8  sequence, rises by one with every state
 *  40   8  term
 *  48   4  voted for, 0 for nobody
 *  56   8  base index of the first segment: what is before it was trimmed
 *  64   8  base index of the last segment
 *  72   8  index up to which the log was durable
 *  80   8  first index of the log that is to take the place of this one, 0 if none is; see {@link Marks}
 *  88   8  first index of what is being cut, 0 if nothing is
 *  96      zeros
 * 508   4  CRC32C of the slot
 * </pre>
 *
 * A state is written to one slot and forced, then to the other and forced; only then it counts. The slot that is damaged
 * or behind comes first. So a crash damages at most one slot, and the other holds the state before or after; and rot of
 * one slot at rest loses nothing, since the other is its equal. One that cannot be read is as good as a damaged one. The intact slot
 * with the higher sequence wins; if both are damaged the replica must not guess: it may have voted. The file is written in
 * full when it is created, so that no later write needs space; and blocks are written whole, so that none has to be read for it.
 *
 * <p>The marks tell a lost segment or a rotten tail from what a crash leaves. They only ever claim less than there is:
 * raised after something has become durable, lowered before it is given up.
 *
 * <p>Thread-safe; a change of marks may write a state that was put, but not forced yet.
 */
final class HardStateFile implements AutoCloseable {
    static final String NAME = "hardstate";
    static final int SLOT_BYTES = 512;
    static final int SLOT_DISTANCE_BYTES = 4096;
    static final long MAGIC = 0x515254484152440AL;

    private final Path path;
    private final DiskFile file;
    private final StoreIdentity identity;
    private HardState state;
    private Marks marks;
    private long sequence;
    private boolean dirty;
    /** Whether it is term and vote that were put. Raised by the writing thread. */
    private volatile boolean stateDirty;
    /** An intact slot with the newest state: the last to be written. */
    private final int newestSlot;

    private HardStateFile(
            Path path, DiskFile file, StoreIdentity identity, Slot newest, int newestSlot, boolean needsRepair) {
        this.path = path;
        this.file = file;
        this.identity = identity;
        this.state = newest.state();
        this.marks = newest.marks();
        this.sequence = newest.sequence();
        this.newestSlot = newestSlot;
        this.dirty = needsRepair;
    }

    private record Slot(long sequence, HardState state, Marks marks) {}

    /**
     * What the log surely has.
     *
     * @param firstSegment base index of the first segment; segments before it are remains of a trim
     * @param lastSegment  there is a segment with this base index
     * @param durableIndex all entries up to this one were durable
     * @param resetTo      0, or: the log is being replaced by an empty one that starts here, after a snapshot
     * @param cuttingFrom  0, or: everything from this index on is being cut, and nothing was written behind that yet. A cut
     *                     that a loss of power interrupts may leave holes in what was durable once
     */
    record Marks(long firstSegment, long lastSegment, long durableIndex, long resetTo, long cuttingFrom) {
        static final Marks INITIAL = new Marks(1, 1, 0, 0, 0);

        Marks {
            if (firstSegment < 1
                    || lastSegment < firstSegment
                    || durableIndex < firstSegment - 1
                    || resetTo < 0
                    || cuttingFrom < 0) {
                throw new IllegalArgumentException("marks: segments from " + firstSegment + " to " + lastSegment
                        + ", durable to " + durableIndex + ", reset to " + resetTo + ", cutting from " + cuttingFrom);
            }
        }

        Marks trimmedTo(long newFirstSegment) {
            return new Marks(newFirstSegment, lastSegment, durableIndex, resetTo, cuttingFrom);
        }

        /** After a log that was found like this was forced. */
        Marks recovered(long foundLastSegment, long lastIndex) {
            return new Marks(firstSegment, foundLastSegment, lastIndex, resetTo, 0);
        }

        Marks durableTo(long index) {
            return new Marks(firstSegment, lastSegment, Math.max(durableIndex, index), resetTo, cuttingFrom);
        }

        Marks rolledTo(long newLastSegment) {
            return new Marks(firstSegment, newLastSegment, newLastSegment - 1, resetTo, cuttingFrom);
        }

        /** Before everything from {@code fromIndex} is cut, so that the last segment is that from {@code newLastSegment}. */
        Marks cutFrom(long fromIndex, long newLastSegment) {
            return new Marks(
                    firstSegment,
                    Math.min(lastSegment, newLastSegment),
                    Math.min(durableIndex, fromIndex - 1),
                    resetTo,
                    fromIndex);
        }

        /** After a cut has become durable. */
        Marks cut() {
            return new Marks(firstSegment, lastSegment, durableIndex, resetTo, 0);
        }

        Marks resettingTo(long firstIndex) {
            return new Marks(
                    firstSegment,
                    lastSegment,
                    Math.max(firstSegment - 1, Math.min(durableIndex, firstIndex - 1)),
                    firstIndex,
                    cuttingFrom);
        }

        /** As {@link #resettingTo}, of a log that will lack entries from {@code firstIndex} on. */
        Marks resettingDamagedTo(long firstIndex) {
            return new Marks(firstSegment, lastSegment, Math.max(durableIndex, firstIndex), firstIndex, cuttingFrom);
        }

        /** Whether the log that takes the place of this one lacks entries. */
        boolean willLackEntries() {
            return resetTo > 0 && durableIndex >= resetTo;
        }

        /** After the log was replaced. */
        static Marks startingAt(long firstIndex) {
            return new Marks(firstIndex, firstIndex, firstIndex - 1, 0, 0);
        }
    }

    /** Creates the file with {@link HardState#INITIAL}; its name is durable after a force of the directory. */
    static HardStateFile create(Disk disk, Path directory, StoreIdentity identity) throws IOException {
        Path path = directory.resolve(NAME);
        Path temporary = directory.resolve(NAME + Recovery.TEMPORARY_SUFFIX);
        Slot initial = new Slot(1, HardState.INITIAL, Marks.INITIAL);
        try (DiskFile file = disk.create(temporary)) {
            file.write(encode(initial, identity), 0);
            file.write(encode(initial, identity), SLOT_DISTANCE_BYTES);
            file.force();
        }
        disk.rename(temporary, path);
        return new HardStateFile(path, disk.open(path), identity, initial, 0, false);
    }

    /**
     * Reads the file and changes nothing; {@link #isDirty} tells whether the slots differ.
     *
     * @param scratch through which it is read past the operating system's cache
     * @throws LostStateException  if both slots are damaged
     * @throws StorageException    if a slot is of a newer version or of another owner
     * @throws IOException         if neither is intact, and one of them cannot be read: it may be readable another time
     */
    static HardStateFile open(Disk disk, Path directory, StoreIdentity identity, UncachedFile.Scratch scratch)
            throws IOException {
        Path path = directory.resolve(NAME);
        DiskFile file = disk.open(path);
        try (DiskFile onDisk = UncachedFile.open(disk, path, scratch)) {
            List<IOException> unreadable = new ArrayList<>();
            Optional<Slot> first = readSlot(onDisk, path, 0, identity, unreadable);
            Optional<Slot> second = readSlot(onDisk, path, SLOT_DISTANCE_BYTES, identity, unreadable);
            if (first.isEmpty() && second.isEmpty() && !unreadable.isEmpty()) {
                throw new IOException("no copy of term and vote is intact, and not all can be read", unreadable.get(0));
            }
            if (first.isEmpty() && second.isEmpty()) {
                throw new LostStateException(
                        path, "both copies of term and vote are damaged; this replica may have voted");
            }
            boolean firstWins = second.isEmpty()
                    || first.isPresent()
                            && first.get().sequence() >= second.get().sequence();
            return new HardStateFile(
                    path,
                    file,
                    identity,
                    firstWins ? first.get() : second.get(),
                    firstWins ? 0 : 1,
                    !first.equals(second));
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static Optional<Slot> readSlot(
            DiskFile file, Path path, long position, StoreIdentity identity, List<IOException> unreadable) {
        ByteBuffer slot = ByteBuffer.allocate(SLOT_BYTES);
        try {
            if (file.read(slot, position) < SLOT_BYTES || !Headers.isIntact(slot, MAGIC)) {
                return Optional.empty();
            }
        } catch (IOException bad) {
            unreadable.add(bad);
            return Optional.empty();
        }
        Headers.checkOwner(path, slot, identity);
        int votedFor = slot.getInt(48);
        try {
            HardState state = new HardState(
                    slot.getLong(40), votedFor == 0 ? Optional.empty() : Optional.of(new NodeId(votedFor)));
            Marks marks =
                    new Marks(slot.getLong(56), slot.getLong(64), slot.getLong(72), slot.getLong(80), slot.getLong(88));
            return Optional.of(new Slot(slot.getLong(32), state, marks));
        } catch (IllegalArgumentException e) {
            throw new CorruptLogException(path, position, 0, "impossible " + e.getMessage());
        }
    }

    /** The slot and the zeros behind it. */
    private static ByteBuffer encode(Slot slot, StoreIdentity identity) {
        ByteBuffer bytes = ByteBuffer.allocate(SLOT_BYTES);
        Headers.begin(bytes, MAGIC, identity);
        bytes.putLong(32, slot.sequence())
                .putLong(40, slot.state().term())
                .putInt(48, slot.state().votedFor().map(NodeId::value).orElse(0))
                .putLong(56, slot.marks().firstSegment())
                .putLong(64, slot.marks().lastSegment())
                .putLong(72, slot.marks().durableIndex())
                .putLong(80, slot.marks().resetTo())
                .putLong(88, slot.marks().cuttingFrom());
        Headers.seal(bytes);
        return ByteBuffer.allocate(SLOT_DISTANCE_BYTES).put(bytes.rewind()).rewind();
    }

    Path path() {
        return path;
    }

    synchronized HardState state() {
        return state;
    }

    /** Whether {@link #force} has something to do: a new state, or slots that differ. */
    synchronized boolean isDirty() {
        return dirty;
    }

    synchronized Marks marks() {
        return marks;
    }

    /** Changes the marks; durable after {@link #force}. */
    synchronized void mark(UnaryOperator<Marks> change) {
        Marks changed = change.apply(marks);
        if (!changed.equals(marks)) {
            marks = changed;
            dirty = true;
        }
    }

    /** Notes a state; returns whether it is another one than before. Durable after {@link #force}. */
    synchronized boolean put(HardState newState) {
        if (!newState.equals(state)) {
            state = newState;
            dirty = true;
            stateDirty = true;
            return true;
        }
        return false;
    }

    /**
     * Makes durable the state that was put last; marks, which may be late, are left to whoever made them. Does not wait for
     * them. For the writing thread.
     */
    void forceState() throws IOException {
        if (stateDirty) {
            force();
        }
    }

    /** Writes and forces both slots, one after the other. */
    synchronized void force() throws IOException {
        if (!dirty) {
            return;
        }
        sequence++;
        forceSlot(1 - newestSlot);
        forceSlot(newestSlot);
        dirty = false;
        stateDirty = false;
    }

    private void forceSlot(int slot) throws IOException {
        file.write(encode(new Slot(sequence, state, marks), identity), (long) slot * SLOT_DISTANCE_BYTES);
        file.force();
    }

    @Override
    public synchronized void close() throws IOException {
        file.close();
    }
}

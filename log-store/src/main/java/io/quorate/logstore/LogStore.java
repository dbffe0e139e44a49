/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.NoSpaceException;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.RecoveredLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;

/**
 * The durable log and hard state of one group.
 *
 * <p>Writes ({@link #putHardState}, {@link #truncateSuffix}, {@link #append}) and {@link #force} come from one thread at
 * a time; only after {@link #force} returns are they durable. Reads come from any thread and only ask for what the
 * caller knows to be durable and never truncated. Snapshots are saved and prefixes trimmed by any one thread at a time,
 * beside the writing one; {@link #resetTo} is for the writing thread while nobody reads.
 *
 * <p>The first failure of a write or force, and of a force in the background, is final: what the operating system still
 * holds in memory may never reach the disk, so every later call throws {@link StorageException}, and only a new
 * {@link #open} may find out what is left (promise P6). A full disk alone is not final: {@link #append},
 * {@link #saveSnapshot}, {@link #resetTo} and {@link #repair} change nothing then and throw {@link DiskFullException}. Term and vote are
 * written over what is there and need no room; cuts and trims free some.
 *
 * <p>Long as it says what each call promises; {@link SegmentedLog}, {@link SnapshotFiles}, {@link Repair} and {@link KnownDamage} do
 * the work.
 */
public final class LogStore implements AutoCloseable {
    /** With which a digest begins. */
    public static final long DIGEST_OF_NOTHING = FrameFormat.NO_ENTRIES;

    private static final int IN_MEMORY_BUFFER_BYTES = 64 << 10;

    private final Disk disk;
    private final Path directory;
    private final StoreIdentity identity;
    private final LogStoreConfig config;
    private final Executor executor;
    private final WriteBuffer buffer;
    private final Object snapshotLock = new Object();

    /** Replaced when the whole log is. */
    private volatile Open open;

    private final KnownDamage damage = new KnownDamage();
    private volatile boolean recycling = true;

    /** What the last look at the directory has brought into being. */
    private record Open(
            Background background,
            SegmentedLog log,
            EntryReader reader,
            HardStateFile hardState,
            SnapshotFiles snapshots,
            RecoveredLog recovered,
            RecoveryReport report) {}

    private LogStore(
            Disk disk,
            Path directory,
            StoreIdentity identity,
            LogStoreConfig config,
            Executor executor,
            WriteBuffer buffer)
            throws IOException {
        this.disk = disk;
        this.directory = directory;
        this.identity = identity;
        this.config = config;
        this.executor = executor;
        this.buffer = buffer;
        this.open = recover();
    }

    private Open recover() throws IOException {
        Recovery.Result result = Recovery.run(disk, directory, identity, config, buffer);
        Background background = new Background(executor);
        SegmentedLog log = new SegmentedLog(disk, directory, identity, config, background, buffer, result);
        damage.is(result.damage());
        return new Open(
                background,
                log,
                log.reader(),
                result.hardState(),
                result.snapshots(),
                new RecoveredLog(result.hardState().state(), result.terms(), result.nextOffset()),
                result.report());
    }

    /**
     * Opens or creates the log in {@code directory}, recovers it, and forces what it accepted.
     *
     * @param background runs work off the write path, such as zero-filling ahead
     * @param buffer     what the writing thread writes through; all stores of one writing thread share one. Whether they
     *                   write past the operating system's cache is its choice
     * @throws CorruptLogException if damage is found that cannot be mended by fetching entries, see {@link Recovery};
     *                             nothing has been changed then. For other damage see {@link #damage}
     * @throws StorageException    if the disk fails, or the directory belongs to someone else
     */
    public static LogStore open(
            Disk disk,
            Path directory,
            StoreIdentity identity,
            LogStoreConfig config,
            Executor background,
            WriteBuffer buffer) {
        try {
            return new LogStore(disk, directory, identity, config, background, buffer);
        } catch (NoSpaceException e) {
            throw new DiskFullException(directory, "cannot open the log", e);
        } catch (IOException e) {
            throw new StorageException(directory, "cannot open the log", e);
        }
    }

    /**
     * A new log in memory only, for what need not last. For one thread.
     *
     * @param disk      is looked at and left alone
     * @param directory where the disk has nothing
     */
    public static LogStore inMemory(Disk disk, Path directory, StoreIdentity identity, LogStoreConfig config) {
        OverlayDisk memory = new OverlayDisk(disk);
        return open(
                memory,
                directory,
                identity,
                config,
                Runnable::run,
                WriteBuffer.of(memory, directory, config, IN_MEMORY_BUFFER_BYTES));
    }

    /**
     * What was found on disk at {@link #open}, or is there since {@link #resetTo} or {@link #repair}. With damage it tells
     * only of the entries before it: a replica must not take part with it.
     */
    public RecoveredLog recovered() {
        return open.recovered();
    }

    /** What {@link #open} had to decide and repair. */
    public RecoveryReport recoveryReport() {
        return open.report();
    }

    /** Notes the new term and vote; they are written, ahead of all later entries, at the latest by {@link #force}. */
    public void putHardState(HardState state) {
        Open now = alive();
        if (now.hardState().put(state)) {
            now.hardState().mark(marks -> marks.durableTo(now.log().durableIndex()));
        }
    }

    /** The term and vote that were put last, durable or not. */
    public HardState hardState() {
        return open.hardState().state();
    }

    /**
     * Forgets {@code fromIndex} and everything after it, durably at once: conflicts are rare, remains dangerous.
     *
     * @throws IllegalArgumentException if the log starts behind {@code fromIndex}
     * @throws CorruptLogException      if the log is damaged, or is found to be before {@code fromIndex}, see {@link #damage};
     *                                  nothing is cut then
     */
    public void truncateSuffix(long fromIndex) {
        damage.checkNone();
        Optional<Cut> cut = look("truncate", any -> alive().log().planCut(fromIndex));
        run("truncate", now -> {
            now.hardState().force();
            if (cut.isPresent()) {
                now.log().cut(cut.get());
            }
            // Whoever read what was being cut may have taken it for damage.
            damage.forgetFrom(fromIndex);
        });
    }

    /**
     * As {@link #truncateSuffix}, of a damaged log, which is whole again then. For one thread, while nobody else reads or
     * writes.
     *
     * @throws IllegalArgumentException if the log starts behind {@code fromIndex}, or is damaged before, which {@link #damage} tells
     *                                  then; nothing has changed
     * @throws IllegalStateException    if there is no damage
     */
    public void cutDamage(long fromIndex) {
        run("cut off the damage", now -> cutDamage(now, fromIndex));
    }

    private void cutDamage(Open now, long fromIndex) throws IOException {
        Damage found = damage.orThrow();
        mend(now, found, repair -> repair.cut(found, fromIndex));
    }

    /**
     * What of the log is damaged, if anything is; where it is in several places, the first one that is known. While there is damage the store
     * serves the rest, takes term and vote, and refuses entries, trims and snapshots. Found at {@link #open}, by
     * {@link #newScrub}, or when an entry is read. For any thread.
     */
    public Optional<Damage> damage() {
        return damage.first();
    }

    /**
     * Puts the entries that were fetched from another replica in place of the damaged ones, durably when it returns. Then
     * there is no damage any more, or another one, and {@link #recovered} tells of the log as it is now. For one thread,
     * while nobody else reads or writes.
     *
     * @param entries exactly the damaged ones, which the group must have committed; of an open-ended damage all up to any
     *                index that this log is not known to have gone beyond
     * @throws IllegalArgumentException if they are not, or contradict what is left, or other damage that must be repaired
     *                                  first was found on the way; nothing has changed then
     * @throws DiskFullException        if there is no room for another copy of the segment; nothing has changed then
     * @throws IllegalStateException    if there is no damage
     */
    public void repair(List<LogEntry> entries) {
        run("repair", now -> {
            Damage found = damage.orThrow();
            mend(now, found, repair -> repair.fill(found, entries));
        });
    }

    /**
     * As {@link #repair}, with the first of the damaged entries only: for damage of more than fits into memory. What was
     * intact behind them in their segment is fetched again with the rest. The log stays damaged until it goes to {@code
     * upToIndex}, whatever happens.
     *
     * @param upToIndex index of the last entry that will be fetched, beyond those given here
     */
    public void repairPart(List<LogEntry> entries, long upToIndex) {
        run("repair", now -> {
            Damage found = damage.orThrow();
            long known = Math.max(upToIndex, now.log().segments().active().lastIndex());
            mend(now, found, repair -> {
                now.hardState().mark(marks -> marks.durableTo(known));
                now.hardState().force();
                repair.fillFirst(found, entries);
            });
        });
    }

    /**
     * Puts committed entries in place of the damaged ones and of everything behind, durably when it returns: for who knows
     * that the group has not committed what this log has behind them. A crash leaves the damage, alone or as the end of the
     * log, or damage behind these entries, or the log as wanted.
     *
     * @param entries from the first damaged one on
     * @throws IllegalArgumentException as {@link #repair}
     * @throws DiskFullException        as {@link #repair}
     * @throws IllegalStateException    if there is no damage
     */
    public void replaceSuffix(List<LogEntry> entries) {
        run("replace the end of the log", now -> {
            Damage found = damage.orThrow();
            mend(now, found, repair -> repair.replaceFrom(found, entries));
            long behind = entries.get(entries.size() - 1).index() + 1;
            Open next = open;
            if (damage.first().isPresent()) {
                cutDamage(next, behind);
            } else {
                next.log().truncateSuffix(behind);
            }
        });
    }

    private void mend(Open now, Damage found, Repair.Mending mending) throws IOException {
        now.hardState().force();
        now.log().force();
        try {
            mending.apply(repairOf(now));
        } catch (CorruptLogException earlier) {
            Optional<Damage> first = now.log().examine(earlier.file());
            damage.is(first.isPresent() ? first : Optional.of(found));
            throw new IllegalArgumentException("there is more damage, before what this mends", earlier);
        }
        reopen(now);
    }

    private Repair repairOf(Open now) {
        return new Repair(
                disk,
                directory,
                identity,
                now.snapshots(),
                now.hardState(),
                now.log().segments());
    }

    /** Begins to verify the sealed segments. */
    public Scrub newScrub() {
        return new Scrub(() -> alive().log(), config, damage::note);
    }

    /**
     * Appends contiguous entries with as few writes as possible.
     *
     * @throws IllegalArgumentException if they do not follow the log; nothing is written then
     * @throws DiskFullException        if there is no room; the log is as it was before
     * @throws CorruptLogException      if the log is damaged; nothing is written then
     */
    public void append(List<LogEntry> entries) {
        damage.checkNone();
        run("append", now -> {
            now.hardState().forceState();
            now.log().append(entries);
        });
    }

    /**
     * Tells which entries will probably be appended next, behind those that are being appended or forced: if they are large they are
     * copied and checksummed in the background while the writing thread waits for the disk. Nothing depends on it, and nothing is
     * written. For any thread.
     *
     * @param entries never changed
     */
    public void expect(List<LogEntry> entries) {
        open.log().expect(entries);
    }

    /** Makes everything written so far durable. The first failure is final: every later call throws as well. */
    public void force() {
        run("force", now -> {
            now.hardState().forceState();
            now.log().force();
        });
        alive();
    }

    private interface Change {
        void apply(Open now) throws IOException;
    }

    private void run(String what, Change change) {
        Open now = alive();
        try {
            change.apply(now);
        } catch (NoSpaceException e) {
            now.log().giveUpSpare();
            throw new DiskFullException(now.log().activePath(), "cannot " + what, e);
        } catch (IOException e) {
            throw failed(open, new StorageException(now.log().activePath(), "cannot " + what, e));
        } catch (StorageException e) {
            throw failed(open, e);
        }
    }

    private static StorageException failed(Open now, StorageException cause) {
        now.background().fail(cause);
        return cause;
    }

    private Open alive() {
        Open now = open;
        now.background().checkAlive();
        return now;
    }

    /** First index that is kept. */
    public long firstIndex() {
        return open.log().firstIndex();
    }

    /** Offset of the first record that is kept, or the first that may come. */
    public long firstOffset() {
        return open.log().segments().first().header().baseOffset();
    }

    /** All segments, in order; never none. For any thread. */
    public List<SegmentInfo> segments() {
        return open.log().infos();
    }

    /** Whether a segment begins with this entry. For any thread; true only of what is written. */
    public boolean isSegmentStart(long index) {
        SegmentList segments = open.log().segments();
        return segments.get(segments.ofIndex(index)).baseIndex() == index;
    }

    /** As {@link #trimPrefix(long, long)}, of a log without records that must stay. */
    public boolean trimPrefix(long firstIndexToKeep) {
        return trimPrefix(firstIndexToKeep, Long.MAX_VALUE);
    }

    /**
     * Deletes the oldest segment, if it is not the active one, all its entries are before {@code firstIndexToKeep}, the
     * newest snapshot and the one before it stand in for all of them (so that no one damaged file loses what was trimmed),
     * and there is a good snapshot from which what remains of the log leads on with every record from
     * {@code firstOffsetToKeep} on. One short step; call it again while it returns true.
     *
     * @return whether a segment was deleted
     * @throws CorruptLogException if the log is known to be damaged; nothing is deleted then
     */
    public boolean trimPrefix(long firstIndexToKeep, long firstOffsetToKeep) {
        damage.checkNone();
        boolean[] trimmed = {false};
        run("trim", now -> {
            synchronized (snapshotLock) {
                SegmentList segments = now.log().segments();
                long last = segments.first().lastIndex();
                if (segments.size() > 1
                        && last < firstIndexToKeep
                        && last <= now.snapshots().covered()
                        && now.snapshots().hasUpTo(firstOffsetToKeep, last)
                        && damage.letGoBefore(last + 1)) {
                    trimmed[0] = now.log().trimFirst(firstIndexToKeep);
                    now.snapshots().deleteObsolete(now.log().firstIndex());
                }
            }
        });
        return trimmed[0];
    }

    /**
     * Makes a snapshot durable. It and the one before it are kept, and all that the log leads on from, see
     * {@link #snapshotUpTo}.
     *
     * @throws DiskFullException        if there is no room; nothing is left of it then
     * @throws CorruptLogException      if the log is damaged; nothing is written then
     * @throws IllegalArgumentException if its last entry is not durable in this log, or older than that of the newest snapshot
     */
    public void saveSnapshot(Snapshot snapshot) {
        damage.checkNone();
        run("save a snapshot", now -> {
            synchronized (snapshotLock) {
                long newest = now.snapshots().newest();
                long durable = now.log().durableIndex();
                if (snapshot.last().index() < newest || snapshot.last().index() > durable) {
                    throw new IllegalArgumentException("a snapshot of entry " + snapshot.last()
                            + ", but the newest is of index " + newest + " and the log is durable to index " + durable);
                }
                // A snapshot behind what is marked as durable would be taken for one that was to replace the log.
                now.hardState().mark(marks -> marks.durableTo(durable));
                now.hardState().force();
                now.snapshots().save(snapshot);
                now.snapshots().deleteObsolete(now.log().firstIndex());
            }
        });
    }

    /** The newest snapshot that is good; reads it. */
    public Optional<Snapshot> latestSnapshot() {
        Open now = alive();
        synchronized (snapshotLock) {
            try {
                return now.snapshots().readNewest();
            } catch (IOException e) {
                throw new StorageException(directory, "cannot read the snapshots", e);
            }
        }
    }

    /**
     * What another replica needs before it can take this log from its beginning: the newest good snapshot from which the
     * log leads on with every record from {@code offset} on; reads it. If there is none, the first one of a trimmed log:
     * records before its end are those that a trim was free to delete. Empty if there is none at all.
     */
    public Optional<Snapshot> snapshotUpTo(long offset) {
        Open now = alive();
        synchronized (snapshotLock) {
            try {
                return now.snapshots().readUpTo(offset, now.log().firstIndex() - 1);
            } catch (IOException e) {
                throw new StorageException(directory, "cannot read the snapshots", e);
            }
        }
    }

    /**
     * Replaces the whole log by an empty one that starts after {@code snapshot}, durably when it returns; term and vote
     * stay. A crash leaves the old log or the new one. {@link #recovered} tells the new beginning.
     *
     * @throws DiskFullException        if there is no room for the snapshot; nothing has changed then
     * @throws IllegalArgumentException if the snapshot is of a later term than the hard state that was put last
     */
    public void resetTo(Snapshot snapshot) {
        reset(snapshot, false);
    }

    private void reset(Snapshot snapshot, boolean lacksEntries) {
        run("reset", now -> {
            long term = now.hardState().state().term();
            if (snapshot.last().term() > term) {
                throw new IllegalArgumentException(
                        "a snapshot of entry " + snapshot.last() + ", but the hard state is of term " + term);
            }
            synchronized (snapshotLock) {
                now.hardState().force();
                now.snapshots().save(snapshot);
                replace(now, snapshot.last().index() + 1, lacksEntries);
            }
        });
    }

    /**
     * As {@link #resetTo}, of a damaged log of which some entry behind the snapshot may be committed: the new one is damaged
     * from its first entry on, open-ended, until {@link #replaceSuffix}.
     *
     * @throws DiskFullException        as {@link #resetTo}
     * @throws IllegalArgumentException as {@link #resetTo}
     */
    public void resetDamagedTo(Snapshot snapshot) {
        reset(snapshot, true);
    }

    private void replace(Open old, long firstIndex, boolean lacksEntries) throws IOException {
        try {
            old.hardState()
                    .mark(marks -> lacksEntries ? marks.resettingDamagedTo(firstIndex) : marks.resettingTo(firstIndex));
            old.hardState().force();
            reopen(old);
        } catch (NoSpaceException full) {
            // Too late to turn back; the next start goes on.
            throw new IOException("no room to begin the new log", full);
        }
    }

    private void reopen(Open old) throws IOException {
        old.background().close();
        old.log().close();
        old.hardState().close();
        open = recover();
        open.log().setRecycling(recycling);
    }

    /**
     * Reads entries from {@code fromIndex}, at least one if there is one, at most up to {@code toIndex} (inclusive) and,
     * after the first, not above {@code maxBytes} in {@code LogEntry.sizeBytes()}. Every frame's checksum is verified.
     *
     * @throws IllegalArgumentException if {@code fromIndex} is below {@link #firstIndex}
     * @throws CorruptLogException      if an entry is damaged
     */
    public List<LogEntry> read(long fromIndex, long toIndex, int maxBytes) {
        return look("read from index " + fromIndex, reader -> reader.read(fromIndex, toIndex, maxBytes));
    }

    /**
     * All entries of a type, in order. Reads the headers of everything from {@code fromIndex} on, so this is for the start,
     * with what follows the newest snapshot.
     *
     * @throws CorruptLogException if an entry on the way is damaged
     */
    public List<LogEntry> entriesOfType(EntryType type, long fromIndex) {
        return look("read from index " + fromIndex, reader -> reader.entriesOfType(type, fromIndex));
    }

    /**
     * A digest of entries that is the same wherever they are the same, whatever segments they lie in; that of a
     * {@link SegmentInfo} for its entries. Empty unless the log holds all of them.
     *
     * @throws CorruptLogException if one of them is damaged
     */
    public OptionalLong digest(long fromIndex, long toIndex) {
        return look(
                        "read from index " + fromIndex,
                        reader -> reader.digest(fromIndex, toIndex, DIGEST_OF_NOTHING, Long.MAX_VALUE))
                .map(part -> OptionalLong.of(part.digest()))
                .orElse(OptionalLong.empty());
    }

    /**
     * As {@link #digest(long, long)}, a part at a time: of so many bytes and the entry in which they end.
     *
     * @param before the digest of the entries of the range before {@code fromIndex}
     * @throws CorruptLogException if an entry of this part is damaged
     */
    public Optional<DigestPart> digest(long fromIndex, long toIndex, long before, int maxBytes) {
        return look("read from index " + fromIndex, reader -> reader.digest(fromIndex, toIndex, before, maxBytes));
    }

    /**
     * Takes entries for damaged though they are intact: those of the group are others. Noted are those of them that are in
     * the first one's segment; none if that was trimmed.
     *
     * @throws CorruptLogException if one before them is damaged
     */
    public void setAside(long fromIndex, long toIndex) {
        look(
                        "read from index " + fromIndex,
                        reader -> reader.asDamage(
                                fromIndex, toIndex, "DIVERGED: intact entries, but the other replicas have others"))
                .ifPresent(found -> damage.note(open.log(), found));
    }

    /**
     * The index of the entry that holds {@code offset}, or of the last entry whose base offset is not above it.
     *
     * @param offset from the first kept offset to the last
     * @throws IllegalArgumentException if the log holds no such entry
     * @throws CorruptLogException      if an entry on the way is damaged
     */
    public long indexOfOffset(long offset) {
        return look("look up offset " + offset, reader -> reader.indexOfOffset(offset));
    }

    /**
     * The index of the first entry whose timestamp is not before {@code millis}, or the next free index if there is none.
     * Timestamps are what the leaders' clocks said: an entry behind the one that is found may be older than it.
     *
     * @param millis ms since 1970
     * @throws CorruptLogException if an entry on the way is damaged
     */
    public long indexOfTimestamp(long millis) {
        return look("look up time " + millis, reader -> reader.indexOfTimestamp(millis));
    }

    private <T> T look(String what, KnownDamage.Look<T> look) {
        Open now = alive();
        return damage.look(now.log(), now.reader(), what, look);
    }

    /**
     * Whether the file of a trimmed segment may be kept to become a later one, which is only to be faster; it may at first.
     * Without, one that is kept is deleted in the background. For any thread, when the disk fills.
     */
    public void setRecycling(boolean allowed) {
        recycling = allowed;
        Open now = open;
        now.log().setRecycling(allowed);
        if (!allowed) {
            now.background().run(now.log()::giveUpSpare);
        }
    }

    /** How often optional work in the background (zero-filling, indexes) could not be done: a full disk, mostly. */
    public long skippedBackgroundSteps() {
        return open.background().skippedSteps();
    }

    /**
     * Closes the files; what was not forced may be lost. Background work that is under way ends by itself. That everything
     * forced was there is noted first, so that the next start can tell a rotten tail from a torn one.
     */
    @Override
    public void close() {
        Open now = open;
        now.background().close();
        try {
            if (now.background().isAlive()) {
                now.hardState().mark(marks -> marks.durableTo(now.log().durableIndex()));
                now.hardState().force();
            }
        } catch (IOException e) {
            throw new StorageException(now.log().activePath(), "cannot note that it is complete", e);
        } finally {
            closeFiles(now);
        }
    }

    private static void closeFiles(Open now) {
        try {
            now.log().close();
            now.hardState().close();
        } catch (IOException e) {
            throw new StorageException(now.log().activePath(), "cannot close", e);
        }
    }
}

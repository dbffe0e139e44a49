/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.logstore.LogStore;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.StorageException;
import io.quorate.logstore.StoreIdentity;
import io.quorate.logstore.WriteBuffer;
import io.quorate.logstore.io.Disk;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.logstore.sim.SimulatedDisk.Operation;
import io.quorate.node.replica.GroupDirectories;
import io.quorate.raft.Prng;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.sim.check.DurableImages;
import io.quorate.sim.check.Invariant;
import io.quorate.sim.check.Violation;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * The disk of one machine, over all starts of its process, and the same disk as the checkers see it: recovered, by the
 * real recovery, from nothing but what was forced.
 */
final class MachineDisk {
    static final Path DATA_DIRECTORY = Path.of("/data");

    /** Of the log store's format. What a start does without the header of a segment is a test of its own. */
    private static final int SEGMENT_HEADER_BYTES = 4096;

    private static final int SECTOR_BYTES = 512;

    private record CachedImage(long operations, Optional<DurableImages.Image> image) {}

    private final String clusterId;
    private final int nodeId;
    private final LogStoreConfig config;
    private final Prng prng;
    private final WriteBuffer writeBuffer = new WriteBuffer(4096);
    private final Map<Long, CachedImage> images = new HashMap<>();
    private final Set<Long> mended = new TreeSet<>();
    /** Groups whose replica was mended at any time. */
    private final Set<Long> repaired = new TreeSet<>();

    private final Runnable onPowerLost;
    private SimulatedDisk current;
    /** Another machine's, put in instead by mistake; null: its own. */
    private MachineDisk foreign;

    private boolean forceFails;
    private boolean everRotted;

    /** @param onPowerLost told within the operation in which the power fails */
    MachineDisk(String clusterId, int nodeId, LogStoreConfig config, Prng prng, Runnable onPowerLost) {
        this.clusterId = clusterId;
        this.nodeId = nodeId;
        this.config = config;
        this.prng = prng;
        this.onPowerLost = onPowerLost;
        this.current = new SimulatedDisk(prng.nextLong());
        this.current.whenPowerFails(onPowerLost);
    }

    /** As the process that runs now has it. */
    Disk mounted() {
        return isForeign() ? foreign.current : current;
    }

    /** The machine is off; when it starts again, it has an empty disk. */
    void replace() {
        current = new SimulatedDisk(prng.nextLong());
        current.whenPowerFails(onPowerLost);
        images.clear();
        mended.clear();
        repaired.clear();
        everRotted = false;
    }

    /** The machine is off; when it starts again, it has another one's disk, until {@link #putBack}. Its own one stays as it is. */
    void putIn(MachineDisk other) {
        foreign = other;
    }

    /** The machine is off, and has its own disk again. */
    void putBack() {
        foreign = null;
    }

    boolean isForeign() {
        return foreign != null;
    }

    /** The process has ended and with it its view of the disk; what follows finds a disk in order again. */
    void endProcess() {
        if (isForeign()) {
            return;
        }
        // A killed process leaves its written bytes to the kernel; a machine without power loses what was not forced.
        // After a failed force only the latter is certain to tell what the medium holds.
        boolean powerLost = forceFails || prng.nextInt(2) == 0;
        if (!current.isDown() && powerLost) {
            current.crash();
        }
        current.heal();
        forceFails = false;
        current = current.reopen();
    }

    /** The power fails in the midst of this many operations from now. */
    void losePowerAfter(int operations) {
        current.crashAfter(1 + operations);
    }

    /** From now on nothing can be forced any more, until the process ends. */
    void failForces() {
        forceFails = true;
        current.inject(Operation.FORCE, path -> true);
    }

    /** The next force fails and forgets what it was to force; who tries again is told that all is well. */
    void failOneForce() {
        forceFails = true;
        current.injectOnce(Operation.FORCE, path -> true);
    }

    /** Somebody else fills the disk up to so many free bytes. */
    void leaveFree(long bytes) {
        current.leaveFree(bytes);
    }

    /** There is room again. */
    void free() {
        current.limitCapacity(Long.MAX_VALUE);
    }

    /**
     * Some bytes of some log rot, and if so, where. Not where it can by no means be told from what a crash leaves (see ADR 9),
     * nor where nothing tells what was there.
     *
     * @param where  draws the place
     * @param sector a sector of a sealed segment becomes zeros; else a bit flips. Instead of either, now and then, a block
     *               cannot be read any more
     */
    Optional<String> rot(long where, boolean sector) {
        Prng place = new Prng(where);
        List<Long> groups = groups();
        if (groups.isEmpty()) {
            return Optional.empty();
        }
        long group = groups.get(place.nextInt(groups.size()));
        Path directory = DATA_DIRECTORY.resolve("groups").resolve(Long.toString(group));
        List<String> segments = current.list(directory).stream()
                .filter(name -> name.endsWith(".log"))
                .sorted()
                .toList();
        int candidates = sector ? segments.size() - 1 : segments.size();
        if (candidates < 1) {
            return Optional.empty();
        }
        Path file = directory.resolve(segments.get(place.nextInt(candidates)));
        int used = usedBytes(current.contents(file));
        if (used <= SEGMENT_HEADER_BYTES) {
            return Optional.empty();
        }
        int at = SEGMENT_HEADER_BYTES + place.nextInt(used - SEGMENT_HEADER_BYTES);
        int position = sector ? at / SECTOR_BYTES * SECTOR_BYTES : at;
        int bytes = sector ? SECTOR_BYTES : 1;
        int mask = sector ? 0 : 1 << place.nextInt(8);
        if (place.nextInt(4) == 0) {
            return spoil(group, directory, file, at);
        }
        if (!isNoticed(group, directory, file, position, copy -> flip(copy, file, position, bytes, mask))
                || !current.rot(file, position, bytes, mask)) {
            return Optional.empty();
        }
        everRotted = true;
        return Optional.of(file + " at " + position + (sector ? ", a sector" : ", a bit"));
    }

    private Optional<String> spoil(long group, Path directory, Path file, int position) {
        if (!isNoticed(group, directory, file, position, copy -> copy.spoil(file, position))
                || !current.spoil(file, position)) {
            return Optional.empty();
        }
        everRotted = true;
        return Optional.of(file + " at " + position + ", a block that cannot be read");
    }

    private static void flip(SimulatedDisk disk, Path file, int position, int bytes, int mask) {
        byte[] contents = disk.contents(file);
        for (int at = position; at < Math.min(contents.length, position + bytes); at++) {
            contents[at] = mask == 0 ? 0 : (byte) (contents[at] ^ mask);
        }
        disk.plant(file, contents);
    }

    private static int usedBytes(byte[] contents) {
        int used = contents.length;
        while (used > 0 && contents[used - 1] == 0) {
            used--;
        }
        return used;
    }

    /** Whether a start would neither take the damage for the end of the log nor give up. */
    private boolean isNoticed(long group, Path directory, Path file, int position, Consumer<SimulatedDisk> harm) {
        SimulatedDisk copy = current.forcedOnly(directory);
        if (isBeingRemoved(copy, directory)
                || !copy.list(directory).contains(file.getFileName().toString())
                || copy.contents(file).length <= position) {
            return false;
        }
        long last = forced(group).map(DurableImages.Image::lastIndex).orElse(0L);
        harm.accept(copy);
        try (LogStore store = LogStore.open(
                copy,
                directory,
                new StoreIdentity(clusterId, nodeId, group),
                config,
                Runnable::run,
                new WriteBuffer(4096))) {
            return store.damage().isPresent() || store.recovered().terms().lastIndex() == last;
        } catch (StorageException refused) {
            return false;
        }
    }

    /** Whether anything has ever rotted. */
    boolean everRotted() {
        return everRotted;
    }

    boolean hasLostPower() {
        return current.isDown();
    }

    /** Whether a force has failed, or may fail at any time: what the process reports about it is no bug. */
    boolean failsForces() {
        return forceFails;
    }

    /** Ends all faults that are still to come. */
    void makeReliable() {
        current.crashAfter(Long.MAX_VALUE / 2);
        free();
    }

    /** The groups that have a directory, in order. */
    List<Long> groups() {
        return current.list(DATA_DIRECTORY.resolve("groups")).stream()
                .map(Long::valueOf)
                .sorted()
                .toList();
    }

    /** The first index of the newest segment of a group's log; 0 if there is none. */
    long newestSegment(long groupId) {
        return current.list(DATA_DIRECTORY.resolve("groups").resolve(Long.toString(groupId))).stream()
                .filter(name -> name.matches("\\d{20}\\.log"))
                .mapToLong(name -> Long.parseLong(name.substring(0, 20)))
                .max()
                .orElse(0);
    }

    /**
     * A replica is mended from now on. That may begin with a snapshot in place of its log, and what it had accepted is then
     * missing until the others have given it back: as rot took it, what was there before counts meanwhile.
     */
    void mends(long groupId) {
        forced(groupId);
        mended.add(groupId);
        repaired.add(groupId);
    }

    void isMended(long groupId) {
        mended.remove(groupId);
    }

    /** What would be found of a group after a loss of power now, if nothing had rotted. */
    Optional<DurableImages.Image> forced(long groupId) {
        long operations = current.operations();
        CachedImage cached = images.get(groupId);
        if (cached == null || cached.operations() != operations) {
            cached = new CachedImage(operations, recover(groupId));
            images.put(groupId, cached);
        }
        return cached.image();
    }

    private Optional<DurableImages.Image> recover(long groupId) {
        Path directory = DATA_DIRECTORY.resolve("groups").resolve(Long.toString(groupId));
        SimulatedDisk copy = current.forcedOnly(directory);
        if (copy.list(directory).isEmpty() || isBeingRemoved(copy, directory)) {
            return Optional.empty();
        }
        try {
            LogStore store = open(groupId, copy);
            if (store.damage().isPresent() && mended.contains(groupId)) {
                return images.get(groupId).image();
            }
            return Optional.of(whole(store));
        } catch (StorageException refused) {
            // What was repaired around rot goes by what there is now: a rotten end of a segment is one.
            List<Path> accepted = repaired.contains(groupId) ? current.rotten(directory) : List.of();
            for (Path rotten : accepted) {
                try {
                    return Optional.of(whole(open(groupId, current.forcedOnly(directory, rotten::equals))));
                } catch (StorageException both) {
                    refused.addSuppressed(both);
                }
            }
            throw new Violation(
                    Invariant.FORCED_IS_RECOVERABLE,
                    "node " + nodeId + " would not recover from what it has forced: " + refused.getMessage(),
                    refused);
        }
    }

    private LogStore open(long groupId, SimulatedDisk disk) {
        Path directory = DATA_DIRECTORY.resolve("groups").resolve(Long.toString(groupId));
        StoreIdentity identity = new StoreIdentity(clusterId, nodeId, groupId);
        return LogStore.open(disk, directory, identity, config, Runnable::run, writeBuffer);
    }

    /** @throws StorageException if it is damaged */
    private static DurableImages.Image whole(LogStore store) {
        store.damage().ifPresent(damage -> {
            throw damage.asException();
        });
        return new ForcedLog(store);
    }

    /** What is left of it is not opened, but removed by whoever comes across it. */
    private static boolean isBeingRemoved(SimulatedDisk disk, Path directory) {
        return disk.list(directory).contains(GroupDirectories.REMOVAL_MARK);
    }

    /** Stays open: there is nothing behind it but memory. */
    private static final class ForcedLog implements DurableImages.Image {
        private static final int BYTES_AT_ONCE = 64 << 10;

        private final LogStore store;
        private List<LogEntry> lastRead = List.of();

        private ForcedLog(LogStore store) {
            this.store = store;
        }

        @Override
        public HardState hardState() {
            return store.recovered().hardState();
        }

        @Override
        public long firstIndex() {
            return store.firstIndex();
        }

        @Override
        public long lastIndex() {
            return store.recovered().terms().lastIndex();
        }

        @Override
        public Optional<LogEntry> entry(long index) {
            if (index < store.firstIndex() || index > lastIndex()) {
                return Optional.empty();
            }
            if (lastRead.isEmpty()
                    || index < lastRead.get(0).index()
                    || index > lastRead.get(lastRead.size() - 1).index()) {
                lastRead = store.read(index, lastIndex(), BYTES_AT_ONCE);
            }
            return Optional.of(lastRead.get((int) (index - lastRead.get(0).index())));
        }
    }
}

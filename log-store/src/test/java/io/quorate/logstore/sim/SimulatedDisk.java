/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore.sim;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.logstore.io.NoSpaceException;
import io.quorate.raft.Prng;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * A disk in memory that forgets and fails as real ones do, from a seed.
 *
 * <p>What was not forced is at the mercy of {@link #crash}: it keeps any subset of the unforced sectors of each file, an
 * old, new or intermediate size, and any subset of the creations, renames and deletions whose directory was not forced.
 * After a crash this object throws {@link SimulatedCrash} for ever, whoever still holds it; {@link #reopen} gives the view
 * of the next run. Direct writes come in blocks of 512 or 4096 bytes, or are not possible, as the seed says. The same seed and the same calls leave the same bytes. Thread-safe.
 */
public final class SimulatedDisk implements Disk {
    /** What an injected fault hits. */
    public enum Operation {
        CREATE,
        OPEN,
        READ,
        WRITE,
        FORCE,
        RENAME,
        TRUNCATE
    }

    /** What file systems want: the seed says which this one does. */
    private static final int[] DIRECT_BLOCK_BYTES = {4096, 512, 0};

    private static final long UNLIMITED = Long.MAX_VALUE;
    private static final long NEVER = Long.MAX_VALUE;

    private final Platter platter;
    private boolean down;

    /** What outlives a crash. */
    private static final class Platter {
        final Prng random;
        final TreeMap<Path, SimulatedFile> seen = new TreeMap<>();
        final TreeMap<Path, SimulatedFile> durable = new TreeMap<>();
        final List<NameChange> unforced = new ArrayList<>();
        final TreeSet<Path> directories = new TreeSet<>();
        final TreeSet<Path> locks = new TreeSet<>();
        final List<Fault> faults = new ArrayList<>();
        long operations;
        long crashAt = NEVER;
        long capacityBytes = UNLIMITED;
        int directBlockBytes;
        CrashPolicy crashPolicy = CrashPolicy.RANDOM;
        Runnable onPowerFailure = () -> {};

        Platter(long seed) {
            random = new Prng(seed);
            directBlockBytes = DIRECT_BLOCK_BYTES[(int) Math.floorMod(seed, (long) DIRECT_BLOCK_BYTES.length)];
        }
    }

    private record Fault(Operation operation, Predicate<Path> where, boolean once, boolean noSpace) {}

    /** A change of names that a crash keeps or loses as one. */
    private sealed interface NameChange {
        Path directory();

        void applyTo(TreeMap<Path, SimulatedFile> names);
    }

    private record Created(Path path, SimulatedFile file) implements NameChange {
        @Override
        public Path directory() {
            return path.getParent();
        }

        @Override
        public void applyTo(TreeMap<Path, SimulatedFile> names) {
            names.put(path, file);
        }
    }

    private record Renamed(Path from, Path to, SimulatedFile file) implements NameChange {
        @Override
        public Path directory() {
            return to.getParent();
        }

        @Override
        public void applyTo(TreeMap<Path, SimulatedFile> names) {
            names.remove(from, file);
            names.put(to, file);
        }
    }

    private record Deleted(Path path, SimulatedFile file) implements NameChange {
        @Override
        public Path directory() {
            return path.getParent();
        }

        @Override
        public void applyTo(TreeMap<Path, SimulatedFile> names) {
            names.remove(path, file);
        }
    }

    public SimulatedDisk(long seed) {
        this(new Platter(seed));
    }

    private SimulatedDisk(Platter platter) {
        this.platter = platter;
    }

    // --- what a test does to it

    /** Cuts the power now. */
    public void crash() {
        synchronized (platter) {
            checkUp();
            loseUnforced();
        }
    }

    /**
     * Cuts the power in the middle of the {@code operations}-th change from now on: that operation may take effect in
     * part, like everything else that was not forced, and throws {@link SimulatedCrash}.
     */
    public void crashAfter(long operations) {
        synchronized (platter) {
            platter.crashAt = platter.operations + operations;
        }
    }

    /** From now on, over all runs, {@code listener} hears of each failure of the power, within the call that it ends. */
    public void whenPowerFails(Runnable listener) {
        synchronized (platter) {
            platter.onPowerFailure = listener;
        }
    }

    /** The view of the next run, after {@link #crash} or instead of it (a killed process loses nothing). */
    public SimulatedDisk reopen() {
        synchronized (platter) {
            down = true;
            platter.locks.clear();
            platter.crashAt = NEVER;
            return new SimulatedDisk(platter);
        }
    }

    /** From now on {@code operation} fails on all files that {@code where} accepts. */
    public void inject(Operation operation, Predicate<Path> where) {
        synchronized (platter) {
            platter.faults.add(new Fault(operation, where, false, false));
        }
    }

    /** From now on there is no room for {@code operation}, not a force, on all files that {@code where} accepts. */
    public void injectNoSpace(Operation operation, Predicate<Path> where) {
        synchronized (platter) {
            platter.faults.add(new Fault(operation, where, false, true));
        }
    }

    /** The next {@code operation} on a file that {@code where} accepts fails, and then all is as if nothing had been. */
    public void injectOnce(Operation operation, Predicate<Path> where) {
        synchronized (platter) {
            platter.faults.add(new Fault(operation, where, true, false));
        }
    }

    /** Ends all injected faults. */
    public void heal() {
        synchronized (platter) {
            platter.faults.clear();
        }
    }

    /** From now on, a power failure keeps what {@code policy} says. */
    public void setCrashPolicy(CrashPolicy policy) {
        synchronized (platter) {
            platter.crashPolicy = policy;
        }
    }

    /** From now on, direct writes come in units of {@code blockBytes}, a power of two from 512 to 65,536, or are not possible, 0. */
    public void setDirectBlockBytes(int blockBytes) {
        synchronized (platter) {
            platter.directBlockBytes = blockBytes;
        }
    }

    /** Limits what all files may hold together; a write beyond fails as a full disk does, after what still fits. */
    public void limitCapacity(long bytes) {
        synchronized (platter) {
            platter.capacityBytes = bytes;
        }
    }

    /** Fills the disk with what others wrote to it, up to so many free bytes. */
    public void leaveFree(long bytes) {
        synchronized (platter) {
            platter.capacityBytes = usedBytes() + bytes;
        }
    }

    /** Whether the power failed, or a later run took over: every use throws. */
    public boolean isDown() {
        synchronized (platter) {
            return down;
        }
    }

    /**
     * Another disk that holds what this one would surely keep of the files in {@code directory} if the power failed now:
     * all that was forced and nothing else. This one is not changed.
     */
    public SimulatedDisk forcedOnly(Path directory) {
        return forcedOnly(directory, path -> false);
    }

    /** The files of which some bytes are not what was forced. */
    public List<Path> rotten(Path directory) {
        synchronized (platter) {
            return platter.durable.entrySet().stream()
                    .filter(named -> named.getKey().startsWith(directory)
                            && named.getValue().isRotten())
                    .map(Map.Entry::getKey)
                    .toList();
        }
    }

    /** As {@link #forcedOnly(Path)}; of the files that {@code withRot} accepts with what has rotted, though all of it can be read. */
    public SimulatedDisk forcedOnly(Path directory, Predicate<Path> withRot) {
        synchronized (platter) {
            SimulatedDisk image = new SimulatedDisk(0);
            for (var named : platter.durable.tailMap(firstIn(directory)).entrySet()) {
                if (!named.getKey().startsWith(directory)) {
                    break;
                }
                SimulatedFile copy = named.getValue().forcedCopy(withRot.test(named.getKey()));
                image.platter.seen.put(named.getKey(), copy);
                image.platter.durable.put(named.getKey(), copy);
                image.makeDirectories(named.getKey().getParent());
            }
            return image;
        }
    }

    /** How many changing operations (creations, writes, forces, renames, ...) there were so far. */
    public long operations() {
        synchronized (platter) {
            return platter.operations;
        }
    }

    public byte[] contents(Path path) {
        synchronized (platter) {
            SimulatedFile file = platter.seen.get(path);
            if (file == null) {
                throw new IllegalArgumentException("no file " + path);
            }
            return file.contents();
        }
    }

    /** Replaces or makes a file durably, behind the back of whoever uses the disk. */
    public void plant(Path path, byte[] contents) {
        synchronized (platter) {
            SimulatedFile file = platter.seen.computeIfAbsent(path, p -> new SimulatedFile());
            file.replace(contents);
            platter.durable.put(path, file);
            makeDirectories(path.getParent());
        }
    }

    /** Flips the bits of {@code mask} in one byte, durably. */
    public void corrupt(Path path, int position, int mask) {
        byte[] contents = contents(path);
        contents[position] ^= (byte) mask;
        plant(path, contents);
    }

    /**
     * The medium loses bytes that were forced, behind the back of whoever uses the disk: their bits in {@code mask} flip, or,
     * if it is 0, they become zeros. {@link #forcedOnly} still tells what was forced. One place of a file rots at a time.
     *
     * @return whether it did: not if something there was written and not forced, or is not mended yet
     */
    public boolean rot(Path path, int position, int bytes, int mask) {
        synchronized (platter) {
            SimulatedFile file = platter.seen.get(path);
            if (file == null || file != platter.durable.get(path) || file.isRotten()) {
                return false;
            }
            byte[] contents = file.contents();
            boolean rotted = false;
            for (int at = position; at < Math.min(position + bytes, contents.length); at++) {
                int flips = mask == 0 ? contents[at] : mask;
                rotted |= flips != 0 && file.rot(at, flips);
            }
            return rotted;
        }
    }

    /**
     * The medium cannot read a block of {@value SimulatedFile#BLOCK_BYTES} bytes any more, until something else is written
     * there. {@link #forcedOnly} still tells what was forced.
     *
     * @return whether it was readable: not if something there was written and not forced
     */
    public boolean spoil(Path path, int position) {
        synchronized (platter) {
            SimulatedFile file = platter.seen.get(path);
            return file != null && file == platter.durable.get(path) && !file.isRotten() && file.spoil(position);
        }
    }

    /** Removes a file durably, behind the back of whoever uses the disk. */
    public void lose(Path path) {
        synchronized (platter) {
            platter.seen.remove(path);
            platter.durable.remove(path);
        }
    }

    // --- the disk

    private void checkUp() {
        if (down) {
            throw new SimulatedCrash("used after a crash");
        }
    }

    private void loseUnforced() {
        down = true;
        for (NameChange change : platter.unforced) {
            boolean keep =
                    platter.crashPolicy.isTorn() ? platter.random.nextInt(2) == 0 : platter.crashPolicy.keepsNames();
            if (keep) {
                change.applyTo(platter.durable);
            }
        }
        platter.unforced.clear();
        platter.seen.clear();
        platter.seen.putAll(platter.durable);
        // A directory cannot be gone while a file in it is not.
        platter.durable.keySet().forEach(path -> makeDirectories(path.getParent()));
        for (SimulatedFile file : platter.seen.values()) {
            file.crash(platter.random, platter.crashPolicy);
        }
        platter.locks.clear();
        platter.crashAt = NEVER;
        platter.onPowerFailure.run();
    }

    /** Counts a change; true if the power fails in the middle of it. */
    private boolean begin() {
        checkUp();
        platter.operations++;
        return platter.operations >= platter.crashAt;
    }

    private void crashIn(String what) {
        loseUnforced();
        throw new SimulatedCrash(what);
    }

    private SimulatedFile existing(Path path) throws NoSuchFileException {
        SimulatedFile file = platter.seen.get(path);
        if (file == null) {
            throw new NoSuchFileException(path.toString());
        }
        return file;
    }

    private void changeNames(NameChange change) {
        boolean crash = begin();
        change.applyTo(platter.seen);
        platter.unforced.add(change);
        if (crash) {
            crashIn(change.toString());
        }
    }

    @Override
    public DiskFile create(Path path) throws IOException {
        synchronized (platter) {
            checkUp();
            if (platter.seen.containsKey(path)) {
                throw new FileAlreadyExistsException(path.toString());
            }
            requireDirectory(path.getParent());
            failIfInjected(Operation.CREATE, path);
            SimulatedFile file = new SimulatedFile();
            changeNames(new Created(path, file));
            return new Handle(path, file);
        }
    }

    @Override
    public DiskFile open(Path path) throws IOException {
        synchronized (platter) {
            checkUp();
            failIfInjected(Operation.OPEN, path);
            return new Handle(path, existing(path));
        }
    }

    @Override
    public int directBlockBytes(Path directory) {
        synchronized (platter) {
            checkUp();
            return platter.directBlockBytes;
        }
    }

    @Override
    public DiskFile openDirect(Path path) throws IOException {
        synchronized (platter) {
            checkUp();
            if (platter.directBlockBytes == 0) {
                throw new FileSystemException(path.toString(), null, "no direct I/O on this file system");
            }
            failIfInjected(Operation.OPEN, path);
            return new DirectHandle(path, existing(path));
        }
    }

    @Override
    public boolean exists(Path path) {
        synchronized (platter) {
            checkUp();
            return platter.seen.containsKey(path) || platter.directories.contains(path);
        }
    }

    @Override
    public List<String> list(Path directory) {
        synchronized (platter) {
            checkUp();
            TreeSet<String> names = new TreeSet<>();
            addChildren(directory, platter.seen.navigableKeySet(), names);
            addChildren(directory, platter.directories, names);
            return List.copyOf(names);
        }
    }

    private static void addChildren(Path directory, NavigableSet<Path> paths, TreeSet<String> names) {
        for (Path path : paths.tailSet(firstIn(directory))) {
            if (!path.startsWith(directory)) {
                return;
            }
            if (path.getNameCount() == directory.getNameCount() + 1) {
                names.add(path.getFileName().toString());
            }
        }
    }

    /** Comes before all paths in {@code directory}, which are next to each other: names are compared byte by byte. */
    private static Path firstIn(Path directory) {
        return directory.resolve("\u0001");
    }

    @Override
    public void createDirectories(Path directory) {
        synchronized (platter) {
            checkUp();
            makeDirectories(directory);
        }
    }

    private void makeDirectories(Path directory) {
        for (Path path = directory; path != null; path = path.getParent()) {
            platter.directories.add(path);
        }
    }

    private void requireDirectory(Path directory) throws NoSuchFileException {
        if (!platter.directories.contains(directory)) {
            throw new NoSuchFileException(directory + " (directory)");
        }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        synchronized (platter) {
            checkUp();
            failIfInjected(Operation.RENAME, to);
            changeNames(new Renamed(from, to, existing(from)));
        }
    }

    @Override
    public void delete(Path path) throws IOException {
        synchronized (platter) {
            checkUp();
            if (platter.directories.contains(path)) {
                if (!list(path).isEmpty()) {
                    throw new FileSystemException(path.toString(), null, "directory not empty");
                }
                platter.directories.remove(path);
                return;
            }
            changeNames(new Deleted(path, existing(path)));
        }
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        synchronized (platter) {
            boolean crash = begin();
            if (crash) {
                crashIn("force of " + directory);
            }
            requireDirectory(directory);
            failIfInjected(Operation.FORCE, directory);
            platter.unforced.removeIf(change -> {
                boolean here = directory.equals(change.directory());
                if (here) {
                    change.applyTo(platter.durable);
                }
                return here;
            });
        }
    }

    @Override
    public long freeBytes(Path directory) {
        synchronized (platter) {
            checkUp();
            return platter.capacityBytes == UNLIMITED ? UNLIMITED : Math.max(0, platter.capacityBytes - usedBytes());
        }
    }

    private long usedBytes() {
        long used = 0;
        for (SimulatedFile file : platter.seen.values()) {
            used += file.size();
        }
        return used;
    }

    @Override
    public AutoCloseable lock(Path path) throws IOException {
        synchronized (platter) {
            checkUp();
            if (!platter.locks.add(path)) {
                throw new FileSystemException(path.toString(), null, "in use by another process");
            }
            return () -> {
                synchronized (platter) {
                    if (!down) {
                        platter.locks.remove(path);
                    }
                }
            };
        }
    }

    private void failIfInjected(Operation operation, Path path) throws IOException {
        for (Fault fault : platter.faults) {
            if (fault.operation() == operation && fault.where().test(path)) {
                if (fault.once()) {
                    platter.faults.remove(fault);
                }
                throw fault.noSpace()
                        ? new NoSpaceException(path + ": no space left on device, injected into " + operation, null)
                        : new IOException(path + ": injected failure of " + operation);
            }
        }
    }

    /** Takes whole blocks only, as an operating system does, so that code which forgets it is found out. */
    private final class DirectHandle extends Handle {
        DirectHandle(Path path, SimulatedFile file) {
            super(path, file);
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            checkBlocks("read", target, position);
            return super.read(target, position);
        }

        @Override
        int readBytes(ByteBuffer target, long position) {
            return file.readMedium(target, position);
        }

        @Override
        boolean isThroughCache() {
            return false;
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            checkBlocks("write", source, position);
            super.write(source, position);
        }

        private void checkBlocks(String what, ByteBuffer bytes, long position) throws IOException {
            int block = platter.directBlockBytes;
            if (position % block != 0
                    || bytes.remaining() % block != 0
                    || !bytes.isDirect()
                    || bytes.alignmentOffset(bytes.position(), block) != 0) {
                throw new IOException(path + ": a direct " + what + " of " + bytes.remaining() + " bytes at " + position
                        + " is not in blocks of " + block);
            }
        }
    }

    private class Handle implements DiskFile {
        protected final Path path;
        protected final SimulatedFile file;
        private boolean closed;

        Handle(Path path, SimulatedFile file) {
            this.path = path;
            this.file = file;
            file.opened();
        }

        private void checkOpen() throws IOException {
            checkUp();
            if (closed) {
                throw new IOException(path + ": used after it was closed");
            }
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            synchronized (platter) {
                checkOpen();
                failIfInjected(Operation.READ, path);
                if (file.isSpoilt(position, target.remaining())) {
                    throw new IOException(path + ": Input/output error");
                }
                int count = readBytes(target, position);
                if (isThroughCache()) {
                    file.cache(position, count);
                }
                return count;
            }
        }

        int readBytes(ByteBuffer target, long position) {
            return file.read(target, position);
        }

        boolean isThroughCache() {
            return true;
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            synchronized (platter) {
                checkOpen();
                boolean crash = begin();
                failIfInjected(Operation.WRITE, path);
                int count = source.remaining();
                if (isThroughCache() && file.isSpoiltAround(position, count)) {
                    // The rest of the block, if it is not in memory, must be read before a part of it can be written.
                    throw new IOException(path + ": Input/output error");
                }
                if (crash) {
                    file.write(source, wholeSectors(platter.random.nextInt(count + 1), position, count), position);
                    crashIn("write of " + path);
                }
                long room = platter.capacityBytes == UNLIMITED
                        ? UNLIMITED
                        : Math.max(0, file.size() - position) + Math.max(0, platter.capacityBytes - usedBytes());
                file.write(source, (int) Math.min(count, room), position);
                if (isThroughCache()) {
                    file.cache(position, (int) Math.min(count, room));
                }
                if (room < count) {
                    throw new NoSpaceException(path + ": no space left on device", null);
                }
            }
        }

        /** As much of the first {@code part} bytes as ends with a sector: what a disk or a page cache takes at once. */
        private int wholeSectors(int part, long position, int count) {
            long end = (position + part) / SimulatedFile.SECTOR_BYTES * SimulatedFile.SECTOR_BYTES;
            return part == count ? count : (int) Math.max(0, end - position);
        }

        @Override
        public void force() throws IOException {
            synchronized (platter) {
                checkOpen();
                if (begin()) {
                    crashIn("force of " + path);
                }
                try {
                    failIfInjected(Operation.FORCE, path);
                } catch (IOException e) {
                    file.forgetUnforced();
                    throw e;
                }
                file.force();
            }
        }

        @Override
        public long size() throws IOException {
            synchronized (platter) {
                checkOpen();
                return file.size();
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            synchronized (platter) {
                checkOpen();
                boolean crash = begin();
                failIfInjected(Operation.TRUNCATE, path);
                if (size < file.size() && file.isSpoiltAround(size, 0)) {
                    // The rest of the block becomes zeros: what is not in memory must be read for that.
                    throw new IOException(path + ": Input/output error");
                }
                file.truncate(size);
                if (crash) {
                    crashIn("truncation of " + path);
                }
            }
        }

        @Override
        public void close() {
            synchronized (platter) {
                if (!closed) {
                    closed = true;
                    file.closed();
                }
            }
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore.sim;

import io.quorate.raft.Prng;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One file's bytes, as the running system sees them and as the medium holds them. Sectors of {@value #SECTOR_BYTES}
 * bytes that differ in possibility are marked; a crash keeps any of them.
 */
final class SimulatedFile {
    static final int SECTOR_BYTES = 512;

    /** What is read, or cannot be read, at once. */
    static final int BLOCK_BYTES = 4096;

    private byte[] seen = new byte[SECTOR_BYTES];
    private int seenSize;
    private byte[] durable = new byte[0];
    private int durableSize;
    private final BitSet unforced = new BitSet();
    /** Sectors that a failed force has forgotten: the system sees them, the medium does not have them. */
    private final BitSet lost = new BitSet();
    /** Another file has the same array: it is copied before it is changed. */
    private boolean seenShared;

    private boolean durableShared;

    /** Bytes that have rotted, with what they were, by position: in {@code seen}, and in {@code durable}. */
    private final TreeMap<Integer, Byte> seenRot = new TreeMap<>();

    private final TreeMap<Integer, Byte> durableRot = new TreeMap<>();

    /** Numbers of the blocks that cannot be read. */
    private final TreeSet<Integer> spoilt = new TreeSet<>();

    /** Numbers of the blocks that the system has in memory. */
    private final BitSet cached = new BitSet();

    private int handles;

    int size() {
        return seenSize;
    }

    boolean isSpoilt(long position, int count) {
        Integer block = spoilt.ceiling((int) (position / BLOCK_BYTES));
        return block != null && (long) block * BLOCK_BYTES < Math.min(seenSize, position + count);
    }

    /** Whether the first or the last block of a write is spoilt, and not overwritten as a whole. */
    boolean isSpoiltAround(long position, int count) {
        long end = position + count;
        boolean first = position % BLOCK_BYTES != 0 && isOutOfReach((int) (position / BLOCK_BYTES));
        boolean last = end % BLOCK_BYTES != 0 && end < seenSize && isOutOfReach((int) (end / BLOCK_BYTES));
        return first || last;
    }

    private boolean isOutOfReach(int block) {
        return spoilt.contains(block) && !cached.get(block);
    }

    /** These bytes were read or written through the cache. */
    void cache(long position, int count) {
        if (count > 0) {
            cached.set((int) (position / BLOCK_BYTES), (int) ((position + count - 1) / BLOCK_BYTES) + 1);
        }
    }

    void opened() {
        handles++;
    }

    void closed() {
        handles = Math.max(0, handles - 1);
    }

    int read(ByteBuffer target, long position) {
        int count = (int) Math.max(0, Math.min(target.remaining(), seenSize - position));
        if (count > 0) {
            target.put(seen, (int) position, count);
        }
        return count;
    }

    /** Reads what the medium has, or will be given by the next force. */
    int readMedium(ByteBuffer target, long position) {
        int start = target.position();
        int count = read(target, position);
        int from = (int) position;
        for (int sector = lost.nextSetBit(from / SECTOR_BYTES);
                sector >= 0 && sector * SECTOR_BYTES < from + count;
                sector = lost.nextSetBit(sector + 1)) {
            for (int at = Math.max(from, sector * SECTOR_BYTES);
                    at < Math.min(from + count, (sector + 1) * SECTOR_BYTES);
                    at++) {
                target.put(start + at - from, at < durable.length ? durable[at] : 0);
            }
        }
        return count;
    }

    void write(ByteBuffer source, int count, long position) {
        int from = (int) position;
        int end = Math.addExact(from, count);
        if (end > seen.length) {
            seen = Arrays.copyOf(seen, Math.max(roundUp(end), seen.length * 2));
            seenShared = false;
        }
        ownSeen();
        int dirtyFrom = Math.min(from, seenSize);
        SortedMap<Integer, Byte> overwritten = seenRot.subMap(from, end);
        byte[] rotten = new byte[overwritten.size()];
        int next = 0;
        for (int at : overwritten.keySet()) {
            rotten[next++] = seen[at];
        }
        source.get(seen, from, count);
        // Who writes back what it has read does not mend it; who writes something else may write some of the same
        // bytes.
        BitSet mended = new BitSet();
        next = 0;
        for (int at : overwritten.keySet()) {
            if (seen[at] != rotten[next++]) {
                mended.set(at / SECTOR_BYTES);
            }
        }
        overwritten.keySet().removeIf(at -> mended.get(at / SECTOR_BYTES));
        seenSize = Math.max(seenSize, end);
        unforced.set(dirtyFrom / SECTOR_BYTES, (end + SECTOR_BYTES - 1) / SECTOR_BYTES);
        lost.clear(dirtyFrom / SECTOR_BYTES, (end + SECTOR_BYTES - 1) / SECTOR_BYTES);
        spoilt.subSet(from / BLOCK_BYTES, (end + BLOCK_BYTES - 1) / BLOCK_BYTES).clear();
    }

    void truncate(long size) {
        if (size >= seenSize) {
            return;
        }
        int to = (int) size;
        ownSeen();
        Arrays.fill(seen, to, seenSize, (byte) 0);
        seenRot.tailMap(to).clear();
        spoilt.tailSet((to + BLOCK_BYTES - 1) / BLOCK_BYTES).clear();
        unforced.set(to / SECTOR_BYTES, (seenSize + SECTOR_BYTES - 1) / SECTOR_BYTES);
        seenSize = to;
    }

    void force() {
        keepSectors(unforced);
        setDurableSize(seenSize);
        unforced.clear();
    }

    /** What Linux does: the pages count as clean, but never reached the medium. */
    void forgetUnforced() {
        lost.or(unforced);
        unforced.clear();
    }

    /** Keeps a random part of what was not forced, as the medium and as what the next run sees. */
    void crash(Prng random, CrashPolicy policy) {
        if (policy.isTorn()) {
            tear(random, policy);
        } else if (policy.keepsBytes()) {
            force();
        }
        seen = durable.length == 0 ? new byte[SECTOR_BYTES] : durable.clone();
        seenRot.clear();
        seenRot.putAll(durableRot);
        seenShared = false;
        seenSize = durableSize;
        unforced.clear();
        lost.clear();
        cached.clear();
        handles = 0;
    }

    private void tear(Prng random, CrashPolicy policy) {
        if (seenSize != durableSize || !unforced.isEmpty()) {
            // All, nothing, or anything between: extremes are likelier than independent coins make them.
            int keepInTen =
                    policy == CrashPolicy.RANDOM ? new int[] {0, 5, 10, random.nextInt(11)}[random.nextInt(4)] : 5;
            BitSet kept = new BitSet();
            int unit = -1;
            boolean keepUnit = false;
            for (int sector = unforced.nextSetBit(0); sector >= 0; sector = unforced.nextSetBit(sector + 1)) {
                if (sector / policy.sectorsAtOnce() != unit) {
                    unit = sector / policy.sectorsAtOnce();
                    keepUnit = random.nextInt(10) < keepInTen;
                }
                kept.set(sector, keepUnit);
            }
            int newSize = durableSize;
            if (seenSize != durableSize) {
                int choice = random.nextInt(4);
                if (choice == 1 || choice == 2) {
                    newSize = seenSize;
                } else if (choice == 3 && seenSize > durableSize) {
                    int between = durableSize + random.nextInt(seenSize - durableSize);
                    newSize = Math.max(durableSize, between / SECTOR_BYTES * SECTOR_BYTES);
                }
            }
            keepSectors(kept);
            setDurableSize(newSize);
        }
    }

    private void keepSectors(BitSet sectors) {
        if (durable.length < seen.length) {
            durable = Arrays.copyOf(durable, seen.length);
            durableShared = false;
        }
        ownDurable();
        for (int sector = sectors.nextSetBit(0); sector >= 0; ) {
            int end = sectors.nextClearBit(sector);
            int from = sector * SECTOR_BYTES;
            int to = Math.min(end * SECTOR_BYTES, seen.length);
            if (from < to) {
                System.arraycopy(seen, from, durable, from, to - from);
                durableRot.subMap(from, to).clear();
                durableRot.putAll(seenRot.subMap(from, to));
            }
            sector = sectors.nextSetBit(end);
        }
    }

    /** Bytes beyond the end are never seen again, whatever the size becomes later. */
    private void setDurableSize(int size) {
        if (durable.length < size) {
            durable = Arrays.copyOf(durable, roundUp(size));
            durableShared = false;
        }
        if (size < durable.length) {
            ownDurable();
            Arrays.fill(durable, size, durable.length, (byte) 0);
            durableRot.tailMap(size).clear();
        }
        durableSize = size;
    }

    private static int roundUp(int bytes) {
        return (bytes + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
    }

    byte[] contents() {
        return Arrays.copyOf(seen, seenSize);
    }

    /** Changes one byte that is on the medium; returns false if it is not there, or was not forced since it was written. */
    boolean rot(int position, int mask) {
        if (position >= Math.min(seenSize, durableSize) || unforced.get(position / SECTOR_BYTES)) {
            return false;
        }
        ownSeen();
        ownDurable();
        seenRot.putIfAbsent(position, seen[position]);
        durableRot.putIfAbsent(position, durable[position]);
        seen[position] ^= (byte) mask;
        durable[position] ^= (byte) mask;
        return true;
    }

    /**
     * Of a file that is open the system has the block in memory still, if it had: what is in memory can be written in part.
     * Returns false if nothing that was forced is there, or something was written since.
     */
    boolean spoil(int position) {
        int block = position / BLOCK_BYTES;
        int firstSector = block * BLOCK_BYTES / SECTOR_BYTES;
        int written = unforced.nextSetBit(firstSector);
        boolean isForced = position < Math.min(seenSize, durableSize)
                && (written < 0 || written >= firstSector + BLOCK_BYTES / SECTOR_BYTES);
        if (handles == 0) {
            cached.clear(block);
        }
        return isForced && spoilt.add(block);
    }

    boolean isRotten() {
        return !seenRot.isEmpty() || !durableRot.isEmpty() || !spoilt.isEmpty();
    }

    /**
     * A file of its own that holds what the medium would hold if nothing had rotted, whatever was written since. Costs no
     * copy unless something has.
     */
    SimulatedFile forcedCopy() {
        return forcedCopy(false);
    }

    /** As {@link #forcedCopy()}, or as the medium is. */
    SimulatedFile forcedCopy(boolean withRot) {
        SimulatedFile copy = new SimulatedFile();
        if (!withRot && !durableRot.isEmpty()) {
            copy.replace(Arrays.copyOf(durable, durableSize));
            durableRot.forEach((position, was) -> {
                copy.seen[position] = was;
                copy.durable[position] = was;
            });
            return copy;
        }
        copy.seen = durable;
        copy.seenSize = durableSize;
        copy.durable = durable;
        copy.durableSize = durableSize;
        copy.seenShared = true;
        copy.durableShared = true;
        durableShared = true;
        return copy;
    }

    private void ownSeen() {
        if (seenShared) {
            seen = seen.clone();
            seenShared = false;
        }
    }

    private void ownDurable() {
        if (durableShared) {
            durable = durable.clone();
            durableShared = false;
        }
    }

    /** Sets the contents behind everyone's back, on the medium too. */
    void replace(byte[] contents) {
        seen = Arrays.copyOf(contents, Math.max(SECTOR_BYTES, roundUp(contents.length)));
        seenSize = contents.length;
        durable = seen.clone();
        durableSize = contents.length;
        seenShared = false;
        durableShared = false;
        lost.clear();
        unforced.clear();
        seenRot.clear();
        durableRot.clear();
        spoilt.clear();
    }

    int allocatedBytes() {
        return seenSize;
    }
}

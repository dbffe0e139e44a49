/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * Lets a coverage-guided fuzzer change the files of a small log, and uses what comes of it in every way there is. Whatever the
 * files hold, opening them ends with a log, with damage, or with a {@link StorageException}; a log without damage can be
 * written on. The input:
 *
 * <pre>
 * 0  1  1: checksums are made right afterwards, else they stay as they are
 *       then changes, each:
 *    1  which file
 *    1  what: bytes are put (0), the file is cut (1) or lost (2)
 *    2  where: bytes from its beginning; from {@value #FAR} on the rest counts from the first frame
 *    1  how many bytes follow, to be put
 * </pre>
 */
public final class FormatFuzzer {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(4096 + 1500, 512, 256);
    private static final int FAR = 1 << 15;
    private static final Map<String, byte[]> WRITTEN = written();

    private FormatFuzzer() {}

    private static Map<String, byte[]> written() {
        SimulatedDisk disk = new SimulatedDisk(1);
        LogStore store = Logs.open(disk, DIRECTORY, CONFIG);
        store.putHardState(new HardState(5, Optional.of(new NodeId(2))));
        List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 5, 24, 300);
        for (int at = 0; at < entries.size(); at += 3) {
            store.append(entries.subList(at, at + 3));
            store.force();
        }
        LogEntry last = entries.get(19);
        store.saveSnapshot(new Snapshot(last.id(), last.nextOffset(), Payload.utf8("state"), Payload.utf8("members")));
        Map<String, byte[]> files = new TreeMap<>();
        disk.list(DIRECTORY).forEach(name -> files.put(name, disk.contents(DIRECTORY.resolve(name))));
        return files;
    }

    /** What the fuzzer calls. */
    public static void fuzzerTestOneInput(byte[] input) {
        Map<String, byte[]> files = new TreeMap<>();
        WRITTEN.forEach((name, bytes) -> files.put(name, bytes.clone()));
        ByteBuffer changes = ByteBuffer.wrap(input);
        boolean mend = changes.hasRemaining() && changes.get() % 2 != 0;
        while (changes.remaining() >= 5) {
            change(files, changes);
        }
        if (mend) {
            files.forEach(FormatFuzzer::mend);
        }
        SimulatedDisk disk = new SimulatedDisk(1);
        files.forEach((name, bytes) -> disk.plant(DIRECTORY.resolve(name), bytes));
        inspect(disk);
        use(disk);
    }

    private static void change(Map<String, byte[]> files, ByteBuffer changes) {
        List<String> names = List.copyOf(WRITTEN.keySet());
        String name = names.get((changes.get() & 0xFF) % names.size());
        int what = (changes.get() & 0xFF) % 3;
        int where = changes.getShort() & 0xFFFF;
        int count = Math.min(changes.get() & 0xFF, changes.remaining());
        byte[] put = new byte[count];
        changes.get(put);
        byte[] bytes = files.get(name);
        if (bytes == null) {
            return;
        }
        int at = where < FAR ? where : SegmentHeader.BYTES + where - FAR;
        switch (what) {
            case 0 -> {
                byte[] longer = Arrays.copyOf(bytes, Math.max(bytes.length, at + count));
                System.arraycopy(put, 0, longer, at, count);
                files.put(name, longer);
            }
            case 1 -> files.put(name, Arrays.copyOf(bytes, Math.min(bytes.length, at)));
            default -> files.remove(name);
        }
    }

    /** Makes the checksums right, as far as what they cover can be told: else the fuzzer would hardly get behind them. */
    private static void mend(String name, byte[] bytes) {
        ByteBuffer file = ByteBuffer.wrap(bytes);
        if (name.endsWith(Segment.SUFFIX)) {
            sealRange(file, 0, SegmentHeader.BYTES - 4);
            mendFrames(file, Logs.IDENTITY.seed(Segment.baseIndexOf(name, Segment.SUFFIX)));
        } else if (name.equals(HardStateFile.NAME)) {
            sealRange(file, 0, HardStateFile.SLOT_BYTES - 4);
            sealRange(
                    file,
                    HardStateFile.SLOT_DISTANCE_BYTES,
                    HardStateFile.SLOT_DISTANCE_BYTES + HardStateFile.SLOT_BYTES - 4);
        } else if (name.endsWith(IndexFile.SUFFIX) && bytes.length >= 112) {
            long summaryEnd = 112 + 16L * file.getInt(104);
            if (summaryEnd >= 112 && summaryEnd + 4 <= bytes.length) {
                sealRange(file, 0, (int) summaryEnd);
                sealRange(file, (int) summaryEnd + 4, bytes.length - 4);
            }
        } else if (name.endsWith(SectorSums.SUFFIX)) {
            sealRange(file, 0, SectorSums.BLOCK_BYTES - 4);
            long seed = Logs.IDENTITY.seed(Segment.baseIndexOf(name, SectorSums.SUFFIX));
            for (int at = SectorSums.BLOCK_BYTES; at + SectorSums.BLOCK_BYTES <= bytes.length; ) {
                byte[] block = Arrays.copyOfRange(bytes, at, at + SectorSums.BLOCK_BYTES);
                SectorSums.seal(ByteBuffer.wrap(block), seed, at / SectorSums.BLOCK_BYTES);
                System.arraycopy(block, 0, bytes, at, block.length);
                at += SectorSums.BLOCK_BYTES;
            }
        } else if (name.endsWith(SnapshotFiles.SUFFIX)) {
            sealRange(file, 0, bytes.length - 4);
        }
    }

    /** Puts behind [{@code from}, {@code to}) the checksum of it. */
    private static void sealRange(ByteBuffer file, int from, int to) {
        if (to >= from && to + 4 <= file.limit()) {
            file.putInt(to, Headers.checksum(file.array(), from, to - from));
        }
    }

    private static void mendFrames(ByteBuffer file, long seed) {
        for (int at = SegmentHeader.BYTES; at + FrameFormat.HEADER_BYTES <= file.limit(); ) {
            int length = file.getInt(at);
            if (!FrameFormat.isLength(length) || FrameFormat.paddedBytes(length) > file.limit() - at) {
                return;
            }
            int body = FrameFormat.paddedBytes(length) - FrameFormat.HEADER_BYTES;
            file.putInt(at + 48, Headers.checksum(file.array(), at + FrameFormat.HEADER_BYTES, body));
            file.putInt(at + 4, 0);
            CRC32C crc = new CRC32C();
            crc.update(ByteBuffer.allocate(16).putLong(seed).putLong(at).flip());
            crc.update(file.array(), at, FrameFormat.HEADER_BYTES);
            file.putInt(at + 4, (int) crc.getValue());
            at += FrameFormat.paddedBytes(length);
        }
    }

    private static void inspect(SimulatedDisk disk) {
        LogInspection inspection = new LogInspection(disk, DIRECTORY, Logs.IDENTITY);
        try {
            inspection.verify(LogInspection.Progress.NONE);
            inspection.inspect(LogInspection.Progress.NONE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void use(SimulatedDisk disk) {
        long next;
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            next = store.recovered().terms().lastIndex() + 1;
            readAll(store);
            store.latestSnapshot();
            Scrub scrub = store.newScrub();
            while (!scrub.step(1000).passDone()) {
                store.damage();
            }
            if (store.damage().isPresent() || !canGoOn(store)) {
                return;
            }
            store.putHardState(new HardState(term(store), Optional.empty()));
            store.append(List.of(nextEntry(store)));
            store.force();
        } catch (StorageException refused) {
            return;
        }
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            if (store.damage().isPresent() || store.recovered().terms().lastIndex() != next) {
                throw new AssertionError("what was written behind the log is not there: " + store.damage());
            }
        }
    }

    private static void readAll(LogStore store) {
        long last = store.recovered().terms().lastIndex();
        for (long index = store.firstIndex(); index <= last && index < store.firstIndex() + 100; index++) {
            try {
                store.read(index, index, Integer.MAX_VALUE);
                store.indexOfTimestamp(index);
                store.indexOfOffset(store.firstOffset());
            } catch (CorruptLogException damaged) {
                if (store.damage().isEmpty()) {
                    throw new AssertionError("damage that is none", damaged);
                }
                return;
            } catch (IllegalArgumentException emptyLog) {
                return;
            }
        }
    }

    /** Forged numbers may leave no room for others behind them. */
    private static boolean canGoOn(LogStore store) {
        EntryId last = store.recovered().terms().last();
        return last.index() < 1L << 40
                && term(store) < 1L << 40
                && store.recovered().nextOffset() < 1L << 40;
    }

    private static long term(LogStore store) {
        return Math.max(1, store.recovered().hardState().term() + 1);
    }

    private static LogEntry nextEntry(LogStore store) {
        EntryId id = new EntryId(term(store), store.recovered().terms().lastIndex() + 1);
        return Logs.entry(id, store.recovered().nextOffset(), 50);
    }
}

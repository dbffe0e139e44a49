/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.io.DiskFile;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.Prng;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Checksums of frames and of sectors, taken in one pass")
class SectorSumsTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");

    /** Every place in a sector that a payload can begin and end at, and payloads larger than a piece and than the buffer. */
    private static List<LogEntry> entriesOfEverySize(long seed) {
        Prng random = new Prng(seed);
        List<LogEntry> entries = new ArrayList<>();
        for (int size = 0; size < 1600; size++) {
            entries.add(entry(entries.size() + 1, size, random));
        }
        for (int size : new int[] {16 << 10, (16 << 10) + 511, 40_000, 40_001, 100_000, 1}) {
            entries.add(entry(entries.size() + 1, size, random));
        }
        return entries;
    }

    private static LogEntry entry(long index, int size, Prng random) {
        int offset = random.nextInt(9);
        byte[] array = new byte[offset + size + random.nextInt(9)];
        for (int i = 0; i < array.length; i++) {
            array[i] = (byte) random.nextInt(256);
        }
        return new LogEntry(
                new EntryId(1, index), EntryType.RECORDS, index - 1, 1, index, Payload.wrap(array, offset, size));
    }

    @ParameterizedTest(name = "blocks of {0}, up to {1} entries in a flush, a buffer of {2}, {3} starts")
    @CsvSource({
        "512,1,65536,1",
        "512,7,65536,1",
        "4096,1,65536,1",
        "4096,7,65536,1",
        "4096,7,8192,1",
        "512,1,65536,50",
        "4096,7,8192,30"
    })
    @DisplayName("are those of the bytes in the file, wherever a payload ends, however it was flushed, over restarts")
    void areOfWhatIsThere(int blockBytes, int mostEntries, int bufferBytes, int starts) throws IOException {
        SimulatedDisk disk = new SimulatedDisk(1);
        disk.setDirectBlockBytes(blockBytes);
        disk.createDirectories(DIRECTORY.getParent());
        List<LogEntry> entries = entriesOfEverySize(blockBytes + mostEntries);
        Prng random = new Prng(bufferBytes + mostEntries);
        int at = 0;
        for (int start = 1; start <= starts; start++) {
            try (LogStore store = open(disk, bufferBytes)) {
                store.putHardState(new HardState(1, Optional.empty()));
                int end = entries.size() * start / starts;
                while (at < end) {
                    int to = Math.min(end, at + 1 + random.nextInt(mostEntries));
                    store.append(entries.subList(at, to));
                    store.force();
                    at = to;
                }
            }
        }
        try (LogStore store = open(disk, bufferBytes)) {
            assertEquals(entries, store.read(1, entries.size(), Integer.MAX_VALUE));
            List<SegmentInfo> sealed = store.segments();
            assertTrue(sealed.size() > 3, sealed::toString);
            for (SegmentInfo segment : sealed.subList(0, sealed.size() - 1)) {
                assertDescribed(disk, segment.baseIndex(), segment.bytes());
            }
        }
    }

    private static LogStore open(SimulatedDisk disk, int bufferBytes) throws IOException {
        LogStoreConfig config = new LogStoreConfig(300_000, 0, 1000);
        WriteBuffer buffer = WriteBuffer.of(disk, DIRECTORY.getParent(), config, bufferBytes);
        return LogStore.open(disk, DIRECTORY, Logs.IDENTITY, config, Runnable::run, buffer);
    }

    private static void assertDescribed(SimulatedDisk disk, long baseIndex, long end) throws IOException {
        try (DiskFile file = disk.open(DIRECTORY.resolve(Segment.fileName(baseIndex)));
                SectorSums sums = SectorSums.open(disk, DIRECTORY, Logs.IDENTITY, baseIndex)
                        .orElseThrow()) {
            ByteBuffer sector = ByteBuffer.allocate(SectorSums.SECTOR_BYTES);
            CRC32C crc = new CRC32C();
            for (long at = SegmentHeader.BYTES; at <= end - SectorSums.SECTOR_BYTES; at += SectorSums.SECTOR_BYTES) {
                file.read(sector.clear(), at);
                crc.reset();
                crc.update(sector.flip());
                assertTrue(sums.has(at, (int) crc.getValue()), "segment " + baseIndex + ", sector at " + at);
            }
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.LogReport.Slot;
import io.quorate.logstore.LogReport.SnapshotReport;
import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/** Reads the small files of a group's directory, {@link HardStateFile} and {@link SnapshotFiles}, for a report. */
final class FileReports {
    private static final int SNAPSHOT_FIXED_BYTES = 64;
    private static final int CHUNK_BYTES = 64 << 10;

    private final Disk disk;
    private final StoreIdentity identity;
    private final Findings findings;

    FileReports(Disk disk, StoreIdentity identity, Findings findings) {
        this.disk = disk;
        this.identity = identity;
        this.findings = findings;
    }

    /** Both copies of the hard state in a file that exists. */
    List<Slot> hardState(Path path) {
        List<Slot> slots = new ArrayList<>();
        try (DiskFile file = disk.open(path)) {
            slots.add(slot(file, path, 0));
            slots.add(slot(file, path, HardStateFile.SLOT_DISTANCE_BYTES));
        } catch (IOException e) {
            findings.damage(path, 0, 0, "cannot be read: " + e.getMessage());
            return List.of(Slot.DAMAGED, Slot.DAMAGED);
        }
        judge(path, slots.get(0), slots.get(1));
        return slots;
    }

    private Slot slot(DiskFile file, Path path, long position) throws IOException {
        ByteBuffer slot = ByteBuffer.allocate(HardStateFile.SLOT_BYTES);
        if (file.read(slot, position) < HardStateFile.SLOT_BYTES || !Headers.isIntact(slot, HardStateFile.MAGIC)) {
            return Slot.DAMAGED;
        }
        try {
            Headers.checkOwner(path, slot, identity);
        } catch (StorageException e) {
            findings.damage(e, path);
            return Slot.DAMAGED;
        }
        return new Slot(
                true,
                slot.getLong(32),
                slot.getLong(40),
                slot.getInt(48),
                slot.getLong(56),
                slot.getLong(64),
                slot.getLong(72),
                slot.getLong(80));
    }

    private void judge(Path path, Slot first, Slot second) {
        if (!first.isIntact() && !second.isIntact()) {
            findings.damage(path, 0, 0, "LOST: both copies of term and vote are damaged");
        } else if (!first.equals(second)) {
            boolean firstWins = first.isIntact() && (!second.isIntact() || first.sequence() >= second.sequence());
            Slot loser = firstWins ? second : first;
            findings.note(
                    path,
                    firstWins ? HardStateFile.SLOT_DISTANCE_BYTES : 0,
                    0,
                    "STALE: this copy of term and vote is " + (loser.isIntact() ? "behind" : "damaged")
                            + ", the other counts");
        }
    }

    /** One snapshot; its payload is read for its checksum, but not kept. */
    SnapshotReport snapshot(Path path, String name) {
        SnapshotReport unknown = new SnapshotReport(name, false, 0, 0, 0, 0, 0);
        try (DiskFile file = disk.open(path)) {
            ByteBuffer fixed = ByteBuffer.allocate(SNAPSHOT_FIXED_BYTES);
            long size = file.size();
            if (file.read(fixed, 0) < SNAPSHOT_FIXED_BYTES || fixed.getLong(0) != SnapshotFiles.MAGIC) {
                findings.damage(path, 0, 0, "BAD_SNAP: not a snapshot");
                return unknown;
            }
            long membershipBytes = fixed.getInt(56);
            long stateBytes = fixed.getInt(60);
            SnapshotReport report = new SnapshotReport(
                    name, true, fixed.getLong(40), fixed.getLong(32), fixed.getLong(48), membershipBytes, stateBytes);
            boolean adds = membershipBytes >= 0
                    && stateBytes >= 0
                    && SNAPSHOT_FIXED_BYTES + membershipBytes + stateBytes + 4 == size;
            if (!adds || !isIntact(file, size)) {
                findings.damage(path, 0, report.lastIndex(), "BAD_SNAP: a wrong checksum or size");
            } else if (report.lastIndex() < 1
                    || report.lastTerm() < 1
                    || report.nextOffset() < 0
                    || !name.equals(SnapshotFiles.fileName(report.lastIndex()))) {
                findings.damage(path, 0, report.lastIndex(), "BAD_SNAP: its entry is not that of its name");
            } else {
                Headers.checkOwner(path, fixed, identity);
                return report;
            }
            return new SnapshotReport(name, false, report.lastIndex(), report.lastTerm(), report.nextOffset(), 0, 0);
        } catch (StorageException e) {
            findings.damage(e, path);
        } catch (IOException e) {
            findings.damage(path, 0, 0, "cannot be read: " + e.getMessage());
        }
        return unknown;
    }

    private static boolean isIntact(DiskFile file, long size) throws IOException {
        CRC32C crc = new CRC32C();
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
        long end = size - 4;
        for (long done = 0; done < end; done += chunk.limit()) {
            chunk.clear().limit((int) Math.min(CHUNK_BYTES, end - done));
            if (file.read(chunk, done) < chunk.limit()) {
                return false;
            }
            crc.update(chunk.flip());
        }
        ByteBuffer stored = ByteBuffer.allocate(4);
        return file.read(stored, end) == 4 && stored.getInt(0) == (int) crc.getValue();
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.log;

import java.util.zip.CRC32C;

/**
 * Which snapshot a chunk is of. Two snapshots of one entry have the same state, but not surely the same bytes; so size and
 * checksum are part of it.
 *
 * @param last       the last entry that is in the snapshot
 * @param totalBytes of its state
 * @param checksum   CRC32C of its state
 */
public record SnapshotId(EntryId last, long totalBytes, int checksum) {
    public SnapshotId {
        if (last.index() < 1 || totalBytes < 0) {
            throw new IllegalArgumentException("a snapshot of entry " + last + " with " + totalBytes + " bytes");
        }
    }

    public static SnapshotId of(GroupSnapshot snapshot) {
        return new SnapshotId(snapshot.last(), snapshot.state().size(), checksumOf(snapshot.state()));
    }

    public static int checksumOf(Payload bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.array(), bytes.arrayOffset(), bytes.size());
        return (int) crc.getValue();
    }
}

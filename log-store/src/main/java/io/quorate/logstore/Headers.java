/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * What the headers of segments, sidecars, snapshots and hard-state slots have in common, in this and every later format version:
 *
 * <pre>
 *  0  8  magic, one per kind of file
 *  8  4  format version
 * 12  4  node id
 * 16  8  hash of the cluster id
 * 24  8  group id
 * ..     fields of the kind
 * -4  4  CRC32C of everything before it
 * </pre>
 *
 * A wrong checksum is damage; a right one with a higher version or another owner is a mistake of whoever runs us, and
 * nothing is touched then. All integers are big-endian.
 */
final class Headers {
    static final int VERSION = 2;
    /** Where the fields of the kind begin. */
    static final int BODY = 32;

    private Headers() {}

    static void begin(ByteBuffer block, long magic, StoreIdentity identity) {
        block.putLong(0, magic)
                .putInt(8, VERSION)
                .putInt(12, identity.nodeId())
                .putLong(16, identity.clusterHash())
                .putLong(24, identity.groupId());
    }

    /** Puts the checksum into the last four bytes of {@code block}. */
    static void seal(ByteBuffer block) {
        block.putInt(block.capacity() - 4, checksum(block.array(), 0, block.capacity() - 4));
    }

    static boolean isIntact(ByteBuffer block, long magic) {
        int end = block.capacity() - 4;
        return block.getLong(0) == magic && block.getInt(end) == checksum(block.array(), 0, end);
    }

    /**
     * Refuses an intact header of a newer version or of another owner.
     *
     * @throws StorageException saying which
     */
    static void checkOwner(Path file, ByteBuffer block, StoreIdentity identity) {
        checkVersion(file, block);
        if (!isOwner(block, identity)) {
            throw new StorageException(
                    file,
                    "belongs to cluster #" + Long.toHexString(block.getLong(16)) + ", node " + block.getInt(12)
                            + ", group " + block.getLong(24) + ", not to " + identity + " (cluster #"
                            + Long.toHexString(identity.clusterHash()) + "); nothing was changed",
                    null);
        }
    }

    static void checkVersion(Path file, ByteBuffer block) {
        int version = block.getInt(8);
        if (version > VERSION) {
            throw tooNew(file, "format version " + version, "version " + VERSION);
        }
        if (version < VERSION) {
            throw new StorageException(
                    file,
                    "written in format version " + version + ", which no release had; this one knows version " + VERSION
                            + "; nothing was changed",
                    null);
        }
    }

    static boolean isOwner(ByteBuffer block, StoreIdentity identity) {
        return block.getInt(12) == identity.nodeId()
                && block.getLong(16) == identity.clusterHash()
                && block.getLong(24) == identity.groupId();
    }

    static StorageException tooNew(Path file, String found, String known) {
        return new StorageException(
                file,
                "written by a newer release: " + found + ", this one knows " + known + "; nothing was changed",
                null);
    }

    static int checksum(byte[] bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }
}

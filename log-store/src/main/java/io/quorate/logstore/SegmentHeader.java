/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.EntryId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The first block of a segment, {@value #BYTES} bytes, durable before the file gets its name:
 *
 * <pre>
 *    0  32  {@link Headers}, magic "QRTSEG\r\n"
 *   32   8  base index: index of the first entry, also the file name
 *   40   8  term of the entry before it, 0 if there is none
 *   48   8  base offset: offset of the first record that may come
 *   56      zeros
 * 4092   4  CRC32C of the block
 * </pre>
 *
 * @param before     the entry before the first one
 * @param baseOffset first offset that the segment may hold
 */
record SegmentHeader(EntryId before, long baseOffset) {
    static final int BYTES = 4096;
    static final long MAGIC = 0x5152545345470D0AL;

    long baseIndex() {
        return before.index() + 1;
    }

    ByteBuffer encode(StoreIdentity identity) {
        ByteBuffer block = ByteBuffer.allocate(BYTES);
        Headers.begin(block, MAGIC, identity);
        block.putLong(32, baseIndex()).putLong(40, before.term()).putLong(48, baseOffset);
        Headers.seal(block);
        return block;
    }

    /**
     * Reads the header; empty if it is damaged.
     *
     * @param nameIndex the base index that the file's name says
     * @throws CorruptLogException if the header contradicts the name
     * @throws StorageException    if it is of a newer version or of another owner
     */
    static Optional<SegmentHeader> read(DiskFile file, Path path, StoreIdentity identity, long nameIndex)
            throws IOException {
        ByteBuffer block = ByteBuffer.allocate(BYTES);
        if (file.read(block, 0) < BYTES || !Headers.isIntact(block, MAGIC)) {
            return Optional.empty();
        }
        Headers.checkOwner(path, block, identity);
        long baseIndex = block.getLong(32);
        if (baseIndex != nameIndex) {
            throw new CorruptLogException(
                    path, 0, nameIndex, "the header says that the segment starts at index " + baseIndex);
        }
        return Optional.of(new SegmentHeader(new EntryId(block.getLong(40), baseIndex - 1), block.getLong(48)));
    }
}

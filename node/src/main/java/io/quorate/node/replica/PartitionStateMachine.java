/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import io.quorate.wire.BatchHeader;

/**
 * What a partition's log comes to, beside the records themselves: the next offset and the producers' windows.
 *
 * <p>Invariant: every entry starts at the offset where the one before it ended.
 */
public final class PartitionStateMachine implements StateMachine {
    private final GroupName name;
    private final ProducerTable producers = new ProducerTable();
    private long nextOffset;

    public PartitionStateMachine(GroupName name) {
        this.name = name;
    }

    /** First offset that is not yet applied: the high-water mark. */
    public long nextOffset() {
        return nextOffset;
    }

    /** First offset that is kept. Nothing is trimmed yet, so it is the first one that ever was. */
    public long lowWatermark() {
        return 0;
    }

    public ProducerTable producers() {
        return producers;
    }

    /** @throws IllegalStateException if the log is not what a partition's log may be: a bug, or damage nobody noticed */
    @Override
    public void apply(LogEntry entry) {
        if (entry.baseOffset() != nextOffset) {
            throw new IllegalStateException(name + ": entry " + entry.id() + " starts at offset " + entry.baseOffset()
                    + " instead of " + nextOffset);
        }
        if (entry.type() == EntryType.RECORDS) {
            // Verified before it got into the log, and by the log's own checksum if it comes from disk.
            Payload batch = entry.payload();
            producers.append(BatchHeader.read(batch.array(), batch.arrayOffset()), entry.baseOffset());
            nextOffset = entry.nextOffset();
        } else if (entry.type() != EntryType.NO_OP) {
            throw new IllegalStateException(name + ": entry " + entry.id() + " is a " + entry.type()
                    + ", which this version does not know in a partition's log; a newer version wrote it");
        }
    }
}

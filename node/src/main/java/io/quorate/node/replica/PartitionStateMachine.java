/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import io.quorate.wire.BatchHeader;

/**
 * What a partition's log comes to, beside the records themselves: the next offset, where the log begins, and the
 * producers' windows. A function of the log alone: replicas that have applied the same entries have the same state.
 *
 * <p>Invariants: every entry starts at the offset where the one before it ended; the low-water mark never falls and is
 * never above the next offset.
 */
public final class PartitionStateMachine implements StateMachine {
    private final GroupName name;
    private final ProducerTable producers = new ProducerTable();
    private long nextOffset;
    private long lowWatermark;
    private long keepFromIndex;

    public PartitionStateMachine(GroupName name) {
        this.name = name;
    }

    @Override
    public void restore(GroupSnapshot snapshot) {
        producers.clear();
        Trim begin = PartitionCodec.decodeState(snapshot.state(), producers);
        nextOffset = snapshot.nextOffset();
        lowWatermark = begin.lowWatermark();
        keepFromIndex = begin.keepFromIndex();
    }

    @Override
    public Frozen freeze() {
        Trim begin = new Trim(lowWatermark, keepFromIndex);
        ProducerTable.View view = producers.view();
        return () -> PartitionCodec.encode(begin, view);
    }

    /** The high-water mark. */
    @Override
    public long nextOffset() {
        return nextOffset;
    }

    /** First offset that is kept. */
    @Override
    public long lowWatermark() {
        return lowWatermark;
    }

    /** First index that must be kept; the entries before it may be gone from the disk. */
    public long keepFromIndex() {
        return keepFromIndex;
    }

    public ProducerTable producers() {
        return producers;
    }

    /**
     * @throws IllegalStateException    if the log is not what a partition's log may be: a bug, or damage nobody noticed
     * @throws IllegalArgumentException if it holds a command that this version does not know
     */
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
        } else if (entry.type() == EntryType.COMMAND) {
            Trim trim = PartitionCodec.decodeTrim(entry.payload());
            lowWatermark = Math.max(lowWatermark, Math.min(trim.lowWatermark(), nextOffset));
            keepFromIndex = Math.max(keepFromIndex, Math.min(trim.keepFromIndex(), entry.index()));
        } else if (entry.type() != EntryType.NO_OP && entry.type() != EntryType.MEMBERSHIP) {
            throw new IllegalStateException(name + ": entry " + entry.id() + " is a " + entry.type()
                    + ", which this version does not know in a partition's log; a newer version wrote it");
        }
    }
}

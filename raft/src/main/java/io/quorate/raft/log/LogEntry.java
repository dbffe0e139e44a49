/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.log;

import java.util.Objects;

/**
 * One entry of a group's log.
 *
 * <p>Offsets are dense and independent of the index: {@code baseOffset} of an entry is {@link #nextOffset()} of its
 * predecessor, so the last entry alone tells the next free offset, whatever its type.
 *
 * @param id              term and index
 * @param type            what the payload is
 * @param baseOffset      offset of the first record in the payload, or the next free offset if it holds none; 0 or more
 * @param recordCount     how many offsets the entry takes; positive for RECORDS, 0 for every other type
 * @param timestampMillis the leader's wall clock when it took the entry, in ms since 1970; never used for ordering
 * @param payload         the bytes; never modified
 */
public record LogEntry(
        EntryId id, EntryType type, long baseOffset, int recordCount, long timestampMillis, Payload payload) {
    /** What an entry is charged beside its payload wherever bytes are budgeted: about its size in frames and on wire. */
    public static final int OVERHEAD_BYTES = 64;

    public LogEntry {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(payload, "payload");
        if (baseOffset < 0 || recordCount < 0 || (recordCount > 0) != (type == EntryType.RECORDS)) {
            throw new IllegalArgumentException(
                    type + " with base offset " + baseOffset + ", " + recordCount + " records");
        }
    }

    public long term() {
        return id.term();
    }

    public long index() {
        return id.index();
    }

    /** The first offset after this entry. */
    public long nextOffset() {
        return baseOffset + recordCount;
    }

    /** Payload and overhead: the size by which windows, caches and messages are bounded. */
    public int sizeBytes() {
        return payload.size() + OVERHEAD_BYTES;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.check;

import io.quorate.raft.log.Payload;

/**
 * One batch of a client, from its first attempt on. All attempts of an idempotent batch carry the same bytes; every batch
 * of a run has bytes of its own.
 */
public final class SentBatch {
    private static final long NONE = -1;

    private final String writer;
    private final long groupId;
    private final Payload bytes;
    private final long producerId;
    private final long baseSequence;
    private final int recordCount;
    private final long acknowledgedBefore;
    private int attemptsOpen;
    private long committedIndex = NONE;
    private long acknowledgedOffset = NONE;

    /** @param acknowledgedBefore first offset above all that were acknowledged in this group before the first attempt */
    SentBatch(
            String writer,
            long groupId,
            Payload bytes,
            long producerId,
            long baseSequence,
            int recordCount,
            long acknowledgedBefore) {
        this.writer = writer;
        this.groupId = groupId;
        this.bytes = bytes;
        this.producerId = producerId;
        this.baseSequence = baseSequence;
        this.recordCount = recordCount;
        this.acknowledgedBefore = acknowledgedBefore;
    }

    public long groupId() {
        return groupId;
    }

    public Payload bytes() {
        return bytes;
    }

    public boolean isAcknowledged() {
        return acknowledgedOffset != NONE;
    }

    boolean isCommitted() {
        return committedIndex != NONE;
    }

    void attempted() {
        attemptsOpen++;
    }

    void attemptRefused() {
        attemptsOpen--;
    }

    /** Whether some attempt was neither acknowledged nor surely refused: it may still be carried out, at any time. */
    boolean mayStillHappen() {
        return attemptsOpen > 0;
    }

    void committedAt(long index) {
        committedIndex = index;
    }

    void acknowledgedAt(long offset) {
        acknowledgedOffset = offset;
    }

    long acknowledgedOffset() {
        return acknowledgedOffset;
    }

    long acknowledgedBefore() {
        return acknowledgedBefore;
    }

    boolean isIdempotent() {
        return producerId != 0;
    }

    long producerId() {
        return producerId;
    }

    long baseSequence() {
        return baseSequence;
    }

    long nextSequence() {
        return baseSequence + recordCount;
    }

    @Override
    public String toString() {
        return "batch of " + writer + " to group " + groupId + ", sequence " + baseSequence + " to "
                + (nextSequence() - 1);
    }
}

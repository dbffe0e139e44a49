/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.check;

import static io.quorate.sim.check.Violation.require;

import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What clients asked for and were told, held against what is in the log. Each batch ends as acknowledged, refused
 * (surely not appended) or unknown; only an unknown one may appear in the log without an acknowledgement.
 */
public final class ClientHistory {
    private record Sequences(long groupId, long producerId) {}

    private final Map<Payload, SentBatch> batches = new LinkedHashMap<>();
    private final Map<Sequences, Long> nextSequences = new HashMap<>();
    private final Map<Long, Long> acknowledgedUpTo = new HashMap<>();
    private long acknowledged;
    private long duplicates;

    /** A client makes up a batch; it has not been sent yet. */
    public SentBatch create(
            String writer, long groupId, Payload bytes, long producerId, long baseSequence, int recordCount) {
        SentBatch batch =
                new SentBatch(writer, groupId, bytes, producerId, baseSequence, recordCount, acknowledgedUpTo(groupId));
        SentBatch twin = batches.putIfAbsent(bytes, batch);
        if (twin != null) {
            throw new IllegalStateException(batch + " has the bytes of " + twin);
        }
        return batch;
    }

    /** The request is on its way. */
    public void onAttempt(SentBatch batch) {
        batch.attempted();
    }

    /** This attempt was answered: surely not appended, by this attempt. */
    public void onRefused(SentBatch batch) {
        batch.attemptRefused();
    }

    /** Returns the batch that some client sent to this very group. */
    SentBatch requireMeantFor(long groupId, LogEntry entry) {
        SentBatch batch = batches.get(entry.payload());
        require(
                batch != null && batch.groupId() == groupId,
                Invariant.NOTHING_FROM_NOWHERE,
                "%s of group %d was never sent there: %s",
                entry,
                groupId,
                batch);
        return batch;
    }

    /** A batch is applied by the first replica. */
    void onCommitted(long groupId, LogEntry entry) {
        SentBatch batch = requireMeantFor(groupId, entry);
        require(!batch.isCommitted(), Invariant.EXACTLY_ONCE, "%s is committed again as %s", batch, entry);
        require(
                batch.mayStillHappen(),
                Invariant.REFUSED_IS_NOT_IN_LOG,
                "%s is committed as %s, but each attempt was refused",
                batch,
                entry);
        batch.committedAt(entry.index());
        if (batch.isIdempotent()) {
            Sequences key = new Sequences(groupId, batch.producerId());
            long next = nextSequences.getOrDefault(key, 0L);
            require(
                    batch.baseSequence() == next,
                    Invariant.EXACTLY_ONCE,
                    "%s is committed as %s, but the producer's next sequence is %d",
                    batch,
                    entry,
                    next);
            nextSequences.put(key, batch.nextSequence());
        }
    }

    /** A node answers that the batch is committed. */
    void onAcknowledged(SentBatch batch, LogEntry entry, long generation, boolean duplicate) {
        long offset = entry.baseOffset();
        if (batch.isAcknowledged()) {
            require(
                    batch.acknowledgedOffset() == offset,
                    Invariant.DUPLICATE_NAMES_ORIGINAL_OFFSET,
                    "%s was acknowledged at offset %d and now at %d",
                    batch,
                    batch.acknowledgedOffset(),
                    offset);
            duplicates++;
        } else {
            require(
                    offset >= batch.acknowledgedBefore(),
                    Invariant.REAL_TIME_ORDER,
                    "%s was sent when everything up to offset %d was acknowledged, and is acknowledged at %d",
                    batch,
                    batch.acknowledgedBefore(),
                    offset);
            acknowledged++;
        }
        require(
                duplicate ? generation >= entry.term() : generation == entry.term(),
                Invariant.ACKNOWLEDGED_IN_ITS_GENERATION,
                "%s is acknowledged in generation %d (duplicate: %s), and is in the log as %s",
                batch,
                generation,
                duplicate,
                entry);
        batch.acknowledgedAt(offset);
        acknowledgedUpTo.merge(batch.groupId(), entry.nextOffset(), Math::max);
    }

    /** First offset of the group after everything that clients were told is committed. */
    public long acknowledgedUpTo(long groupId) {
        return acknowledgedUpTo.getOrDefault(groupId, 0L);
    }

    public long acknowledged() {
        return acknowledged;
    }

    public long duplicates() {
        return duplicates;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.client.PendingBatch.Fate;
import java.security.SecureRandom;
import java.util.ArrayDeque;

/**
 * The batches of one partition that have a sequence: those under way over the open session, and those that must be sent
 * (again) over the next one. Loop only.
 *
 * <pre>
 *  accumulator --number--> sent --acknowledge-->
 *                           |  ^
 *               take back   v  |  send
 *                          unsent --fail-->
 * </pre>
 *
 * <p>A batch gets its sequence when it is first sent and keeps its bytes when it is sent again, so the partition can tell
 * a repetition.
 *
 * <p>Invariant: ordinals ascend over sent, unsent, accumulator, in that order; so do sequences over the first two.
 */
final class NumberedBatches {
    private static final SecureRandom PRODUCER_IDS = new SecureRandom();

    private final ArrayDeque<PendingBatch> sent = new ArrayDeque<>();
    private final ArrayDeque<PendingBatch> unsent = new ArrayDeque<>();
    private long producerId = newProducerId();
    private long nextSequence;
    private long nextRequestId = 1;

    private static long newProducerId() {
        long id = PRODUCER_IDS.nextLong();
        return id == 0 ? newProducerId() : id;
    }

    boolean isEmpty() {
        return sent.isEmpty() && unsent.isEmpty();
    }

    /** How many are under way. */
    int sent() {
        return sent.size();
    }

    /** How many are to be sent (again). */
    int unsent() {
        return unsent.size();
    }

    /** The oldest batch; null if there is none. */
    PendingBatch head() {
        return sent.isEmpty() ? unsent.peek() : sent.peek();
    }

    /** The oldest batch that is to be sent (again); null if there is none. */
    PendingBatch firstUnsent() {
        return unsent.peek();
    }

    /**
     * The next batch is under way: one that is to be sent again, else a new one.
     *
     * @param alsoOpen whether a new one may be one that has room for more records
     * @return null if there is none
     */
    PendingBatch send(Accumulator accumulator, boolean alsoOpen) {
        PendingBatch batch = unsent.poll();
        if (batch == null) {
            batch = accumulator.poll(alsoOpen);
            if (batch == null) {
                return null;
            }
            number(batch);
        }
        sent.add(batch);
        return batch;
    }

    private void number(PendingBatch batch) {
        batch.number(producerId, nextSequence, nextRequestId++);
        nextSequence += batch.recordCount();
    }

    /** Takes the oldest one under way; null if the answer is not due to it. */
    PendingBatch pollAnswered(long requestId) {
        PendingBatch head = sent.peek();
        return head != null && head.requestId() == requestId ? sent.poll() : null;
    }

    /** Takes the oldest one that is to be sent (again); null if there is none. */
    PendingBatch pollUnsent() {
        return unsent.poll();
    }

    /**
     * What may have become of those under way, unless it is worse already.
     *
     * @param nextOffset at no lower offset
     */
    void doubtSent(Fate fate, long nextOffset) {
        sent.forEach(batch -> batch.doubt(fate, nextOffset));
    }

    /** The session is over: what was under way is to be sent again, before all else. */
    void takeBack() {
        while (!sent.isEmpty()) {
            unsent.addFirst(sent.pollLast());
        }
    }

    /** Under a new producer id, what is left, which must surely be in no log, starts anew from sequence 0. */
    void renewProducer() {
        producerId = newProducerId();
        nextSequence = 0;
        for (PendingBatch batch : unsent) {
            number(batch);
        }
    }
}

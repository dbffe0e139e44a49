/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.api.AppendListener;
import io.quorate.node.api.Refusal;
import io.quorate.raft.log.EntryId;
import io.quorate.wire.BatchHeader;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The appends of one partition that have no answer yet, in the order in which they came.
 *
 * <pre>
 *   [index 71, s1] [index 72, s2] [duplicate of 71, s3] [refused, s1] [index 73, s2]
 *    └ answered when 71 is applied   └─ each waits for those before it, so that every sender is answered in order
 * </pre>
 *
 * <p>Also the leader's view of producers: what is applied and what is proposed on top of it, so that the duplicate of a
 * batch that is still under way is recognised and never appended a second time. Event loop only.
 */
final class AppendQueue {
    private static final Logger LOG = LoggerFactory.getLogger(AppendQueue.class);

    /** What an answer that waits is charged beside the batch's bytes. */
    private static final int OVERHEAD_BYTES = 64;

    /** Whose appends are answered in order. */
    static final class Sender {
        private int unanswered;
    }

    /** An append under way, or an answer that waits for earlier ones. */
    private static final class Waiting {
        final Sender sender;
        final AppendListener listener;
        final int chargedBytes;
        /** Answered when this has been applied. */
        final long index;

        final long baseOffset;
        final boolean duplicate;
        /** The answer whatever happens to leadership, or null. */
        final Refusal refusal;
        /** Of a proposal; null for answers that only wait. */
        final BatchHeader proposed;

        Waiting(
                Sender sender,
                AppendListener listener,
                int chargedBytes,
                long index,
                long baseOffset,
                boolean duplicate,
                Refusal refusal,
                BatchHeader proposed) {
            this.sender = sender;
            this.listener = listener;
            this.chargedBytes = chargedBytes;
            this.index = index;
            this.baseOffset = baseOffset;
            this.duplicate = duplicate;
            this.refusal = refusal;
            this.proposed = proposed;
        }
    }

    private final ProducerTable applied;
    private final InflightBudget budget;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    /** Proposals of idempotent producers that are not applied yet, oldest first. */
    private final Map<Long, ArrayDeque<Waiting>> proposals = new LinkedHashMap<>();

    AppendQueue(ProducerTable applied, InflightBudget budget) {
        this.applied = applied;
        this.budget = budget;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /**
     * What a batch is to the log as it will be when everything under way has been applied.
     *
     * @param triedSince of a batch that may be there already: at this offset or behind it
     */
    ProducerVerdict check(BatchHeader header, OptionalLong triedSince) {
        ArrayDeque<Waiting> underWay = header.producerId() == 0 ? null : proposals.get(header.producerId());
        if (underWay == null) {
            return triedSince.isPresent() && applied.mayHaveForgotten(header.producerId(), triedSince.getAsLong())
                    ? new ProducerVerdict.UnknownProducer()
                    : applied.check(header);
        }
        BatchHeader last = underWay.getLast().proposed;
        if (header.producerEpoch() != last.producerEpoch()) {
            return ProducerTable.checkEpoch(header, last.producerEpoch());
        }
        long expected = last.baseSequence() + last.recordCount();
        if (header.baseSequence() == expected) {
            return ProducerVerdict.New.INSTANCE;
        }
        if (header.baseSequence() + header.recordCount() > expected) {
            return new ProducerVerdict.OutOfSequence(expected);
        }
        for (Waiting proposal : underWay) {
            BatchHeader proposed = proposal.proposed;
            long skipped = header.baseSequence() - proposed.baseSequence();
            if (proposed.producerEpoch() == header.producerEpoch()
                    && skipped >= 0
                    && skipped + header.recordCount() <= proposed.recordCount()) {
                return new ProducerVerdict.Duplicate(proposal.baseOffset + skipped);
            }
        }
        return applied.check(header) instanceof ProducerVerdict.Duplicate duplicate
                ? duplicate
                : new ProducerVerdict.DuplicateTooOld(expected);
    }

    /** Whether a duplicate of this producer may be one of a batch that is still under way. */
    boolean hasProposalsOf(long producerId) {
        return proposals.containsKey(producerId);
    }

    void addProposal(
            Sender sender, AppendListener listener, int sizeBytes, EntryId id, long baseOffset, BatchHeader header) {
        Waiting proposal = new Waiting(sender, listener, sizeBytes, id.index(), baseOffset, false, null, header);
        add(proposal);
        if (header.producerId() != 0) {
            proposals
                    .computeIfAbsent(header.producerId(), producer -> new ArrayDeque<>())
                    .add(proposal);
        }
    }

    /** Answers a duplicate when everything before it is applied, at once if nothing that matters is under way. */
    void addDuplicate(
            Sender sender, AppendListener listener, BatchHeader header, long baseOffset, long currentGeneration) {
        if (sender.unanswered == 0 && !hasProposalsOf(header.producerId())) {
            tell(listener, l -> l.onCommitted(baseOffset, currentGeneration, true));
        } else {
            add(new Waiting(sender, listener, OVERHEAD_BYTES, lastIndex(), baseOffset, true, null, null));
        }
    }

    /** Refuses when the sender's earlier appends have been answered. */
    void addRefusal(Sender sender, AppendListener listener, Refusal refusal) {
        if (sender.unanswered == 0) {
            tell(listener, l -> l.onRefused(refusal));
        } else {
            add(new Waiting(sender, listener, OVERHEAD_BYTES, lastIndex(), 0, false, refusal, null));
        }
    }

    private long lastIndex() {
        return waiting.getLast().index;
    }

    private void add(Waiting append) {
        waiting.add(append);
        append.sender.unanswered++;
        budget.take(append.chargedBytes);
    }

    /** Everything up to {@code index} is applied: answers what waited for it. */
    void completeUpTo(long index, long generation) {
        while (!waiting.isEmpty() && waiting.peek().index <= index) {
            Waiting append = poll();
            if (append.refusal != null) {
                tell(append.listener, l -> l.onRefused(append.refusal));
            } else {
                tell(append.listener, l -> l.onCommitted(append.baseOffset, generation, append.duplicate));
            }
        }
    }

    /** Nothing under way has a known outcome any more. */
    void abandon(Refusal leadershipLost) {
        while (!waiting.isEmpty()) {
            Waiting append = poll();
            Refusal refusal = append.refusal != null ? append.refusal : leadershipLost;
            tell(append.listener, l -> l.onRefused(refusal));
        }
    }

    private Waiting poll() {
        Waiting append = waiting.poll();
        append.sender.unanswered--;
        budget.giveBack(append.chargedBytes);
        if (append.proposed != null && append.proposed.producerId() != 0) {
            ArrayDeque<Waiting> underWay = proposals.get(append.proposed.producerId());
            underWay.poll();
            if (underWay.isEmpty()) {
                proposals.remove(append.proposed.producerId());
            }
        }
        return append;
    }

    private interface Answer {
        void give(AppendListener listener);
    }

    /** A sender that cannot take its answer is its own problem, never the replica's. */
    private static void tell(AppendListener listener, Answer answer) {
        try {
            answer.give(listener);
        } catch (RuntimeException e) {
            LOG.warn("an append's listener failed", e);
        }
    }
}

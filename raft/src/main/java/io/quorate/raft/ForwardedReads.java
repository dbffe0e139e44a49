/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A follower's reads, for which it asks its leader: one question for all reads of a turn. An unanswered question is given
 * up after a minimum election timeout; to ask again is up to whoever reads.
 *
 * <p>Question ids start at a random number, so that an answer to an earlier life of this member answers nothing now.
 * Belongs to one leader of one term.
 */
final class ForwardedReads {
    /** Questions on their way; what gathers meanwhile goes with the next one. */
    private static final int MAX_QUESTIONS = 16;

    private final Prng prng;
    private final int patienceTicks;
    private final ArrayDeque<Question> asked = new ArrayDeque<>();
    private List<Long> collecting = new ArrayList<>();
    private Optional<Long> lastReadId = Optional.empty();
    private int now;

    private record Question(long readId, int askedAt, List<Long> requestIds) {}

    /** @param patienceTicks after which an unanswered question is given up */
    ForwardedReads(Prng prng, int patienceTicks) {
        this.prng = prng;
        this.patienceTicks = patienceTicks;
    }

    void add(long requestId) {
        collecting.add(requestId);
    }

    boolean isEmpty() {
        return collecting.isEmpty() && asked.isEmpty();
    }

    boolean canAsk() {
        return !collecting.isEmpty() && asked.size() < MAX_QUESTIONS;
    }

    /** Puts what has gathered into one question and returns its id; only while {@link #canAsk}. */
    long ask() {
        long readId = lastReadId.map(last -> last + 1).orElseGet(prng::nextLong);
        lastReadId = Optional.of(readId);
        asked.addLast(new Question(readId, now, collecting));
        collecting = new ArrayList<>();
        return readId;
    }

    /** Takes out the reads that the question stood for; none if it is not, or no longer, waited for. */
    List<Long> answered(long readId) {
        for (Question question : asked) {
            if (question.readId() == readId) {
                asked.remove(question);
                return question.requestIds();
            }
        }
        return List.of();
    }

    /** A tick passes; takes out the reads whose question was not answered in time. */
    List<Long> tick() {
        now++;
        List<Long> expired = new ArrayList<>();
        while (!asked.isEmpty() && now - asked.peekFirst().askedAt() >= patienceTicks) {
            expired.addAll(asked.removeFirst().requestIds());
        }
        return expired;
    }

    /** Takes out all reads. */
    List<Long> abandon() {
        List<Long> all = new ArrayList<>();
        asked.forEach(question -> all.addAll(question.requestIds()));
        all.addAll(collecting);
        asked.clear();
        collecting.clear();
        return all;
    }
}

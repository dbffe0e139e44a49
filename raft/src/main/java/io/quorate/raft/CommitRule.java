/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.TermStarts;
import io.quorate.raft.quorum.Majority;

/**
 * When a leader may call an entry committed: a majority has it durable <b>and</b> it is of the leader's own term. Older
 * entries commit only as the prefix of such a one; counted by themselves they could still be replaced (paper §5.4.2,
 * figure 8).
 */
final class CommitRule {
    private CommitRule() {}

    /**
     * The commit index after the voters have reached {@code durableIndexes}; never below {@code commitIndex}.
     *
     * @param durableIndexes highest index of the leader's log known durable at each voter, the leader included;
     *                       reordered by this call
     */
    static long advance(long commitIndex, long[] durableIndexes, long currentTerm, TermStarts terms) {
        return advance(commitIndex, Majority.agreedIndex(durableIndexes), currentTerm, terms);
    }

    /** As above, for what a quorum of whatever kind has durable. */
    static long advance(long commitIndex, long agreed, long currentTerm, TermStarts terms) {
        return agreed > commitIndex && terms.termAt(agreed) == currentTerm ? agreed : commitIndex;
    }
}

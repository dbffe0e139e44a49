/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.log;

import java.util.Objects;

/**
 * What a member finds on its own disk when it starts: all of it durable (recovery forced what it accepted).
 *
 * @param hardState  term and vote
 * @param terms      which indexes the log holds and their terms
 * @param nextOffset first offset not used by the log's last entry; 0 for an empty log
 */
public record RecoveredLog(HardState hardState, TermStarts terms, long nextOffset) {
    public RecoveredLog {
        Objects.requireNonNull(hardState, "hardState");
        Objects.requireNonNull(terms, "terms");
        if (nextOffset < 0) {
            throw new IllegalArgumentException("next offset " + nextOffset);
        }
    }

    public static RecoveredLog empty() {
        return new RecoveredLog(HardState.INITIAL, new TermStarts(EntryId.NONE), 0);
    }
}

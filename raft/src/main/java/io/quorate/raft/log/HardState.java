/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.log;

import java.util.Optional;

/**
 * What a member must have on disk before it shows it to anyone (paper figure 2, "persistent state"): one atomic record.
 *
 * @param term     the highest term this member has seen; 0 before the first election
 * @param votedFor whom it voted for in that term
 */
public record HardState(long term, Optional<NodeId> votedFor) {
    public static final HardState INITIAL = new HardState(0, Optional.empty());

    public HardState {
        if (term < 0 || (term == 0 && votedFor.isPresent())) {
            throw new IllegalArgumentException("term " + term + ", voted for " + votedFor);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import io.quorate.raft.quorum.Majority;
import java.util.List;

/**
 * Who counts. Sorted, so that iteration is the same on every run. Fixed for the life of a group until membership
 * changes arrive; learners and joint configurations will be further components of this record.
 *
 * @param voters at least one, without duplicates
 */
public record Membership(List<NodeId> voters) {
    public Membership {
        voters = voters.stream().sorted().distinct().toList();
        if (voters.isEmpty()) {
            throw new IllegalArgumentException("a group needs a voter");
        }
    }

    public boolean isVoter(NodeId node) {
        return voters.contains(node);
    }

    /** How many votes or copies decide: more than half. */
    public int quorum() {
        return Majority.of(voters.size());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.quorum;

import io.quorate.raft.log.NodeId;
import java.util.List;

/** The votes for one member in one election. A voter counts once, however often its answer arrives. */
public final class VoteTally {
    private final List<NodeId> voters;
    private final boolean[] granted;
    private int grants;

    public VoteTally(List<NodeId> voters) {
        this.voters = voters;
        this.granted = new boolean[voters.size()];
    }

    /** Counts a vote. One of a node that is no voter does not count. */
    public void grant(NodeId voter) {
        int at = voters.indexOf(voter);
        if (at >= 0 && !granted[at]) {
            granted[at] = true;
            grants++;
        }
    }

    public int grants() {
        return grants;
    }

    public boolean isWon() {
        return grants >= Majority.of(voters.size());
    }
}

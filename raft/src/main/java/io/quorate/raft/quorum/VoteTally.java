/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.quorum;

import io.quorate.raft.log.NodeId;
import java.util.List;
import java.util.TreeSet;

/** The votes for one member in one election. A voter counts once, however often its answer arrives. */
public final class VoteTally {
    private final List<List<NodeId>> electorates;
    private final TreeSet<NodeId> granted = new TreeSet<>();

    public VoteTally(List<NodeId> voters) {
        this(voters, List.of());
    }

    /** @param outgoing a second set of voters of which a majority is needed, too; empty if there is none */
    public VoteTally(List<NodeId> voters, List<NodeId> outgoing) {
        this.electorates = outgoing.isEmpty() ? List.of(voters) : List.of(voters, outgoing);
    }

    /** Counts a vote. One of a node that is no voter does not count. */
    public void grant(NodeId voter) {
        if (electorates.stream().anyMatch(voters -> voters.contains(voter))) {
            granted.add(voter);
        }
    }

    public int grants() {
        return granted.size();
    }

    public boolean isWon() {
        return electorates.stream()
                .allMatch(voters -> voters.stream().filter(granted::contains).count() >= Majority.of(voters.size()));
    }
}

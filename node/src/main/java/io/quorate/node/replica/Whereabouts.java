/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.api.Refusal;
import io.quorate.raft.Membership;
import io.quorate.raft.log.NodeId;
import java.util.Optional;

/** Knows who leads what. Event loop only. */
public interface Whereabouts {
    /**
     * Why this node cannot serve a request that needs the group's leader, and where to go instead: NOT_LEADER with the
     * leader's address, NO_QUORUM when too few voters are in contact for there to be one, else NO_LEADER.
     */
    Refusal elsewhere(GroupName group, Membership voters);

    /** Set when so few voters are in contact that nothing can be committed now: NO_QUORUM, naming the missing nodes. */
    Optional<Refusal> noQuorum(GroupName group, Membership voters);

    /** Who leads the group, as far as this node has heard: not only from members that its own replica knows. */
    Optional<NodeId> leaderOf(GroupName group);

    /** A local replica learnt that its term changed or who leads it. */
    void observed(GroupName group, long generation, Optional<NodeId> leader);

    /**
     * The local replica takes no part any more. What it said is taken back: it may have been in a generation that its disk
     * never got and that nobody else has heard of, next to which every true leader would look deposed.
     */
    void withdrawn(GroupName group);
}

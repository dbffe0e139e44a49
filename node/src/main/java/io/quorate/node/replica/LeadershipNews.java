/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.raft.RaftCore;
import io.quorate.raft.log.NodeId;
import java.util.Optional;

/** Notices what has changed about the leadership of a group, and tells everyone concerned once. Event loop only. */
final class LeadershipNews {
    private final ReplicaHost host;
    private final GroupName name;
    private final ReplicaOwner owner;
    private long ledTerm;
    private long observedTerm = -1;
    private Optional<NodeId> observedLeader = Optional.empty();

    LeadershipNews(ReplicaHost host, GroupName name, ReplicaOwner owner) {
        this.host = host;
        this.name = name;
        this.owner = owner;
    }

    /** The term that the owner was told this member leads; 0 if none. */
    long ledTerm() {
        return ledTerm;
    }

    /** Whether everyone was told who leads this term. */
    boolean hasToldOfLeader(long term) {
        return observedTerm == term && observedLeader.isPresent();
    }

    void notice(RaftCore core) {
        long leading = core.role() == RaftCore.Role.LEADER ? core.term() : 0;
        if (leading != ledTerm) {
            become(leading);
        }
        Optional<NodeId> leader = core.leader().map(MemberId::node);
        if (core.term() != observedTerm || !leader.equals(observedLeader)) {
            observedTerm = core.term();
            observedLeader = leader;
            host.whereabouts().observed(name, observedTerm, leader);
            if (leader.isPresent()) {
                owner.onLeaderSettled();
            }
        }
    }

    /** If this member leads, it does not any more. */
    void endLeadership() {
        if (ledTerm != 0) {
            become(0);
        }
    }

    private void become(long leading) {
        long lost = ledTerm;
        ledTerm = leading;
        if (lost != 0) {
            owner.onLeadershipLost(lost);
        }
        if (leading != 0) {
            owner.onLeading(leading);
        }
    }

    /** This member knows nothing of the group any more. */
    void withdraw() {
        host.whereabouts().withdrawn(name);
        observedTerm = -1;
        observedLeader = Optional.empty();
    }
}

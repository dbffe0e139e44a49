/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.api.ClusterView;
import io.quorate.node.api.ClusterView.ReplicaRole;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;

/** What the cluster's view shows of a group, as its member here sees it. */
final class GroupViews {
    private GroupViews() {}

    /** @param tickMillis how long a tick is */
    static ClusterView.GroupView of(Replica replica, long highWatermark, int tickMillis) {
        RaftCore core = replica.core();
        GroupName name = replica.name();
        List<Integer> voters = new ArrayList<>();
        for (NodeId voter : core.membership().voters()) {
            voters.add(MemberId.node(voter).value());
        }
        return new ClusterView.GroupView(
                name.groupId(),
                name.topic(),
                name.partition(),
                role(replica),
                core.term(),
                core.leader().map(MemberId::node).map(NodeId::value).orElse(0),
                core.commitIndex(),
                core.lastIndex(),
                highWatermark,
                voters,
                replica.failure(),
                core.lastEntry().term(),
                replica.appliedIndex(),
                FollowerViews.of(core, tickMillis));
    }

    private static ReplicaRole role(Replica replica) {
        if (replica.hasFailed()) {
            return ReplicaRole.FAILED;
        }
        if (replica.isQuarantined()) {
            return ReplicaRole.QUARANTINED;
        }
        return switch (replica.core().role()) {
            case FOLLOWER -> ReplicaRole.FOLLOWER;
            case PRE_CANDIDATE -> ReplicaRole.PRE_CANDIDATE;
            case CANDIDATE -> ReplicaRole.CANDIDATE;
            case LEADER -> ReplicaRole.LEADER;
        };
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.replica.GroupName;
import io.quorate.node.replica.MemberId;
import io.quorate.node.replica.Whereabouts;
import io.quorate.raft.Membership;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.function.Function;

/** Who leads what and who is there, out of gossip and this node's own replicas. Event loop only. */
public final class ClusterWhereabouts implements Whereabouts {
    /** About half an election. */
    private static final long NO_LEADER_RETRY_MILLIS = 50;

    /** Nodes take their time to come back. */
    private static final long NO_QUORUM_RETRY_MILLIS = 250;

    private final NodeId self;
    private final Peers peers;
    private final Leaders leaders;
    private final Gossip gossip;
    private final Function<NodeId, Optional<String>> clientAddresses;

    public ClusterWhereabouts(
            NodeId self,
            Peers peers,
            Leaders leaders,
            Gossip gossip,
            Function<NodeId, Optional<String>> clientAddresses) {
        this.self = self;
        this.peers = peers;
        this.leaders = leaders;
        this.gossip = gossip;
        this.clientAddresses = clientAddresses;
    }

    @Override
    public Refusal elsewhere(GroupName group, Membership voters) {
        Leaders.Leadership known = leaders.of(group.groupId());
        Optional<NodeId> leader = known.leader().filter(peers::isUp);
        if (leader.isPresent()) {
            Refusal refusal = Refusal.of(
                            Reason.NOT_LEADER,
                            "node " + self.value() + " does not lead " + group.label() + ", node "
                                    + leader.get().value() + " does in generation " + known.generation())
                    .with("leader_id", leader.get().value())
                    .with("generation", known.generation());
            return clientAddresses
                    .apply(leader.get())
                    .map(address -> refusal.with("leader_address", address))
                    .orElse(refusal);
        }
        return noQuorum(group, voters).orElseGet(() -> Refusal.of(
                        Reason.NO_LEADER, "nobody is known to lead " + group.label() + " at the moment")
                .retryAfter(NO_LEADER_RETRY_MILLIS));
    }

    @Override
    public Optional<Refusal> noQuorum(GroupName group, Membership voters) {
        List<NodeId> missing = new ArrayList<>();
        for (NodeId voter : voters.voters()) {
            if (!peers.isUp(MemberId.node(voter))) {
                missing.add(MemberId.node(voter));
            }
        }
        int present = voters.voters().size() - missing.size();
        if (present >= voters.quorum()) {
            return Optional.empty();
        }
        StringJoiner ids = new StringJoiner(",");
        for (NodeId node : missing) {
            ids.add(Integer.toString(node.value()));
        }
        return Optional.of(Refusal.of(
                        Reason.NO_QUORUM,
                        "node " + self.value() + " is in contact with " + present + " of the "
                                + voters.voters().size() + " voters of " + group.label() + ", " + voters.quorum()
                                + " are needed; missing: " + ids)
                .with("missing_nodes", ids.toString())
                .retryAfter(NO_QUORUM_RETRY_MILLIS));
    }

    @Override
    public Optional<NodeId> leaderOf(GroupName group) {
        return leaders.of(group.groupId()).leader();
    }

    @Override
    public void observed(GroupName group, long generation, Optional<NodeId> leader) {
        leaders.observe(group.groupId(), generation, leader);
        if (leader.filter(self::equals).isPresent()) {
            gossip.leads(group.groupId(), generation);
        } else {
            leaders.resigned(group.groupId(), self);
            gossip.leadsNoMore(group.groupId());
        }
    }

    @Override
    public void withdrawn(GroupName group) {
        leaders.withdrawn(group.groupId(), self);
        gossip.leadsNoMore(group.groupId());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.ClusterView;
import io.quorate.node.api.ClusterView.PartitionView;
import io.quorate.node.api.ClusterView.TopicView;
import io.quorate.node.api.NodeApi;
import io.quorate.node.replica.MemberId;
import io.quorate.raft.Prng;
import io.quorate.raft.log.NodeId;
import io.quorate.sim.check.ClusterChecker;
import io.quorate.sim.check.Invariant;
import io.quorate.sim.check.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * When all is calm and groups rest, one node goes, in a crash that everybody notices or by freezing, which nobody is told
 * of. Of every group that has a majority left somebody else must come to lead, although no client asks for anything: that
 * a group which rests watches over its leader is seen in no other way, since a node that comes back heals a lot.
 */
final class LossAtRest {
    private static final long LIMIT_NANOS = 30_000_000_000L;
    private static final long STEP_NANOS = 50_000_000L;

    private final VirtualTime time;
    private final List<SimulatedNode> nodes;
    private final ClusterChecker checker;
    private final Sightings sightings;
    private final Convergence.Runner runner;
    private final long restNanos;

    /** @param restNanos after which everything rests that ever will */
    LossAtRest(
            VirtualTime time,
            List<SimulatedNode> nodes,
            ClusterChecker checker,
            Sightings sightings,
            Convergence.Runner runner,
            long restNanos) {
        this.time = time;
        this.nodes = nodes;
        this.checker = checker;
        this.sightings = sightings;
        this.runner = runner;
        this.restNanos = restNanos;
    }

    /** Ends with all nodes up again. */
    void lose(Prng prng) {
        runner.runUntil(time.nowNanos() + restNanos);
        List<SimulatedNode> there =
                nodes.stream().filter(SimulatedNode::isInService).toList();
        SimulatedNode lost = there.get(prng.nextInt(there.size()));
        boolean frozen = prng.nextInt(2) == 0;
        if (frozen) {
            lost.pause();
        } else {
            lost.crash();
        }
        long start = time.nowNanos();
        List<String> missing = leaderlessWithout(lost);
        while (!missing.isEmpty()) {
            if (time.nowNanos() - start > LIMIT_NANOS) {
                throw new Violation(
                        Invariant.CONVERGENCE,
                        lost.id() + (frozen ? " froze " : " went down ") + (time.nowNanos() - start) / 1_000_000
                                + " ms ago, when everything was at rest, but: " + String.join("; ", missing));
            }
            runner.runUntil(time.nowNanos() + STEP_NANOS);
            missing = leaderlessWithout(lost);
        }
        sightings.met(RareState.NODE_LOST_AT_REST);
        if (frozen) {
            lost.resume();
        } else {
            lost.start();
        }
    }

    /** What the nodes that are left have to say of groups that should have a leader among them. */
    private List<String> leaderlessWithout(SimulatedNode lost) {
        List<String> missing = new ArrayList<>();
        for (SimulatedNode node : nodes) {
            Optional<NodeApi> api = node == lost ? Optional.empty() : node.api();
            if (api.isEmpty()) {
                continue;
            }
            leadersIn(api.get().view()).forEach((groupId, leader) -> {
                if (hasMajorityWithout(groupId, lost.id())
                        && (leader == 0 || leader == lost.id().value())) {
                    missing.add(node.id() + " knows no new leader of group " + groupId);
                }
            });
        }
        return missing;
    }

    private static TreeMap<Long, Integer> leadersIn(ClusterView view) {
        TreeMap<Long, Integer> leaders = new TreeMap<>();
        leaders.put(view.metadata().groupId(), view.metadata().leaderId());
        for (TopicView topic : view.topics()) {
            for (PartitionView partition : topic.partitions()) {
                leaders.put(partition.groupId(), partition.leaderId());
            }
        }
        return leaders;
    }

    private boolean hasMajorityWithout(long groupId, NodeId lost) {
        List<NodeId> replicas = checker.replicas(groupId);
        long left = replicas.stream()
                .filter(replica -> !MemberId.node(replica).equals(lost))
                .count();
        return left > replicas.size() / 2;
    }
}

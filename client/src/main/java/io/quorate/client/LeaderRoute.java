/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Leads to the leader of a partition. Loop only.
 *
 * <p>The first attempt at a node in a generation is made at once, so that a redirection or a new leader costs no pause; a
 * node that has failed in the same generation is tried again only after the pause.
 */
final class LeaderRoute extends PartitionRoute {
    private final Set<NodeConnection> tried = new HashSet<>();
    private long triedGroupId;
    private long triedGeneration = -1;

    LeaderRoute(Cluster cluster, String topic, int partition, Owner owner) {
        super(cluster, topic, partition, owner);
    }

    @Override
    Optional<Cluster.Target> choose(long groupId) {
        Optional<Cluster.Target> known = cluster.leader(topic, partition);
        if (known.isEmpty() || groupId > 0 && known.get().groupId() != groupId) {
            return Optional.empty();
        }
        Cluster.Target leader = known.get();
        if (leader.groupId() != triedGroupId || leader.generation() > triedGeneration) {
            triedGroupId = leader.groupId();
            triedGeneration = leader.generation();
            tried.clear();
        }
        return tried.add(leader.node()) || mayRepeat() ? known : Optional.empty();
    }

    @Override
    void onFailed(Cluster.Target leader, Failure failure) {
        // An overloaded leader is still the leader; so is one without room, unless somebody takes over.
        if (!failure.is("OVERLOADED") && !failure.is("DISK_FULL")) {
            cluster.leaderFailed(topic, partition, leader, failure);
        }
    }

    @Override
    void onProgress() {
        tried.clear();
        triedGeneration = -1;
    }

    @Override
    boolean lacksAddress() {
        return cluster.lacksAddressOfLeader(topic, partition);
    }

    @Override
    boolean mayBeElsewhere(Failure refusal) {
        return false;
    }

    @Override
    String goal() {
        return "leader";
    }
}

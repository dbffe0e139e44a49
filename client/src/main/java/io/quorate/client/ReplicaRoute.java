/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Leads to whichever replica of a partition serves it. Loop only.
 *
 * <p>The preferred node comes first, the others in an order that each route draws for itself, so that many readers spread
 * over the replicas. Each is tried once without a pause; then those that failed are tried again after the pause.
 */
final class ReplicaRoute extends PartitionRoute {
    private final OptionalInt preferredNode;
    /** Of all nodes that were ever named. */
    private final List<Integer> order = new ArrayList<>();
    /** Not to be tried again before the pause is over. */
    private final Set<Integer> tried = new HashSet<>();
    /** All that were tried since there was progress. */
    private final Set<Integer> asked = new HashSet<>();

    private long triedGroupId;

    ReplicaRoute(Cluster cluster, String topic, int partition, OptionalInt preferredNode, Owner owner) {
        super(cluster, topic, partition, owner);
        this.preferredNode = preferredNode;
    }

    @Override
    Optional<Cluster.Target> choose(long groupId) {
        Optional<Cluster.Placement> known = cluster.placement(topic, partition);
        if (known.isEmpty() || groupId > 0 && known.get().groupId() != groupId) {
            return Optional.empty();
        }
        Cluster.Placement placement = known.get();
        if (placement.groupId() != triedGroupId) {
            triedGroupId = placement.groupId();
            tried.clear();
            asked.clear();
        }
        Optional<Integer> untried = firstAvailable(placement, tried);
        Optional<Integer> next = untried.isEmpty() && mayRepeat() ? firstAvailable(placement, Set.of()) : untried;
        if (next.isPresent() && untried.isEmpty()) {
            tried.clear();
        }
        return next.map(nodeId -> {
            tried.add(nodeId);
            asked.add(nodeId);
            return new Cluster.Target(cluster.node(nodeId).orElseThrow(), placement.groupId(), 0);
        });
    }

    private Optional<Integer> firstAvailable(Cluster.Placement placement, Set<Integer> butNot) {
        return inOrder(placement).stream()
                .filter(nodeId -> !butNot.contains(nodeId))
                .filter(nodeId ->
                        cluster.node(nodeId).filter(NodeConnection::isAvailable).isPresent())
                .findFirst();
    }

    private List<Integer> inOrder(Cluster.Placement placement) {
        for (int nodeId : placement.nodeIds()) {
            if (!order.contains(nodeId)) {
                order.add(ThreadLocalRandom.current().nextInt(order.size() + 1), nodeId);
            }
        }
        List<Integer> replicas = new ArrayList<>(order);
        replicas.retainAll(placement.nodeIds());
        int preferred = preferredNode.isPresent() ? replicas.indexOf(preferredNode.getAsInt()) : -1;
        if (preferred > 0) {
            Collections.rotate(replicas.subList(0, preferred + 1), 1);
        }
        return replicas;
    }

    @Override
    void onFailed(Cluster.Target target, Failure failure) {
        // There may have been progress meanwhile: what has just failed comes after the others all the same.
        tried.add(cluster.nodeIdOf(target.node()));
        asked.add(cluster.nodeIdOf(target.node()));
        cluster.replicaFailed(topic, partition, failure);
    }

    @Override
    void onProgress() {
        tried.clear();
        asked.clear();
    }

    @Override
    boolean lacksAddress() {
        return cluster.placement(topic, partition)
                .filter(placement -> placement.nodeIds().stream()
                        .anyMatch(nodeId -> cluster.node(nodeId).isEmpty()))
                .isPresent();
    }

    /** One may still have, or already have, what another has not: it is asked before the refusal is believed. */
    @Override
    boolean mayBeElsewhere(Failure refusal) {
        boolean outOfRange = refusal.is("TRIMMED") || refusal.is("BEYOND_TAIL");
        return outOfRange
                && cluster.placement(topic, partition)
                        .flatMap(placement -> firstAvailable(placement, asked))
                        .isPresent();
    }

    @Override
    String goal() {
        return "replica that answers";
    }
}

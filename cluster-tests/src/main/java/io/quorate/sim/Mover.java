/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.ClusterChange;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.raft.Prng;
import io.quorate.sim.check.Invariant;
import java.util.ArrayList;
import java.util.List;

/** An operator who moves the replicas of a partition to other nodes again and again, and does not wait until they are there. */
final class Mover {
    private final SimulatedPartition partition;
    private final int nodes;
    private final int replicationFactor;
    private final Clients clients;
    private final Prng prng;
    private final int pauseMillisMax;
    private boolean finished;

    Mover(
            SimulatedPartition partition,
            int nodes,
            int replicationFactor,
            Clients clients,
            Prng prng,
            int pauseMillisMax) {
        this.partition = partition;
        this.nodes = nodes;
        this.replicationFactor = replicationFactor;
        this.clients = clients;
        this.prng = prng;
        this.pauseMillisMax = pauseMillisMax;
    }

    void start() {
        clients.time().schedule(1_000_000L * (1 + prng.nextInt(pauseMillisMax)), "move", () -> {
            if (!finished) {
                move();
                start();
            }
        });
    }

    void finish() {
        finished = true;
    }

    private void move() {
        List<Integer> left = new ArrayList<>();
        for (int node = 1; node <= nodes; node++) {
            left.add(node);
        }
        List<Integer> wanted = new ArrayList<>();
        while (wanted.size() < replicationFactor) {
            wanted.add(left.remove(prng.nextInt(left.size())));
        }
        ClusterChange change = new ClusterChange.MovePartition(
                partition.name().topic(), partition.name().partition(), wanted);
        clients.connect(0, prng)
                .call(api -> api.changeCluster(change, answer -> {
                    if (answer instanceof Result.Refused<ClusterChange.Accepted> refused) {
                        Reason reason = refused.refusal().reason();
                        clients.verdict()
                                .require(
                                        reason != Reason.INTERNAL && reason != Reason.INVALID_ARGUMENT,
                                        Invariant.ANSWER_PLAUSIBLE,
                                        "a move of " + partition.name() + " to " + wanted + " was refused: "
                                                + refused.refusal());
                    } else {
                        clients.sightings().met(RareState.PARTITION_MOVED);
                    }
                }));
    }
}

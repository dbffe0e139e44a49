/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.Marks;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.raft.Prng;
import io.quorate.sim.check.GroupOracle;
import io.quorate.sim.check.Invariant;

/** Trims a partition again and again to somewhere within what is committed. */
final class Trimmer {
    private final SimulatedPartition partition;
    private final Clients clients;
    private final Prng prng;
    private final int pauseMillisMax;
    private boolean finished;

    Trimmer(SimulatedPartition partition, Clients clients, Prng prng, int pauseMillisMax) {
        this.partition = partition;
        this.clients = clients;
        this.prng = prng;
        this.pauseMillisMax = pauseMillisMax;
    }

    void start() {
        clients.time().schedule(1_000_000L * (1 + prng.nextInt(pauseMillisMax)), "trim", () -> {
            if (!finished) {
                clients.connect(0, prng).call(this::trim);
                start();
            }
        });
    }

    void finish() {
        finished = true;
    }

    /** On the node's loop. */
    private void trim(NodeApi api) {
        GroupOracle oracle = clients.checker().oracle(partition.groupId());
        long committed = oracle.nextOffset();
        long offset = committed - prng.nextInt((int) Math.min(20, committed) + 1);
        api.trim(partition.name(), offset, answer -> {
            if (answer instanceof Result.Ok<Marks> ok) {
                long lowWatermark = ok.value().lowWatermark();
                clients.verdict()
                        .require(
                                lowWatermark >= offset && lowWatermark <= oracle.nextOffset(),
                                Invariant.ANSWER_PLAUSIBLE,
                                partition.name() + " was to be trimmed to " + offset + " and is to " + lowWatermark);
                oracle.onTrimAcknowledged(lowWatermark);
                clients.sightings().met(RareState.TRIMMED);
            } else if (answer instanceof Result.Refused<Marks> refused) {
                Reason reason = refused.refusal().reason();
                clients.verdict()
                        .require(
                                reason != Reason.INTERNAL && reason != Reason.INVALID_ARGUMENT,
                                Invariant.ANSWER_PLAUSIBLE,
                                "a trim was refused: " + refused.refusal());
            }
        });
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.v1.Consistency;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.function.LongSupplier;

/** Whom to ask for the records of a partition, and with which promise. */
record ReadSource(ReadConsistency consistency, OptionalInt preferredNode) {
    static final ReadSource LEADER = new ReadSource(ReadConsistency.LEADER, OptionalInt.empty());

    /** A node that is silent for so long may have a successor, or be cut off. */
    private static final Duration SILENCE = Duration.ofSeconds(3);

    static ReadSource of(ReaderConfig config) {
        return new ReadSource(config.consistency(), config.preferredNode());
    }

    Consistency onTheWire() {
        return switch (consistency) {
            case LEADER -> Consistency.CONSISTENCY_LEADER;
            case ANY_REPLICA -> Consistency.CONSISTENCY_LINEARIZABLE_ANY_REPLICA;
            case LOCAL -> Consistency.CONSISTENCY_LOCAL;
        };
    }

    PartitionRoute route(Cluster cluster, String topic, int partition, PartitionRoute.Owner owner) {
        return consistency == ReadConsistency.LEADER
                ? new LeaderRoute(cluster, topic, partition, owner)
                : new ReplicaRoute(cluster, topic, partition, preferredNode, owner);
    }

    /** @param nextOffset the offset that the node is to send next */
    ReadWatch watch(Cluster cluster, String topic, int partition, LongSupplier nextOffset) {
        return consistency == ReadConsistency.LEADER
                ? new LeaderWatch(cluster, topic, partition, SILENCE)
                : new ReplicaWatch(cluster, topic, partition, SILENCE, nextOffset);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.batch;
import static io.quorate.node.cluster.VirtualCluster.from;
import static io.quorate.node.cluster.VirtualCluster.send;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.raft.Prng;
import io.quorate.raft.log.Payload;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One producer that repeats every batch until it is acknowledged, one node after the other that is cut off, killed or
 * loses its power.
 */
@DisplayName("While nodes fail at random")
class RandomFaultsTest {
    private static final int BATCHES = 150;
    private static final int PIPELINED = 4;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    @DisplayName("every batch is in the log once, in order, where its acknowledgement says")
    void exactlyOnce(long seed) {
        Prng random = new Prng(seed);
        VirtualCluster cluster = VirtualCluster.started(3);
        TopicPartition orders = cluster.topic("orders");
        List<Payload> batches = new ArrayList<>();
        for (int i = 0; i < BATCHES; i++) {
            batches.add(batch(42, 0, i, "number " + i + "x".repeat(random.nextInt(8_000))));
        }
        int acknowledged = 0;
        while (acknowledged < BATCHES) {
            if (random.nextInt(3) == 0) {
                hurt(cluster, random);
            }
            acknowledged = pipeline(cluster, orders, batches, acknowledged, random);
        }
        repair(cluster);

        cluster.awaitReady();
        VirtualCluster.Collected read = cluster.read(cluster.leader(orders), orders, from(0));
        assertEquals(batches, read.batches());
        cluster.await("all replicas agree", () -> cluster.all().stream()
                .allMatch(node -> VirtualCluster.localTail(node, orders) instanceof Result.Ok
                        && VirtualCluster.marks(node, orders).highWatermark() == BATCHES));
    }

    /** Sends some batches wherever it is let, waits a while, and returns how many are acknowledged then. */
    private static int pipeline(
            VirtualCluster cluster, TopicPartition orders, List<Payload> batches, int first, Prng random) {
        List<VirtualCluster.Append> sent = new ArrayList<>();
        for (VirtualNode node : cluster.running()) {
            if (sent.isEmpty()
                    && node.api().openAppend(orders, OptionalLong.empty()) instanceof Result.Ok<AppendTarget> target) {
                for (int i = first; i < Math.min(batches.size(), first + PIPELINED); i++) {
                    sent.add(send(target.value(), batches.get(i)));
                }
            }
        }
        cluster.run(1 + random.nextInt(sent.isEmpty() ? 300 : 60));
        int acknowledged = first;
        for (VirtualCluster.Append append : sent) {
            if (append.baseOffset < 0) {
                break;
            }
            assertEquals(acknowledged, append.baseOffset, "the offset of a batch is its number");
            acknowledged++;
        }
        return acknowledged;
    }

    private static void hurt(VirtualCluster cluster, Prng random) {
        repair(cluster);
        VirtualNode victim = cluster.node(1 + random.nextInt(3));
        switch (random.nextInt(4)) {
            case 0 -> cluster.network().isolate(victim.id());
            case 1 -> victim.kill();
            case 2 -> victim.crash();
            default -> {
                victim.crash();
                victim.start();
            }
        }
    }

    private static void repair(VirtualCluster cluster) {
        for (VirtualNode node : cluster.all()) {
            cluster.network().heal(node.id());
            if (!node.isUp()) {
                node.start();
            }
        }
        assertTrue(cluster.running().size() == 3);
    }
}

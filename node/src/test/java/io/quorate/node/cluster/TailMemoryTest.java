/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.logstore.sim.SimulatedDisk.Operation;
import io.quorate.node.NodeSettings;
import io.quorate.node.api.TopicPartition;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Promise P9 for what is kept in memory: one bound for all partitions of a node. */
@DisplayName("The records of two partitions that a node keeps in memory")
class TailMemoryTest {
    private static final int BATCHES = 3;
    private static final String TEN_KILOBYTES = "x".repeat(10_000);

    @ParameterizedTest(name = "{0} bytes: idle one {1}, busy one {2}")
    @CsvSource({NodeSettings.DEFAULT_MAX_TAIL_BYTES + ", false, false", "45000, true, false", "0, true, true"})
    @DisplayName("are no more than all may keep together; the idle one is read from the disk first")
    void oneBound(long maxTailBytes, boolean idleFromDisk, boolean busyFromDisk) {
        VirtualCluster cluster = VirtualCluster.keeping(1, maxTailBytes);
        TopicPartition idle = cluster.topic("idle");
        TopicPartition busy = cluster.topic("busy");
        for (TopicPartition partition : new TopicPartition[] {idle, busy}) {
            for (int batch = 0; batch < BATCHES; batch++) {
                cluster.append(partition, VirtualCluster.plain(TEN_KILOBYTES));
            }
        }

        assertEquals(idleFromDisk, readsDisk(cluster, idle), "the idle one");
        assertEquals(busyFromDisk, readsDisk(cluster, busy), "the busy one");
    }

    private static boolean readsDisk(VirtualCluster cluster, TopicPartition partition) {
        AtomicInteger reads = new AtomicInteger();
        VirtualNode node = cluster.node(1);
        node.disk().inject(Operation.READ, path -> {
            if (path.toString().endsWith(".log")) {
                reads.incrementAndGet();
            }
            return false;
        });
        assertEquals(
                BATCHES,
                cluster.read(node, partition, VirtualCluster.from(0)).entries.size());
        node.disk().heal();
        return reads.get() > 0;
    }
}

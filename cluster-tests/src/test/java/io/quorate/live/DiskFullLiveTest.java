/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.quorate.client.Admin.PartitionInfo;
import io.quorate.client.QuorateClient;
import io.quorate.v1.ClusterServiceGrpc;
import io.quorate.v1.DescribeClusterRequest;
import io.quorate.v1.DiskSpace;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Promise P7 on real file systems: RF-55, RF-56 with whole processes. */
@DisplayName("Three processes on disks of their own that fill up under load")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class DiskFullLiveTest {
    private static final long MIB = 1 << 20;
    private static final int NODES = 3;
    private static final long RECORDS_PER_STEP = 5_000;
    private static final Map<String, String> SMALL_DISKS = Map.of(
            "QUORATE_DISK_LOW_FREE_BYTES", "24MiB",
            "QUORATE_DISK_CRITICAL_FREE_BYTES", "16MiB",
            "QUORATE_DISK_CHECK_INTERVAL_MS", "100");

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path directory;

    private final List<LoopDisk> disks = new ArrayList<>();

    @BeforeEach
    void mount() {
        for (int node = 1; node <= NODES; node++) {
            disks.add(LoopDisk.mount(directory.resolve("disk-" + node), LiveCluster.dataOf(directory, node), 96 * MIB));
        }
    }

    @AfterEach
    void unmount() {
        disks.forEach(LoopDisk::close);
    }

    @Test
    @DisplayName("stop taking records, elect leaders all the same, and go on by themselves with room: nothing is lost")
    void fillAndFree() throws Exception {
        try (LiveCluster cluster = LiveCluster.start(directory, NODES, SMALL_DISKS);
                QuorateClient client = cluster.connect(Duration.ofSeconds(10))) {
            client.admin().createTopic("orders", 1, NODES);
            PartitionInfo led = cluster.awaitLeader(client, "orders", 0, 1);
            try (NumberedLoad load = new NumberedLoad(client, "orders", 0)) {
                load.awaitProgress("while there is room", RECORDS_PER_STEP);
                for (LoopDisk disk : disks) {
                    disk.leaveFree(14 * MIB);
                }
                awaitSpace(cluster, DiskSpace.DISK_SPACE_FULL);
                long acknowledgedWhenFull = load.acknowledged();

                // A partition that takes no records still has votes to give, and a log to recover.
                LiveCluster.Node former = cluster.node(cluster.awaitLeader(client, "orders", 0, led.generation())
                        .leaderId());
                long generation = client.admin()
                        .describeTopic("orders")
                        .partitions()
                        .get(0)
                        .generation();
                former.process().kill();
                cluster.awaitLeader(client, "orders", 0, generation + 1);
                former.start();
                awaitSpace(cluster, DiskSpace.DISK_SPACE_FULL);
                assertTrue(
                        load.acknowledged() - acknowledgedWhenFull < RECORDS_PER_STEP,
                        "only what was under way is acknowledged while all disks are full");

                for (LoopDisk disk : disks) {
                    // took.
                    assertTrue(disk.freeBytes() > 8 * MIB, "of the reserve only " + disk.freeBytes() + " are left");
                    disk.free();
                }
                load.awaitProgress("with room again", RECORDS_PER_STEP);
                load.finish();
                load.verify(0);
            }
            for (LiveCluster.Node node : cluster.nodes()) {
                assertTrue(node.process().isAlive(), "node " + node.id() + " was not restarted");
                assertEquals(-1, node.log().indexOf("has failed"), node::log);
            }
        }
    }

    private static void awaitSpace(LiveCluster cluster, DiskSpace space) {
        for (LiveCluster.Node node : cluster.nodes()) {
            Await.until("node " + node.id() + " tells " + space, LiveCluster.FAILOVER_LIMIT, () -> spaceOf(node)
                    .equals(space));
        }
    }

    private static DiskSpace spaceOf(LiveCluster.Node node) throws IOException {
        ManagedChannel channel = Grpc.newChannelBuilder(node.clientAddress(), InsecureChannelCredentials.create())
                .build();
        try {
            return ClusterServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(2, TimeUnit.SECONDS)
                    .describeCluster(DescribeClusterRequest.getDefaultInstance())
                    .getDisk()
                    .getSpace();
        } finally {
            channel.shutdownNow();
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.client.Admin.PartitionInfo;
import io.quorate.client.QuorateClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** RF-24 and promise P2 with whole processes. */
@DisplayName("A process that comes back when its peers have deleted what it lacks")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class SnapshotLiveTest {
    private static final long RECORDS_PER_STEP = 10_000;
    private static final Map<String, String> SMALL_SEGMENTS = Map.of(
            "QUORATE_LOG_SEGMENT_BYTES", "256KiB",
            "QUORATE_LOG_ZERO_AHEAD_BYTES", "64KiB",
            "QUORATE_LOG_RETENTION_CHECK_INTERVAL_MS", "100",
            "QUORATE_RAFT_ELECTION_TIMEOUT_TICKS", "10");

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path directory;

    @Test
    @DisplayName("catches up by a snapshot while others append, and leads and serves every record that is kept")
    void downThroughATrim() throws Exception {
        try (LiveCluster cluster = LiveCluster.start(directory, 3, SMALL_SEGMENTS);
                QuorateClient client = cluster.connect(Duration.ofSeconds(10))) {
            client.admin().createTopic("orders", 1, 3);
            PartitionInfo partition = cluster.awaitLeader(client, "orders", 0, 1);
            // The one that should lead: when it is well it is given the leadership.
            LiveCluster.Node away = cluster.node(partition.replicas().get(0));
            try (NumberedLoad load = new NumberedLoad(client, "orders", 0)) {
                load.awaitProgress("before anything happens", RECORDS_PER_STEP);
                away.process().kill();
                load.awaitProgress("without it", 2 * RECORDS_PER_STEP);
                long trimmed = load.acknowledged();
                load.awaitProgress("that is kept", RECORDS_PER_STEP);
                client.admin().trim("orders", 0, trimmed);
                for (LiveCluster.Node node : cluster.nodes()) {
                    if (node != away) {
                        Await.until(
                                "node " + node.id() + " has deleted what the absent one lacks",
                                LiveCluster.FAILOVER_LIMIT,
                                () -> !hasFirstSegment(node));
                    }
                }

                away.start();
                load.awaitProgress("while it catches up", RECORDS_PER_STEP);
                Await.until(
                        "it leads again",
                        LiveCluster.FAILOVER_LIMIT,
                        () -> client.admin()
                                        .describeTopic("orders")
                                        .partitions()
                                        .get(0)
                                        .leaderId()
                                == away.id());

                load.finish();
                load.verify(0, trimmed);
                assertEquals(1, count(away.log(), "goes on from the leader's snapshot"), cluster::logs);
            }
        }
    }

    private static int count(String text, String part) {
        return text.split(part, -1).length - 1;
    }

    /** Of the first partition, which starts with entry 1. */
    private static boolean hasFirstSegment(LiveCluster.Node node) throws IOException {
        try (Stream<Path> files = Files.list(node.data().resolve("groups/1"))) {
            return files.anyMatch(file -> file.getFileName().toString().equals("00000000000000000001.log"));
        }
    }
}

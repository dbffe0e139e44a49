/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.client.Admin.PartitionInfo;
import io.quorate.client.QuorateClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Real processes and a byte that is wrong in a real file. */
@DisplayName("A process whose disk has rotted")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class RotLiveTest {
    private static final long RECORDS = 200_000;

    /** Small segments, and a look at all of them every second from the first one on. */
    private static final Map<String, String> SETTINGS =
            Map.of("QUORATE_LOG_SEGMENT_BYTES", "1MiB", "QUORATE_SCRUB_INTERVAL_MS", "1000");

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path directory;

    @Test
    @DisplayName("says so, is repaired from the others, and has every record again, byte for byte")
    void flippedByte() throws Exception {
        try (LiveCluster cluster = LiveCluster.start(directory, 3, SETTINGS);
                QuorateClient client = cluster.connect(Duration.ofSeconds(10))) {
            client.admin().createTopic("orders", 1, 3);
            PartitionInfo led = cluster.awaitLeader(client, "orders", 0, 1);
            long group = led.groupId();
            try (NumberedLoad load = new NumberedLoad(client, "orders", 0)) {
                load.awaitProgress("a few segments", RECORDS);
                LiveCluster.Node victim = cluster.node(led.leaderId() % 3 + 1);
                stop(victim);
                flipByte(segments(victim, group).get(0));
                QuorateProcess.Outcome found = verify(cluster, victim);
                assertTrue(found.exitCode() != 0 && found.output().contains("ROT:"), found.toString());

                victim.start();
                Await.until("the damage is found", LiveCluster.FAILOVER_LIMIT, () -> victim.log()
                        .contains("the log is damaged"));
                Await.until("it is repaired", LiveCluster.FAILOVER_LIMIT, () -> victim.log()
                        .contains("repaired, takes part again"));
                load.finish();
                load.verify(0);
                QuorateProcess.Outcome events = cluster.quorate("events", "--since", "10m");
                assertTrue(events.output().contains("CORRUPT at position"), events.toString());

                stop(victim);
                QuorateProcess.Outcome whole = verify(cluster, victim);
                assertEquals(0, whole.exitCode(), whole.toString());
            }
        }
    }

    private static QuorateProcess.Outcome verify(LiveCluster cluster, LiveCluster.Node node) {
        return cluster.quorate("log", "verify", node.data().toString());
    }

    private static void stop(LiveCluster.Node node) {
        node.process().terminate();
        node.process().awaitExit(LiveCluster.FAILOVER_LIMIT);
    }

    private static List<Path> segments(LiveCluster.Node node, long group) throws IOException {
        try (Stream<Path> files = Files.list(node.data().resolve("groups").resolve(Long.toString(group)))) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .sorted()
                    .toList();
        }
    }

    private static void flipByte(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, 500_000);
            one.put(0, (byte) (one.get(0) ^ 0x10)).flip();
            channel.write(one, 500_000);
            channel.force(true);
        }
    }
}

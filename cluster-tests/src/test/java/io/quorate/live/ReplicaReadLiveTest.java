/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.client.Admin.PartitionInfo;
import io.quorate.client.QuorateClient;
import io.quorate.client.ReadConsistency;
import io.quorate.client.Reader;
import io.quorate.client.ReaderConfig;
import io.quorate.client.ReaderConfig.Position;
import io.quorate.client.ReceivedRecord;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Real processes, the real client, while records are written. */
@DisplayName("Reads of any replica of a cluster of processes")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ReplicaReadLiveTest {
    private static final long RECORDS_PER_STEP = 5_000;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path directory;

    /** Takes records until that of an offset is there; each must be the next one. */
    private static void readTo(Reader reader, long end) {
        while (reader.position() < end) {
            long expected = reader.position();
            List<ReceivedRecord> records = reader.poll(LiveCluster.FAILOVER_LIMIT);
            assertFalse(records.isEmpty(), "nothing came behind offset " + expected + " of " + end);
            for (ReceivedRecord record : records) {
                assertEquals(expected, record.offset());
                assertEquals(expected, ByteBuffer.wrap(record.value()).getLong());
                expected++;
            }
        }
    }

    private static ReaderConfig of(int node, Position from, boolean follow) {
        return new ReaderConfig(from, OptionalLong.empty(), 0, follow)
                .with(ReadConsistency.ANY_REPLICA)
                .preferring(node);
    }

    @Test
    @DisplayName("see all that is acknowledged, and go on when their replica is stopped in its tracks or killed")
    void followersServe() throws Exception {
        try (LiveCluster cluster = LiveCluster.start(directory, 3);
                QuorateClient client = cluster.connect(Duration.ofSeconds(10))) {
            client.admin().createTopic("orders", 1, 3);
            PartitionInfo led = cluster.awaitLeader(client, "orders", 0, 1);
            int[] followers = led.replicas().stream()
                    .mapToInt(Integer::intValue)
                    .filter(id -> id != led.leaderId())
                    .toArray();
            try (NumberedLoad load = new NumberedLoad(client, "orders", 0);
                    Reader tail = client.reader("orders", 0, of(followers[0], Position.earliest(), true))) {
                load.awaitProgress("before anything happens", RECORDS_PER_STEP);
                for (int node : followers) {
                    long acknowledged = load.acknowledged();
                    try (Reader end = client.reader("orders", 0, of(node, Position.latest(), false))) {
                        assertTrue(end.position() >= acknowledged, end.position() + " after " + acknowledged);
                    }
                }
                readTo(tail, load.acknowledged());

                cluster.node(followers[0]).process().pause();
                load.awaitProgress("without the stopped follower", RECORDS_PER_STEP);
                readTo(tail, load.acknowledged());
                cluster.node(followers[0]).process().resume();

                cluster.node(led.leaderId()).process().kill();
                load.awaitProgress("after the leader was killed", RECORDS_PER_STEP);
                readTo(tail, load.acknowledged());
                load.finish();
                load.verify(0);

                QuorateProcess.Outcome read = cluster.quorate(
                        "read",
                        "orders/0@0",
                        "--limit",
                        "3",
                        "-o",
                        "json",
                        "--replica",
                        Integer.toString(followers[0]));
                assertEquals(0, read.exitCode(), read.toString());
                assertEquals(3, read.output().lines().count(), read.toString());
            }
        }
    }
}

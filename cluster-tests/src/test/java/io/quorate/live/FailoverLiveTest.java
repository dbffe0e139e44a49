/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.quorate.client.Admin.NodeAnswer;
import io.quorate.client.Admin.PartitionInfo;
import io.quorate.client.LogRecord;
import io.quorate.client.Producer;
import io.quorate.client.ProducerConfig;
import io.quorate.client.QuorateClient;
import io.quorate.client.QuorateException;
import io.quorate.v1.AppendRequest;
import io.quorate.v1.AppendResponse;
import io.quorate.v1.LogServiceGrpc;
import io.quorate.v1.PlainRecord;
import io.quorate.v1.PlainRecords;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Real processes, real signals, the real client. */
@DisplayName("A cluster of three processes")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class FailoverLiveTest {
    private static final Logger LOG = LoggerFactory.getLogger(FailoverLiveTest.class);
    private static final int KILLS = 5;
    private static final long RECORDS_LEAST = 100_000;
    private static final long RECORDS_PER_STEP = 5_000;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path directory;

    @Test
    @DisplayName("holds every acknowledged record once and in order, though its leaders are killed again and again")
    void killedLeaders() throws Exception {
        try (LiveCluster cluster = LiveCluster.start(directory, 3);
                QuorateClient client = cluster.connect(Duration.ofSeconds(10))) {
            client.admin().createTopic("orders", 1, 3);
            PartitionInfo led = cluster.awaitLeader(client, "orders", 0, 1);
            try (NumberedLoad load = new NumberedLoad(client, "orders", 0)) {
                load.awaitProgress("before anything happens", RECORDS_PER_STEP);
                for (int kill = 1; kill <= KILLS; kill++) {
                    LiveCluster.Node victim = cluster.node(led.leaderId());
                    victim.process().kill();
                    led = cluster.awaitLeader(client, "orders", 0, led.generation() + 1);
                    load.awaitProgress("after kill " + kill, RECORDS_PER_STEP);
                    victim.start();
                }
                Await.until(
                        RECORDS_LEAST + " records are acknowledged",
                        LiveCluster.FAILOVER_LIMIT,
                        () -> load.acknowledged() >= RECORDS_LEAST);

                load.finish();

                load.verify(0);
            }
        }
    }

    @Test
    @DisplayName("goes on without a leader that is stopped in its tracks, and fences it when it wakes up")
    void pausedLeader() throws Exception {
        try (LiveCluster cluster = LiveCluster.start(directory, 3);
                QuorateClient client = cluster.connect(Duration.ofSeconds(10))) {
            client.admin().createTopic("orders", 1, 3);
            PartitionInfo former = cluster.awaitLeader(client, "orders", 0, 1);
            LiveCluster.Node paused = cluster.node(former.leaderId());
            ManagedChannel channel = Grpc.newChannelBuilder(paused.clientAddress(), InsecureChannelCredentials.create())
                    .build();
            try (NumberedLoad load = new NumberedLoad(client, "orders", 0)) {
                load.awaitProgress("before anything happens", RECORDS_PER_STEP);

                paused.process().pause();
                PartitionInfo successor = cluster.awaitLeader(client, "orders", 0, former.generation() + 1);
                load.awaitProgress("without the stopped leader", RECORDS_PER_STEP);
                paused.process().resume();

                Await.until("the former leader refuses its generation as FENCED", LiveCluster.FAILOVER_LIMIT, () -> {
                    return reasonOfRefusedAppend(channel, former.generation()).equals("FENCED");
                });
                load.finish();
                load.verify(0);
                assertTrue(successor.generation() > former.generation());
            } finally {
                channel.shutdownNow();
            }
        }
    }

    /** An append in a generation that is over must be refused; what it may not be is acknowledged. */
    private static String reasonOfRefusedAppend(ManagedChannel channel, long generation) throws IOException {
        AppendRequest request = AppendRequest.newBuilder()
                .setTopic("orders")
                .setGeneration(generation)
                .setRecords(PlainRecords.newBuilder().addRecords(PlainRecord.getDefaultInstance()))
                .build();
        try {
            AppendResponse answer = LogServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(2, TimeUnit.SECONDS)
                    .append(request);
            throw new AssertionError("acknowledged in generation " + generation + ": " + answer);
        } catch (StatusRuntimeException refused) {
            for (Any detail : StatusProto.fromThrowable(refused).getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    return detail.unpack(ErrorInfo.class).getReason();
                }
            }
            return refused.getStatus().getCode().name();
        }
    }

    @Test
    @DisplayName("refuses appends within their deadline when two are gone, says who is missing, and recovers")
    void noQuorum() {
        try (LiveCluster cluster = LiveCluster.start(directory, 3);
                QuorateClient client = cluster.connect(Duration.ofSeconds(4))) {
            client.admin().createTopic("orders", 1, 3);
            cluster.awaitLeader(client, "orders", 0, 1);
            cluster.node(2).process().kill();
            cluster.node(3).process().kill();

            QuorateException refused = failureOf(client);
            QuorateProcess.Outcome status = cluster.quorate("cluster", "status");
            QuorateProcess.Outcome explained = cluster.quorate("explain", "orders/0");

            assertAll(
                    () -> assertTrue(refused.isRetriable(), refused.toString()),
                    () -> assertEquals(3, status.exitCode(), status.toString()),
                    () -> assertTrue(status.output().contains("node 2 is down"), status.toString()),
                    () -> assertTrue(status.output().contains("node 3 is down"), status.toString()),
                    () -> assertEquals(3, explained.exitCode(), explained.toString()),
                    () -> assertTrue(
                            explained.output().contains("1 of its 3 replicas can take part, 2 are needed"),
                            explained.toString()),
                    () -> assertTrue(
                            explained.output().contains("bring back one of nodes 2 and 3"), explained.toString()),
                    () -> assertTrue(
                            explained.output().contains("ago node 1 lost the connection with node 2"),
                            explained.toString()));

            cluster.node(2).start();
            Await.until("appends are taken again with two of three nodes", LiveCluster.FAILOVER_LIMIT, () -> {
                append(client);
                return true;
            });
        }
    }

    private static void append(QuorateClient client) {
        ProducerConfig defaults = ProducerConfig.DEFAULT;
        ProducerConfig config = new ProducerConfig(
                defaults.partition(),
                defaults.linger(),
                defaults.batchBytes(),
                defaults.maxBufferedBytes(),
                defaults.maxInflightBatches(),
                Duration.ofSeconds(3));
        Producer producer = client.producer("orders", config);
        try {
            producer.send(LogRecord.of(new byte[8])).join();
        } finally {
            producer.close(Duration.ofMillis(1));
        }
    }

    private static QuorateException failureOf(QuorateClient client) {
        long start = System.nanoTime();
        try {
            append(client);
            throw new AssertionError("one node of three acknowledged an append");
        } catch (CompletionException failed) {
            assertTrue(System.nanoTime() - start < Duration.ofSeconds(6).toNanos(), "the deadline of 3 s was not kept");
            return (QuorateException) failed.getCause();
        }
    }

    /** It has opened its replica of the partition, and knows who leads it. */
    private static boolean takesPart(NodeAnswer node) {
        return node.view().stream()
                .flatMap(view -> view.localGroups().stream())
                .anyMatch(group -> group.topic().equals("orders")
                        && List.of("LEADER", "FOLLOWER").contains(group.role())
                        && group.leaderId() != 0);
    }

    @Test
    @DisplayName("is restarted node by node while records are written, and loses and doubles nothing")
    void rollingRestart() throws Exception {
        try (LiveCluster cluster = LiveCluster.start(directory, 3);
                QuorateClient client = cluster.connect(Duration.ofSeconds(10))) {
            client.admin().createTopic("orders", 1, 3);
            cluster.awaitLeader(client, "orders", 0, 1);
            try (NumberedLoad load = new NumberedLoad(client, "orders", 0)) {
                load.awaitProgress("before anything happens", RECORDS_PER_STEP);
                for (LiveCluster.Node node : cluster.nodes()) {
                    node.process().terminate();
                    assertEquals(0, node.process().awaitExit(Duration.ofSeconds(30)), node.log());
                    node.start();
                    Await.until("node " + node.id() + " takes part again", LiveCluster.START_LIMIT, () -> {
                        return client.admin().describeNodes().stream().allMatch(FailoverLiveTest::takesPart);
                    });
                    load.awaitProgress("with node " + node.id() + " back", RECORDS_PER_STEP);
                    LOG.info("node {} restarted: longest pause {} ms", node.id(), load.longestPauseMillis());
                }
                load.finish();
                load.verify(0);
            }
        }
    }

    @Test
    @DisplayName("lets a node go with SIGTERM: exit code 0, nothing lost, no error logged")
    void gracefulStop() throws Exception {
        try (LiveCluster cluster = LiveCluster.start(directory, 3);
                QuorateClient client = cluster.connect(Duration.ofSeconds(10))) {
            client.admin().createTopic("orders", 1, 3);
            PartitionInfo led = cluster.awaitLeader(client, "orders", 0, 1);
            try (NumberedLoad load = new NumberedLoad(client, "orders", 0)) {
                load.awaitProgress("before anything happens", RECORDS_PER_STEP);

                LiveCluster.Node leader = cluster.node(led.leaderId());
                leader.process().terminate();
                int exitCode = leader.process().awaitExit(Duration.ofSeconds(15));

                load.awaitProgress("after the leader has gone", RECORDS_PER_STEP);
                load.finish();
                load.verify(0);
                assertEquals(0, exitCode, leader.log());
                assertFalse(leader.log().contains(" ERROR "), leader.log());
            }
        }
    }
}

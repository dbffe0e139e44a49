/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.quorate.internal.v1.FaultServiceGrpc;
import io.quorate.internal.v1.SetIsolationRequest;
import io.quorate.logstore.StorageException;
import io.quorate.node.testing.Await;
import io.quorate.v1.AppendRequest;
import io.quorate.v1.AppendResult;
import io.quorate.v1.AppendSessionBatch;
import io.quorate.v1.AppendSessionOpen;
import io.quorate.v1.AppendSessionRequest;
import io.quorate.v1.AppendSessionResponse;
import io.quorate.v1.GetTailRequest;
import io.quorate.v1.LogServiceGrpc;
import io.quorate.v1.PlainRecord;
import io.quorate.v1.PlainRecords;
import io.quorate.v1.ReadBatch;
import io.quorate.v1.ReadRequest;
import io.quorate.v1.ReadResponse;
import io.quorate.wire.RecordBatchBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Servers of one cluster")
@Timeout(90)
class QuorateServerTest {
    private static final String TOPIC = "orders";

    @TempDir
    private Path root;

    private ServerCluster cluster;

    @AfterEach
    void stop() {
        if (cluster != null) {
            cluster.close();
            assertNull(cluster.fatal.get());
        }
    }

    private void startThree() throws Exception {
        cluster = new ServerCluster(root, 3);
        cluster.startAll();
    }

    private ManagedChannel leader() {
        return cluster.channel(cluster.leaderOf(TOPIC, 0));
    }

    private static AppendRequest plain(String... values) {
        PlainRecords.Builder records = PlainRecords.newBuilder();
        for (String value : values) {
            records.addRecords(PlainRecord.newBuilder().setValue(ByteString.copyFromUtf8(value)));
        }
        return AppendRequest.newBuilder().setTopic(TOPIC).setRecords(records).build();
    }

    private static ByteString batch(String value) {
        RecordBatchBuilder builder = new RecordBatchBuilder(100);
        builder.append(1_000, null, value.getBytes(StandardCharsets.UTF_8));
        return ByteString.copyFrom(builder.build(0, 0, 0));
    }

    private static ErrorInfo errorInfo(StatusRuntimeException failure) throws IOException {
        return StatusProto.fromThrowable(failure).getDetails(0).unpack(ErrorInfo.class);
    }

    private static List<ReadBatch> readAll(ManagedChannel channel) {
        List<ReadBatch> batches = new ArrayList<>();
        Iterator<ReadResponse> responses = LogServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .read(ReadRequest.newBuilder().setTopic(TOPIC).build());
        responses.forEachRemaining(response -> batches.addAll(response.getBatchesList()));
        return batches;
    }

    @Test
    @DisplayName("elect a leader, take an append of two records, and give it back at its offset")
    void appendAndRead() throws Exception {
        startThree();
        cluster.createTopic(TOPIC, 1);
        LogServiceGrpc.LogServiceBlockingStub log = LogServiceGrpc.newBlockingStub(leader());

        AppendResult first = log.append(plain("a", "b")).getResult();
        AppendResult second = log.append(plain("c")).getResult();

        assertEquals(0, first.getBaseOffset());
        assertEquals(2, second.getBaseOffset());
        assertTrue(second.getGeneration() > 0);
        List<ReadBatch> batches = readAll(leader());
        assertEquals(
                List.of(0L, 2L), batches.stream().map(ReadBatch::getBaseOffset).toList());
        assertEquals(
                3,
                log.getTail(GetTailRequest.newBuilder().setTopic(TOPIC).build()).getHighWatermark());
    }

    @Test
    @DisplayName("answer a thousand pipelined batches in order and give them back byte for byte")
    void pipelinedSession() throws Exception {
        startThree();
        cluster.createTopic(TOPIC, 1);
        int count = 1_000;
        List<AppendResult> results = new CopyOnWriteArrayList<>();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        StreamObserver<AppendSessionRequest> session = LogServiceGrpc.newStub(leader())
                .appendSession(new StreamObserver<>() {
                    @Override
                    public void onNext(AppendSessionResponse response) {
                        results.addAll(response.getResultsList());
                    }

                    @Override
                    public void onError(Throwable thrown) {
                        failure.set(thrown);
                    }

                    @Override
                    public void onCompleted() {}
                });

        session.onNext(AppendSessionRequest.newBuilder()
                .setOpen(AppendSessionOpen.newBuilder().setTopic(TOPIC))
                .build());
        List<ByteString> batches =
                IntStream.range(0, count).mapToObj(i -> batch("value " + i)).toList();
        for (int i = 0; i < count; i++) {
            session.onNext(AppendSessionRequest.newBuilder()
                    .setBatch(AppendSessionBatch.newBuilder().setRequestId(i).setBatch(batches.get(i)))
                    .build());
        }
        Await.until("all answers", () -> results.size() == count || failure.get() != null);

        assertNull(failure.get());
        List<Long> numbers = LongStream.range(0, count).boxed().toList();
        assertEquals(numbers, results.stream().map(AppendResult::getRequestId).toList());
        assertEquals(numbers, results.stream().map(AppendResult::getBaseOffset).toList());
        List<ReadBatch> read = readAll(leader());
        assertEquals(numbers, read.stream().map(ReadBatch::getBaseOffset).toList());
        assertEquals(batches, read.stream().map(ReadBatch::getBatch).toList());
    }

    @Test
    @DisplayName("bring new records to a reader that follows")
    void follow() throws Exception {
        startThree();
        cluster.createTopic(TOPIC, 1);
        LogServiceGrpc.LogServiceBlockingStub log = LogServiceGrpc.newBlockingStub(leader());
        log.append(plain("before"));
        Iterator<ReadResponse> responses = log.withDeadlineAfter(30, TimeUnit.SECONDS)
                .read(ReadRequest.newBuilder()
                        .setTopic(TOPIC)
                        .setLatest(true)
                        .setFollow(true)
                        .build());

        assertEquals(1, responses.next().getHighWatermark());
        log.append(plain("after"));

        ReadBatch next = null;
        while (next == null) {
            ReadResponse response = responses.next();
            next = response.getBatchesCount() == 0 ? null : response.getBatches(0);
        }
        assertEquals(1, next.getBaseOffset());
    }

    @Test
    @DisplayName("send a client that asks the wrong node to the leader's address")
    void notLeader() throws Exception {
        startThree();
        cluster.createTopic(TOPIC, 1);
        int leader = cluster.leaderOf(TOPIC, 0);
        int other = leader == 1 ? 2 : 1;

        StatusRuntimeException refused =
                assertThrows(StatusRuntimeException.class, () -> LogServiceGrpc.newBlockingStub(cluster.channel(other))
                        .append(plain("x")));

        assertEquals(Status.Code.FAILED_PRECONDITION, refused.getStatus().getCode());
        ErrorInfo info = errorInfo(refused);
        assertEquals("NOT_LEADER", info.getReason());
        assertEquals(Integer.toString(leader), info.getMetadataOrThrow("leader_id"));
        assertEquals(cluster.server(leader).clientAddress(), info.getMetadataOrThrow("leader_address"));
    }

    @Test
    @DisplayName("refuse a batch above the limit with limit and size")
    void tooLarge() throws Exception {
        startThree();
        cluster.createTopic(TOPIC, 1);
        String value = "x".repeat(ServerCluster.MAX_BATCH_BYTES);

        StatusRuntimeException refused =
                assertThrows(StatusRuntimeException.class, () -> LogServiceGrpc.newBlockingStub(leader())
                        .append(plain(value)));

        ErrorInfo info = errorInfo(refused);
        assertEquals("RECORD_TOO_LARGE", info.getReason());
        assertEquals(Integer.toString(ServerCluster.MAX_BATCH_BYTES), info.getMetadataOrThrow("limit_bytes"));
    }

    @Test
    @DisplayName("elect another leader when theirs stops, and lose nothing that was acknowledged")
    void failover() throws Exception {
        startThree();
        cluster.createTopic(TOPIC, 1);
        LogServiceGrpc.newBlockingStub(leader()).append(plain("a"));
        int oldLeader = cluster.leaderOf(TOPIC, 0);

        cluster.stop(oldLeader);
        Await.until("another leader", () -> {
            int now = cluster.leaderOf(TOPIC, 0);
            return now != 0 && now != oldLeader;
        });
        AppendResult result = appendWhenReady(plain("b"));

        assertEquals(1, result.getBaseOffset());
        cluster.start(oldLeader);
        assertEquals(2, readAll(leader()).size());
    }

    /** A leader that has just been elected refuses until its first entry is committed. */
    private AppendResult appendWhenReady(AppendRequest request) {
        AtomicReference<AppendResult> result = new AtomicReference<>();
        Await.until("an append", () -> {
            try {
                result.set(
                        LogServiceGrpc.newBlockingStub(leader()).append(request).getResult());
                return true;
            } catch (StatusRuntimeException notYet) {
                return false;
            }
        });
        return result.get();
    }

    @Test
    @DisplayName("keep their records over a restart of all of them")
    void restart() throws Exception {
        startThree();
        cluster.createTopic(TOPIC, 1);
        LogServiceGrpc.newBlockingStub(leader()).append(plain("a", "b"));
        IntStream.rangeClosed(1, 3).forEach(cluster::stop);

        cluster.startAll();
        Await.until("a leader", () -> cluster.leaderOf(TOPIC, 0) != 0);

        assertEquals(2, appendWhenReady(plain("c")).getBaseOffset());
    }

    @Test
    @DisplayName("cut a leader off on request, go on without it, and take it back")
    void isolation() throws Exception {
        startThree();
        cluster.createTopic(TOPIC, 1);
        int isolated = cluster.leaderOf(TOPIC, 0);
        int other = isolated == 1 ? 2 : 1;
        ManagedChannel peerChannel = ServerCluster.connect(cluster.peerPort(isolated));
        try {
            FaultServiceGrpc.FaultServiceBlockingStub faults = FaultServiceGrpc.newBlockingStub(peerChannel);
            SetIsolationRequest.Builder all = SetIsolationRequest.newBuilder();
            IntStream.rangeClosed(1, 3).filter(node -> node != isolated).forEach(all::addCutPeers);

            faults.setIsolation(all.build());
            Await.until("another leader", () -> leaderSeenBy(other) != isolated && leaderSeenBy(other) != 0);
            faults.setIsolation(SetIsolationRequest.getDefaultInstance());

            Await.until("the old leader to follow", () -> leaderSeenBy(isolated) == leaderSeenBy(other));
        } finally {
            peerChannel.shutdownNow();
        }
    }

    private int leaderSeenBy(int node) {
        return cluster.describe(node).getTopics(0).getPartitions(0).getLeaderId();
    }

    @Test
    @DisplayName("do not accept a node of another cluster")
    void otherCluster() throws Exception {
        cluster = new ServerCluster(root, 3);
        cluster.start(1);
        try (QuorateServer stranger =
                QuorateServer.start(cluster.options(2, "another-cluster", root.resolve("stranger")))) {
            assertFalse(stranger.awaitReady(Duration.ofSeconds(2)));
        }
        cluster.start(3);

        assertTrue(cluster.server(1).awaitReady(Duration.ofSeconds(20)));
    }

    @Test
    @DisplayName("are alive at once and ready when there is a metadata leader; a stopping one is neither")
    void health() throws Exception {
        cluster = new ServerCluster(root, 3);
        cluster.start(1);

        assertEquals(ServingStatus.SERVING, health(1, ""));
        assertEquals(ServingStatus.NOT_SERVING, health(1, LogServiceGrpc.SERVICE_NAME));

        cluster.start(2);
        assertTrue(cluster.server(1).awaitReady(Duration.ofSeconds(20)));
        Await.until("ready", () -> health(1, LogServiceGrpc.SERVICE_NAME) == ServingStatus.SERVING);
    }

    private ServingStatus health(int node, String service) {
        return HealthGrpc.newBlockingStub(cluster.channel(node))
                .check(HealthCheckRequest.newBuilder().setService(service).build())
                .getStatus();
    }

    @Test
    @DisplayName("refuse to start on a port in use, naming it, and leave nothing behind")
    void portInUse() throws Exception {
        cluster = new ServerCluster(root, 1);
        cluster.start(1);

        ServerStartException refused = assertThrows(
                ServerStartException.class,
                () -> QuorateServer.start(cluster.options(1, ServerCluster.CLUSTER_ID, root.resolve("another"))));

        assertTrue(refused.getMessage().contains(":" + cluster.peerPort(1)), refused.getMessage());
        assertTrue(Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().equals("quorate-n1-loop"))
                        .count()
                <= 1);
    }

    @Test
    @DisplayName("refuse to start on a data directory in use")
    void directoryInUse() throws Exception {
        cluster = new ServerCluster(root, 2);
        cluster.start(1);
        ServerCluster elsewhere = new ServerCluster(root, 1);

        assertThrows(StorageException.class, () -> QuorateServer.start(elsewhere.options(1)));
    }

    @Test
    @DisplayName("run alone on any free ports")
    void singleNode() throws Exception {
        cluster = new ServerCluster(root, 1);
        cluster.startAll();
        cluster.createTopic(TOPIC, 2);

        assertEquals(
                0,
                LogServiceGrpc.newBlockingStub(leader())
                        .append(plain("a"))
                        .getResult()
                        .getBaseOffset());
        assertEquals(
                "127.0.0.1:" + cluster.server(1).clientPort(), cluster.server(1).clientAddress());
    }
}

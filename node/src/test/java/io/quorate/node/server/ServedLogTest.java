/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import io.quorate.node.testing.Await;
import io.quorate.v1.AppendResult;
import io.quorate.v1.AppendSessionBatch;
import io.quorate.v1.AppendSessionOpen;
import io.quorate.v1.AppendSessionRequest;
import io.quorate.v1.AppendSessionResponse;
import io.quorate.v1.GetTailRequest;
import io.quorate.v1.LogServiceGrpc;
import io.quorate.v1.ReadBatch;
import io.quorate.v1.ReadRequest;
import io.quorate.v1.ReadResponse;
import io.quorate.wire.RecordBatchBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A log served by three nodes")
@Timeout(90)
class ServedLogTest {
    @TempDir
    private static Path root;

    private static ServerCluster cluster;

    private TestLog log;

    @BeforeAll
    static void startThree() throws Exception {
        cluster = new ServerCluster(root, 3);
        cluster.startAll();
    }

    @AfterAll
    static void stop() {
        cluster.close();
        assertNull(cluster.fatal.get());
    }

    @BeforeEach
    void createTopic(TestInfo test) {
        String topic = test.getTestMethod().orElseThrow().getName();
        cluster.createTopic(topic, 1);
        log = new TestLog(cluster, topic);
    }

    private static ByteString batch(String value) {
        RecordBatchBuilder builder = new RecordBatchBuilder(100);
        builder.append(1_000, null, value.getBytes(StandardCharsets.UTF_8));
        return ByteString.copyFrom(builder.build(0, 0, 0));
    }

    @Test
    @DisplayName("takes an append of two records and gives it back at its offset")
    void appendAndRead() {
        AppendResult first = log.append("a", "b");
        AppendResult second = log.append("c");

        assertEquals(0, first.getBaseOffset());
        assertEquals(2, second.getBaseOffset());
        assertTrue(second.getGeneration() > 0);
        assertEquals(
                List.of(0L, 2L),
                log.readAll().stream().map(ReadBatch::getBaseOffset).toList());
        assertEquals(
                3,
                log.stub()
                        .getTail(GetTailRequest.newBuilder()
                                .setTopic(log.topic())
                                .build())
                        .getHighWatermark());
    }

    @Test
    @DisplayName("answers a thousand pipelined batches in order and gives them back byte for byte")
    void pipelinedSession() {
        int count = 1_000;
        List<AppendResult> results = new CopyOnWriteArrayList<>();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        StreamObserver<AppendSessionRequest> session = LogServiceGrpc.newStub(log.leader())
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
                .setOpen(AppendSessionOpen.newBuilder().setTopic(log.topic()))
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
        List<ReadBatch> read = log.readAll();
        assertEquals(numbers, read.stream().map(ReadBatch::getBaseOffset).toList());
        assertEquals(batches, read.stream().map(ReadBatch::getBatch).toList());
    }

    @Test
    @DisplayName("brings new records to a reader that follows")
    void follow() {
        log.append("before");
        Iterator<ReadResponse> responses = log.stub()
                .read(ReadRequest.newBuilder()
                        .setTopic(log.topic())
                        .setLatest(true)
                        .setFollow(true)
                        .build());

        assertEquals(1, responses.next().getHighWatermark());
        log.append("after");

        ReadBatch next = null;
        while (next == null) {
            ReadResponse response = responses.next();
            next = response.getBatchesCount() == 0 ? null : response.getBatches(0);
        }
        assertEquals(1, next.getBaseOffset());
    }

    @Test
    @DisplayName("sends a client that asks the wrong node to the leader's address")
    void notLeader() throws Exception {
        int leader = cluster.leaderOf(log.topic(), 0);
        int other = leader == 1 ? 2 : 1;

        StatusRuntimeException refused =
                assertThrows(StatusRuntimeException.class, () -> LogServiceGrpc.newBlockingStub(cluster.channel(other))
                        .append(log.plain("x")));

        assertEquals(Status.Code.FAILED_PRECONDITION, refused.getStatus().getCode());
        ErrorInfo info = TestLog.errorInfo(refused);
        assertEquals("NOT_LEADER", info.getReason());
        assertEquals(Integer.toString(leader), info.getMetadataOrThrow("leader_id"));
        assertEquals(cluster.server(leader).clientAddress(), info.getMetadataOrThrow("leader_address"));
    }

    @Test
    @DisplayName("refuses a batch above the limit, naming limit and size")
    void tooLarge() throws Exception {
        String value = "x".repeat(ServerCluster.MAX_BATCH_BYTES);

        StatusRuntimeException refused =
                assertThrows(StatusRuntimeException.class, () -> log.stub().append(log.plain(value)));

        ErrorInfo info = TestLog.errorInfo(refused);
        assertEquals("RECORD_TOO_LARGE", info.getReason());
        assertEquals(Integer.toString(ServerCluster.MAX_BATCH_BYTES), info.getMetadataOrThrow("limit_bytes"));
    }

    @Test
    @DisplayName("describes its own interface to generic clients, and only the public part of it")
    void reflection() {
        AtomicReference<ServerReflectionResponse> answer = new AtomicReference<>();
        StreamObserver<ServerReflectionRequest> requests = ServerReflectionGrpc.newStub(log.leader())
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .serverReflectionInfo(new StreamObserver<>() {
                    @Override
                    public void onNext(ServerReflectionResponse response) {
                        answer.set(response);
                    }

                    @Override
                    public void onError(Throwable failure) {}

                    @Override
                    public void onCompleted() {}
                });
        requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
        Await.until("an answer", () -> answer.get() != null);
        requests.onCompleted();

        assertEquals(
                List.of(
                        "grpc.health.v1.Health",
                        "grpc.reflection.v1.ServerReflection",
                        "quorate.v1.ClusterService",
                        "quorate.v1.LogService",
                        "quorate.v1.TopicService"),
                answer.get().getListServicesResponse().getServiceList().stream()
                        .map(ServiceResponse::getName)
                        .sorted()
                        .toList());
    }
}

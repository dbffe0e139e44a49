/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.quorate.node.api.EventQuery;
import io.quorate.node.api.Marks;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.server.NettyEventLoop;
import io.quorate.node.testing.Await;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import io.quorate.v1.AlterTopicRequest;
import io.quorate.v1.AppendRequest;
import io.quorate.v1.AppendResult;
import io.quorate.v1.AppendSessionBatch;
import io.quorate.v1.AppendSessionOpen;
import io.quorate.v1.AppendSessionRequest;
import io.quorate.v1.AppendSessionResponse;
import io.quorate.v1.ClusterServiceGrpc;
import io.quorate.v1.Consistency;
import io.quorate.v1.CreateTopicRequest;
import io.quorate.v1.DescribeClusterRequest;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.Durability;
import io.quorate.v1.Event;
import io.quorate.v1.EventKind;
import io.quorate.v1.FindOffsetRequest;
import io.quorate.v1.FindOffsetResponse;
import io.quorate.v1.GetTailRequest;
import io.quorate.v1.GetTailResponse;
import io.quorate.v1.ListEventsRequest;
import io.quorate.v1.ListEventsResponse;
import io.quorate.v1.LogServiceGrpc;
import io.quorate.v1.NodeState;
import io.quorate.v1.PlainRecord;
import io.quorate.v1.PlainRecords;
import io.quorate.v1.ReadRequest;
import io.quorate.v1.ReadResponse;
import io.quorate.v1.ReplicaRole;
import io.quorate.v1.Scrub;
import io.quorate.v1.Topic;
import io.quorate.v1.TopicServiceGrpc;
import io.quorate.wire.BatchHeader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The client port")
@Timeout(60)
class ClientServicesTest {
    private static final int MAX_BATCH_BYTES = 2 << 20;

    private final AtomicReference<Throwable> fatal = new AtomicReference<>();
    private final FakeNodeApi node = new FakeNodeApi();
    private final CallGate gate = new CallGate(fatal::set);
    private NettyEventLoop loop;
    private LogGrpcService log;
    private Server server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        loop = new NettyEventLoop("test-loop", fatal::set);
        log = new LogGrpcService(() -> node, loop);
        server = GrpcServers.forClients(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), loop, MAX_BATCH_BYTES)
                .addService(ServerInterceptors.intercept(log, gate))
                .addService(ServerInterceptors.intercept(new TopicGrpcService(() -> node), gate))
                .addService(ServerInterceptors.intercept(new ClusterGrpcService(() -> node, "1.2"), gate))
                .build()
                .start();
        gate.open();
        channel = NettyChannelBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort()))
                .usePlaintext()
                .maxInboundMessageSize(16 << 20)
                .build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.shutdownNow();
        loop.close(Duration.ofSeconds(5));
    }

    private LogServiceGrpc.LogServiceBlockingStub blocking() {
        return LogServiceGrpc.newBlockingStub(channel);
    }

    private static ErrorInfo errorInfo(Throwable failure) {
        try {
            return StatusProto.fromThrowable(failure).getDetails(0).unpack(ErrorInfo.class);
        } catch (IOException notPacked) {
            throw new AssertionError(notPacked);
        }
    }

    private FakeNodeApi.Append awaitAppend(int index) {
        Await.until("append " + index, () -> node.appends.size() > index);
        return node.appends.get(index);
    }

    private void commit(int index, long offset) {
        loop.execute(() -> node.appends.get(index).listener().onCommitted(offset, FakeNodeApi.GENERATION, false));
    }

    @Nested
    @DisplayName("for single appends")
    class Unary {
        @Test
        @DisplayName("hands over an encoded batch as it is and answers where it went")
        void encodedBatch() throws Exception {
            ByteString batch = ByteString.copyFromUtf8("opaque to the service");
            var answer = LogServiceGrpc.newFutureStub(channel)
                    .append(AppendRequest.newBuilder()
                            .setTopic("orders")
                            .setPartition(3)
                            .setGroupId(7)
                            .setBatch(batch)
                            .setTriedSinceOffset(12)
                            .build());

            FakeNodeApi.Append append = awaitAppend(0);
            loop.execute(() -> append.listener().onCommitted(42, 9, true));

            assertEquals(new TopicPartition("orders", 3, 7), append.partition());
            assertEquals(Payload.wrap(batch.toByteArray()), append.batch());
            assertEquals(OptionalLong.of(12), append.triedSince());
            AppendResult result = answer.get().getResult();
            assertEquals(42, result.getBaseOffset());
            assertEquals(9, result.getGeneration());
            assertTrue(result.getDuplicate());
            assertEquals(Durability.DURABILITY_QUORUM_FSYNC, result.getDurability());
        }

        @Test
        @DisplayName("encodes plain records into a valid batch that is not idempotent")
        void plainRecords() throws Exception {
            LogServiceGrpc.newFutureStub(channel)
                    .append(AppendRequest.newBuilder()
                            .setTopic("orders")
                            .setRecords(PlainRecords.newBuilder()
                                    .addRecords(PlainRecord.newBuilder().setValue(ByteString.copyFromUtf8("a")))
                                    .addRecords(PlainRecord.newBuilder().setKey(ByteString.EMPTY)))
                            .build());

            FakeNodeApi.Append append = awaitAppend(0);
            assertEquals(OptionalLong.empty(), append.triedSince());

            Payload batch = append.batch();
            BatchHeader header = BatchHeader.verify(batch.array(), batch.arrayOffset(), batch.size());
            assertEquals(2, header.recordCount());
            assertEquals(0, header.producerId());
        }

        @Test
        @DisplayName("passes on the node's refusal with its reason and metadata")
        void refusal() {
            node.refusal = new Refusal(
                    Reason.NOT_LEADER, "n2 leads", Map.of("leader_id", "2", "leader_address", "host:7401"), -1);

            StatusRuntimeException refused = assertThrows(StatusRuntimeException.class, () -> blocking()
                    .append(AppendRequest.newBuilder()
                            .setTopic("orders")
                            .setBatch(ByteString.copyFromUtf8("x"))
                            .build()));

            assertEquals(Status.Code.FAILED_PRECONDITION, refused.getStatus().getCode());
            assertEquals("NOT_LEADER", errorInfo(refused).getReason());
            assertEquals("host:7401", errorInfo(refused).getMetadataOrThrow("leader_address"));
        }

        @Test
        @DisplayName("names the field that cannot be: no content, no records, numbers beyond the signed types")
        void invalidRequests() {
            Map<String, AppendRequest> requests = Map.of(
                    "content", AppendRequest.newBuilder().setTopic("t").build(),
                    "records",
                            AppendRequest.newBuilder()
                                    .setRecords(PlainRecords.getDefaultInstance())
                                    .build(),
                    "partition", AppendRequest.newBuilder().setPartition(-1).build(),
                    "generation",
                            AppendRequest.newBuilder()
                                    .setGeneration(-1)
                                    .setBatch(ByteString.EMPTY)
                                    .build(),
                    "tried_since_offset",
                            AppendRequest.newBuilder()
                                    .setTriedSinceOffset(0)
                                    .setRecords(PlainRecords.newBuilder().addRecords(PlainRecord.getDefaultInstance()))
                                    .build());

            requests.forEach((field, request) -> {
                StatusRuntimeException refused = assertThrows(
                        StatusRuntimeException.class, () -> blocking().append(request), field);
                assertEquals("INVALID_ARGUMENT", errorInfo(refused).getReason());
                assertEquals(field, errorInfo(refused).getMetadataOrThrow("field"));
            });
        }

        @Test
        @DisplayName("does not read a message far beyond the batch limit")
        void oversizedMessage() {
            AppendRequest request = AppendRequest.newBuilder()
                    .setTopic("orders")
                    .setBatch(ByteString.copyFrom(new byte[MAX_BATCH_BYTES + GrpcServers.MESSAGE_MARGIN_BYTES]))
                    .build();

            StatusRuntimeException refused =
                    assertThrows(StatusRuntimeException.class, () -> blocking().append(request));

            assertEquals(Status.Code.RESOURCE_EXHAUSTED, refused.getStatus().getCode());
            assertTrue(node.appends.isEmpty());
        }
    }

    @Nested
    @DisplayName("for append sessions")
    class Sessions {
        private final RecordingObserver<AppendSessionResponse> answers = new RecordingObserver<>();
        private StreamObserver<AppendSessionRequest> session;

        @BeforeEach
        void open() {
            session = LogServiceGrpc.newStub(channel).appendSession(answers);
        }

        private void sendOpen() {
            session.onNext(AppendSessionRequest.newBuilder()
                    .setOpen(AppendSessionOpen.newBuilder().setTopic("orders"))
                    .build());
        }

        private void send(long requestId, int bytes) {
            session.onNext(AppendSessionRequest.newBuilder()
                    .setBatch(AppendSessionBatch.newBuilder()
                            .setRequestId(requestId)
                            .setBatch(ByteString.copyFrom(new byte[bytes])))
                    .build());
        }

        /** What was sent before on this connection has reached the server when this returns. */
        private void roundTrip() {
            blocking().getTail(GetTailRequest.newBuilder().setTopic("orders").build());
        }

        @Test
        @DisplayName("answers the opening with the generation and batches in order, those of one turn in one message")
        void answersAreCoalesced() {
            sendOpen();
            IntStream.rangeClosed(1, 100).forEach(id -> send(id, 10));
            awaitAppend(99);
            answers.awaitMessages(1);
            loop.execute(() -> {
                for (int i = 0; i < 100; i++) {
                    node.appends.get(i).listener().onCommitted(1_000 + i, FakeNodeApi.GENERATION, false);
                }
            });
            answers.awaitMessages(2);

            assertEquals(
                    FakeNodeApi.GENERATION, answers.messages.get(0).getOpened().getGeneration());
            List<AppendResult> results = answers.messages.get(1).getResultsList();
            assertEquals(
                    IntStream.rangeClosed(1, 100).mapToObj(Long::valueOf).toList(),
                    results.stream().map(AppendResult::getRequestId).toList());
            assertEquals(1_099, results.get(99).getBaseOffset());
        }

        @Test
        @DisplayName("says where the log goes on, and hands over what a batch says that is sent again")
        void sentAgain() {
            sendOpen();
            answers.awaitMessages(1);
            long nextOffset = answers.messages.get(0).getOpened().getNextOffset();
            send(1, 10);
            session.onNext(AppendSessionRequest.newBuilder()
                    .setBatch(AppendSessionBatch.newBuilder()
                            .setRequestId(2)
                            .setBatch(ByteString.copyFrom(new byte[10]))
                            .setTriedSinceOffset(nextOffset))
                    .build());

            assertEquals(FakeNodeApi.MARKS.highWatermark(), nextOffset);
            assertEquals(OptionalLong.empty(), awaitAppend(0).triedSince());
            assertEquals(OptionalLong.of(nextOffset), awaitAppend(1).triedSince());
        }

        @Test
        @DisplayName("takes no more batches than may wait for an answer, and goes on when one is answered")
        void boundedByCount() {
            int max = AppendSessionCall.MAX_UNANSWERED_BATCHES;
            sendOpen();
            IntStream.rangeClosed(1, max + 10).forEach(id -> send(id, 1));
            awaitAppend(max - 1);
            roundTrip();
            assertEquals(max, node.appends.size());

            commit(0, 0);

            awaitAppend(max);
            roundTrip();
            assertEquals(max + 1, node.appends.size());
        }

        @Test
        @DisplayName("takes no more bytes than may wait for an answer")
        void boundedByBytes() {
            int batch = 1 << 20;
            int max = (int) (AppendSessionCall.MAX_UNANSWERED_BYTES / batch);
            sendOpen();
            IntStream.rangeClosed(1, max + 2).forEach(id -> send(id, batch));
            awaitAppend(max - 1);
            roundTrip();
            assertEquals(max, node.appends.size());

            commit(0, 0);

            awaitAppend(max);
        }

        @Test
        @DisplayName("ends after the client's half-close only when all is answered")
        void halfClose() {
            sendOpen();
            send(1, 1);
            session.onCompleted();
            awaitAppend(0);
            roundTrip();
            assertFalse(answers.completed);

            commit(0, 5);

            answers.awaitCompleted();
            assertEquals(
                    5,
                    answers.messages
                            .get(answers.messages.size() - 1)
                            .getResults(0)
                            .getBaseOffset());
        }

        @Test
        @DisplayName("ends with the refusal of the first refused batch, after the answers to those before it")
        void refusedBatch() {
            sendOpen();
            IntStream.rangeClosed(1, 3).forEach(id -> send(id, 1));
            awaitAppend(2);
            loop.execute(() -> {
                node.appends.get(0).listener().onCommitted(8, FakeNodeApi.GENERATION, false);
                node.appends.get(1).listener().onRefused(Refusal.of(Reason.LEADERSHIP_LOST, "deposed"));
                node.appends.get(2).listener().onRefused(Refusal.of(Reason.LEADERSHIP_LOST, "deposed"));
            });

            assertEquals(Status.Code.UNAVAILABLE, answers.awaitError().getCode());
            assertEquals("LEADERSHIP_LOST", errorInfo(answers.error).getReason());
            List<AppendResult> results = answers.messages.stream()
                    .flatMap(message -> message.getResultsList().stream())
                    .toList();
            assertEquals(
                    List.of(1L),
                    results.stream().map(AppendResult::getRequestId).toList());
        }

        @Test
        @DisplayName("refuses a batch before the opening")
        void batchFirst() {
            send(1, 1);

            assertEquals(Status.Code.INVALID_ARGUMENT, answers.awaitError().getCode());
            assertEquals("open", errorInfo(answers.error).getMetadataOrThrow("field"));
        }

        @Test
        @DisplayName("refuses request ids that do not ascend")
        void requestIdsAscend() {
            sendOpen();
            send(5, 1);
            send(5, 1);

            assertEquals(Status.Code.INVALID_ARGUMENT, answers.awaitError().getCode());
            assertEquals("request_id", errorInfo(answers.error).getMetadataOrThrow("field"));
            assertEquals(1, node.appends.size());
        }

        @Test
        @DisplayName("refuses the opening when the node does")
        void openRefused() {
            node.refusal = Refusal.of(Reason.UNKNOWN_TOPIC, "no topic 'orders'");
            sendOpen();

            assertEquals(Status.Code.NOT_FOUND, answers.awaitError().getCode());
        }

        @Test
        @DisplayName("ends as SHUTTING_DOWN when the node does, after what was under way is answered")
        void shutDown() {
            sendOpen();
            send(1, 1);
            awaitAppend(0);
            loop.execute(log::shutDown);
            commit(0, 3);

            assertEquals(Status.Code.UNAVAILABLE, answers.awaitError().getCode());
            assertEquals("SHUTTING_DOWN", errorInfo(answers.error).getReason());
            assertEquals(
                    3,
                    answers.messages
                            .get(answers.messages.size() - 1)
                            .getResults(0)
                            .getBaseOffset());
        }
    }

    @Nested
    @DisplayName("for reads")
    class Reads {
        private final RecordingObserver<ReadResponse> answers = new RecordingObserver<>();

        private FakeNodeApi.Read read(ReadRequest request) {
            LogServiceGrpc.newStub(channel).read(request, answers);
            Await.until("a read", () -> !node.reads.isEmpty());
            return node.reads.get(0);
        }

        private LogEntry entry(long offset, int bytes) {
            return new LogEntry(
                    new EntryId(6, offset + 1), EntryType.RECORDS, offset, 1, 1_234, Payload.wrap(new byte[bytes]));
        }

        @Test
        @DisplayName("passes on what is asked for")
        void spec() {
            FakeNodeApi.Read read = read(ReadRequest.newBuilder()
                    .setTopic("orders")
                    .setPartition(2)
                    .setGroupId(8)
                    .setOffset(17)
                    .setUntilOffset(20)
                    .setMaxRecords(5)
                    .setFollow(true)
                    .setConsistency(Consistency.CONSISTENCY_LOCAL)
                    .build());

            assertEquals(new TopicPartition("orders", 2, 8), read.partition());
            assertEquals(
                    new ReadSpec(new ReadSpec.From.Offset(17), OptionalLong.of(20), 5, true, ReadConsistency.LOCAL),
                    read.spec());
        }

        @ParameterizedTest
        @CsvSource({
            "CONSISTENCY_UNSPECIFIED, LEADER",
            "CONSISTENCY_LEADER, LEADER",
            "CONSISTENCY_LOCAL, LOCAL",
            "CONSISTENCY_LINEARIZABLE_ANY_REPLICA, LINEARIZABLE_ANY_REPLICA"
        })
        @DisplayName("asks for the consistency that the client has named, and for nothing weaker")
        void consistency(Consistency named, ReadConsistency asked) {
            assertEquals(
                    asked,
                    read(ReadRequest.newBuilder().setConsistency(named).build())
                            .spec()
                            .consistency());
        }

        @Test
        @DisplayName("refuses a consistency that it does not know")
        void unknownConsistency() {
            StatusRuntimeException refused = assertThrows(StatusRuntimeException.class, () -> blocking()
                    .getTail(GetTailRequest.newBuilder().setConsistencyValue(4).build()));

            assertEquals("consistency", errorInfo(refused).getMetadataOrThrow("field"));
        }

        @Test
        @DisplayName("starts at the beginning, at the leader, without bounds, if nothing else is said")
        void defaults() {
            assertEquals(
                    new ReadSpec(new ReadSpec.From.Earliest(), OptionalLong.empty(), 0, false, ReadConsistency.LEADER),
                    read(ReadRequest.getDefaultInstance()).spec());
        }

        @Test
        @DisplayName("sends batches byte for byte with their offsets, marks and times, and then ends")
        void entries() {
            FakeNodeApi.Read read = read(ReadRequest.getDefaultInstance());
            loop.execute(() -> {
                read.sink().onEntries(List.of(entry(10, 3), entry(11, 4)), FakeNodeApi.MARKS);
                read.sink().onEnd(FakeNodeApi.MARKS);
            });
            answers.awaitCompleted();

            assertEquals(1, answers.messages.size(), "the same marks are not said twice");
            ReadResponse response = answers.messages.get(0);
            assertEquals(100, response.getHighWatermark());
            assertEquals(5, response.getLowWatermark());
            assertEquals(FakeNodeApi.GENERATION, response.getGeneration());
            assertEquals(11, response.getBatches(1).getBaseOffset());
            assertEquals(6, response.getBatches(1).getGeneration());
            assertEquals(1_234, response.getBatches(1).getAppendTimeMs());
            assertEquals(
                    ByteString.copyFrom(new byte[4]), response.getBatches(1).getBatch());
        }

        @Test
        @DisplayName("splits what is much into messages of about 1 MiB")
        void splits() {
            FakeNodeApi.Read read = read(ReadRequest.getDefaultInstance());
            List<LogEntry> entries =
                    IntStream.range(0, 5).mapToObj(i -> entry(i, 400 << 10)).toList();
            loop.execute(() -> {
                read.sink().onEntries(entries, FakeNodeApi.MARKS);
                read.sink().onEnd(FakeNodeApi.MARKS);
            });
            answers.awaitCompleted();

            assertEquals(
                    List.of(2, 2, 1),
                    answers.messages.stream().map(ReadResponse::getBatchesCount).toList());
        }

        @Test
        @DisplayName("tells a caught-up reader of new marks once")
        void caughtUp() {
            FakeNodeApi.Read read =
                    read(ReadRequest.newBuilder().setFollow(true).build());
            Marks next = new Marks(5, 101, FakeNodeApi.GENERATION, 2);
            loop.execute(() -> {
                read.sink().onCaughtUp(FakeNodeApi.MARKS);
                read.sink().onCaughtUp(FakeNodeApi.MARKS);
                read.sink().onCaughtUp(next);
            });
            answers.awaitMessages(2);
            loop.execute(() -> read.sink().onEnd(next));
            answers.awaitCompleted();

            assertEquals(
                    List.of(100L, 101L),
                    answers.messages.stream()
                            .map(ReadResponse::getHighWatermark)
                            .toList());
        }

        @Test
        @DisplayName("tells the node when the client has gone")
        void cancelled() {
            AtomicReference<ClientCallStreamObserver<ReadRequest>> call = new AtomicReference<>();
            LogServiceGrpc.newStub(channel).read(ReadRequest.getDefaultInstance(), new PausedReader(call));
            Await.until("a read", () -> !node.reads.isEmpty());

            call.get().cancel("the test is over", null);

            Await.until("cancellation", () -> node.reads.get(0).cancelled().get() == 1);
            assertFalse(node.reads.get(0).sink().isReady());
        }

        @Test
        @DisplayName("is held back by a reader that does not read, and resumed when it does")
        void backPressure() {
            AtomicReference<ClientCallStreamObserver<ReadRequest>> call = new AtomicReference<>();
            PausedReader reader = new PausedReader(call);
            LogServiceGrpc.newStub(channel).read(ReadRequest.getDefaultInstance(), reader);
            Await.until("a read", () -> !node.reads.isEmpty());
            FakeNodeApi.Read read = node.reads.get(0);
            AtomicReference<Integer> sent = new AtomicReference<>();
            AtomicInteger resumedBefore = new AtomicInteger();
            loop.execute(() -> {
                int count = 0;
                while (read.sink().isReady()) {
                    read.sink().onEntries(List.of(entry(count, 512 << 10)), FakeNodeApi.MARKS);
                    count++;
                }
                // On the loop: what fits into the windows leaves, and may resume the read, as soon as this turn ends.
                resumedBefore.set(read.resumed().get());
                sent.set(count);
            });
            Await.until("the sink to be full", () -> sent.get() != null);
            assertTrue(sent.get() * 512 <= 2 * ReadCall.READY_BELOW_BYTES / 1024, sent + " messages of 512 KiB");

            call.get().request(sent.get());

            Await.until("all messages", () -> reader.messages.size() == sent.get());
            Await.until("resumption", () -> read.resumed().get() > resumedBefore.get());
            call.get().cancel("the test is over", null);
        }

        @Test
        @DisplayName("ends as SHUTTING_DOWN when the node does")
        void shutDown() {
            read(ReadRequest.newBuilder().setFollow(true).build());
            loop.execute(log::shutDown);

            assertEquals(Status.Code.UNAVAILABLE, answers.awaitError().getCode());
            assertEquals(1, node.reads.get(0).cancelled().get());
            assertTrue(log.isIdle());
        }
    }

    /** Asks for no message by itself. */
    private static final class PausedReader extends RecordingObserver<ReadResponse>
            implements ClientResponseObserver<ReadRequest, ReadResponse> {
        private final AtomicReference<ClientCallStreamObserver<ReadRequest>> call;

        private PausedReader(AtomicReference<ClientCallStreamObserver<ReadRequest>> call) {
            this.call = call;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<ReadRequest> requests) {
            requests.disableAutoRequestWithInitial(0);
            call.set(requests);
        }
    }

    @Nested
    @DisplayName("for topics and the cluster")
    class Registry {
        @Test
        @DisplayName("creates a topic and describes it")
        void createTopic() {
            Topic topic = TopicServiceGrpc.newBlockingStub(channel)
                    .createTopic(CreateTopicRequest.newBuilder()
                            .setTopic("orders")
                            .setReplicationFactor(3)
                            .build())
                    .getTopic();

            assertEquals("orders", topic.getName());
            assertEquals(List.of(1, 2, 3), topic.getPartitions(0).getReplicasList());
            assertEquals(2, topic.getPartitions(0).getLeaderId());
        }

        @Test
        @DisplayName("tells settings that are left as they are from settings that are reset")
        void alterTopic() {
            var topics = TopicServiceGrpc.newBlockingStub(channel);
            AlterTopicRequest.Builder request = AlterTopicRequest.newBuilder().setTopic("orders");

            int unchanged =
                    topics.alterTopic(request.build()).getTopic().getConfig().getMaxBatchBytes();
            request.getConfigBuilder().setMaxBatchBytes(0);
            int reset =
                    topics.alterTopic(request.build()).getTopic().getConfig().getMaxBatchBytes();

            assertEquals(-1, unchanged);
            assertEquals(0, reset);
        }

        @Test
        @DisplayName("tells events, with the names of partitions and as they were asked for")
        void listEvents() {
            ListEventsResponse events = ClusterServiceGrpc.newBlockingStub(channel)
                    .listEvents(ListEventsRequest.newBuilder()
                            .setTopic("demo")
                            .setPartition(2)
                            .setSinceMs(5)
                            .setAfterSequence(40)
                            .setRecentOnly(true)
                            .build());

            EventQuery asked = new EventQuery("demo", OptionalInt.of(2), 5, 40, 1_000, true);
            Event event = Event.newBuilder()
                    .setSequence(41)
                    .setTimeMs(1_700)
                    .setKind(EventKind.EVENT_KIND_VOTE_REFUSED)
                    .setGroupId(7)
                    .setTopic("demo")
                    .setPartition(2)
                    .setGeneration(FakeNodeApi.GENERATION)
                    .setPeerId(3)
                    .setDetail(asked.toString())
                    .build();
            assertEquals(
                    ListEventsResponse.newBuilder()
                            .setNodeId(1)
                            .addEvents(event)
                            .setNowMs(1_800)
                            .setLastSequence(42)
                            .build(),
                    events);
        }

        @Test
        @DisplayName("refuses to tell more events than an answer holds, and a partition of no topic")
        void invalidEventRequests() {
            ClusterServiceGrpc.ClusterServiceBlockingStub service = ClusterServiceGrpc.newBlockingStub(channel);
            for (ListEventsRequest request : List.of(
                    ListEventsRequest.newBuilder().setLimit(5_001).build(),
                    ListEventsRequest.newBuilder().setPartition(0).build())) {
                StatusRuntimeException refused =
                        assertThrows(StatusRuntimeException.class, () -> service.listEvents(request));
                assertEquals(Status.Code.INVALID_ARGUMENT, refused.getStatus().getCode());
            }
        }

        @Test
        @DisplayName("describes the cluster as the node sees it")
        void describeCluster() {
            DescribeClusterResponse cluster = ClusterServiceGrpc.newBlockingStub(channel)
                    .describeCluster(DescribeClusterRequest.getDefaultInstance());

            assertEquals("cluster", cluster.getClusterId());
            assertEquals("1.2", cluster.getVersion());
            assertEquals(NodeState.NODE_STATE_UP, cluster.getNodes(0).getState());
            assertFalse(cluster.getNodes(1).hasLastContactMs());
            assertEquals(ReplicaRole.REPLICA_ROLE_LEADER, cluster.getMetadata().getRole());
            assertEquals(
                    Scrub.newBuilder()
                            .setOn(true)
                            .setRunning(true)
                            .setLogsDone(2)
                            .setLogs(5)
                            .setBytes(4096)
                            .setLastEndedMs(90_000)
                            .setLastTookMs(1_500)
                            .setLastBytes(1 << 30)
                            .build(),
                    cluster.getScrub());
        }

        @Test
        @DisplayName("tells where a partition ends")
        void tail() {
            GetTailResponse tail = blocking()
                    .getTail(GetTailRequest.newBuilder().setTopic("orders").build());

            assertEquals(100, tail.getHighWatermark());
            assertEquals(2, tail.getLeaderId());
        }

        @Test
        @DisplayName("tells where the records since a time begin")
        void findOffset() {
            FindOffsetResponse found = blocking()
                    .findOffset(FindOffsetRequest.newBuilder()
                            .setTopic("orders")
                            .setAppendTimeMs(17_500)
                            .build());

            assertEquals(17, found.getOffset());
            assertEquals(100, found.getHighWatermark());
        }

        @Test
        @DisplayName("knows no time behind the largest number, and says which field it is")
        void impossibleTime() {
            StatusRuntimeException refused = assertThrows(StatusRuntimeException.class, () -> blocking()
                    .findOffset(FindOffsetRequest.newBuilder()
                            .setTopic("orders")
                            .setAppendTimeMs(-1)
                            .build()));

            assertEquals("INVALID_ARGUMENT", errorInfo(refused).getReason());
            assertEquals("append_time_ms", errorInfo(refused).getMetadataOrThrow("field"));
        }
    }

    @Nested
    @DisplayName("at the door")
    class Door {
        private StatusRuntimeException refused() {
            return assertThrows(
                    StatusRuntimeException.class, () -> blocking().getTail(GetTailRequest.getDefaultInstance()));
        }

        @Test
        @DisplayName("lets nobody in once the node shuts down, and says so")
        void closed() {
            gate.close();

            StatusRuntimeException refused = refused();

            assertEquals(Status.Code.UNAVAILABLE, refused.getStatus().getCode());
            assertEquals("SHUTTING_DOWN", errorInfo(refused).getReason());
        }

        @Test
        @DisplayName("answers INTERNAL to a call that fails, without details, and goes on")
        void exceptionEndsItsCall() {
            node.bug = new IllegalStateException("secret");

            StatusRuntimeException refused = refused();

            assertEquals(Status.Code.INTERNAL, refused.getStatus().getCode());
            assertEquals("INTERNAL", errorInfo(refused).getReason());
            assertFalse(refused.getMessage().contains("secret"));
            node.bug = null;
            assertEquals(
                    100, blocking().getTail(GetTailRequest.getDefaultInstance()).getHighWatermark());
            assertEquals(null, fatal.get());
        }

        @Test
        @DisplayName("takes a failed invariant for the end of the node")
        void errorIsFatal() {
            node.bug = new AssertionError("invariant");

            assertEquals(Status.Code.INTERNAL, refused().getStatus().getCode());
            assertSame(node.bug, fatal.get());
        }

        @Test
        @DisplayName("closes a connection that talks garbage, and serves the others")
        void garbage() throws IOException {
            byte[] garbage = new byte[4096];
            java.util.Arrays.fill(garbage, (byte) 0x5A);
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.getPort())) {
                socket.setSoTimeout(20_000);
                socket.getOutputStream().write(garbage);
                assertTrue(isClosedByPeer(socket));
            }

            assertEquals(
                    100, blocking().getTail(GetTailRequest.getDefaultInstance()).getHighWatermark());
            assertEquals(null, fatal.get());
        }

        private boolean isClosedByPeer(Socket socket) {
            try {
                while (socket.getInputStream().read() >= 0) {
                    // a GOAWAY that says why
                }
                return true;
            } catch (java.net.SocketTimeoutException stillOpen) {
                return false;
            } catch (IOException reset) {
                return true;
            }
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import com.google.protobuf.ByteString;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quorate.client.FakeCluster.Log;
import io.quorate.client.FakeCluster.Step;
import io.quorate.client.FakeCluster.Stored;
import io.quorate.v1.AlterTopicRequest;
import io.quorate.v1.AlterTopicResponse;
import io.quorate.v1.AppendResult;
import io.quorate.v1.AppendSessionBatch;
import io.quorate.v1.AppendSessionOpened;
import io.quorate.v1.AppendSessionRequest;
import io.quorate.v1.AppendSessionResponse;
import io.quorate.v1.ClusterServiceGrpc;
import io.quorate.v1.Consistency;
import io.quorate.v1.CreateTopicRequest;
import io.quorate.v1.CreateTopicResponse;
import io.quorate.v1.DeleteTopicRequest;
import io.quorate.v1.DeleteTopicResponse;
import io.quorate.v1.DescribeClusterRequest;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.DescribeTopicRequest;
import io.quorate.v1.DescribeTopicResponse;
import io.quorate.v1.FindOffsetRequest;
import io.quorate.v1.FindOffsetResponse;
import io.quorate.v1.GetTailRequest;
import io.quorate.v1.GetTailResponse;
import io.quorate.v1.LogServiceGrpc;
import io.quorate.v1.ReadBatch;
import io.quorate.v1.ReadRequest;
import io.quorate.v1.ReadResponse;
import io.quorate.v1.Topic;
import io.quorate.v1.TopicServiceGrpc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** One node of a {@link FakeCluster}. All state is guarded by the cluster's monitor. */
final class FakeNode {
    final int id;
    private final FakeCluster cluster;
    private Server server;
    private int port;
    /** What this node believes, if it is not the truth. */
    Optional<Topic> ownView = Optional.empty();
    /**
     * Refusals of the next requests that are not descriptions: the client asks for those by itself too, and they may arrive when
     * nobody awaits them.
     */
    final Deque<StatusRuntimeException> refusals = new ArrayDeque<>();
    /** Nothing is answered: unary calls and reads hang. */
    boolean mute;
    /** Batches that a read sends before it breaks off; negative: all. */
    int breakReadAfterBatches = -1;
    /** Offset that a read never sends. */
    long missingOffset = -1;
    /** A read of this node sends damaged bytes. */
    boolean damaging;
    /** High-water mark that this node reports, if it lags; reads that follow get nothing new then. */
    long laggingTail = -1;
    /** First offset that this node's replica has, if it is not the log's. */
    long ownLowWatermark = -1;
    /** What this node refuses all reads with, if it does. */
    Optional<StatusRuntimeException> readRefusal = Optional.empty();

    private final List<Session> sessions = new ArrayList<>();

    FakeNode(FakeCluster cluster, int id) {
        this.cluster = cluster;
        this.id = id;
    }

    String address() {
        return "127.0.0.1:" + port;
    }

    void start() {
        try {
            server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", port))
                    .addService(new Clusters())
                    .addService(new Topics())
                    .addService(new Logs())
                    .maxInboundMessageSize(8 << 20)
                    .build()
                    .start();
            port = server.getPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void kill() {
        server.shutdownNow();
        try {
            server.awaitTermination();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Answers all batches that were held, in order, as a leader would. */
    void release() {
        synchronized (cluster) {
            for (Session session : sessions) {
                while (!session.held.isEmpty()) {
                    session.accept(session.held.poll());
                }
            }
        }
    }

    /** Ends all append sessions; what was held is never appended. */
    void breakSessions(StatusRuntimeException status) {
        synchronized (cluster) {
            for (Session session : new ArrayList<>(sessions)) {
                session.end(status);
            }
        }
    }

    private boolean refused(String request, StreamObserver<?> responses) {
        cluster.note(request + "@" + id);
        synchronized (cluster) {
            if (mute) {
                return true;
            }
            StatusRuntimeException refusal = request.startsWith("Describe") ? null : refusals.poll();
            if (refusal != null) {
                responses.onError(refusal);
                return true;
            }
            return false;
        }
    }

    /** Why this node does not answer a read; empty if it does. */
    private Optional<StatusRuntimeException> whyNotRead(Log log, Consistency consistency, long groupId) {
        Optional<StatusRuntimeException> wrong =
                FakeCluster.wrongIncarnation(log, groupId).or(() -> readRefusal);
        boolean mayAnswer = isLeaders(consistency) ? log.leaderId == id : log.replicas.contains(id);
        return wrong.isPresent() || mayAnswer ? wrong : Optional.of(cluster.notLeader(log.leaderId, log.generation));
    }

    private static boolean isLeaders(Consistency consistency) {
        return consistency == Consistency.CONSISTENCY_UNSPECIFIED || consistency == Consistency.CONSISTENCY_LEADER;
    }

    private long tailOf(Log log) {
        return laggingTail >= 0 ? laggingTail : log.nextOffset;
    }

    private static <T> void answer(StreamObserver<T> responses, T response) {
        responses.onNext(response);
        responses.onCompleted();
    }

    private StatusRuntimeException unknownTopic() {
        return FakeCluster.refusal(Status.Code.NOT_FOUND, "UNKNOWN_TOPIC", "unknown topic", Map.of());
    }

    private final class Clusters extends ClusterServiceGrpc.ClusterServiceImplBase {
        @Override
        public void describeCluster(DescribeClusterRequest request, StreamObserver<DescribeClusterResponse> responses) {
            if (!refused("DescribeCluster", responses)) {
                answer(responses, cluster.describe(id));
            }
        }
    }

    private final class Topics extends TopicServiceGrpc.TopicServiceImplBase {
        @Override
        public void describeTopic(DescribeTopicRequest request, StreamObserver<DescribeTopicResponse> responses) {
            if (refused("DescribeTopic", responses)) {
                return;
            }
            synchronized (cluster) {
                if (cluster.topicExists && request.getTopic().equals(FakeCluster.TOPIC)) {
                    Topic topic = ownView.orElseGet(cluster::topic);
                    answer(
                            responses,
                            DescribeTopicResponse.newBuilder().setTopic(topic).build());
                } else {
                    responses.onError(unknownTopic());
                }
            }
        }

        @Override
        public void createTopic(CreateTopicRequest request, StreamObserver<CreateTopicResponse> responses) {
            if (refused("CreateTopic", responses)) {
                return;
            }
            synchronized (cluster) {
                if (cluster.metadataLeader != id) {
                    responses.onError(cluster.notLeader(cluster.metadataLeader, 9));
                } else if (cluster.topicExists) {
                    responses.onError(
                            FakeCluster.refusal(Status.Code.ALREADY_EXISTS, "TOPIC_EXISTS", "it exists", Map.of()));
                } else {
                    cluster.topicExists = true;
                    answer(
                            responses,
                            CreateTopicResponse.newBuilder()
                                    .setTopic(cluster.topic())
                                    .build());
                }
            }
        }

        @Override
        public void alterTopic(AlterTopicRequest request, StreamObserver<AlterTopicResponse> responses) {
            if (refused("AlterTopic", responses)) {
                return;
            }
            synchronized (cluster) {
                FakeCluster.wrongIncarnation(cluster.partitions.get(0), request.getGroupId())
                        .ifPresentOrElse(
                                responses::onError,
                                () -> answer(
                                        responses,
                                        AlterTopicResponse.newBuilder()
                                                .setTopic(cluster.topic())
                                                .build()));
            }
        }

        @Override
        public void deleteTopic(DeleteTopicRequest request, StreamObserver<DeleteTopicResponse> responses) {
            if (!refused("DeleteTopic", responses)) {
                synchronized (cluster) {
                    cluster.topicExists = false;
                }
                answer(responses, DeleteTopicResponse.getDefaultInstance());
            }
        }
    }

    private final class Logs extends LogServiceGrpc.LogServiceImplBase {
        @Override
        public void getTail(GetTailRequest request, StreamObserver<GetTailResponse> responses) {
            if (refused("GetTail", responses)) {
                return;
            }
            synchronized (cluster) {
                Log log = cluster.partitions.get(request.getPartition());
                Optional<StatusRuntimeException> refusal =
                        whyNotRead(log, request.getConsistency(), request.getGroupId());
                if (refusal.isPresent()) {
                    responses.onError(refusal.get());
                    return;
                }
                answer(
                        responses,
                        GetTailResponse.newBuilder()
                                .setLowWatermark(log.lowWatermark)
                                .setHighWatermark(tailOf(log))
                                .setGeneration(log.generation)
                                .setLeaderId(log.leaderId)
                                .build());
            }
        }

        @Override
        public void findOffset(FindOffsetRequest request, StreamObserver<FindOffsetResponse> responses) {
            if (refused("FindOffset", responses)) {
                return;
            }
            synchronized (cluster) {
                Log log = cluster.partitions.get(request.getPartition());
                Optional<StatusRuntimeException> refusal =
                        whyNotRead(log, request.getConsistency(), request.getGroupId());
                if (refusal.isPresent()) {
                    responses.onError(refusal.get());
                    return;
                }
                Map.Entry<Long, Long> found = log.offsetsByTime.ceilingEntry(request.getAppendTimeMs());
                answer(
                        responses,
                        FindOffsetResponse.newBuilder()
                                .setOffset(found == null ? log.nextOffset : found.getValue())
                                .setHighWatermark(log.nextOffset)
                                .build());
            }
        }

        @Override
        public void read(ReadRequest request, StreamObserver<ReadResponse> responses) {
            cluster.note("Read " + request.getOffset() + "@" + id);
            // With a handler of its own, a call that was cancelled meanwhile takes no offence at further responses.
            ((ServerCallStreamObserver<ReadResponse>) responses).setOnCancelHandler(() -> {});
            synchronized (cluster) {
                Log log = cluster.partitions.get(request.getPartition());
                if (mute) {
                    return;
                }
                cluster.consistencies.add(request.getConsistency());
                long tail = tailOf(log);
                long low = ownLowWatermark >= 0 ? ownLowWatermark : log.lowWatermark;
                Optional<StatusRuntimeException> refusal =
                        whyNotRead(log, request.getConsistency(), request.getGroupId());
                if (refusal.isPresent()) {
                    responses.onError(refusal.get());
                } else if (request.getOffset() < low) {
                    responses.onError(
                            FakeCluster.refusal(Status.Code.OUT_OF_RANGE, "TRIMMED", "starts at " + low, Map.of()));
                } else if (request.getOffset() > tail) {
                    responses.onError(
                            FakeCluster.refusal(Status.Code.OUT_OF_RANGE, "BEYOND_TAIL", "ends at " + tail, Map.of()));
                } else {
                    send(request, log, responses);
                }
            }
        }

        private void send(ReadRequest request, Log log, StreamObserver<ReadResponse> responses) {
            int sent = 0;
            for (Stored batch : log.batches) {
                if (sent == breakReadAfterBatches) {
                    responses.onError(Status.UNAVAILABLE.asRuntimeException());
                    return;
                }
                boolean wanted = batch.baseOffset() + batch.header().recordCount() > request.getOffset()
                        && batch.baseOffset() < tailOf(log);
                if (wanted && batch.baseOffset() != missingOffset) {
                    sent++;
                    send(batch, log, responses);
                }
            }
            if (request.getFollow()) {
                follow(log, request.getConsistency(), (ServerCallStreamObserver<ReadResponse>) responses);
            } else {
                responses.onCompleted();
            }
        }

        private void send(Stored batch, Log log, StreamObserver<ReadResponse> responses) {
            responses.onNext(ReadResponse.newBuilder()
                    .addBatches(ReadBatch.newBuilder()
                            .setBaseOffset(batch.baseOffset())
                            .setGeneration(batch.generation())
                            .setBatch(damaging ? damage(batch.bytes()) : batch.bytes()))
                    .setHighWatermark(log.nextOffset)
                    .build());
        }

        private void follow(Log followed, Consistency consistency, ServerCallStreamObserver<ReadResponse> responses) {
            cluster.followers.add((log, batch) -> {
                boolean hears = laggingTail < 0 && (log.leaderId == id || !isLeaders(consistency));
                if (log == followed && hears && !responses.isCancelled()) {
                    send(batch, log, responses);
                }
            });
        }

        private ByteString damage(ByteString bytes) {
            byte[] damaged = bytes.toByteArray();
            damaged[damaged.length - 1] ^= 1;
            return ByteString.copyFrom(damaged);
        }

        @Override
        public StreamObserver<AppendSessionRequest> appendSession(StreamObserver<AppendSessionResponse> responses) {
            return new Session((ServerCallStreamObserver<AppendSessionResponse>) responses);
        }
    }

    private final class Session implements StreamObserver<AppendSessionRequest> {
        private final ServerCallStreamObserver<AppendSessionResponse> responses;
        private final Deque<AppendSessionBatch> held = new ArrayDeque<>();
        private int partition;
        private boolean ended;

        private Session(ServerCallStreamObserver<AppendSessionResponse> responses) {
            this.responses = responses;
            responses.setOnCancelHandler(() -> {
                synchronized (cluster) {
                    ended = true;
                    sessions.remove(this);
                }
            });
        }

        @Override
        public void onNext(AppendSessionRequest request) {
            synchronized (cluster) {
                if (ended) {
                    return;
                }
                if (request.hasOpen()) {
                    open(request);
                } else {
                    take(request.getBatch());
                }
            }
        }

        private void open(AppendSessionRequest request) {
            partition = request.getOpen().getPartition();
            cluster.note("Open " + partition + "@" + id);
            Log log = cluster.partitions.get(partition);
            Optional<StatusRuntimeException> refusal = Optional.ofNullable(refusals.poll())
                    .or(() ->
                            FakeCluster.wrongIncarnation(log, request.getOpen().getGroupId()));
            if (refusal.isPresent()) {
                end(refusal.get());
            } else if (log.leaderId != id) {
                end(cluster.notLeader(log.leaderId, log.generation));
            } else {
                sessions.add(this);
                responses.onNext(AppendSessionResponse.newBuilder()
                        .setOpened(AppendSessionOpened.newBuilder()
                                .setGeneration(log.generation)
                                .setNextOffset(log.nextOffset))
                        .build());
            }
        }

        private void take(AppendSessionBatch batch) {
            OptionalLong triedSince =
                    batch.hasTriedSinceOffset() ? OptionalLong.of(batch.getTriedSinceOffset()) : OptionalLong.empty();
            cluster.received.add(
                    new FakeCluster.Received(id, FakeCluster.verify(batch.getBatch()), batch.getBatch(), triedSince));
            cluster.notifyAll();
            Step step = held.isEmpty() ? cluster.script.poll() : new Step.Hold();
            if (step == null || step instanceof Step.Accept) {
                accept(batch);
            } else if (step instanceof Step.Hold) {
                held.add(batch);
            } else if (step instanceof Step.AppendAndBreak) {
                cluster.append(partition, batch.getBatch());
                end(Status.UNAVAILABLE.asRuntimeException());
            } else if (step instanceof Step.Refuse refuse) {
                end(refuse.status());
            } else {
                end(Status.UNAVAILABLE.asRuntimeException());
            }
        }

        private void accept(AppendSessionBatch batch) {
            try {
                long offset = cluster.append(partition, batch.getBatch());
                responses.onNext(AppendSessionResponse.newBuilder()
                        .addResults(AppendResult.newBuilder()
                                .setRequestId(batch.getRequestId())
                                .setBaseOffset(offset)
                                .setGeneration(cluster.partitions.get(partition).generation))
                        .build());
            } catch (StatusRuntimeException refusal) {
                end(refusal);
            }
        }

        private void end(StatusRuntimeException status) {
            ended = true;
            sessions.remove(this);
            responses.onError(status);
        }

        @Override
        public void onError(Throwable cancelled) {
            synchronized (cluster) {
                ended = true;
                sessions.remove(this);
            }
        }

        @Override
        public void onCompleted() {
            synchronized (cluster) {
                ended = true;
                sessions.remove(this);
                responses.onCompleted();
            }
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.container;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.quorate.v1.AppendRequest;
import io.quorate.v1.AppendResponse;
import io.quorate.v1.AppendSessionOpen;
import io.quorate.v1.AppendSessionRequest;
import io.quorate.v1.AppendSessionResponse;
import io.quorate.v1.ClusterServiceGrpc;
import io.quorate.v1.Consistency;
import io.quorate.v1.DescribeClusterRequest;
import io.quorate.v1.Group;
import io.quorate.v1.LogServiceGrpc;
import io.quorate.v1.PlainRecord;
import io.quorate.v1.PlainRecords;
import io.quorate.v1.ReadRequest;
import io.quorate.v1.ReadResponse;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One node, spoken to directly: no routing to leaders, no retries. What the client library hides is what is asked here. */
final class RawNode implements AutoCloseable {
    private static final long DEADLINE_SECONDS = 10;

    private final ManagedChannel channel;

    /** Why a session was refused, and which generation the refusal names. */
    record RefusedSession(String reason, long generation, String message) {}

    RawNode(int port) {
        this.channel = Grpc.newChannelBuilder("127.0.0.1:" + port, InsecureChannelCredentials.create())
                .build();
    }

    /** Appends one record in {@code generation}; returns only if it is acknowledged. */
    AppendResponse append(String topic, long generation, ByteString value, Duration deadline) {
        AppendRequest request = AppendRequest.newBuilder()
                .setTopic(topic)
                .setGeneration(generation)
                .setRecords(PlainRecords.newBuilder()
                        .addRecords(PlainRecord.newBuilder().setValue(value)))
                .build();
        return LogServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS)
                .append(request);
    }

    /** Opens an append session and returns its refusal; fails if it is not refused. */
    RefusedSession openAppendSession(String topic, long generation) {
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        StreamObserver<AppendSessionRequest> session = LogServiceGrpc.newStub(channel)
                .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
                .appendSession(new StreamObserver<>() {
                    @Override
                    public void onNext(AppendSessionResponse response) {
                        end.completeExceptionally(new AssertionError("not refused: " + response));
                    }

                    @Override
                    public void onError(Throwable error) {
                        end.complete(error);
                    }

                    @Override
                    public void onCompleted() {
                        end.completeExceptionally(new AssertionError("ended without a refusal"));
                    }
                });
        session.onNext(AppendSessionRequest.newBuilder()
                .setOpen(AppendSessionOpen.newBuilder().setTopic(topic).setGeneration(generation))
                .build());
        return refusal(end.join());
    }

    /** Reads this node's own replica until the record at {@code offset} is there and committed. */
    void awaitRecord(String topic, long offset, Duration patience) {
        Iterator<ReadResponse> responses = LogServiceGrpc.newBlockingStub(channel)
                .withWaitForReady()
                .withDeadlineAfter(patience.toMillis(), TimeUnit.MILLISECONDS)
                .read(ReadRequest.newBuilder()
                        .setTopic(topic)
                        // Not from the offset itself: to a replica that lags, that is beyond its end.
                        .setLatest(true)
                        .setFollow(true)
                        .setConsistency(Consistency.CONSISTENCY_LOCAL)
                        .build());
        long highWatermark = 0;
        while (highWatermark <= offset) {
            highWatermark = responses.next().getHighWatermark();
        }
    }

    /** The node's own replica of the topic's only partition. */
    Group replica(String topic) {
        return ClusterServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
                .describeCluster(DescribeClusterRequest.getDefaultInstance())
                .getLocalGroupsList()
                .stream()
                .filter(group -> group.getTopic().equals(topic))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    private static RefusedSession refusal(Throwable error) {
        Status status = StatusProto.fromThrowable(error);
        if (status == null) {
            throw new AssertionError("not a status", error);
        }
        for (Any detail : status.getDetailsList()) {
            if (detail.is(ErrorInfo.class)) {
                ErrorInfo info = unpack(detail);
                String generation = info.getMetadataOrDefault("generation", "-1");
                return new RefusedSession(info.getReason(), Long.parseLong(generation), status.getMessage());
            }
        }
        return new RefusedSession("code " + status.getCode(), -1, status.getMessage());
    }

    private static ErrorInfo unpack(Any detail) {
        try {
            return detail.unpack(ErrorInfo.class);
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError("malformed ErrorInfo", e);
        }
    }
}

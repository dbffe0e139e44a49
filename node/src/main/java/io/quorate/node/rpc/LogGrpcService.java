/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quorate.node.api.AppendListener;
import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.rpc.Requests.InvalidRequestException;
import io.quorate.node.seam.EventLoop;
import io.quorate.raft.log.Payload;
import io.quorate.v1.AppendRequest;
import io.quorate.v1.AppendResponse;
import io.quorate.v1.AppendResult;
import io.quorate.v1.AppendSessionBatch;
import io.quorate.v1.AppendSessionOpen;
import io.quorate.v1.AppendSessionOpened;
import io.quorate.v1.AppendSessionRequest;
import io.quorate.v1.AppendSessionResponse;
import io.quorate.v1.Consistency;
import io.quorate.v1.Durability;
import io.quorate.v1.FindOffsetRequest;
import io.quorate.v1.FindOffsetResponse;
import io.quorate.v1.GetTailRequest;
import io.quorate.v1.GetTailResponse;
import io.quorate.v1.LogServiceGrpc;
import io.quorate.v1.PlainRecord;
import io.quorate.v1.PlainRecords;
import io.quorate.v1.ReadRequest;
import io.quorate.v1.ReadResponse;
import io.quorate.v1.TrimRequest;
import io.quorate.v1.TrimResponse;
import io.quorate.wire.RecordBatchBuilder;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;

/** {@code quorate.v1.LogService} over {@link NodeApi}. Event loop only. */
public final class LogGrpcService implements BindableService {
    /** Append sessions and reads that a node keeps open at once; more are refused as OVERLOADED (promise P9). */
    static final int MAX_OPEN_STREAMS = 4096;

    private static final long OVERLOADED_RETRY_MILLIS = 1_000;

    private final Supplier<NodeApi> api;
    private final EventLoop loop;
    private final Set<AppendSessionCall> sessions = new LinkedHashSet<>();
    private final Set<ReadCall> reads = new LinkedHashSet<>();

    /** @param api asked once a call has passed the {@link CallGate}, thus when the node runs */
    public LogGrpcService(Supplier<NodeApi> api, EventLoop loop) {
        this.api = api;
        this.loop = loop;
    }

    @Override
    public ServerServiceDefinition bindService() {
        return AliasingMarshaller.applyTo(new Handlers().bindService());
    }

    /**
     * Loads and initialises what the messages of an append session need: its first one is usually due in the middle of a
     * change of leader. To be called before, on any thread.
     */
    public static void prepare() {
        try {
            AppendSessionRequest.parseFrom(AppendSessionRequest.newBuilder()
                    .setOpen(AppendSessionOpen.newBuilder().setTopic("").setGeneration(1))
                    .build()
                    .toByteString());
            AppendSessionBatch sent = AppendSessionRequest.parseFrom(AppendSessionRequest.newBuilder()
                            .setBatch(AppendSessionBatch.newBuilder().setBatch(ByteString.copyFromUtf8("batch")))
                            .build()
                            .toByteString())
                    .getBatch();
            PayloadBytes.toPayload(sent.getBatch());
        } catch (InvalidProtocolBufferException impossible) {
            throw new AssertionError("what was just encoded", impossible);
        }
        AppendSessionResponse.newBuilder()
                .setOpened(AppendSessionOpened.newBuilder().setGeneration(1).setNextOffset(1))
                .addResults(AppendResult.newBuilder()
                        .setRequestId(1)
                        .setGeneration(1)
                        .setDurability(Durability.DURABILITY_QUORUM_FSYNC))
                .build()
                .toByteString();
    }

    /** Ends all reads now and every append session as soon as what it has under way is answered. */
    public void shutDown() {
        new ArrayList<>(sessions).forEach(AppendSessionCall::shutDown);
        new ArrayList<>(reads).forEach(ReadCall::shutDown);
    }

    /** Whether no session and no read is open. */
    public boolean isIdle() {
        return sessions.isEmpty() && reads.isEmpty();
    }

    private boolean refusesStream(StreamObserver<?> client) {
        if (sessions.size() + reads.size() < MAX_OPEN_STREAMS) {
            return false;
        }
        client.onError(ErrorMapping.toStatus(new Refusal(
                Reason.OVERLOADED,
                "the node has " + MAX_OPEN_STREAMS + " append sessions and reads open, which is its limit; close some",
                Map.of(),
                OVERLOADED_RETRY_MILLIS)));
        return true;
    }

    private static ReadConsistency consistency(Consistency consistency) throws InvalidRequestException {
        return switch (consistency) {
            case CONSISTENCY_UNSPECIFIED, CONSISTENCY_LEADER -> ReadConsistency.LEADER;
            case CONSISTENCY_LINEARIZABLE_ANY_REPLICA -> ReadConsistency.LINEARIZABLE_ANY_REPLICA;
            case CONSISTENCY_LOCAL -> ReadConsistency.LOCAL;
            case UNRECOGNIZED ->
                throw new InvalidRequestException(
                        "consistency",
                        "this server knows CONSISTENCY_LEADER, CONSISTENCY_LINEARIZABLE_ANY_REPLICA and CONSISTENCY_LOCAL");
        };
    }

    private static ReadSpec specOf(ReadRequest request) throws InvalidRequestException {
        ReadSpec.From from =
                switch (request.getFromCase()) {
                    case OFFSET -> new ReadSpec.From.Offset(Requests.number("offset", request.getOffset()));
                    case LATEST -> new ReadSpec.From.Latest();
                    case EARLIEST, FROM_NOT_SET -> new ReadSpec.From.Earliest();
                };
        return new ReadSpec(
                from,
                Requests.optional(request.hasUntilOffset(), "until_offset", request.getUntilOffset()),
                Requests.number("max_records", request.getMaxRecords()),
                request.getFollow(),
                consistency(request.getConsistency()));
    }

    private final class Handlers extends LogServiceGrpc.LogServiceImplBase {
        @Override
        public void append(AppendRequest request, StreamObserver<AppendResponse> client) {
            try {
                TopicPartition partition =
                        Requests.partition(request.getTopic(), request.getPartition(), request.getGroupId());
                Payload batch = batchOf(request);
                OptionalLong triedSince = triedSince(request);
                Result<AppendTarget> opened = api.get()
                        .openAppend(
                                partition,
                                Requests.optional(request.hasGeneration(), "generation", request.getGeneration()));
                if (opened instanceof Result.Refused<AppendTarget> refused) {
                    client.onError(ErrorMapping.toStatus(refused.refusal()));
                } else {
                    ((Result.Ok<AppendTarget>) opened).value().append(batch, triedSince, new UnaryAnswer(client));
                }
            } catch (InvalidRequestException invalid) {
                client.onError(ErrorMapping.toStatus(invalid.refusal()));
            }
        }

        @Override
        public StreamObserver<AppendSessionRequest> appendSession(StreamObserver<AppendSessionResponse> client) {
            AppendSessionCall session = new AppendSessionCall(
                    api.get(), loop, (ServerCallStreamObserver<AppendSessionResponse>) client, sessions::remove);
            if (!refusesStream(client)) {
                sessions.add(session);
                session.start();
            }
            return session;
        }

        @Override
        public void read(ReadRequest request, StreamObserver<ReadResponse> client) {
            ReadCall read = new ReadCall((ServerCallStreamObserver<ReadResponse>) client, reads::remove);
            if (refusesStream(client)) {
                return;
            }
            try {
                TopicPartition partition =
                        Requests.partition(request.getTopic(), request.getPartition(), request.getGroupId());
                ReadSpec spec = specOf(request);
                reads.add(read);
                read.start(api.get(), partition, spec);
            } catch (InvalidRequestException invalid) {
                client.onError(ErrorMapping.toStatus(invalid.refusal()));
            }
        }

        @Override
        public void getTail(GetTailRequest request, StreamObserver<GetTailResponse> client) {
            try {
                api.get()
                        .tail(
                                Requests.partition(request.getTopic(), request.getPartition(), request.getGroupId()),
                                consistency(request.getConsistency()),
                                tail -> Answers.send(client, tail, marks -> GetTailResponse.newBuilder()
                                        .setLowWatermark(marks.lowWatermark())
                                        .setHighWatermark(marks.highWatermark())
                                        .setGeneration(marks.generation())
                                        .setLeaderId(marks.leaderId())
                                        .build()));
            } catch (InvalidRequestException invalid) {
                client.onError(ErrorMapping.toStatus(invalid.refusal()));
            }
        }

        @Override
        public void findOffset(FindOffsetRequest request, StreamObserver<FindOffsetResponse> client) {
            try {
                api.get()
                        .findOffset(
                                Requests.partition(request.getTopic(), request.getPartition(), request.getGroupId()),
                                Requests.number("append_time_ms", request.getAppendTimeMs()),
                                consistency(request.getConsistency()),
                                result -> Answers.send(client, result, found -> FindOffsetResponse.newBuilder()
                                        .setOffset(found.offset())
                                        .setLowWatermark(found.marks().lowWatermark())
                                        .setHighWatermark(found.marks().highWatermark())
                                        .setGeneration(found.marks().generation())
                                        .build()));
            } catch (InvalidRequestException invalid) {
                client.onError(ErrorMapping.toStatus(invalid.refusal()));
            }
        }

        @Override
        public void trim(TrimRequest request, StreamObserver<TrimResponse> client) {
            try {
                api.get()
                        .trim(
                                Requests.partition(request.getTopic(), request.getPartition(), request.getGroupId()),
                                Requests.number("before_offset", request.getBeforeOffset()),
                                result -> Answers.send(client, result, marks -> TrimResponse.newBuilder()
                                        .setLowWatermark(marks.lowWatermark())
                                        .setHighWatermark(marks.highWatermark())
                                        .setGeneration(marks.generation())
                                        .build()));
            } catch (InvalidRequestException invalid) {
                client.onError(ErrorMapping.toStatus(invalid.refusal()));
            }
        }

        private OptionalLong triedSince(AppendRequest request) throws InvalidRequestException {
            if (request.hasTriedSinceOffset() && request.hasRecords()) {
                throw new InvalidRequestException(
                        "tried_since_offset",
                        "plain `records` are not recognised when they come again; send a `batch`");
            }
            return Requests.optional(
                    request.hasTriedSinceOffset(), "tried_since_offset", request.getTriedSinceOffset());
        }

        private Payload batchOf(AppendRequest request) throws InvalidRequestException {
            return switch (request.getContentCase()) {
                case BATCH -> PayloadBytes.toPayload(request.getBatch());
                case RECORDS -> encode(request.getRecords());
                case CONTENT_NOT_SET ->
                    throw new InvalidRequestException("content", "set `records` or an encoded `batch`");
            };
        }

        private Payload encode(PlainRecords records) throws InvalidRequestException {
            if (records.getRecordsCount() == 0) {
                throw new InvalidRequestException("records", "at least one, was empty");
            }
            long now = loop.clock().currentTimeMillis();
            RecordBatchBuilder builder = new RecordBatchBuilder(records.getSerializedSize());
            for (PlainRecord record : records.getRecordsList()) {
                builder.append(
                        now,
                        record.hasKey() ? record.getKey().toByteArray() : null,
                        record.getValue().toByteArray());
            }
            return Payload.wrap(builder.build(0, 0, 0));
        }
    }

    private record UnaryAnswer(StreamObserver<AppendResponse> client) implements AppendListener {
        @Override
        public void onCommitted(long baseOffset, long generation, boolean duplicate) {
            client.onNext(AppendResponse.newBuilder()
                    .setResult(AppendResult.newBuilder()
                            .setBaseOffset(baseOffset)
                            .setGeneration(generation)
                            .setDuplicate(duplicate)
                            .setDurability(Durability.DURABILITY_QUORUM_FSYNC))
                    .build());
            client.onCompleted();
        }

        @Override
        public void onRefused(Refusal refusal) {
            client.onError(ErrorMapping.toStatus(refusal));
        }
    }
}

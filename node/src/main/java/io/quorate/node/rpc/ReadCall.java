/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.quorate.node.api.Marks;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.ReadSession;
import io.quorate.node.api.ReadSink;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.raft.log.LogEntry;
import io.quorate.v1.ReadBatch;
import io.quorate.v1.ReadResponse;
import java.util.List;
import java.util.function.Consumer;

/**
 * One read: entries become messages of about {@link #MAX_RESPONSE_BYTES}, as fast as the reader takes them. Memory: what
 * gRPC holds for a slow reader is bounded by {@link #READY_BELOW_BYTES} plus one hand-over of entries. Event loop only.
 */
final class ReadCall implements ReadSink {
    static final int MAX_RESPONSE_BYTES = 1 << 20;
    static final int READY_BELOW_BYTES = 1 << 20;

    private final ServerCallStreamObserver<ReadResponse> client;
    private final Consumer<ReadCall> onEnded;
    private ReadSession session;
    private Marks lastSent;
    private boolean ended;

    ReadCall(ServerCallStreamObserver<ReadResponse> client, Consumer<ReadCall> onEnded) {
        this.client = client;
        this.onEnded = onEnded;
        client.setOnReadyThreshold(READY_BELOW_BYTES);
        client.setOnReadyHandler(this::resume);
        client.setOnCancelHandler(this::cancelled);
    }

    void start(NodeApi api, TopicPartition partition, ReadSpec spec) {
        Result<ReadSession> opened = api.read(partition, spec, this);
        if (opened instanceof Result.Refused<ReadSession> refused) {
            onRefused(refused.refusal());
        } else {
            session = ((Result.Ok<ReadSession>) opened).value();
        }
    }

    @Override
    public boolean isReady() {
        return !ended && client.isReady();
    }

    @Override
    public void onEntries(List<LogEntry> entries, Marks marks) {
        if (ended) {
            return;
        }
        ReadResponse.Builder response = responseWith(marks);
        long bytes = 0;
        for (LogEntry entry : entries) {
            if (bytes > 0 && bytes + entry.sizeBytes() > MAX_RESPONSE_BYTES) {
                client.onNext(response.build());
                response = responseWith(marks);
                bytes = 0;
            }
            bytes += entry.sizeBytes();
            response.addBatches(ReadBatch.newBuilder()
                    .setBaseOffset(entry.baseOffset())
                    .setGeneration(entry.term())
                    .setAppendTimeMs(entry.timestampMillis())
                    .setBatch(PayloadBytes.toByteString(entry.payload())));
        }
        client.onNext(response.build());
        lastSent = marks;
    }

    @Override
    public void onCaughtUp(Marks marks) {
        if (!ended && !marks.equals(lastSent)) {
            client.onNext(responseWith(marks).build());
            lastSent = marks;
        }
    }

    @Override
    public void onEnd(Marks marks) {
        onCaughtUp(marks);
        if (!ended) {
            client.onCompleted();
            end();
        }
    }

    @Override
    public void onRefused(Refusal refusal) {
        if (!ended) {
            client.onError(ErrorMapping.toStatus(refusal));
            end();
        }
    }

    /** Ends the read as SHUTTING_DOWN. */
    void shutDown() {
        if (!ended) {
            onRefused(CallGate.shuttingDown());
            session.cancel();
        }
    }

    private void resume() {
        if (!ended && session != null) {
            session.resume();
        }
    }

    private void cancelled() {
        if (!ended) {
            end();
            if (session != null) {
                session.cancel();
            }
        }
    }

    private void end() {
        ended = true;
        onEnded.accept(this);
    }

    private static ReadResponse.Builder responseWith(Marks marks) {
        return ReadResponse.newBuilder()
                .setHighWatermark(marks.highWatermark())
                .setLowWatermark(marks.lowWatermark())
                .setGeneration(marks.generation());
    }
}

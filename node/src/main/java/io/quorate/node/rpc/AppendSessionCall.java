/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quorate.node.api.AppendListener;
import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Result;
import io.quorate.node.rpc.Requests.InvalidRequestException;
import io.quorate.node.seam.EventLoop;
import io.quorate.raft.log.Payload;
import io.quorate.v1.AppendResult;
import io.quorate.v1.AppendSessionBatch;
import io.quorate.v1.AppendSessionOpen;
import io.quorate.v1.AppendSessionOpened;
import io.quorate.v1.AppendSessionRequest;
import io.quorate.v1.AppendSessionResponse;
import io.quorate.v1.Durability;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * One append session.
 *
 * <pre>
 *     AWAITING_OPEN --open--> OPEN --half-close--> DRAINING --last answer--> ENDED
 *     any --refusal, cancellation--> ENDED
 * </pre>
 *
 * Memory: a message is asked for only while less than {@link #MAX_UNANSWERED_BYTES} and
 * {@link #MAX_UNANSWERED_BATCHES} wait for their answer, so that the sender is held back by HTTP/2 flow control.
 * Answers of one turn of the event loop leave in one message. Event loop only.
 */
final class AppendSessionCall implements StreamObserver<AppendSessionRequest> {
    static final long MAX_UNANSWERED_BYTES = 8 << 20;
    static final int MAX_UNANSWERED_BATCHES = 256;

    private enum State {
        AWAITING_OPEN,
        OPEN,
        DRAINING,
        ENDED
    }

    private final NodeApi api;
    private final EventLoop loop;
    private final ServerCallStreamObserver<AppendSessionResponse> client;
    private final Consumer<AppendSessionCall> onEnded;
    private final Runnable flush = this::flush;

    private State state = State.AWAITING_OPEN;
    private AppendTarget target;
    private boolean shuttingDown;
    private boolean messageRequested;
    private boolean anyBatch;
    private long lastRequestId;
    private int unansweredBatches;
    private long unansweredBytes;
    private AppendSessionResponse.Builder answers = AppendSessionResponse.newBuilder();
    private boolean flushScheduled;

    AppendSessionCall(
            NodeApi api,
            EventLoop loop,
            ServerCallStreamObserver<AppendSessionResponse> client,
            Consumer<AppendSessionCall> onEnded) {
        this.api = api;
        this.loop = loop;
        this.client = client;
        this.onEnded = onEnded;
        client.disableAutoRequest();
        client.setOnCancelHandler(this::end);
    }

    /** Asks for the first message. */
    void start() {
        requestMessage();
    }

    @Override
    public void onNext(AppendSessionRequest request) {
        messageRequested = false;
        try {
            if (state == State.AWAITING_OPEN) {
                open(request);
            } else if (state == State.OPEN) {
                append(request);
            }
        } catch (InvalidRequestException invalid) {
            refuse(invalid.refusal());
        }
        requestMessage();
    }

    @Override
    public void onCompleted() {
        drain();
    }

    @Override
    public void onError(Throwable cancelled) {
        end();
    }

    /** Takes no further batch; the session ends as SHUTTING_DOWN when those under way are answered. */
    void shutDown() {
        shuttingDown = true;
        drain();
    }

    private void open(AppendSessionRequest request) throws InvalidRequestException {
        if (!request.hasOpen()) {
            throw new InvalidRequestException("open", "the first message of a session must set it");
        }
        AppendSessionOpen open = request.getOpen();
        Result<AppendTarget> opened = api.openAppend(
                Requests.partition(open.getTopic(), open.getPartition(), open.getGroupId()),
                Requests.optional(open.hasGeneration(), "generation", open.getGeneration()));
        if (opened instanceof Result.Refused<AppendTarget> refused) {
            refuse(refused.refusal());
        } else {
            target = ((Result.Ok<AppendTarget>) opened).value();
            state = State.OPEN;
            answers.setOpened(AppendSessionOpened.newBuilder()
                    .setGeneration(target.generation())
                    .setNextOffset(target.nextOffset()));
            scheduleFlush();
        }
    }

    private void append(AppendSessionRequest request) throws InvalidRequestException {
        if (!request.hasBatch()) {
            throw new InvalidRequestException("batch", "every message of a session but the first must set it");
        }
        AppendSessionBatch batch = request.getBatch();
        long requestId = Requests.number("request_id", batch.getRequestId());
        if (anyBatch && requestId <= lastRequestId) {
            throw new InvalidRequestException(
                    "request_id", "must ascend within a session, was " + requestId + " after " + lastRequestId);
        }
        anyBatch = true;
        lastRequestId = requestId;
        OptionalLong triedSince =
                Requests.optional(batch.hasTriedSinceOffset(), "tried_since_offset", batch.getTriedSinceOffset());
        Payload payload = PayloadBytes.toPayload(batch.getBatch());
        unansweredBatches++;
        unansweredBytes += payload.size();
        target.append(payload, triedSince, new Pending(requestId, payload.size()));
    }

    private final class Pending implements AppendListener {
        private final long requestId;
        private final int bytes;

        private Pending(long requestId, int bytes) {
            this.requestId = requestId;
            this.bytes = bytes;
        }

        @Override
        public void onCommitted(long baseOffset, long generation, boolean duplicate) {
            if (state == State.ENDED) {
                return;
            }
            unansweredBatches--;
            unansweredBytes -= bytes;
            answers.addResults(AppendResult.newBuilder()
                    .setRequestId(requestId)
                    .setBaseOffset(baseOffset)
                    .setGeneration(generation)
                    .setDuplicate(duplicate)
                    .setDurability(Durability.DURABILITY_QUORUM_FSYNC));
            scheduleFlush();
        }

        @Override
        public void onRefused(Refusal refusal) {
            refuse(refusal);
        }
    }

    private void requestMessage() {
        boolean room = unansweredBytes < MAX_UNANSWERED_BYTES && unansweredBatches < MAX_UNANSWERED_BATCHES;
        boolean takesMore = state == State.AWAITING_OPEN || state == State.OPEN;
        if (!messageRequested && room && takesMore) {
            messageRequested = true;
            client.request(1);
        }
    }

    private void scheduleFlush() {
        if (!flushScheduled) {
            flushScheduled = true;
            loop.execute(flush);
        }
    }

    private void flush() {
        flushScheduled = false;
        if (state == State.ENDED) {
            return;
        }
        sendAnswers();
        requestMessage();
        if (state == State.DRAINING) {
            finishIfAnswered();
        }
    }

    private void sendAnswers() {
        if (answers.hasOpened() || answers.getResultsCount() > 0) {
            client.onNext(answers.build());
            answers = AppendSessionResponse.newBuilder();
        }
    }

    private void drain() {
        if (state != State.ENDED) {
            state = State.DRAINING;
            finishIfAnswered();
        }
    }

    private void finishIfAnswered() {
        if (unansweredBatches > 0) {
            return;
        }
        sendAnswers();
        if (shuttingDown) {
            client.onError(ErrorMapping.toStatus(CallGate.shuttingDown()));
        } else {
            client.onCompleted();
        }
        end();
    }

    /** Ends the session; what was answered before is sent first. */
    private void refuse(Refusal refusal) {
        if (state != State.ENDED) {
            sendAnswers();
            client.onError(ErrorMapping.toStatus(refusal));
            end();
        }
    }

    private void end() {
        if (state != State.ENDED) {
            state = State.ENDED;
            onEnded.accept(this);
        }
    }
}

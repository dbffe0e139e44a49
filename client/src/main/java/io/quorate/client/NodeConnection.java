/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.quorate.wire.RecordBatch;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * One address of the cluster: its channel, and whether it is worth asking at the moment. Loop only.
 *
 * <p>After a failure of the transport the node is left alone for a pause that doubles; the first call afterwards is the
 * probe. If the connection was lost it goes over a new channel, so that neither gRPC's own back-off nor an old DNS answer
 * stands in the way.
 */
final class NodeConnection {
    /** Answer to a call with one response. Called once, on the loop. */
    interface Answer<R> {
        void onAnswer(R response);

        void onFailure(Failure failure);
    }

    private static final int FLOW_CONTROL_WINDOW = 8 << 20;
    private static final int MAX_MESSAGE_BYTES = RecordBatch.MAX_BYTES + (1 << 20);
    private static final long KEEP_ALIVE_SECONDS = 20;

    private static final int TIMEOUTS_TO_RECONNECT = 5;

    private final ClientLoop loop;
    private final HostAndPort address;
    private final Backoff backoff;
    private ManagedChannel channel;
    private long channelEpoch;
    private long epoch;
    private long retryAtNanos;
    private int timeouts;
    private String lastError = "not asked yet";
    /** What the transport last said, other than that the time was up, since the node last answered. */
    private Optional<String> broken = Optional.empty();

    private boolean closed;

    NodeConnection(ClientLoop loop, HostAndPort address, Backoff backoff) {
        this.loop = loop;
        this.address = address;
        this.backoff = backoff;
    }

    String address() {
        return address.toString();
    }

    /** False while it is left alone after a failure. */
    boolean isAvailable() {
        return !closed && nanosUntilAvailable() <= 0;
    }

    /** 0 or less: now. */
    long nanosUntilAvailable() {
        return backoff.hasFailed() ? retryAtNanos - loop.nanoTime() : 0;
    }

    /**
     * Why the last call failed, for people. A call that came too late to be refused does not hide why those before it were.
     */
    String lastError() {
        return lastError;
    }

    /** Whether the last call did not reach it. */
    boolean hasFailed() {
        return backoff.hasFailed();
    }

    /** Identifies the state of the connection that a call starts with; goes back to {@link #failed}. */
    long epoch() {
        return epoch;
    }

    /** Many calls fail when one connection breaks: only the first of them counts. */
    void failed(long callEpoch, Failure failure) {
        boolean tooLate = failure.is("DEADLINE_EXCEEDED");
        lastError = tooLate && broken.isPresent()
                ? failure.message() + "; before that: " + broken.get()
                : failure.message();
        if (failure.isTransport() && !tooLate) {
            broken = Optional.of(failure.message());
        }
        if (failure.isTransport() && callEpoch == epoch) {
            epoch++;
            timeouts = tooLate ? timeouts + 1 : 0;
            if (timeouts > 0 && timeouts % TIMEOUTS_TO_RECONNECT != 0) {
                // A busy node may be about to answer, or to accept: a new connection would start all over.
                channelEpoch = epoch;
            }
            retryAtNanos = loop.nanoTime() + backoff.nextNanos();
        }
    }

    void succeeded(long callEpoch) {
        if (callEpoch == epoch) {
            backoff.reset();
            timeouts = 0;
            lastError = "answers";
            broken = Optional.empty();
        }
    }

    <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
        return channel().newCall(method, options);
    }

    <Q, R> void unary(MethodDescriptor<Q, R> method, Q request, long timeoutNanos, Answer<R> answer) {
        if (closed) {
            answer.onFailure(Failure.local("UNAVAILABLE", "the client has been closed"));
            return;
        }
        Channel current = channel();
        long callEpoch = epoch;
        ClientCall<Q, R> call =
                current.newCall(method, CallOptions.DEFAULT.withDeadlineAfter(timeoutNanos, TimeUnit.NANOSECONDS));
        call.start(
                new ClientCall.Listener<>() {
                    private R response;

                    @Override
                    public void onMessage(R message) {
                        response = message;
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        if (status.isOk() && response != null) {
                            succeeded(callEpoch);
                            answer.onAnswer(response);
                            return;
                        }
                        Failure failure = status.isOk()
                                ? Failure.local("INTERNAL", "the answer has no message")
                                : Failure.of(status, trailers);
                        if (failure.fromServer()) {
                            succeeded(callEpoch);
                        }
                        failed(callEpoch, failure);
                        answer.onFailure(failure);
                    }
                },
                new Metadata());
        call.request(2);
        call.sendMessage(request);
        call.halfClose();
    }

    /** Ends all calls. */
    void close() {
        closed = true;
        if (channel != null) {
            channel.shutdownNow();
        }
    }

    private Channel channel() {
        if (channel != null && channelEpoch != epoch) {
            // Calls that are still healthy on it may go on.
            channel.shutdown();
            channel = null;
        }
        if (channel == null) {
            channelEpoch = epoch;
            channel = NettyChannelBuilder.forAddress(address.host(), address.port())
                    .usePlaintext()
                    .eventLoopGroup(loop.group())
                    .channelType(loop.channelType())
                    // Not direct: every callback comes on the loop and in order, whichever thread gRPC is on.
                    .executor(loop)
                    .disableRetry()
                    .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                    .flowControlWindow(FLOW_CONTROL_WINDOW)
                    .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                    .keepAliveTimeout(KEEP_ALIVE_SECONDS / 2, TimeUnit.SECONDS)
                    .userAgent("quorate-java")
                    .build();
        }
        return channel;
    }
}

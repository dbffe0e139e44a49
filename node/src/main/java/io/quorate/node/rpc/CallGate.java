/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before the services: lets no call in before the node runs or once it shuts down, and catches what a call
 * throws. A failed invariant ({@link Error}) is fatal to the node; any other exception ends only its call, as INTERNAL.
 */
public final class CallGate implements ServerInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(CallGate.class);
    private static final long STARTING_RETRY_MILLIS = 100;
    private static final long SHUTDOWN_RETRY_MILLIS = 200;

    private enum State {
        STARTING,
        OPEN,
        CLOSED
    }

    private final Consumer<Throwable> onFatal;
    private volatile State state = State.STARTING;

    public CallGate(Consumer<Throwable> onFatal) {
        this.onFatal = onFatal;
    }

    public void open() {
        state = State.OPEN;
    }

    public void close() {
        state = State.CLOSED;
    }

    /** What a call is told that comes, or still runs, while the node shuts down. */
    static Refusal shuttingDown() {
        return new Refusal(
                Reason.SHUTTING_DOWN, "the node is shutting down; use another one", Map.of(), SHUTDOWN_RETRY_MILLIS);
    }

    private static Refusal starting() {
        return new Refusal(
                Reason.NO_LEADER, "the node is starting and recovers its logs", Map.of(), STARTING_RETRY_MILLIS);
    }

    @Override
    public <Q, P> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, P> call, Metadata headers, ServerCallHandler<Q, P> next) {
        State now = state;
        if (now != State.OPEN) {
            refuse(call, now == State.STARTING ? starting() : shuttingDown());
            return new ServerCall.Listener<>() {};
        }
        return new Barrier<>(call, next.startCall(call, headers));
    }

    private static void refuse(ServerCall<?, ?> call, Refusal refusal) {
        StatusRuntimeException status = ErrorMapping.toStatus(refusal);
        call.close(status.getStatus(), status.getTrailers());
    }

    private final class Barrier<Q> extends SimpleForwardingServerCallListener<Q> {
        private final ServerCall<Q, ?> call;
        private boolean failed;

        private Barrier(ServerCall<Q, ?> call, ServerCall.Listener<Q> listener) {
            super(listener);
            this.call = call;
        }

        @Override
        public void onMessage(Q message) {
            guard(() -> super.onMessage(message));
        }

        @Override
        public void onHalfClose() {
            guard(super::onHalfClose);
        }

        @Override
        public void onCancel() {
            guard(super::onCancel);
        }

        @Override
        public void onComplete() {
            guard(super::onComplete);
        }

        @Override
        public void onReady() {
            guard(super::onReady);
        }

        private void guard(Runnable callback) {
            if (failed) {
                return;
            }
            try {
                callback.run();
            } catch (RuntimeException bug) {
                LOG.error("{} failed", call.getMethodDescriptor().getFullMethodName(), bug);
                fail();
            } catch (Error bug) {
                fail();
                onFatal.accept(bug);
            }
        }

        private void fail() {
            failed = true;
            if (!call.isCancelled()) {
                try {
                    refuse(call, Refusal.of(Reason.INTERNAL, "internal error; the server's log has the details"));
                } catch (IllegalStateException closedAlready) {
                    LOG.debug("the call was closed before it failed", closedAlready);
                }
            }
        }
    }
}

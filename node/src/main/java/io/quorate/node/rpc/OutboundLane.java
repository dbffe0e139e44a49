/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.quorate.internal.v1.PeerFrame;
import io.quorate.node.seam.EventLoop;
import io.quorate.raft.Prng;
import io.quorate.raft.log.NodeId;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream to one peer, on a connection of its own, dialed again whenever it breaks.
 *
 * <pre>
 *     CLOSED --open--> CONNECTING --hello answered--> UP
 *                          |  ^                        |
 *               no answer, |  | delay is over, or      | stream broke
 *               refused    v  | the peer was heard     |
 *                       BACKING_OFF <------------------+          any --close--> CLOSED
 * </pre>
 *
 * The delay doubles from {@link #FIRST_DELAY_MILLIS} to {@link #MAX_DELAY_MILLIS}, each time drawn from its upper half.
 * Every attempt opens a new channel, and so asks for the peer's address anew. Event loop only.
 */
final class OutboundLane {
    static final int FIRST_DELAY_MILLIS = 50;
    static final int MAX_DELAY_MILLIS = 1_000;
    static final int HELLO_TIMEOUT_MILLIS = 3_000;

    /** Bytes that may wait for a slow connection. */
    static final int MAX_QUEUED_BYTES = 64 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(OutboundLane.class);

    private enum State {
        CLOSED,
        CONNECTING,
        UP,
        BACKING_OFF
    }

    private final NodeId peer;
    private final MethodDescriptor<PeerFrame, PeerFrame> method;
    private final EventLoop loop;
    private final Prng prng;
    private final Supplier<ManagedChannel> dial;
    private final PeerHandshake handshake;
    private final Runnable onChange;

    private State state = State.CLOSED;
    private Attempt attempt;
    private EventLoop.Timer timer = () -> {};
    private int delayMillis = FIRST_DELAY_MILLIS;
    private String lastRefusal = "";

    /**
     * @param dial     opens a channel to the peer
     * @param onChange told when the lane has come up or is no longer up
     */
    OutboundLane(
            NodeId peer,
            MethodDescriptor<PeerFrame, PeerFrame> method,
            EventLoop loop,
            Prng prng,
            Supplier<ManagedChannel> dial,
            PeerHandshake handshake,
            Runnable onChange) {
        this.peer = peer;
        this.method = method;
        this.loop = loop;
        this.prng = prng;
        this.dial = dial;
        this.handshake = handshake;
        this.onChange = onChange;
    }

    void open() {
        if (state == State.CLOSED) {
            delayMillis = FIRST_DELAY_MILLIS;
            connect();
        }
    }

    /** The peer has been heard: a lane that waits tries at once. */
    void hurry() {
        if (state == State.BACKING_OFF) {
            delayMillis = FIRST_DELAY_MILLIS;
            connect();
        }
    }

    boolean isUp() {
        return state == State.UP;
    }

    /** Whether it is up and less than {@link #MAX_QUEUED_BYTES} wait. */
    boolean hasRoom() {
        return state == State.UP && attempt.call.isReady();
    }

    /** Only while {@link #isUp()}. */
    void send(PeerFrame frame) {
        attempt.call.sendMessage(frame);
    }

    void close() {
        leave(State.CLOSED);
    }

    private void connect() {
        timer.cancel();
        state = State.CONNECTING;
        attempt = new Attempt(dial.get());
        Attempt started = attempt;
        timer = loop.schedule(
                TimeUnit.MILLISECONDS.toNanos(HELLO_TIMEOUT_MILLIS), () -> started.failed("no answer to hello", false));
        attempt.start();
    }

    private void leave(State next) {
        boolean wasUp = state == State.UP;
        state = next;
        timer.cancel();
        if (attempt != null) {
            Attempt left = attempt;
            attempt = null;
            left.channel.shutdownNow();
        }
        if (wasUp) {
            onChange.run();
        }
    }

    private void backOff() {
        leave(State.BACKING_OFF);
        if (state != State.BACKING_OFF) {
            return; // closed meanwhile
        }
        int drawn = delayMillis / 2 + prng.nextInt(delayMillis / 2 + 1);
        delayMillis = Math.min(delayMillis * 2, MAX_DELAY_MILLIS);
        timer = loop.schedule(TimeUnit.MILLISECONDS.toNanos(drawn), this::connect);
    }

    /** One connection; what an attempt that was left behind still hears is ignored. */
    private final class Attempt extends ClientCall.Listener<PeerFrame> {
        private final ManagedChannel channel;
        private final ClientCall<PeerFrame, PeerFrame> call;

        private Attempt(ManagedChannel channel) {
            this.channel = channel;
            this.call = channel.newCall(method, CallOptions.DEFAULT.withOnReadyThreshold(MAX_QUEUED_BYTES));
        }

        private void start() {
            call.start(this, new Metadata());
            call.request(1);
            call.sendMessage(
                    PeerFrame.newBuilder().setHello(handshake.hello(peer)).build());
        }

        @Override
        public void onMessage(PeerFrame frame) {
            if (this != attempt) {
                return;
            }
            call.request(1);
            if (state == State.CONNECTING) {
                handshake
                        .objectionTo(frame.getHello())
                        .ifPresentOrElse(objection -> failed(objection, true), this::accepted);
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            String description = status.getDescription() == null ? "" : ": " + status.getDescription();
            failed(status.getCode() + description, status.getCode() == Status.Code.FAILED_PRECONDITION);
        }

        private void accepted() {
            state = State.UP;
            timer.cancel();
            delayMillis = FIRST_DELAY_MILLIS;
            lastRefusal = "";
            onChange.run();
        }

        /** @param refused by one side's handshake, which somebody must repair: said loudly, once */
        private void failed(String why, boolean refused) {
            if (this != attempt) {
                return;
            }
            if (refused && !why.equals(lastRefusal)) {
                lastRefusal = why;
                delayMillis = MAX_DELAY_MILLIS;
                LOG.warn("no {} stream to {}: {}", method.getBareMethodName(), peer, why);
            } else {
                LOG.debug("no {} stream to {}: {}", method.getBareMethodName(), peer, why);
            }
            backOff();
        }
    }
}

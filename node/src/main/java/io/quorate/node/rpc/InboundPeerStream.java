/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.quorate.internal.v1.GroupMessage;
import io.quorate.internal.v1.PeerFrame;
import io.quorate.node.rpc.PeerCodec.MalformedMessageException;
import io.quorate.node.seam.EventLoop;
import java.util.concurrent.TimeUnit;

/**
 * One stream that a peer has dialed. Nothing is believed before its hello; after it, every frame is checked, and the
 * first one that no correct peer would send ends the stream. Event loop only.
 */
final class InboundPeerStream implements StreamObserver<PeerFrame> {
    static final int HELLO_TIMEOUT_MILLIS = 5_000;

    private final GrpcTransport transport;
    private final PeerLane lane;
    private final StreamObserver<PeerFrame> answers;
    private final EventLoop.Timer helloTimer;
    private PeerLink link;
    private boolean ended;

    InboundPeerStream(GrpcTransport transport, EventLoop loop, PeerLane lane, StreamObserver<PeerFrame> answers) {
        this.transport = transport;
        this.lane = lane;
        this.answers = answers;
        this.helloTimer = loop.schedule(
                TimeUnit.MILLISECONDS.toNanos(HELLO_TIMEOUT_MILLIS),
                () -> close(
                        Status.DEADLINE_EXCEEDED.withDescription("no hello within " + HELLO_TIMEOUT_MILLIS + " ms")));
    }

    @Override
    public void onNext(PeerFrame frame) {
        if (ended) {
            return;
        }
        try {
            if (link == null) {
                greet(frame);
            } else if (frame.hasHello()) {
                throw new MalformedMessageException("a second hello");
            }
            if (!ended) {
                deliver(frame);
            }
        } catch (MalformedMessageException malformed) {
            transport.countMalformedFrame(link, malformed);
            close(Status.INVALID_ARGUMENT.withDescription(malformed.getMessage()));
        }
    }

    @Override
    public void onCompleted() {
        if (!ended) {
            answers.onCompleted();
            end();
        }
    }

    @Override
    public void onError(Throwable broken) {
        end();
    }

    /** Ends the stream from this side. */
    void close(Status why) {
        if (!ended) {
            answers.onError(why.asRuntimeException());
            end();
        }
    }

    private void greet(PeerFrame frame) throws MalformedMessageException {
        helloTimer.cancel();
        if (!frame.hasHello()) {
            throw new MalformedMessageException("the first frame of a stream must be a hello");
        }
        GrpcTransport.Admission admission = transport.admit(frame.getHello());
        if (admission instanceof GrpcTransport.Admission.Refused refused) {
            close(refused.status());
            return;
        }
        link = ((GrpcTransport.Admission.Admitted) admission).link();
        answers.onNext(link.helloFrame());
        link.inboundOpened(lane, this);
    }

    private void deliver(PeerFrame frame) throws MalformedMessageException {
        if (frame.hasStatus()) {
            transport.deliver(link, PeerCodec.decode(frame.getStatus()));
        }
        if (frame.hasStanding() && !ended) {
            transport.deliver(link, PeerCodec.decode(frame.getStanding()));
        }
        for (GroupMessage message : frame.getMessagesList()) {
            if (ended) {
                return; // a receiver may close the transport
            }
            transport.deliver(
                    link, RepairCodec.isRepair(message) ? RepairCodec.decode(message) : PeerCodec.decode(message));
        }
    }

    private void end() {
        if (!ended) {
            ended = true;
            helloTimer.cancel();
            if (link != null) {
                link.inboundClosed(lane, this);
            }
        }
    }
}

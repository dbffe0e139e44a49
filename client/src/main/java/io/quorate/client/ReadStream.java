/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.quorate.v1.LogServiceGrpc;
import io.quorate.v1.ReadRequest;
import io.quorate.v1.ReadResponse;

/** One read call to one node. Loop only. */
final class ReadStream {
    interface Listener {
        void onResponse(ReadStream stream, ReadResponse response);

        /** The node has sent all that was asked for. */
        void onCompleted(ReadStream stream);

        void onFailed(ReadStream stream, Failure failure);
    }

    private final Cluster.Target target;
    private final NodeConnection node;
    private final Listener listener;
    private final ClientCall<ReadRequest, ReadResponse> call;
    private final long epoch;
    private int requested;
    private boolean ended;

    private ReadStream(Cluster.Target target, Listener listener) {
        this.target = target;
        this.node = target.node();
        this.listener = listener;
        this.call = node.newCall(LogServiceGrpc.getReadMethod(), CallOptions.DEFAULT);
        this.epoch = node.epoch();
    }

    /** @param target whom this read is asked from */
    static ReadStream open(Cluster.Target target, ReadRequest request, Listener listener) {
        ReadStream stream = new ReadStream(target, listener);
        stream.call.start(stream.new Responses(), new Metadata());
        stream.call.sendMessage(request);
        stream.call.halfClose();
        return stream;
    }

    NodeConnection node() {
        return node;
    }

    /** Whom this read was asked from. */
    Cluster.Target target() {
        return target;
    }

    /** Responses that were asked for and have not come. */
    int requested() {
        return requested;
    }

    void request(int responses) {
        requested += responses;
        call.request(responses);
    }

    /** Nothing is told to the listener any more. */
    void cancel() {
        if (!ended) {
            ended = true;
            call.cancel("the reader has gone", null);
        }
    }

    private final class Responses extends ClientCall.Listener<ReadResponse> {
        @Override
        public void onMessage(ReadResponse response) {
            requested--;
            if (!ended) {
                node.succeeded(epoch);
                listener.onResponse(ReadStream.this, response);
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (ended) {
                return;
            }
            ended = true;
            if (status.isOk()) {
                listener.onCompleted(ReadStream.this);
                return;
            }
            Failure failure = Failure.of(status, trailers);
            node.failed(epoch, failure);
            listener.onFailed(ReadStream.this, failure);
        }
    }
}

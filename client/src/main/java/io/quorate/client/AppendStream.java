/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.quorate.v1.AppendResult;
import io.quorate.v1.AppendSessionBatch;
import io.quorate.v1.AppendSessionOpen;
import io.quorate.v1.AppendSessionRequest;
import io.quorate.v1.AppendSessionResponse;
import io.quorate.v1.LogServiceGrpc;

/** One append session with one node. Loop only. */
final class AppendStream {
    interface Listener {
        /** The node has agreed to lead. */
        void onOpened(AppendStream stream);

        void onResult(AppendStream stream, AppendResult result);

        /** Last call. Batches without a result may or may not be in the log. */
        void onEnded(AppendStream stream, Failure failure);
    }

    private final Cluster.Target leader;
    private final NodeConnection node;
    private long generation;
    private final Listener listener;
    private final ClientCall<AppendSessionRequest, AppendSessionResponse> call;
    private final long epoch;
    private boolean opened;
    private long nextOffset;
    private boolean ended;

    private AppendStream(Cluster.Target leader, Listener listener) {
        this.leader = leader;
        this.node = leader.node();
        this.generation = leader.generation();
        this.listener = listener;
        this.call = node.newCall(LogServiceGrpc.getAppendSessionMethod(), CallOptions.DEFAULT);
        this.epoch = node.epoch();
    }

    /**
     * Opens a session. Batches can be sent at once.
     *
     * @param leader what the client believes; its generation may be 0: nothing
     */
    static AppendStream open(Cluster.Target leader, String topic, int partition, Listener listener) {
        AppendStream stream = new AppendStream(leader, listener);
        stream.start(topic, partition);
        return stream;
    }

    private void start(String topic, int partition) {
        AppendSessionOpen.Builder open = AppendSessionOpen.newBuilder()
                .setTopic(topic)
                .setPartition(partition)
                .setGroupId(leader.groupId());
        if (generation > 0) {
            open.setGeneration(generation);
        }
        call.start(new Responses(), new Metadata());
        // Responses are bounded by the batches under way.
        call.request(Integer.MAX_VALUE);
        call.sendMessage(AppendSessionRequest.newBuilder().setOpen(open).build());
    }

    NodeConnection node() {
        return node;
    }

    /** Whom the session was opened with. */
    Cluster.Target leader() {
        return leader;
    }

    /** Of the node's leadership, or what was believed before it has agreed. */
    long generation() {
        return generation;
    }

    /** Whether the node has agreed. */
    boolean isOpened() {
        return opened;
    }

    /** What is sent here gets no lower offset; 0 before the node has agreed. */
    long nextOffset() {
        return nextOffset;
    }

    void send(PendingBatch batch) {
        if (!ended) {
            AppendSessionBatch.Builder message = AppendSessionBatch.newBuilder()
                    .setRequestId(batch.requestId())
                    .setBatch(batch.bytes());
            batch.triedSince().ifPresent(message::setTriedSinceOffset);
            call.sendMessage(AppendSessionRequest.newBuilder().setBatch(message).build());
        }
    }

    /** Nothing is told to the listener any more. */
    void cancel(String why) {
        if (!ended) {
            ended = true;
            call.cancel(why, null);
        }
    }

    private final class Responses extends ClientCall.Listener<AppendSessionResponse> {
        @Override
        public void onMessage(AppendSessionResponse response) {
            if (!ended && response.hasOpened()) {
                opened = true;
                generation = response.getOpened().getGeneration();
                nextOffset = response.getOpened().getNextOffset();
                node.succeeded(epoch);
                listener.onOpened(AppendStream.this);
            }
            for (int i = 0; !ended && i < response.getResultsCount(); i++) {
                listener.onResult(AppendStream.this, response.getResults(i));
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (ended) {
                return;
            }
            ended = true;
            Failure failure = status.isOk()
                    ? Failure.local("UNAVAILABLE", node.address() + " ended the append session")
                    : Failure.of(status, trailers);
            if (!status.isOk()) {
                node.failed(epoch, failure);
            }
            listener.onEnded(AppendStream.this, failure);
        }
    }
}

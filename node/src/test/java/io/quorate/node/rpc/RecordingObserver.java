/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.quorate.node.testing.Await;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Notes what a call answers. */
class RecordingObserver<T> implements StreamObserver<T> {
    final List<T> messages = new CopyOnWriteArrayList<>();
    volatile Throwable error;
    volatile boolean completed;

    @Override
    public void onNext(T message) {
        messages.add(message);
    }

    @Override
    public void onError(Throwable failure) {
        error = failure;
    }

    @Override
    public void onCompleted() {
        completed = true;
    }

    /** Waits for an error status. */
    Status awaitError() {
        Await.until("an error status", () -> error != null);
        return Status.fromThrowable(error);
    }

    void awaitMessages(int count) {
        Await.until(count + " messages", () -> {
            if (error != null) {
                throw new AssertionError(error);
            }
            return messages.size() >= count;
        });
    }

    void awaitCompleted() {
        Await.until("the end of the call", () -> {
            if (error != null) {
                throw new AssertionError(error);
            }
            return completed;
        });
    }
}

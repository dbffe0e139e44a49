/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.stub.StreamObserver;
import io.quorate.node.api.Result;
import java.util.function.Function;

/** Ends unary calls. */
final class Answers {
    private Answers() {}

    static <T, P> void send(StreamObserver<P> client, Result<T> result, Function<T, P> toResponse) {
        if (result instanceof Result.Refused<T> refused) {
            client.onError(ErrorMapping.toStatus(refused.refusal()));
        } else {
            send(client, toResponse.apply(((Result.Ok<T>) result).value()));
        }
    }

    static <P> void send(StreamObserver<P> client, P response) {
        client.onNext(response);
        client.onCompleted();
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.grpc.MethodDescriptor;
import io.quorate.client.QuorateException.Outcome;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.LongFunction;

/** A request about a partition to its leader, or to any replica, asked until it is answered, refused for good, or the time is up. Loop only. */
final class PartitionCall<Q, R> implements PartitionRoute.Owner {
    /** @param groupId of the partition that was asked; 0 if not known */
    record Answered<R>(long groupId, R response) {}

    private static final long ATTEMPT_NANOS = Duration.ofSeconds(2).toNanos();

    private final Cluster cluster;
    private final String what;
    private final MethodDescriptor<Q, R> method;
    private final LongFunction<Q> request;
    private final CompletableFuture<Answered<R>> answer;
    private final PartitionRoute route;
    private final Future<?> deadline;

    private PartitionCall(
            Cluster cluster,
            String topic,
            int partition,
            ReadSource source,
            MethodDescriptor<Q, R> method,
            LongFunction<Q> request,
            CompletableFuture<Answered<R>> answer) {
        this.cluster = cluster;
        this.what = method.getBareMethodName() + " of " + topic + "/" + partition;
        this.method = method;
        this.request = request;
        this.answer = answer;
        this.route = source.route(cluster, topic, partition, this);
        long timeout = cluster.config().requestTimeout().toNanos();
        this.deadline = cluster.loop().schedule(timeout, this::expire);
    }

    /** Any thread. @param request makes the request to the partition's group of an id; 0: not known */
    static <Q, R> CompletableFuture<Answered<R>> start(
            Cluster cluster,
            String topic,
            int partition,
            ReadSource source,
            MethodDescriptor<Q, R> method,
            LongFunction<Q> request) {
        CompletableFuture<Answered<R>> answer = new CompletableFuture<>();
        cluster.loop().run(() -> new PartitionCall<>(cluster, topic, partition, source, method, request, answer)
                .route.start());
        return answer;
    }

    @Override
    public void onFound(Cluster.Target target) {
        target.node().unary(method, request.apply(target.groupId()), ATTEMPT_NANOS, new NodeConnection.Answer<R>() {
            @Override
            public void onAnswer(R response) {
                end();
                answer.complete(new Answered<>(target.groupId(), response));
            }

            @Override
            public void onFailure(Failure failure) {
                // What has gone is for the route to find out: this node may just not have heard of it yet.
                if (failure.isRetriable() || failure.isGone() || route.mayBeElsewhere(failure)) {
                    route.failed(target, failure);
                    restart();
                } else {
                    fail(failure);
                }
            }
        });
    }

    private void restart() {
        if (!answer.isDone()) {
            route.start();
        }
    }

    @Override
    public void onNoSuchPartition(Failure failure) {
        fail(failure);
    }

    private void fail(Failure failure) {
        end();
        answer.completeExceptionally(failure.toException(what, Outcome.NOT_APPLIED));
    }

    private void end() {
        route.stop();
        deadline.cancel(false);
    }

    private void expire() {
        end();
        Optional<Failure> last = route.lastFailure().filter(Failure::fromServer);
        String text = what + " was not answered within "
                + cluster.config().requestTimeout().toMillis() + " ms; " + route.describeTrouble();
        answer.completeExceptionally(new QuorateException(
                last.map(Failure::reason).orElse("UNAVAILABLE"), text, true, Outcome.NOT_APPLIED, null));
    }
}

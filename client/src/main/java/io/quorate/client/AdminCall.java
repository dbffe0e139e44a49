/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.grpc.MethodDescriptor;
import io.quorate.client.QuorateException.Outcome;
import io.quorate.v1.ClusterServiceGrpc;
import io.quorate.v1.DescribeClusterRequest;
import io.quorate.v1.DescribeClusterResponse;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * A request to the metadata leader, or, as long as nobody knows it, to any node: asked until it is answered, refused for
 * good, or the time is up. Loop only.
 */
final class AdminCall<Q, R> implements NodeConnection.Answer<R> {
    /** A node that hangs costs no more than this. */
    private static final long ATTEMPT_NANOS = Duration.ofSeconds(3).toNanos();

    private static final int UNSURE_ANSWERS = 4;

    private final Cluster cluster;
    private final ClientLoop loop;
    private final String what;
    private final MethodDescriptor<Q, R> method;
    private final Q request;
    private final CompletableFuture<R> answer;
    private final Backoff backoff;
    private final long deadlineNanos;
    private final Future<?> deadline;
    private final Set<NodeConnection> redirectedTo = new HashSet<>();
    private Optional<NodeConnection> asked = Optional.empty();
    private Optional<Failure> lastRefusal = Optional.empty();
    private boolean ambiguous;
    private int descriptionsUnderWay;
    private int unsureAnswers;

    private AdminCall(
            Cluster cluster, String what, MethodDescriptor<Q, R> method, Q request, CompletableFuture<R> answer) {
        this.cluster = cluster;
        this.loop = cluster.loop();
        this.what = what;
        this.method = method;
        this.request = request;
        this.answer = answer;
        this.backoff = cluster.newBackoff();
        long timeout = cluster.config().requestTimeout().toNanos();
        this.deadlineNanos = loop.nanoTime() + timeout;
        this.deadline = loop.schedule(timeout, this::expire);
    }

    /** Any thread. @param what for people: the request and its subject */
    static <Q, R> CompletableFuture<R> start(Cluster cluster, String what, MethodDescriptor<Q, R> method, Q request) {
        CompletableFuture<R> answer = new CompletableFuture<>();
        cluster.loop().run(() -> new AdminCall<>(cluster, what, method, request, answer).attempt());
        return answer;
    }

    private void attempt() {
        if (answer.isDone() || deadlineNanos - loop.nanoTime() <= 0) {
            // The end is due, if it has not come: a call without time would only report that it had none.
            return;
        }
        if (!cluster.isDescribed()) {
            learnCluster();
            return;
        }
        asked = cluster.metadataLeader().map(Cluster.Target::node).or(this::anyNode);
        if (asked.isEmpty()) {
            retryIn(backoff.nextNanos());
            return;
        }
        asked.get().unary(method, request, Math.min(ATTEMPT_NANOS, deadlineNanos - loop.nanoTime()), this);
    }

    /** Who leads is better known before: another node may not have heard of a topic yet. */
    private void learnCluster() {
        List<NodeConnection> available = cluster.candidates().stream()
                .filter(NodeConnection::isAvailable)
                .toList();
        if (available.isEmpty()) {
            retryIn(backoff.nextNanos());
            return;
        }
        descriptionsUnderWay = available.size();
        available.forEach(this::describe);
    }

    private void describe(NodeConnection node) {
        long timeout = Math.min(ATTEMPT_NANOS, deadlineNanos - loop.nanoTime());
        node.unary(
                ClusterServiceGrpc.getDescribeClusterMethod(),
                DescribeClusterRequest.getDefaultInstance(),
                timeout,
                new NodeConnection.Answer<DescribeClusterResponse>() {
                    @Override
                    public void onAnswer(DescribeClusterResponse response) {
                        cluster.merge(response, node);
                        if (descriptionsUnderWay > 0) {
                            // The first answer will do.
                            descriptionsUnderWay = 0;
                            attempt();
                        }
                    }

                    @Override
                    public void onFailure(Failure failure) {
                        if (descriptionsUnderWay > 0 && --descriptionsUnderWay == 0) {
                            retryIn(backoff.nextNanos());
                        }
                    }
                });
    }

    private Optional<NodeConnection> anyNode() {
        List<NodeConnection> candidates = cluster.candidates();
        return candidates.stream().filter(NodeConnection::isAvailable).findFirst();
    }

    private void retryIn(long nanos) {
        loop.schedule(nanos, this::attempt);
    }

    @Override
    public void onAnswer(R response) {
        deadline.cancel(false);
        answer.complete(response);
    }

    @Override
    public void onFailure(Failure failure) {
        if (answer.isDone()) {
            return;
        }
        if (failure.fromServer()) {
            lastRefusal = Optional.of(failure);
        }
        ambiguous |= !failure.isSureRefusal();
        if (failure.is("UNKNOWN_TOPIC") && isUnsure() && unsureAnswers++ < UNSURE_ANSWERS) {
            retryIn(backoff.nextNanos());
            return;
        }
        if (!failure.isRetriable()) {
            deadline.cancel(false);
            answer.completeExceptionally(failure.toException(what, outcome()));
            return;
        }
        cluster.metadataLeaderFailed(asked.get(), failure);
        boolean firstRedirection = failure.is("NOT_LEADER")
                && cluster.metadataLeader()
                        .filter(l -> redirectedTo.add(l.node()))
                        .isPresent();
        // A node that cannot be reached is left alone, so another one is asked next.
        boolean anotherNode = failure.isTransport() && anyNode().isPresent();
        if (firstRedirection || anotherNode) {
            attempt();
        } else {
            retryIn(Math.max(backoff.nextNanos(), failure.retryAfterNanos()));
        }
    }

    /** Only the metadata leader surely knows every topic. */
    private boolean isUnsure() {
        return cluster.metadataLeader()
                .filter(l -> asked.equals(Optional.of(l.node())))
                .isEmpty();
    }

    /** What is known of all attempts together. */
    private Outcome outcome() {
        return ambiguous ? Outcome.UNKNOWN : Outcome.NOT_APPLIED;
    }

    private void expire() {
        boolean underWay =
                lastRefusal.isEmpty() && asked.isPresent() && asked.get().isAvailable();
        ambiguous |= underWay;
        String within = " within " + cluster.config().requestTimeout().toMillis() + " ms";
        if (lastRefusal.isPresent()) {
            answer.completeExceptionally(new QuorateException(
                    lastRefusal.get().reason(),
                    what + " did not succeed" + within + ": "
                            + lastRefusal.get().message(),
                    true,
                    outcome(),
                    null));
            return;
        }
        answer.completeExceptionally(new QuorateException(
                "UNAVAILABLE",
                what + ": no node answered" + within + "; tried " + cluster.describeNodes(),
                true,
                outcome(),
                null));
    }
}

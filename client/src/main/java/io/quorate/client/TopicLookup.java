/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.v1.ClusterServiceGrpc;
import io.quorate.v1.DescribeClusterRequest;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.DescribeTopicRequest;
import io.quorate.v1.DescribeTopicResponse;
import io.quorate.v1.Topic;
import io.quorate.v1.TopicServiceGrpc;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Finds out who leads the partitions of one topic, by asking all nodes again and again as long as somebody wants to
 * know. Loop only.
 *
 * <p>During an election the answer may be there any moment, so the pause between two rounds stays short for the first
 * seconds. A round does not wait for the one before: a node that hangs delays nobody, it is just not asked twice.
 */
final class TopicLookup {
    /** Who wants to know. May unsubscribe from within a call. */
    interface Subscriber {
        /** Some node has answered; {@link Cluster#leader} may know more. */
        void onAnswer();

        /** The nodes agree that there is no such topic. */
        void onUnknownTopic(Failure failure);
    }

    private static final long CALL_TIMEOUT_NANOS = Duration.ofSeconds(1).toNanos();
    private static final Duration ELECTION_PAUSE = Duration.ofMillis(40);
    private static final int ELECTION_ROUNDS = 80;
    /** A topic may be so new that a node has not heard of it yet. */
    private static final int ANSWERS_TO_BELIEVE_UNKNOWN = 3;

    private final Cluster cluster;
    private final ClientLoop loop;
    private final String topic;
    private final Set<Subscriber> subscribers = new LinkedHashSet<>();
    private final Set<NodeConnection> underWay = new HashSet<>();
    private final Map<NodeConnection, Integer> unknownAnswers = new HashMap<>();
    private final Backoff electionPause = new Backoff(ELECTION_PAUSE, ELECTION_PAUSE);
    private final Backoff backoff;
    private Optional<Topic> description = Optional.empty();
    private Optional<Future<?>> nextRound = Optional.empty();
    private int rounds;
    private boolean missingAddress;
    private boolean closed;

    TopicLookup(Cluster cluster, String topic) {
        this.cluster = cluster;
        this.loop = cluster.loop();
        this.topic = topic;
        this.backoff = cluster.newBackoff();
    }

    /** As last described by any node, ever. */
    Optional<Topic> description() {
        return description;
    }

    /** A leader was named whose address is not known: nodes are asked for addresses, too. */
    void askForAddresses() {
        missingAddress = true;
    }

    /** Starts asking at once; goes on until all have unsubscribed. */
    void subscribe(Subscriber subscriber) {
        boolean first = subscribers.isEmpty();
        if (closed || !subscribers.add(subscriber)) {
            return;
        }
        if (first) {
            rounds = 0;
            backoff.reset();
            unknownAnswers.clear();
        }
        // Also when a round is due soon: each subscriber has just learned that something has changed. Nodes that have
        // not answered yet are not asked again, so many subscribers cause one round.
        askAll();
        if (nextRound.isEmpty()) {
            scheduleRound();
        }
    }

    void unsubscribe(Subscriber subscriber) {
        if (subscribers.remove(subscriber) && subscribers.isEmpty()) {
            nextRound.ifPresent(timer -> timer.cancel(false));
            nextRound = Optional.empty();
        }
    }

    void close() {
        closed = true;
        nextRound.ifPresent(timer -> timer.cancel(false));
    }

    private void scheduleRound() {
        long pause = rounds++ < ELECTION_ROUNDS ? electionPause.nextNanos() : backoff.nextNanos();
        nextRound = Optional.of(loop.schedule(pause, () -> {
            nextRound = Optional.empty();
            askAll();
            if (!closed && !subscribers.isEmpty()) {
                scheduleRound();
            }
        }));
    }

    private void askAll() {
        for (NodeConnection node : cluster.candidates()) {
            if (node.isAvailable() && underWay.add(node)) {
                ask(node);
            }
        }
    }

    private void ask(NodeConnection node) {
        if (!cluster.isDescribed() || missingAddress) {
            missingAddress = false;
            node.unary(
                    ClusterServiceGrpc.getDescribeClusterMethod(),
                    DescribeClusterRequest.getDefaultInstance(),
                    CALL_TIMEOUT_NANOS,
                    new NodeConnection.Answer<DescribeClusterResponse>() {
                        @Override
                        public void onAnswer(DescribeClusterResponse response) {
                            cluster.merge(response, node);
                            Optional<Topic> found = response.getTopicsList().stream()
                                    .filter(each -> each.getName().equals(topic))
                                    .findFirst();
                            answered(node, found);
                        }

                        @Override
                        public void onFailure(Failure failure) {
                            failed(node, failure);
                        }
                    });
            return;
        }
        node.unary(
                TopicServiceGrpc.getDescribeTopicMethod(),
                DescribeTopicRequest.newBuilder().setTopic(topic).build(),
                CALL_TIMEOUT_NANOS,
                new NodeConnection.Answer<DescribeTopicResponse>() {
                    @Override
                    public void onAnswer(DescribeTopicResponse response) {
                        cluster.merge(response.getTopic());
                        answered(node, Optional.of(response.getTopic()));
                    }

                    @Override
                    public void onFailure(Failure failure) {
                        failed(node, failure);
                    }
                });
    }

    private void failed(NodeConnection node, Failure failure) {
        if (failure.is("UNKNOWN_TOPIC")) {
            answered(node, Optional.empty());
        } else {
            underWay.remove(node);
        }
    }

    private void answered(NodeConnection node, Optional<Topic> answer) {
        underWay.remove(node);
        if (answer.isPresent()) {
            description = answer;
            unknownAnswers.clear();
            forEach(Subscriber::onAnswer);
            return;
        }
        unknownAnswers.merge(node, 1, Integer::sum);
        int agreeing = 0;
        for (int answers : unknownAnswers.values()) {
            agreeing += answers >= ANSWERS_TO_BELIEVE_UNKNOWN ? 1 : 0;
        }
        if (agreeing > cluster.candidates().size() / 2) {
            unknownAnswers.clear();
            description = Optional.empty();
            cluster.forget(topic);
            Failure failure = Failure.refusal("UNKNOWN_TOPIC", "there is no topic '" + topic + "'; create it first");
            forEach(subscriber -> subscriber.onUnknownTopic(failure));
        }
    }

    private void forEach(Consumer<Subscriber> action) {
        List<Subscriber> all = new ArrayList<>(subscribers);
        for (Subscriber subscriber : all) {
            if (subscribers.contains(subscriber)) {
                action.accept(subscriber);
            }
        }
    }
}

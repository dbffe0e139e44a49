/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.v1.Topic;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Leads one user (a producer's partition, a reader, a request) to the leader of one partition, over and over. Loop only.
 *
 * <p>The first attempt at a node in a generation is made at once, so that a redirection or a new leader costs no pause; a
 * node that has failed in the same generation is tried again only after a pause that doubles until there is progress.
 */
final class LeaderRoute implements TopicLookup.Subscriber {
    interface Owner {
        /** Call this node; then tell {@link LeaderRoute#progress} or {@link LeaderRoute#failed}. */
        void onLeader(NodeConnection node, long generation);

        /** There is no such partition. */
        void onNoSuchPartition(Failure failure);
    }

    /** Answers without the partition before it is believed not to exist. */
    private static final int ANSWERS_TO_BELIEVE_UNKNOWN = 6;

    private final Cluster cluster;
    private final ClientLoop loop;
    private final String topic;
    private final int partition;
    private final Owner owner;
    private final TopicLookup lookup;
    private final Backoff backoff;
    private final Set<NodeConnection> tried = new HashSet<>();
    private long triedGeneration = -1;
    private long retryAtNanos;
    private int answersWithoutPartition;
    private boolean seeking;
    private Optional<Failure> lastFailure = Optional.empty();

    LeaderRoute(Cluster cluster, String topic, int partition, Owner owner) {
        this.cluster = cluster;
        this.loop = cluster.loop();
        this.topic = topic;
        this.partition = partition;
        this.owner = owner;
        this.lookup = cluster.lookup(topic);
        this.backoff = cluster.newBackoff();
        this.retryAtNanos = loop.nanoTime();
    }

    /** Seeks the leader; nothing happens if that is under way already. */
    void start() {
        if (!seeking) {
            seeking = true;
            answersWithoutPartition = 0;
            attempt();
            if (seeking) {
                lookup.subscribe(this);
            }
        }
    }

    /** The attempt at this node failed, or what it led to has ended. Does not seek again by itself. */
    void failed(NodeConnection node, Failure failure) {
        lastFailure = Optional.of(failure);
        // An overloaded leader is still the leader.
        if (!failure.is("OVERLOADED")) {
            cluster.leaderFailed(topic, partition, node, failure);
        }
        retryAtNanos = loop.nanoTime() + Math.max(backoff.nextNanos(), failure.retryAfterNanos());
    }

    /** The leader does what it is asked for. */
    void progress() {
        backoff.reset();
        tried.clear();
        triedGeneration = -1;
        lastFailure = Optional.empty();
    }

    void stop() {
        seeking = false;
        lookup.unsubscribe(this);
    }

    /** Of the last attempt, if there was no progress since. */
    Optional<Failure> lastFailure() {
        return lastFailure;
    }

    /** Why there is no leader at the moment, for people. */
    String describeTrouble() {
        if (lastFailure.isPresent() && lastFailure.get().fromServer()) {
            return "the last answer was " + lastFailure.get();
        }
        return "nodes: " + cluster.describeNodes();
    }

    @Override
    public void onAnswer() {
        if (cluster.lacksAddressOfLeader(topic, partition)) {
            lookup.askForAddresses();
        }
        attempt();
        if (seeking) {
            checkPartitionExists();
        }
    }

    @Override
    public void onUnknownTopic(Failure failure) {
        stop();
        owner.onNoSuchPartition(failure);
    }

    private void attempt() {
        Optional<Cluster.Leader> leader = cluster.leader(topic, partition);
        if (leader.isEmpty()) {
            return;
        }
        NodeConnection node = leader.get().node();
        long generation = leader.get().generation();
        if (generation > triedGeneration) {
            triedGeneration = generation;
            tried.clear();
        }
        if (tried.add(node) || loop.nanoTime() - retryAtNanos >= 0) {
            stop();
            owner.onLeader(node, generation);
        }
    }

    private void checkPartitionExists() {
        Optional<Topic> description = lookup.description();
        boolean exists = description.isEmpty() || partition < description.get().getPartitionsCount();
        if (exists) {
            answersWithoutPartition = 0;
            return;
        }
        answersWithoutPartition++;
        if (answersWithoutPartition >= ANSWERS_TO_BELIEVE_UNKNOWN) {
            stop();
            owner.onNoSuchPartition(Failure.refusal(
                    "UNKNOWN_PARTITION",
                    "topic '" + topic + "' has " + description.get().getPartitionsCount()
                            + " partitions, counted from 0; there is no partition " + partition));
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.v1.Topic;
import java.util.Optional;

/**
 * Leads one user (a producer's partition, a reader, a request) to a node that serves one partition, over and over, with
 * pauses that double until there is progress. Which node that is, is the subclass's to say. Loop only.
 *
 * <p>A user that was {@linkplain #bind bound} to one incarnation of the topic, because it knows offsets or sequences of it,
 * is never led to another one.
 */
abstract class PartitionRoute implements TopicLookup.Subscriber {
    interface Owner {
        /** Call this node; then tell {@link PartitionRoute#progress} or {@link PartitionRoute#failed}. */
        void onFound(Cluster.Target target);

        /** There is no such partition, or it is another one now. May be called from within {@link PartitionRoute#start}. */
        void onNoSuchPartition(Failure failure);
    }

    /** Answers without the partition before it is believed not to exist. */
    private static final int ANSWERS_TO_BELIEVE_UNKNOWN = 6;

    final Cluster cluster;
    final String topic;
    final int partition;
    private final ClientLoop loop;
    private final Owner owner;
    private final TopicLookup lookup;
    private final Backoff backoff;
    private long boundGroupId;
    private long retryAtNanos;
    private int answersWithoutPartition;
    private boolean seeking;
    private Optional<Failure> lastFailure = Optional.empty();

    PartitionRoute(Cluster cluster, String topic, int partition, Owner owner) {
        this.cluster = cluster;
        this.loop = cluster.loop();
        this.topic = topic;
        this.partition = partition;
        this.owner = owner;
        this.lookup = cluster.lookup(topic);
        this.backoff = cluster.newBackoff();
        this.retryAtNanos = loop.nanoTime();
    }

    /**
     * The node to call now, if there is one.
     *
     * @param groupId only this group will do; 0: whichever the partition has
     */
    abstract Optional<Cluster.Target> choose(long groupId);

    /** The attempt at this node failed, or what it led to has ended. */
    abstract void onFailed(Cluster.Target target, Failure failure);

    /** The node does what it is asked for. */
    abstract void onProgress();

    /** Whether an address is missing to go where this route leads. */
    abstract boolean lacksAddress();

    /** Whether a node that has not been asked yet may do what this one has refused for good. */
    abstract boolean mayBeElsewhere(Failure refusal);

    /** What is sought, for people. */
    abstract String goal();

    /** Whether the pause after the last failure is over. */
    final boolean mayRepeat() {
        return loop.nanoTime() - retryAtNanos >= 0;
    }

    /** Seeks a node; nothing happens if that is under way already. */
    final void start() {
        if (!seeking) {
            seeking = true;
            answersWithoutPartition = 0;
            attempt();
            if (seeking) {
                lookup.subscribe(this);
            }
        }
    }

    /**
     * From now on only this group will do: the user knows something that holds in no other incarnation of the topic.
     *
     * @param groupId 0: not known, nothing changes
     */
    final void bind(long groupId) {
        if (boundGroupId == 0) {
            boundGroupId = groupId;
        }
    }

    /** The attempt at this node failed, or what it led to has ended. Does not seek again by itself. */
    final void failed(Cluster.Target target, Failure failure) {
        lastFailure = Optional.of(failure);
        onFailed(target, failure);
        retryAtNanos = loop.nanoTime() + Math.max(backoff.nextNanos(), failure.retryAfterNanos());
    }

    /** The node does what it is asked for. */
    final void progress() {
        backoff.reset();
        onProgress();
        lastFailure = Optional.empty();
    }

    final void stop() {
        seeking = false;
        lookup.unsubscribe(this);
    }

    /** Of the last attempt, if there was no progress since. */
    final Optional<Failure> lastFailure() {
        return lastFailure;
    }

    /** Why nobody does it at the moment, for people. */
    final String describeTrouble() {
        if (lastFailure.isPresent() && lastFailure.get().fromServer()) {
            return "the last answer was " + lastFailure.get();
        }
        return "nodes: " + cluster.describeNodes();
    }

    @Override
    public final void onAnswer() {
        if (lacksAddress()) {
            lookup.askForAddresses();
        }
        attempt();
        if (seeking) {
            checkPartitionExists();
        }
    }

    @Override
    public final void onUnknownTopic(Failure failure) {
        stop();
        owner.onNoSuchPartition(failure);
    }

    private void attempt() {
        if (boundGroupId > 0 && cluster.groupId(topic, partition) > boundGroupId) {
            stop();
            owner.onNoSuchPartition(recreated());
            return;
        }
        Optional<Cluster.Target> target = choose(boundGroupId);
        if (target.isPresent()) {
            stop();
            owner.onFound(target.get());
        }
    }

    private Failure recreated() {
        return Failure.refusal(
                "TOPIC_RECREATED",
                "topic '" + topic + "' was deleted and created again: its records and offsets are gone, and the new one"
                        + " needs a new producer or reader");
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

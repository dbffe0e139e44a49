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
 *
 * <p>A user that was {@linkplain #bind bound} to one incarnation of the topic, because it knows offsets or sequences of it,
 * is never led to another one.
 */
final class LeaderRoute implements TopicLookup.Subscriber {
    interface Owner {
        /** Call this node; then tell {@link LeaderRoute#progress} or {@link LeaderRoute#failed}. */
        void onLeader(Cluster.Leader leader);

        /** There is no such partition, or it is another one now. May be called from within {@link LeaderRoute#start}. */
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
    private long triedGroupId;
    private long triedGeneration = -1;
    private long boundGroupId;
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

    /**
     * From now on only this group will do: the user knows something that holds in no other incarnation of the topic.
     *
     * @param groupId 0: not known, nothing changes
     */
    void bind(long groupId) {
        if (boundGroupId == 0) {
            boundGroupId = groupId;
        }
    }

    /** The attempt at this leader failed, or what it led to has ended. Does not seek again by itself. */
    void failed(Cluster.Leader leader, Failure failure) {
        lastFailure = Optional.of(failure);
        // An overloaded leader is still the leader; so is one without room, unless somebody takes over.
        if (!failure.is("OVERLOADED") && !failure.is("DISK_FULL")) {
            cluster.leaderFailed(topic, partition, leader, failure);
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
        if (boundGroupId > 0 && cluster.groupId(topic, partition) > boundGroupId) {
            stop();
            owner.onNoSuchPartition(recreated());
            return;
        }
        Optional<Cluster.Leader> known = cluster.leader(topic, partition);
        if (known.isEmpty() || boundGroupId > 0 && known.get().groupId() != boundGroupId) {
            return;
        }
        Cluster.Leader leader = known.get();
        if (leader.groupId() != triedGroupId || leader.generation() > triedGeneration) {
            triedGroupId = leader.groupId();
            triedGeneration = leader.generation();
            tried.clear();
        }
        if (tried.add(leader.node()) || loop.nanoTime() - retryAtNanos >= 0) {
            stop();
            owner.onLeader(leader);
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

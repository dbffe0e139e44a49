/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;

/**
 * Notices that a leader that does not answer any more has a successor, though its connection looks alive: a process that
 * was stopped or a network that swallows packets. Loop only.
 */
final class LeaderWatch implements ReadWatch, TopicLookup.Subscriber {
    /** The other nodes are asked for so long; then there is silence to wait for again. */
    private static final long ASKING_NANOS = Duration.ofMillis(300).toNanos();

    private final Cluster cluster;
    private final ClientLoop loop;
    private final String topic;
    private final int partition;
    private final TopicLookup lookup;
    private final long silenceNanos;
    private Optional<Future<?>> timer = Optional.empty();
    private Runnable onReplaced = () -> {};
    private long groupId;
    private long generation;
    private long lastSignNanos;

    /** @param silence without any sign of life for so long, the other nodes are asked */
    LeaderWatch(Cluster cluster, String topic, int partition, Duration silence) {
        this.cluster = cluster;
        this.loop = cluster.loop();
        this.topic = topic;
        this.partition = partition;
        this.lookup = cluster.lookup(topic);
        this.silenceNanos = silence.toNanos();
    }

    @Override
    public void start(Cluster.Target leader, Runnable whenReplaced) {
        start(leader.groupId(), leader.generation(), whenReplaced);
    }

    /** Watches the group's leader of this generation, unless that is done already. */
    void start(long watchedGroupId, long watchedGeneration, Runnable whenReplaced) {
        groupId = watchedGroupId;
        generation = watchedGeneration;
        onReplaced = whenReplaced;
        if (timer.isEmpty()) {
            lastSignNanos = loop.nanoTime();
            timer = Optional.of(loop.schedule(silenceNanos, this::check));
        }
    }

    @Override
    public void sign() {
        lastSignNanos = loop.nanoTime();
    }

    @Override
    public void stop() {
        timer.ifPresent(running -> running.cancel(false));
        timer = Optional.empty();
        lookup.unsubscribe(this);
    }

    private void check() {
        long silence = loop.nanoTime() - lastSignNanos;
        if (silence < silenceNanos) {
            timer = Optional.of(loop.schedule(silenceNanos - silence, this::check));
            return;
        }
        timer = Optional.of(loop.schedule(ASKING_NANOS, () -> {
            lookup.unsubscribe(this);
            timer = Optional.of(loop.schedule(silenceNanos, this::check));
        }));
        lookup.subscribe(this);
    }

    @Override
    public void onAnswer() {
        Optional<Cluster.Target> leader = cluster.leader(topic, partition);
        if (leader.isPresent() && isSuccessor(leader.get())) {
            stop();
            onReplaced.run();
        }
    }

    private boolean isSuccessor(Cluster.Target leader) {
        // A topic that was deleted and created again has newer groups, whose generations start anew.
        return leader.groupId() > groupId || leader.groupId() == groupId && leader.generation() > generation;
    }

    @Override
    public void onUnknownTopic(Failure failure) {
        stop();
        onReplaced.run();
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.v1.Consistency;
import io.quorate.v1.GetTailRequest;
import io.quorate.v1.GetTailResponse;
import io.quorate.v1.LogServiceGrpc;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;

/**
 * Notices that a replica from which records are expected does not answer any more, or is cut off from the others, which have
 * more to give. Loop only.
 *
 * <p>After some silence all replicas are asked how far they are, each for what it knows itself: an idle partition is not
 * woken by that.
 */
final class ReplicaWatch implements ReadWatch {
    private static final long CALL_TIMEOUT_NANOS = Duration.ofSeconds(1).toNanos();
    /** What has just been committed reaches a healthy follower long before. */
    private static final long LAG_NANOS = Duration.ofMillis(500).toNanos();

    private final Cluster cluster;
    private final ClientLoop loop;
    private final String topic;
    private final int partition;
    private final long silenceNanos;
    private final LongSupplier nextOffset;
    private Optional<Future<?>> timer = Optional.empty();
    private Optional<Round> round = Optional.empty();
    private Cluster.Target target;
    private Runnable onOutdone = () -> {};
    private long lastSignNanos;

    /**
     * @param silence    without any sign for so long, the replicas are asked
     * @param nextOffset the offset that the watched node is to send next
     */
    ReplicaWatch(Cluster cluster, String topic, int partition, Duration silence, LongSupplier nextOffset) {
        this.cluster = cluster;
        this.loop = cluster.loop();
        this.topic = topic;
        this.partition = partition;
        this.silenceNanos = silence.toNanos();
        this.nextOffset = nextOffset;
    }

    @Override
    public void start(Cluster.Target watched, Runnable whenOutdone) {
        if (timer.isEmpty()) {
            target = watched;
            onOutdone = whenOutdone;
            lastSignNanos = loop.nanoTime();
            checkIn(silenceNanos);
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
        round = Optional.empty();
    }

    private void checkIn(long nanos) {
        timer = Optional.of(loop.schedule(nanos, this::check));
    }

    private void check() {
        long silence = loop.nanoTime() - lastSignNanos;
        if (silence < silenceNanos) {
            checkIn(silenceNanos - silence);
            return;
        }
        // Until its answers are there nothing is due; each comes in time, or as a failure.
        round = Optional.of(new Round());
        round.get().ask();
    }

    private void settle(Round asked) {
        if (round.filter(current -> current == asked).isEmpty()) {
            return;
        }
        round = Optional.empty();
        boolean silent = asked.startedNanos - lastSignNanos >= 0;
        if (silent && asked.unreachable) {
            outdone();
        } else if (silent && asked.ownTail <= nextOffset.getAsLong() && asked.furthestTail > asked.ownTail) {
            long due = lastSignNanos;
            timer = Optional.of(loop.schedule(LAG_NANOS, () -> {
                if (lastSignNanos == due) {
                    outdone();
                } else {
                    check();
                }
            }));
        } else {
            checkIn(silenceNanos);
        }
    }

    private void outdone() {
        stop();
        onOutdone.run();
    }

    /** How far the replicas are, each by its own account. */
    private final class Round {
        private final long startedNanos = loop.nanoTime();
        private int open;
        private boolean unreachable;
        /** Of the watched node; as far as possible if it has not told. */
        private long ownTail = Long.MAX_VALUE;

        private long furthestTail;

        private void ask() {
            List<NodeConnection> others = cluster.placement(topic, partition).stream()
                    .flatMap(placement -> placement.nodeIds().stream())
                    .flatMap(nodeId -> cluster.node(nodeId).stream())
                    .filter(node -> node != target.node() && node.isAvailable())
                    .toList();
            open = 1 + others.size();
            ask(target.node());
            others.forEach(this::ask);
        }

        private void ask(NodeConnection node) {
            GetTailRequest request = GetTailRequest.newBuilder()
                    .setTopic(topic)
                    .setPartition(partition)
                    .setGroupId(target.groupId())
                    .setConsistency(Consistency.CONSISTENCY_LOCAL)
                    .build();
            node.unary(
                    LogServiceGrpc.getGetTailMethod(),
                    request,
                    CALL_TIMEOUT_NANOS,
                    new NodeConnection.Answer<GetTailResponse>() {
                        @Override
                        public void onAnswer(GetTailResponse response) {
                            if (node == target.node()) {
                                ownTail = response.getHighWatermark();
                            }
                            furthestTail = Math.max(furthestTail, response.getHighWatermark());
                            answered();
                        }

                        @Override
                        public void onFailure(Failure failure) {
                            unreachable |= node == target.node() && failure.isTransport();
                            answered();
                        }
                    });
        }

        private void answered() {
            open--;
            if (open == 0) {
                settle(this);
            }
        }
    }
}

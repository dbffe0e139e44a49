/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.client.PendingBatch.Fate;
import io.quorate.client.QuorateException.Outcome;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the batches of one partition to whoever leads it, in order, until each is acknowledged or has failed. Loop only,
 * except {@link #wake}.
 *
 * <p>When a batch fails for good, its sequence is a gap that no later batch can pass: the rest starts anew under a new
 * producer id, which is safe only for batches that are surely not in the log; the others fail with it.
 */
final class PartitionSender implements AppendStream.Listener, PartitionRoute.Owner {
    /** What was not acknowledged when the producer was closed. */
    record Leftover(String partition, long records) {}

    private static final Logger LOG = LoggerFactory.getLogger(PartitionSender.class);
    /** A leader that acknowledges nothing for so long may have a successor. */
    private static final Duration SILENCE = Duration.ofSeconds(1);

    private static final int OUT_OF_SEQUENCE_TRIES = 3;

    private final Cluster cluster;
    private final ClientLoop loop;
    private final String topic;
    private final int partition;
    private final ProducerConfig config;
    private final Accumulator accumulator;
    private final NumberedBatches batches = new NumberedBatches();
    private final DeliveryReports reports;
    private final AtomicBoolean woken = new AtomicBoolean();

    private Optional<LeaderRoute> route = Optional.empty();
    private Optional<LeaderWatch> watch = Optional.empty();
    private Optional<AppendStream> stream = Optional.empty();
    private Optional<Future<?>> lingerTimer = Optional.empty();
    private Optional<Future<?>> expiryTimer = Optional.empty();
    private int outOfSequence;
    /** One batch at a time, to learn which one is refused. */
    private boolean isolating;

    private boolean closed;

    PartitionSender(
            Cluster cluster,
            String topic,
            int partition,
            ProducerConfig config,
            Accumulator accumulator,
            BufferBudget budget) {
        this.cluster = cluster;
        this.loop = cluster.loop();
        this.topic = topic;
        this.partition = partition;
        this.config = config;
        this.accumulator = accumulator;
        this.reports = new DeliveryReports(topic, partition, budget);
    }

    Accumulator accumulator() {
        return accumulator;
    }

    /** There is something new in the accumulator. Any thread. */
    void wake() {
        if (!woken.getAndSet(true)) {
            loop.execute(this::pump);
        }
    }

    /** Completes when everything added so far is acknowledged or has failed; nothing of it waits for more records. */
    void flush(CompletableFuture<Void> done) {
        reports.awaitUpTo(accumulator.lastOrdinal(), done);
        pump();
        reports.completeFlushes();
    }

    /** Sends nothing any more; what is left fails. */
    Leftover close() {
        closed = true;
        long records = failAll(batch -> new QuorateException(
                "DEADLINE_EXCEEDED",
                describe(batch) + ": the producer was closed before it was acknowledged",
                true,
                outcome(batch),
                null));
        stream.ifPresent(open -> open.cancel("closed"));
        stream = Optional.empty();
        route.ifPresent(PartitionRoute::stop);
        watch.ifPresent(LeaderWatch::stop);
        lingerTimer.ifPresent(timer -> timer.cancel(false));
        expiryTimer.ifPresent(timer -> timer.cancel(false));
        return new Leftover(topic + "/" + partition, records);
    }

    private void pump() {
        woken.set(false);
        if (closed) {
            return;
        }
        if (stream.isEmpty()) {
            if (hasWork()) {
                scheduleExpiry();
                route().start();
            }
            return;
        }
        AppendStream open = stream.get();
        int window = isolating ? 1 : config.maxInflightBatches();
        while (batches.sent() < window) {
            PendingBatch batch = batches.send(accumulator, mayTakeOpen());
            if (batch == null) {
                break;
            }
            open.send(batch);
        }
        if (batches.sent() > 0) {
            watch(open);
            scheduleExpiry();
            scheduleLinger();
        }
    }

    private boolean hasWork() {
        return !batches.isEmpty() || !accumulator.isEmpty();
    }

    /** Whether to send a batch that has room for more records. */
    private boolean mayTakeOpen() {
        if (batches.sent() == 0 || config.linger().isZero() || reports.isAwaited()) {
            return true;
        }
        OptionalLong oldest = accumulator.oldestNanos();
        return oldest.isPresent()
                && loop.nanoTime() - oldest.getAsLong() >= config.linger().toNanos();
    }

    @Override
    public void onFound(Cluster.Target leader) {
        if (closed) {
            return;
        }
        stream = Optional.of(AppendStream.open(leader, topic, partition, this));
        pump();
    }

    @Override
    public void onNoSuchPartition(Failure failure) {
        failAll(batch -> failure.toException(describe(batch), outcome(batch)));
        renewProducer();
    }

    @Override
    public void onOpened(AppendStream from) {
        watch(from);
        watch().sign();
    }

    @Override
    public void onResult(AppendStream from, io.quorate.v1.AppendResult result) {
        PendingBatch answered = batches.pollAnswered(result.getRequestId());
        if (answered == null) {
            String due =
                    batches.sent() == 0 ? "none" : Long.toString(batches.head().requestId());
            String problem = " answered request " + result.getRequestId() + " where " + due + " was due";
            from.cancel("unexpected result");
            onEnded(from, Failure.local("INTERNAL", from.node().address() + problem));
            return;
        }
        route().progress();
        // What is acknowledged is in this very topic; what follows it in order must not go to another one.
        route().bind(from.leader().groupId());
        watch.ifPresent(LeaderWatch::sign);
        outOfSequence = 0;
        if (batches.sent() == 0) {
            watch.ifPresent(LeaderWatch::stop);
            isolating = isolating && batches.unsent() > 0;
        }
        reports.acknowledge(answered, result.getBaseOffset(), result.getGeneration());
        pump();
    }

    @Override
    public void onEnded(AppendStream from, Failure failure) {
        LOG.debug(
                "append session of {}/{} with {} ended: {}",
                topic,
                partition,
                from.node().address(),
                failure);
        stream = Optional.empty();
        watch.ifPresent(LeaderWatch::stop);
        route().failed(from.leader(), failure);
        int concerned = batches.sent();
        markFates(from, failure, concerned);
        batches.takeBack();
        if (concerned > 0) {
            settleRefusal(failure, concerned);
        }
        pump();
    }

    private void markFates(AppendStream from, Failure failure, int concerned) {
        boolean nothingTaken = failure.isSureRefusal() && !from.isOpened();
        boolean thisOneRefused = concerned == 1 && failure.isRefusalOfBatch();
        if (nothingTaken || thisOneRefused || failure.is("UNKNOWN_PRODUCER")) {
            return;
        }
        batches.doubtSent(failure.isRefusalOfBatch() ? Fate.IN_REFUSED_SESSION : Fate.UNCERTAIN, from.nextOffset());
    }

    private void settleRefusal(Failure failure, int concerned) {
        if (failure.is("UNKNOWN_PRODUCER")) {
            if (batches.firstUnsent().fate() == Fate.UNCERTAIN) {
                failHead(failure);
            }
            renewProducer();
            return;
        }
        if (failure.is("OUT_OF_SEQUENCE") && ++outOfSequence < OUT_OF_SEQUENCE_TRIES) {
            return;
        }
        if (failure.isRetriable() || failure.isGone()) {
            // What has gone is for the route to find out: this node may just not have heard of it yet.
            return;
        }
        if (concerned > 1) {
            isolating = true;
            return;
        }
        failHead(failure);
        renewProducer();
    }

    private void failHead(Failure failure) {
        PendingBatch head = batches.pollUnsent();
        reports.fail(head, failure.toException(describe(head), outcomeOfRefused(head)));
        while (batches.unsent() > 0 && batches.firstUnsent().fate() == Fate.UNCERTAIN) {
            PendingBatch next = batches.pollUnsent();
            reports.fail(
                    next,
                    failure.toException(
                            describe(next) + " could not be settled because an earlier batch was refused",
                            Outcome.UNKNOWN));
        }
    }

    /** A batch that is refused now was not in the log before, unless a leader that is gone may have taken it. */
    private static Outcome outcomeOfRefused(PendingBatch batch) {
        return batch.fate() == Fate.UNCERTAIN ? Outcome.UNKNOWN : Outcome.NOT_APPLIED;
    }

    private static Outcome outcome(PendingBatch batch) {
        return batch.fate() == Fate.NOT_SENT ? Outcome.NOT_APPLIED : Outcome.UNKNOWN;
    }

    /** What is left is surely in no log: it starts anew, from sequence 0. */
    private void renewProducer() {
        batches.renewProducer();
        outOfSequence = 0;
        isolating = false;
    }

    private void leaderReplaced() {
        stream.ifPresent(open -> {
            open.cancel("another node leads");
            onEnded(open, Failure.local("UNAVAILABLE", open.node().address() + " has stopped answering"));
        });
    }

    private void scheduleLinger() {
        boolean room = batches.sent() < config.maxInflightBatches() && batches.unsent() == 0;
        if (lingerTimer.isEmpty() && room && accumulator.hasOnlyOpen()) {
            long age = accumulator.oldestNanos().stream()
                    .map(begun -> loop.nanoTime() - begun)
                    .findFirst()
                    .orElse(0);
            lingerTimer = Optional.of(loop.schedule(config.linger().toNanos() - age, () -> {
                lingerTimer = Optional.empty();
                pump();
            }));
        }
    }

    private void scheduleExpiry() {
        if (expiryTimer.isPresent()) {
            return;
        }
        OptionalLong oldest = oldestNanos();
        if (oldest.isPresent()) {
            long due = oldest.getAsLong() + config.deliveryTimeout().toNanos();
            expiryTimer = Optional.of(loop.schedule(due - loop.nanoTime(), () -> {
                expiryTimer = Optional.empty();
                expire(loop.nanoTime() - config.deliveryTimeout().toNanos());
            }));
        }
    }

    private OptionalLong oldestNanos() {
        PendingBatch head = batches.head();
        return head == null ? accumulator.oldestNanos() : OptionalLong.of(head.createdNanos());
    }

    private void expire(long begunBy) {
        PendingBatch head = batches.head();
        if (head != null && head.createdNanos() - begunBy <= 0) {
            expireNumbered(begunBy);
        }
        if (batches.isEmpty()) {
            PendingBatch batch = accumulator.pollBegunBy(begunBy);
            while (batch != null) {
                reports.fail(batch, expired(batch));
                batch = accumulator.pollBegunBy(begunBy);
            }
        }
        scheduleExpiry();
        pump();
    }

    private void expireNumbered(long begunBy) {
        batches.doubtSent(Fate.UNCERTAIN, 0);
        batches.takeBack();
        String trouble = route().describeTrouble();
        stream.ifPresent(open -> {
            open.cancel("no acknowledgement within the delivery timeout");
            route().failed(open.leader(), Failure.local("DEADLINE_EXCEEDED", "no acknowledgement; " + trouble));
        });
        stream = Optional.empty();
        watch.ifPresent(LeaderWatch::stop);
        for (PendingBatch next = batches.firstUnsent();
                next != null && (next.fate() != Fate.NOT_SENT || next.createdNanos() - begunBy <= 0);
                next = batches.firstUnsent()) {
            batches.pollUnsent();
            reports.fail(next, expired(next));
        }
        renewProducer();
    }

    private QuorateException expired(PendingBatch batch) {
        return new QuorateException(
                "DEADLINE_EXCEEDED",
                describe(batch) + " was not acknowledged within "
                        + config.deliveryTimeout().toMillis() + " ms; " + route().describeTrouble(),
                true,
                outcome(batch),
                null);
    }

    private String describe(PendingBatch batch) {
        return "append of " + batch.recordCount() + (batch.recordCount() == 1 ? " record to " : " records to ") + topic
                + "/" + partition;
    }

    private interface Cause {
        QuorateException of(PendingBatch batch);
    }

    private long failAll(Cause cause) {
        batches.doubtSent(Fate.UNCERTAIN, 0);
        batches.takeBack();
        long records = 0;
        for (PendingBatch batch = next(); batch != null; batch = next()) {
            records += batch.recordCount();
            reports.fail(batch, cause.of(batch));
        }
        return records;
    }

    private PendingBatch next() {
        return batches.unsent() == 0 ? accumulator.poll(true) : batches.pollUnsent();
    }

    private LeaderRoute route() {
        if (route.isEmpty()) {
            route = Optional.of(new LeaderRoute(cluster, topic, partition, this));
        }
        return route.get();
    }

    private void watch(AppendStream open) {
        watch().start(open.leader().groupId(), open.generation(), this::leaderReplaced);
    }

    private LeaderWatch watch() {
        if (watch.isEmpty()) {
            watch = Optional.of(new LeaderWatch(cluster, topic, partition, SILENCE));
        }
        return watch.get();
    }
}

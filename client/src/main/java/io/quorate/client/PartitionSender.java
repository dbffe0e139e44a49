/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.client.PendingBatch.Fate;
import io.quorate.client.QuorateException.Outcome;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
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
 * <pre>
 *  accumulator --number--> sent --result--> acknowledged
 *                           |  ^
 *             session ends  v  |  next session
 *                          unsent
 * </pre>
 *
 * <p>A batch gets its sequence when it is first sent and keeps its bytes when it is sent again, so the partition can tell
 * a repetition. When a batch fails for good, its sequence is a gap that no later batch can pass: the rest starts anew
 * under a new producer id, which is safe only for batches that are surely not in the log; the others fail with it.
 *
 * <p>Invariant: ordinals ascend over sent, unsent, accumulator, in that order; so do sequences over the first two.
 */
final class PartitionSender implements AppendStream.Listener, LeaderRoute.Owner {
    private record FlushWaiter(long ordinal, CompletableFuture<Void> done) {}

    /** What was not acknowledged when the producer was closed. */
    record Leftover(String partition, long records) {}

    private static final Logger LOG = LoggerFactory.getLogger(PartitionSender.class);
    private static final SecureRandom PRODUCER_IDS = new SecureRandom();
    /** A leader that acknowledges nothing for so long may have a successor. */
    private static final Duration SILENCE = Duration.ofSeconds(1);

    private static final int OUT_OF_SEQUENCE_TRIES = 3;

    private final Cluster cluster;
    private final ClientLoop loop;
    private final String topic;
    private final int partition;
    private final ProducerConfig config;
    private final Accumulator accumulator;
    private final BufferBudget budget;
    private final AtomicBoolean woken = new AtomicBoolean();

    private final ArrayDeque<PendingBatch> sent = new ArrayDeque<>();
    private final ArrayDeque<PendingBatch> unsent = new ArrayDeque<>();
    private final List<FlushWaiter> flushWaiters = new ArrayList<>();
    private Optional<LeaderRoute> route = Optional.empty();
    private Optional<LeaderWatch> watch = Optional.empty();
    private Optional<AppendStream> stream = Optional.empty();
    private Optional<Future<?>> lingerTimer = Optional.empty();
    private Optional<Future<?>> expiryTimer = Optional.empty();
    private long producerId = newProducerId();
    private long nextSequence;
    private long nextRequestId = 1;
    private long completedOrdinal;
    private long flushOrdinal;
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
        this.budget = budget;
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
        long ordinal = accumulator.lastOrdinal();
        flushOrdinal = Math.max(flushOrdinal, ordinal);
        flushWaiters.add(new FlushWaiter(ordinal, done));
        pump();
        completeFlushes();
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
        route.ifPresent(LeaderRoute::stop);
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
        while (sent.size() < window) {
            PendingBatch batch = unsent.poll();
            if (batch == null) {
                batch = accumulator.poll(mayTakeOpen());
                if (batch == null) {
                    break;
                }
                number(batch);
            }
            sent.add(batch);
            open.send(batch.requestId(), batch.bytes());
        }
        if (!sent.isEmpty()) {
            watch(open);
            scheduleExpiry();
            scheduleLinger();
        }
    }

    private boolean hasWork() {
        return !sent.isEmpty() || !unsent.isEmpty() || !accumulator.isEmpty();
    }

    /** Whether to send a batch that has room for more records. */
    private boolean mayTakeOpen() {
        if (sent.isEmpty() || config.linger().isZero() || flushOrdinal > completedOrdinal) {
            return true;
        }
        OptionalLong oldest = accumulator.oldestNanos();
        return oldest.isPresent()
                && loop.nanoTime() - oldest.getAsLong() >= config.linger().toNanos();
    }

    private void number(PendingBatch batch) {
        batch.number(producerId, nextSequence, nextRequestId++);
        nextSequence += batch.recordCount();
    }

    @Override
    public void onLeader(Cluster.Leader leader) {
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
        PendingBatch head = sent.peek();
        if (head == null || head.requestId() != result.getRequestId()) {
            from.cancel("unexpected result");
            onEnded(
                    from,
                    Failure.local(
                            "INTERNAL",
                            from.node().address() + " answered request " + result.getRequestId() + " where "
                                    + (head == null ? "none" : head.requestId()) + " was due"));
            return;
        }
        sent.poll();
        route().progress();
        // What is acknowledged is in this very topic; what follows it in order must not go to another one.
        route().bind(from.leader().groupId());
        watch.ifPresent(LeaderWatch::sign);
        outOfSequence = 0;
        if (sent.isEmpty()) {
            watch.ifPresent(LeaderWatch::stop);
            isolating = isolating && !unsent.isEmpty();
        }
        acknowledge(head, result);
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
        int concerned = sent.size();
        markFates(from, failure, concerned);
        while (!sent.isEmpty()) {
            unsent.addFirst(sent.pollLast());
        }
        if (concerned > 0) {
            settleRefusal(failure, concerned);
        }
        pump();
    }

    private void markFates(AppendStream from, Failure failure, int concerned) {
        boolean nothingTaken = failure.isSureRefusal() && !from.isOpened();
        boolean thisOneRefused = concerned == 1 && isRefusalOfBatch(failure);
        if (nothingTaken || thisOneRefused || failure.is("UNKNOWN_PRODUCER")) {
            return;
        }
        Fate fate = isRefusalOfBatch(failure) ? Fate.IN_REFUSED_SESSION : Fate.UNCERTAIN;
        for (PendingBatch batch : sent) {
            if (batch.fate() != Fate.UNCERTAIN) {
                batch.fate(fate);
            }
        }
    }

    /** A node looked at a batch and will never take it as it is. */
    private static boolean isRefusalOfBatch(Failure failure) {
        return failure.fromServer()
                && switch (failure.reason()) {
                    case "PRODUCER_FENCED",
                            "OUT_OF_SEQUENCE",
                            "INVALID_ARGUMENT",
                            "RECORD_TOO_LARGE",
                            "CORRUPT_BATCH" -> true;
                    default -> false;
                };
    }

    private void settleRefusal(Failure failure, int concerned) {
        if (failure.is("UNKNOWN_PRODUCER")) {
            if (unsent.peek().fate() == Fate.UNCERTAIN) {
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
        PendingBatch head = unsent.poll();
        fail(head, failure.toException(describe(head), outcomeOfRefused(head)));
        while (!unsent.isEmpty() && unsent.peek().fate() == Fate.UNCERTAIN) {
            PendingBatch next = unsent.poll();
            fail(
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
        producerId = newProducerId();
        nextSequence = 0;
        outOfSequence = 0;
        isolating = false;
        for (PendingBatch batch : unsent) {
            number(batch);
            batch.fate(Fate.NOT_SENT);
        }
    }

    private static long newProducerId() {
        long id = PRODUCER_IDS.nextLong();
        return id == 0 ? newProducerId() : id;
    }

    private void leaderReplaced() {
        stream.ifPresent(open -> {
            open.cancel("another node leads");
            onEnded(open, Failure.local("UNAVAILABLE", open.node().address() + " has stopped answering"));
        });
    }

    private void scheduleLinger() {
        boolean room = sent.size() < config.maxInflightBatches() && unsent.isEmpty();
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
        PendingBatch head = sent.isEmpty() ? unsent.peek() : sent.peek();
        return head == null ? accumulator.oldestNanos() : OptionalLong.of(head.createdNanos());
    }

    private void expire(long begunBy) {
        PendingBatch head = sent.isEmpty() ? unsent.peek() : sent.peek();
        if (head != null && head.createdNanos() - begunBy <= 0) {
            expireNumbered(begunBy);
        }
        if (sent.isEmpty() && unsent.isEmpty()) {
            PendingBatch batch = accumulator.pollBegunBy(begunBy);
            while (batch != null) {
                fail(batch, expired(batch));
                batch = accumulator.pollBegunBy(begunBy);
            }
        }
        scheduleExpiry();
        pump();
    }

    private void expireNumbered(long begunBy) {
        for (PendingBatch batch : sent) {
            batch.fate(Fate.UNCERTAIN);
        }
        while (!sent.isEmpty()) {
            unsent.addFirst(sent.pollLast());
        }
        String trouble = route().describeTrouble();
        stream.ifPresent(open -> {
            open.cancel("no acknowledgement within the delivery timeout");
            route().failed(open.leader(), Failure.local("DEADLINE_EXCEEDED", "no acknowledgement; " + trouble));
        });
        stream = Optional.empty();
        watch.ifPresent(LeaderWatch::stop);
        while (!unsent.isEmpty()
                && (unsent.peek().fate() != Fate.NOT_SENT || unsent.peek().createdNanos() - begunBy <= 0)) {
            PendingBatch batch = unsent.poll();
            fail(batch, expired(batch));
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
        for (PendingBatch batch : sent) {
            batch.fate(Fate.UNCERTAIN);
        }
        long records = 0;
        for (PendingBatch batch = next(); batch != null; batch = next()) {
            records += batch.recordCount();
            fail(batch, cause.of(batch));
        }
        return records;
    }

    private PendingBatch next() {
        if (!sent.isEmpty()) {
            return sent.poll();
        }
        return unsent.isEmpty() ? accumulator.poll(true) : unsent.poll();
    }

    private void acknowledge(PendingBatch batch, io.quorate.v1.AppendResult result) {
        budget.release(batch.reservedBytes());
        long baseOffset = result.getBaseOffset();
        int count = batch.recordCount();
        for (int i = 0; i < count; i++) {
            call(batch.callback(i), new AppendResult(partition, baseOffset + i, result.getGeneration()), null);
        }
        completed(batch);
    }

    private void fail(PendingBatch batch, QuorateException error) {
        budget.release(batch.reservedBytes());
        for (int i = 0; i < batch.recordCount(); i++) {
            call(batch.callback(i), null, error);
        }
        completed(batch);
    }

    private void call(Producer.Callback callback, AppendResult result, QuorateException error) {
        try {
            callback.onCompletion(result, error);
        } catch (RuntimeException | Error e) {
            // Errors too: the other records of the batch, and whoever waits in flush, have a right to their answer.
            LOG.warn("a callback of the producer for {} failed", topic, e);
        }
    }

    private void completed(PendingBatch batch) {
        completedOrdinal = batch.ordinal();
        completeFlushes();
    }

    private void completeFlushes() {
        if (flushWaiters.isEmpty()) {
            return;
        }
        for (Iterator<FlushWaiter> waiters = flushWaiters.iterator(); waiters.hasNext(); ) {
            FlushWaiter waiter = waiters.next();
            if (waiter.ordinal() <= completedOrdinal) {
                waiters.remove();
                waiter.done().complete(null);
            }
        }
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

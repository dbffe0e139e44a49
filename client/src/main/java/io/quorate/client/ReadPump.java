/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.client.QuorateException.Outcome;
import io.quorate.v1.ReadBatch;
import io.quorate.v1.ReadRequest;
import io.quorate.v1.ReadResponse;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;

/**
 * Fetches the batches of one partition ahead of its reader, from one node after the other. Loop only; the queue is
 * where the reader's thread takes over.
 *
 * <p>Bound: a node is asked for more only while less than {@link #PREFETCH_BYTES} wait in the queue, and never for more
 * than {@link #MAX_REQUESTED} responses at a time.
 */
final class ReadPump implements PartitionRoute.Owner, ReadStream.Listener {
    /** What the reader finds in the queue. */
    sealed interface Item {
        /** @param bytes to be given back with {@link #consumed} */
        record Chunk(List<ReadBatch> batches, long bytes) implements Item {}

        /** Nothing follows. */
        record End() implements Item {}

        /** The read cannot go on now, or ever if the error is not retriable. */
        record Trouble(QuorateException error) implements Item {}
    }

    static final long PREFETCH_BYTES = 4 << 20;
    static final int MAX_REQUESTED = 4;

    /** Where the record count is in a batch: docs/record-batch.md. */
    private static final int RECORD_COUNT_AT = 12;

    private final Cluster cluster;
    private final ClientLoop loop;
    private final String topic;
    private final int partition;
    private final OptionalLong untilOffset;
    private final boolean follow;
    private final BlockingQueue<Item> queue;
    private final ReadSource source;
    private final PartitionRoute route;
    private final ReadWatch watch;
    private Optional<ReadStream> stream = Optional.empty();
    private Optional<Future<?>> troubleTimer = Optional.empty();
    private long nextOffset;
    private final boolean limited;
    /** If limited: records that were asked for and have not come. */
    private long remainingRecords;

    /** The cluster itself has named this offset: a node that does not know it yet will soon. */
    private boolean offsetProven;

    private long queuedBytes;
    private boolean ended;

    ReadPump(
            Cluster cluster,
            String topic,
            int partition,
            ReaderConfig config,
            ReadStart start,
            BlockingQueue<Item> queue) {
        this.cluster = cluster;
        this.loop = cluster.loop();
        this.topic = topic;
        this.partition = partition;
        this.untilOffset = config.untilOffset();
        this.follow = config.follow();
        this.limited = config.limit() > 0;
        this.remainingRecords = config.limit();
        this.nextOffset = start.offset();
        this.offsetProven = start.proven();
        this.queue = queue;
        this.source = ReadSource.of(config);
        this.route = source.route(cluster, topic, partition, this);
        route.bind(start.groupId());
        this.watch = source.watch(cluster, topic, partition, () -> nextOffset);
    }

    void start() {
        awaitTrouble();
        route.start();
    }

    /** The reader has taken a chunk. */
    void consumed(long bytes) {
        queuedBytes -= bytes;
        requestMore();
    }

    void stop() {
        ended = true;
        stream.ifPresent(ReadStream::cancel);
        stream = Optional.empty();
        route.stop();
        watch.stop();
        calm();
    }

    @Override
    public void onFound(Cluster.Target target) {
        ReadRequest.Builder request = ReadRequest.newBuilder()
                .setTopic(topic)
                .setPartition(partition)
                .setGroupId(target.groupId())
                .setOffset(nextOffset)
                .setMaxRecords(remainingRecords)
                .setFollow(follow)
                .setConsistency(source.onTheWire());
        untilOffset.ifPresent(request::setUntilOffset);
        stream = Optional.of(ReadStream.open(target, request.build(), this));
        watch.start(target, this::outdone);
        requestMore();
    }

    private void outdone() {
        stream.ifPresent(open -> {
            open.cancel();
            onFailed(
                    open,
                    Failure.local("UNAVAILABLE", open.node().address() + " has stopped answering, or is cut off"));
        });
    }

    @Override
    public void onNoSuchPartition(Failure failure) {
        end(new Item.Trouble(failure.toException(what(), Outcome.NOT_APPLIED)));
    }

    @Override
    public void onResponse(ReadStream from, ReadResponse response) {
        route.progress();
        // From here on the position is one of this very topic.
        route.bind(from.target().groupId());
        watch.sign();
        calm();
        offsetProven = true;
        List<ReadBatch> batches = response.getBatchesList();
        if (!batches.isEmpty()) {
            long bytes = 0;
            for (ReadBatch batch : batches) {
                bytes += batch.getBatch().size();
                long before = nextOffset;
                nextOffset = Math.max(nextOffset, batch.getBaseOffset() + recordCount(batch));
                remainingRecords = Math.max(0, remainingRecords - (nextOffset - before));
            }
            queuedBytes += bytes;
            queue.add(new Item.Chunk(batches, bytes));
        }
        requestMore();
    }

    /** As the header says; the reader verifies it later, so a wrong one only means a wrong place to go on. */
    private static int recordCount(ReadBatch batch) {
        if (batch.getBatch().size() < RECORD_COUNT_AT + Integer.BYTES) {
            return 0;
        }
        int count = batch.getBatch()
                .substring(RECORD_COUNT_AT, RECORD_COUNT_AT + Integer.BYTES)
                .asReadOnlyByteBuffer()
                .getInt();
        return Math.max(0, count);
    }

    private boolean hasReachedBound() {
        boolean untilReached = untilOffset.isPresent() && nextOffset >= untilOffset.getAsLong();
        return untilReached || limited && remainingRecords == 0;
    }

    @Override
    public void onCompleted(ReadStream from) {
        if (follow && !hasReachedBound()) {
            onFailed(from, Failure.local("UNAVAILABLE", from.node().address() + " ended the read"));
            return;
        }
        end(new Item.End());
    }

    @Override
    public void onFailed(ReadStream from, Failure failure) {
        stream = Optional.empty();
        watch.stop();
        route.failed(from.target(), failure);
        boolean unsure = failure.isGone() || failure.is("BEYOND_TAIL") && offsetProven;
        if (hasReachedBound()) {
            end(new Item.End());
        } else if (failure.isRetriable() || unsure || route.mayBeElsewhere(failure)) {
            awaitTrouble();
            route.start();
        } else {
            end(new Item.Trouble(failure.toException(what(), Outcome.NOT_APPLIED)));
        }
    }

    private void end(Item last) {
        stop();
        queue.add(last);
    }

    private String what() {
        return "read of " + topic + "/" + partition + " at offset " + nextOffset;
    }

    private void requestMore() {
        if (stream.isPresent() && queuedBytes < PREFETCH_BYTES) {
            int more = MAX_REQUESTED - stream.get().requested();
            if (more > 0) {
                stream.get().request(more);
            }
        }
    }

    /** Without any response for the request timeout, the reader is told so; the read goes on all the same. */
    private void awaitTrouble() {
        if (troubleTimer.isEmpty() && !ended) {
            long timeout = cluster.config().requestTimeout().toNanos();
            troubleTimer = Optional.of(loop.schedule(timeout, () -> {
                troubleTimer = Optional.empty();
                if (stream.isEmpty() && queue.isEmpty()) {
                    queue.add(new Item.Trouble(trouble()));
                }
                awaitTrouble();
            }));
        }
    }

    private QuorateException trouble() {
        Optional<Failure> last = route.lastFailure().filter(Failure::fromServer);
        return new QuorateException(
                last.map(Failure::reason).orElse("UNAVAILABLE"),
                what() + " finds no " + route.goal() + "; " + route.describeTrouble(),
                true,
                Outcome.NOT_APPLIED,
                null);
    }

    private void calm() {
        troubleTimer.ifPresent(timer -> timer.cancel(false));
        troubleTimer = Optional.empty();
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.client.Admin.TopicInfo;
import io.quorate.client.QuorateException.Outcome;
import io.quorate.client.ReaderConfig.Position;
import io.quorate.v1.FindOffsetResponse;
import io.quorate.v1.GetTailResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A connection to a Quorate cluster. Thread-safe; share one per process.
 *
 * <p>Everything runs on one daemon thread of its own, callbacks of producers included. Nothing is connected before it is
 * needed, so that {@code connect} itself cannot fail because of the network.
 */
public final class QuorateClient implements AutoCloseable {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);
    /** The largest batch if a cluster does not name one. */
    private static final int DEFAULT_MAX_BATCH_BYTES = 1 << 20;

    private final ClientLoop loop;
    private final Cluster cluster;
    private final Admin admin;
    private final Set<Producer> producers = ConcurrentHashMap.newKeySet();
    private final Set<Reader> readers = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean closed = new AtomicBoolean();

    private QuorateClient(ClientConfig config) {
        loop = new ClientLoop();
        cluster = new Cluster(loop, config);
        admin = new ClusterAdmin(cluster);
    }

    /**
     * A client with default settings.
     *
     * @param uri {@code quorate://host:port,host:port}; any node will do, the others are found through it
     * @throws IllegalArgumentException if this is not such a URI
     */
    public static QuorateClient connect(String uri) {
        return connect(ClientConfig.of(HostAndPort.parseUri(uri)));
    }

    public static QuorateClient connect(ClientConfig config) {
        return new QuorateClient(config);
    }

    /** Topics and the state of the cluster. */
    public Admin admin() {
        checkOpen();
        return admin;
    }

    /**
     * An idempotent producer for one topic, with the number of partitions that the topic has now.
     *
     * @throws QuorateException if there is no such topic or partition, or no node answers
     */
    public Producer producer(String topic, ProducerConfig config) {
        checkOpen();
        Failure.prepare();
        TopicInfo description = admin.describeTopic(topic);
        int partitions = description.partitions().size();
        if (config.partition().orElse(0) >= partitions) {
            throw new QuorateException(
                    "UNKNOWN_PARTITION",
                    "topic '" + topic + "' has " + partitions + " partitions, counted from 0; there is no partition "
                            + config.partition().orElse(0),
                    false,
                    Outcome.NOT_APPLIED,
                    null);
        }
        Producer producer =
                new BatchingProducer(cluster, topic, config, partitions, maxBatchBytes(description), producers::remove);
        producers.add(producer);
        return producer;
    }

    private int maxBatchBytes(TopicInfo topic) {
        if (topic.maxBatchBytes() > 0) {
            return topic.maxBatchBytes();
        }
        int bytes = loop.await(loop.call(cluster::maxBatchBytes));
        return bytes > 0 ? bytes : DEFAULT_MAX_BATCH_BYTES;
    }

    /**
     * A reader of one partition; it resumes by itself when the leader changes, or another replica has to take over.
     *
     * @throws QuorateException if the start has to be asked for and nobody who may answer tells
     */
    public Reader reader(String topic, int partition, ReaderConfig config) {
        checkOpen();
        loop.checkNotCurrent();
        ReadStart start = startOf(topic, partition, config.position(), ReadSource.of(config));
        Reader reader = loop.await(
                loop.call(() -> PartitionReader.open(cluster, topic, partition, config, start, readers::remove)));
        readers.add(reader);
        return reader;
    }

    private ReadStart startOf(String topic, int partition, Position position, ReadSource source) {
        if (position instanceof Position.Offset named) {
            return ReadStart.named(named.offset());
        }
        if (position instanceof Position.Since since) {
            PartitionCall.Answered<FindOffsetResponse> found =
                    loop.await(ClusterAdmin.findOffset(cluster, topic, partition, since.millis(), source));
            return new ReadStart(found.response().getOffset(), true, found.groupId());
        }
        PartitionCall.Answered<GetTailResponse> tail = loop.await(ClusterAdmin.tail(cluster, topic, partition, source));
        long offset = position instanceof Position.Earliest
                ? tail.response().getLowWatermark()
                : tail.response().getHighWatermark();
        return new ReadStart(offset, true, tail.groupId());
    }

    /** As {@link #close(Duration)} with 30 s. */
    @Override
    public void close() {
        close(CLOSE_TIMEOUT);
    }

    /**
     * Closes producers, which flush for at most {@code timeout}, then readers and connections.
     *
     * @throws QuorateException naming what was not acknowledged, after everything has been closed
     */
    public void close(Duration timeout) {
        loop.checkNotCurrent();
        if (closed.getAndSet(true)) {
            return;
        }
        List<QuorateException> failures = new ArrayList<>();
        long deadline = loop.nanoTime() + timeout.toNanos();
        for (Producer producer : producers) {
            try {
                producer.close(Duration.ofNanos(Math.max(0, deadline - loop.nanoTime())));
            } catch (QuorateException e) {
                failures.add(e);
            }
        }
        readers.forEach(Reader::close);
        try {
            loop.await(loop.call(() -> {
                cluster.close();
                return cluster;
            }));
        } finally {
            loop.shutdown();
        }
        if (!failures.isEmpty()) {
            throw failures.get(0);
        }
    }

    private void checkOpen() {
        if (closed.get()) {
            throw new IllegalStateException("the client has been closed");
        }
    }
}

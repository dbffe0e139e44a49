/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.quorate.node.api.AppendListener;
import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.ClusterChange;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.EventKind;
import io.quorate.node.api.EventPage;
import io.quorate.node.api.EventQuery;
import io.quorate.node.api.FoundOffset;
import io.quorate.node.api.Marks;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.NodeEvent;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSession;
import io.quorate.node.api.ReadSink;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.api.TopicSettings;
import io.quorate.raft.log.Payload;
import java.util.List;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A node whose answers the test gives. Notes what it is asked. */
final class FakeNodeApi implements NodeApi {
    static final long GENERATION = 7;
    static final Marks MARKS = new Marks(5, 100, GENERATION, 2);

    record Append(TopicPartition partition, Payload batch, OptionalLong triedSince, AppendListener listener) {}

    record Read(
            TopicPartition partition, ReadSpec spec, ReadSink sink, AtomicInteger resumed, AtomicInteger cancelled) {}

    final List<Append> appends = new CopyOnWriteArrayList<>();
    final List<Read> reads = new CopyOnWriteArrayList<>();

    /** Set: every request is refused with it. */
    volatile Refusal refusal;

    /** Set: every request throws it. */
    volatile Throwable bug;

    @Override
    public Result<AppendTarget> openAppend(TopicPartition partition, OptionalLong generation) {
        return answer(new AppendTarget() {
            @Override
            public long generation() {
                return GENERATION;
            }

            @Override
            public long nextOffset() {
                return MARKS.highWatermark();
            }

            @Override
            public void append(Payload batch, OptionalLong triedSince, AppendListener listener) {
                appends.add(new Append(partition, batch, triedSince, listener));
            }
        });
    }

    @Override
    public Result<ReadSession> read(TopicPartition partition, ReadSpec spec, ReadSink sink) {
        Read read = new Read(partition, spec, sink, new AtomicInteger(), new AtomicInteger());
        Result<ReadSession> answer = answer(new ReadSession() {
            @Override
            public void resume() {
                read.resumed().incrementAndGet();
            }

            @Override
            public void cancel() {
                read.cancelled().incrementAndGet();
            }
        });
        reads.add(read);
        return answer;
    }

    @Override
    public void tail(TopicPartition partition, ReadConsistency consistency, Consumer<Result<Marks>> answer) {
        answer.accept(answer(MARKS));
    }

    @Override
    public void findOffset(
            TopicPartition partition,
            long appendTimeMillis,
            ReadConsistency consistency,
            Consumer<Result<FoundOffset>> answer) {
        answer.accept(answer(new FoundOffset(appendTimeMillis / 1_000, MARKS)));
    }

    @Override
    public void trim(TopicPartition partition, long offset, Consumer<Result<Marks>> answer) {
        answer.accept(answer(new Marks(offset, 42, GENERATION, 2)));
    }

    @Override
    public void createTopic(
            String topic,
            int partitions,
            int replicationFactor,
            TopicSettings settings,
            Consumer<Result<ClusterView.TopicView>> answer) {
        answer.accept(answer(new ClusterView.TopicView(
                topic,
                replicationFactor,
                settings,
                List.of(new ClusterView.PartitionView(0, 1, List.of(1, 2, 3), 2, GENERATION)))));
    }

    @Override
    public void alterTopic(
            String topic,
            long groupId,
            TopicSettings.Change settings,
            int partitions,
            Consumer<Result<ClusterView.TopicView>> answer) {
        answer.accept(answer(new ClusterView.TopicView(
                topic, partitions, settings.applyTo(new TopicSettings(-1, 8, 9)), List.of())));
    }

    @Override
    public void changeCluster(ClusterChange change, Consumer<Result<ClusterChange.Accepted>> answer) {
        answer.accept(new Result.Ok<>(new ClusterChange.Accepted(change.toString())));
    }

    @Override
    public void deleteTopic(String topic, long groupId, Consumer<Result<Boolean>> answer) {
        answer.accept(answer(true));
    }

    @Override
    public Result<ClusterView.TopicView> topic(String topic) {
        return answer(new ClusterView.TopicView(topic, 3, TopicSettings.DEFAULT, List.of()));
    }

    @Override
    public ClusterView view() {
        return new ClusterView(
                "cluster",
                1,
                List.of(
                        new ClusterView.NodeView(1, "a:1", "a:2", true, OptionalLong.of(0)),
                        new ClusterView.NodeView(2, "", "b:2", false, OptionalLong.empty())),
                new ClusterView.GroupView(
                        0, "", 0, ClusterView.ReplicaRole.LEADER, GENERATION, 1, 9, 10, 0, List.of(1, 2), ""),
                List.of(),
                List.of(),
                new ClusterView.DiskView(40, true, ClusterView.SpaceLevel.LOW, 1 << 20),
                new ClusterView.ScrubView(true, true, 2, 5, 4096, OptionalLong.of(90_000), 1_500, 1 << 30),
                1 << 20);
    }

    /** Tells in its only event how it was asked. */
    @Override
    public void events(EventQuery query, Consumer<Result<EventPage>> answer) {
        SortedMap<Long, TopicPartition> partitions = new TreeMap<>();
        partitions.put(7L, new TopicPartition("demo", 2, 7));
        NodeEvent event = new NodeEvent(41, 1_700, EventKind.VOTE_REFUSED, 7, GENERATION, 3, query.toString());
        answer.accept(answer(new EventPage(1, List.of(event), partitions, 1_800, 42)));
    }

    @Override
    public boolean isReady() {
        return true;
    }

    private <T> Result<T> answer(T value) {
        if (bug instanceof RuntimeException exception) {
            throw exception;
        }
        if (bug instanceof Error error) {
            throw error;
        }
        return refusal == null ? new Result.Ok<>(value) : new Result.Refused<>(refusal);
    }
}

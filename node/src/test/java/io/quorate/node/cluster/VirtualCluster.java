/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.quorate.logstore.LogStoreConfig;
import io.quorate.node.NodeSettings;
import io.quorate.node.api.AppendListener;
import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.ClusterChange;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.Marks;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSession;
import io.quorate.node.api.ReadSink;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.api.TopicSettings;
import io.quorate.node.replica.DiskLimits;
import io.quorate.node.replica.ScrubSettings;
import io.quorate.raft.RaftConfig;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.wire.RecordBatchBuilder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/** Whole nodes in one thread on virtual time, with the questions that tests ask of them. */
final class VirtualCluster {
    static final int TICK_MILLIS = 20;
    static final RaftConfig RAFT = new RaftConfig(20, 3, 64 << 10, 256 << 10, 8, 256 << 10, 64 << 10);
    static final LogStoreConfig LOG_STORE = new LogStoreConfig(256 << 10, 0, 4 << 10);
    static final DiskLimits DISK = new DiskLimits(40, 64 << 20, 16 << 20, 1_000);
    static final int HOUSEKEEPING_MILLIS = 500;
    static final int MAX_BATCH_BYTES = 100_000;
    static final long MAX_INFLIGHT_BYTES = 200_000;

    private final VirtualTime time = new VirtualTime();
    private final VirtualNetwork network = new VirtualNetwork(time);
    private final SortedMap<NodeId, VirtualNode> nodes = new TreeMap<>();
    private final SortedMap<NodeId, String> addresses = new TreeMap<>();
    private final RaftConfig raft;
    private final ScrubSettings scrub;
    private final long maxTailBytes;
    private final Set<Serving> recovered = new HashSet<>();

    private record Serving(VirtualNode node, TopicPartition partition, long generation) {}

    VirtualCluster(int size) {
        this(size, RAFT);
    }

    VirtualCluster(int size, RaftConfig raft) {
        this(size, raft, ScrubSettings.DEFAULT);
    }

    VirtualCluster(int size, RaftConfig raft, ScrubSettings scrub) {
        this(size, raft, scrub, NodeSettings.DEFAULT_MAX_TAIL_BYTES);
    }

    private VirtualCluster(int size, RaftConfig raft, ScrubSettings scrub, long maxTailBytes) {
        this.raft = raft;
        this.scrub = scrub;
        this.maxTailBytes = maxTailBytes;
        for (int id = 1; id <= size; id++) {
            addresses.put(new NodeId(id), "peer-" + id + ":75");
        }
        for (NodeId id : addresses.keySet()) {
            nodes.put(id, new VirtualNode(settings(id, addresses, false), time, network, 1000 + id.value()));
        }
    }

    private NodeSettings settings(NodeId id, SortedMap<NodeId, String> all, boolean joins) {
        return new NodeSettings(
                "test",
                id,
                all,
                "client-" + id.value() + ":74",
                TICK_MILLIS,
                raft,
                LOG_STORE,
                DISK,
                HOUSEKEEPING_MILLIS,
                MAX_BATCH_BYTES,
                MAX_INFLIGHT_BYTES,
                maxTailBytes,
                NodeSettings.DEFAULT_MAX_EVENT_BYTES,
                scrub,
                joins);
    }

    /** A machine for a node that is to join; it is not started. */
    VirtualNode prepare(int number) {
        NodeId id = new NodeId(number);
        SortedMap<NodeId, String> all = new TreeMap<>(addresses);
        all.put(id, "peer-" + number + ":75");
        nodes.put(id, new VirtualNode(settings(id, all, true), time, network, 1000 + number));
        return nodes.get(id);
    }

    /** A further node, until it takes part. */
    void join(int number) {
        change(new ClusterChange.AddNode(number, "peer-" + number + ":75")).value();
        prepare(number).start();
        await("node " + number + " to take part", () -> node(number).api().isReady());
    }

    Answer<ClusterChange.Accepted> change(ClusterChange change) {
        await("a metadata leader that serves", () -> running().stream()
                .anyMatch(node -> node.api().isReady()
                        && node.api().view().metadata().role() == ClusterView.ReplicaRole.LEADER
                        && node.api().view().metadata().appliedIndex()
                                == node.api().view().metadata().lastIndex()));
        Answer<ClusterChange.Accepted> answer = new Answer<>();
        metadataLeader().api().changeCluster(change, answer::take);
        await("an answer to " + change, answer::isThere);
        return answer;
    }

    /** Nodes that run, have recovered the registry and know its leader. */
    static VirtualCluster started(int size) {
        VirtualCluster cluster = new VirtualCluster(size);
        cluster.nodes.values().forEach(VirtualNode::start);
        cluster.awaitReady();
        return cluster;
    }

    /** As {@link #started(int)}, with nodes that read their logs again as eagerly as this. */
    static VirtualCluster scrubbing(int size, ScrubSettings scrub) {
        VirtualCluster cluster = new VirtualCluster(size, RAFT, scrub);
        cluster.nodes.values().forEach(VirtualNode::start);
        cluster.awaitReady();
        return cluster;
    }

    /** As {@link #started(int)}, with nodes that keep so much of all groups in memory. */
    static VirtualCluster keeping(int size, long maxTailBytes) {
        VirtualCluster cluster = new VirtualCluster(size, RAFT, ScrubSettings.DEFAULT, maxTailBytes);
        cluster.nodes.values().forEach(VirtualNode::start);
        cluster.awaitReady();
        return cluster;
    }

    void awaitReady() {
        await("all nodes ready", () -> running().stream()
                .allMatch(node -> node.api().isReady()));
    }

    VirtualNetwork network() {
        return network;
    }

    VirtualNode node(int id) {
        return nodes.get(new NodeId(id));
    }

    List<VirtualNode> all() {
        return List.copyOf(nodes.values());
    }

    List<VirtualNode> running() {
        return nodes.values().stream().filter(VirtualNode::isUp).toList();
    }

    // ---- time

    long currentTimeMillis() {
        return time.currentTimeMillis();
    }

    void run(long millis) {
        long until = time.nanoTime() + millis * 1_000_000;
        while (time.step(until)) {
            noNodeHasStopped();
        }
    }

    long nowMillis() {
        return time.nanoTime() / 1_000_000;
    }

    /** All processes are stopped for a while, and go on. */
    void pauseAll(long millis) {
        time.skip(millis * 1_000_000);
    }

    void await(String what, BooleanSupplier condition) {
        long until = time.nanoTime() + 10_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (!time.step(until)) {
                fail("not within 10 s: " + what + "\n" + describe());
            }
            noNodeHasStopped();
        }
    }

    private void noNodeHasStopped() {
        for (VirtualNode node : nodes.values()) {
            if (node.fatal() != null) {
                throw new AssertionError("node " + node.id() + " has stopped", node.fatal());
            }
        }
    }

    private String describe() {
        StringBuilder text = new StringBuilder();
        for (VirtualNode node : running()) {
            text.append(node.id()).append(": ").append(node.api().view()).append('\n');
        }
        return text.toString();
    }

    // ---- topics

    /** An answer that arrives some time. */
    static final class Answer<T> {
        private Result<T> result;

        void take(Result<T> answer) {
            assertTrue(result == null, "answered twice");
            result = answer;
        }

        boolean isThere() {
            return result != null;
        }

        T value() {
            Result.Ok<T> ok = assertInstanceOf(Result.Ok.class, result, () -> "answer is " + result);
            return ok.value();
        }

        Refusal refusal() {
            return refusalOf(result);
        }
    }

    static Refusal refusalOf(Result<?> result) {
        Result.Refused<?> refused = assertInstanceOf(Result.Refused.class, result, () -> "answer is " + result);
        return refused.refusal();
    }

    VirtualNode metadataLeader() {
        await("a metadata leader", () -> leaderOfMetadata().isPresent());
        return leaderOfMetadata().orElseThrow();
    }

    private Optional<VirtualNode> leaderOfMetadata() {
        return running().stream()
                .filter(node -> node.api().view().metadata().role() == ClusterView.ReplicaRole.LEADER)
                .max((a, b) -> Long.compare(
                        a.api().view().metadata().generation(),
                        b.api().view().metadata().generation()));
    }

    Answer<ClusterView.TopicView> create(String topic, int partitions, int replicationFactor, int maxBatchBytes) {
        VirtualNode leader = metadataLeader();
        Answer<ClusterView.TopicView> answer = new Answer<>();
        leader.api()
                .createTopic(
                        topic, partitions, replicationFactor, new TopicSettings(maxBatchBytes, 0, 0), answer::take);
        await("an answer to the creation of " + topic, answer::isThere);
        return answer;
    }

    Answer<ClusterView.TopicView> alter(String topic, TopicSettings.Change settings, int partitions) {
        Answer<ClusterView.TopicView> answer = new Answer<>();
        metadataLeader().api().alterTopic(topic, 0, settings, partitions, answer::take);
        await("an answer to the alteration of " + topic, answer::isThere);
        return answer;
    }

    Answer<Marks> trim(TopicPartition partition, long offset) {
        Answer<Marks> answer = new Answer<>();
        leader(partition).api().trim(partition, offset, answer::take);
        await("an answer to a trim", answer::isThere);
        return answer;
    }

    Answer<Boolean> delete(String topic) {
        return delete(topic, 0);
    }

    Answer<Boolean> delete(String topic, long groupId) {
        Answer<Boolean> answer = new Answer<>();
        metadataLeader().api().deleteTopic(topic, groupId, answer::take);
        await("an answer to the deletion of " + topic, answer::isThere);
        return answer;
    }

    /** A topic of one partition with a leader that serves. */
    TopicPartition topic(String name) {
        create(name, 1, 0, 0).value();
        TopicPartition partition = new TopicPartition(name, 0);
        leader(partition);
        return partition;
    }

    /** The node that serves the partition as its leader, once there is one. */
    VirtualNode leader(TopicPartition partition) {
        await("a leader of " + partition, () -> serving(partition).isPresent());
        return serving(partition).orElseThrow();
    }

    private Optional<VirtualNode> serving(TopicPartition partition) {
        return running().stream()
                .filter(node -> servesAll(node, partition))
                .max((a, b) -> Long.compare(
                        marks(a, partition).generation(), marks(b, partition).generation()));
    }

    /** Takes appends, and has applied all that it inherited, so that it answers everything else as well. */
    private boolean servesAll(VirtualNode node, TopicPartition partition) {
        if (!(node.api().openAppend(partition, OptionalLong.empty()) instanceof Result.Ok<AppendTarget> led)) {
            return false;
        }
        Serving serving = new Serving(node, partition, led.value().generation());
        if (!recovered.contains(serving)) {
            node.api().view().localGroups().stream()
                    .filter(group ->
                            group.topic().equals(partition.topic()) && group.partition() == partition.partition())
                    .filter(group -> group.appliedIndex() == group.lastIndex())
                    .forEach(group -> recovered.add(serving));
        }
        return recovered.contains(serving);
    }

    static Marks marks(VirtualNode node, TopicPartition partition) {
        Result.Ok<Marks> ok = assertInstanceOf(Result.Ok.class, localTail(node, partition));
        return ok.value();
    }

    /** What one replica says of itself, which it does at once. */
    static Result<Marks> localTail(VirtualNode node, TopicPartition partition) {
        List<Result<Marks>> answers = new ArrayList<>();
        node.api().tail(partition, ReadConsistency.LOCAL, answers::add);
        return answers.get(0);
    }

    /** What the node says as the partition's leader. */
    Result<Marks> tail(VirtualNode node, TopicPartition partition) {
        List<Result<Marks>> answers = new ArrayList<>();
        node.api().tail(partition, ReadConsistency.LEADER, answers::add);
        await("an answer to where " + partition + " ends", () -> !answers.isEmpty());
        return answers.get(0);
    }

    /** A running node of the partition that does not lead it. */
    VirtualNode follower(TopicPartition partition) {
        VirtualNode leader = leader(partition);
        return running().stream().filter(node -> node != leader).findFirst().orElseThrow();
    }

    // ---- appends

    /** What became of one append. */
    static final class Append implements AppendListener {
        long baseOffset = -1;
        long generation;
        boolean duplicate;
        Refusal refusal;
        private Runnable onAnswer = () -> {};

        void then(Runnable action) {
            onAnswer = action;
        }

        boolean isAnswered() {
            return baseOffset >= 0 || refusal != null;
        }

        @Override
        public void onCommitted(long offset, long inGeneration, boolean isDuplicate) {
            assertTrue(!isAnswered(), "answered twice");
            baseOffset = offset;
            generation = inGeneration;
            duplicate = isDuplicate;
            onAnswer.run();
        }

        @Override
        public void onRefused(Refusal why) {
            assertTrue(!isAnswered(), "answered twice");
            refusal = why;
            onAnswer.run();
        }
    }

    static AppendTarget target(VirtualNode node, TopicPartition partition) {
        Result.Ok<AppendTarget> ok = assertInstanceOf(
                Result.Ok.class,
                node.api().openAppend(partition, OptionalLong.empty()),
                () -> "openAppend on " + node.id());
        return ok.value();
    }

    /** Sends without waiting. */
    static Append send(AppendTarget target, Payload batch) {
        Append append = new Append();
        target.append(batch, append);
        return append;
    }

    Append append(TopicPartition partition, Payload batch) {
        Append append = send(target(leader(partition), partition), batch);
        await("an answer to an append", append::isAnswered);
        return append;
    }

    /** A batch of one record per text, of a producer without identity. */
    static Payload plain(String... texts) {
        return batch(0, 0, 0, texts);
    }

    static Payload batch(long producerId, int epoch, long sequence, String... texts) {
        RecordBatchBuilder builder = new RecordBatchBuilder(1024);
        for (String text : texts) {
            builder.append(1_700_000_000_000L, null, text.getBytes(StandardCharsets.UTF_8));
        }
        return Payload.wrap(builder.build(producerId, epoch, sequence));
    }

    // ---- reads

    /** Takes everything, or as much as a test lets it. */
    static final class Collected implements ReadSink {
        final List<LogEntry> entries = new ArrayList<>();
        boolean ready = true;
        boolean ended;
        int caughtUp;
        int calls;
        Refusal refusal;
        Marks marks;
        ReadSession session;

        /** {@code offset:payload} of each batch, in order. */
        List<Payload> batches() {
            return entries.stream().map(LogEntry::payload).toList();
        }

        @Override
        public boolean isReady() {
            return ready;
        }

        @Override
        public void onEntries(List<LogEntry> more, Marks now) {
            entries.addAll(more);
            marks = now;
            calls++;
        }

        @Override
        public void onCaughtUp(Marks now) {
            marks = now;
            caughtUp++;
        }

        @Override
        public void onEnd(Marks now) {
            marks = now;
            ended = true;
        }

        @Override
        public void onRefused(Refusal why) {
            refusal = why;
        }
    }

    static ReadSpec from(long offset) {
        return new ReadSpec(new ReadSpec.From.Offset(offset), OptionalLong.empty(), 0, false, ReadConsistency.LEADER);
    }

    static ReadSpec follow(long offset) {
        return new ReadSpec(new ReadSpec.From.Offset(offset), OptionalLong.empty(), 0, true, ReadConsistency.LEADER);
    }

    static Collected open(VirtualNode node, TopicPartition partition, ReadSpec spec) {
        Collected collected = new Collected();
        Result.Ok<ReadSession> ok = assertInstanceOf(Result.Ok.class, node.api().read(partition, spec, collected));
        collected.session = ok.value();
        return collected;
    }

    /** Reads to the end. */
    Collected read(VirtualNode node, TopicPartition partition, ReadSpec spec) {
        Collected collected = open(node, partition, spec);
        await("the end of a read", () -> collected.ended || collected.refusal != null);
        return collected;
    }
}

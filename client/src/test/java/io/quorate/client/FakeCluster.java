/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.quorate.v1.Consistency;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.Group;
import io.quorate.v1.Node;
import io.quorate.v1.NodeState;
import io.quorate.v1.Partition;
import io.quorate.v1.Topic;
import io.quorate.wire.BatchHeader;
import io.quorate.wire.InvalidBatchException;
import io.quorate.wire.RecordBatch;
import io.quorate.wire.RecordCursor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * A cluster of scripted nodes behind real sockets. What a real cluster replicates is shared memory here: one log per
 * partition, which keeps batches in the order of their sequences and answers repetitions with the original offset.
 * Thread-safe: everything is guarded by the cluster's monitor, which is notified of every change.
 */
final class FakeCluster implements AutoCloseable {
    /** What a node does with the next batch. */
    sealed interface Step {
        /** Appends it and says so. */
        record Accept() implements Step {}

        /** Appends it and breaks the session without an answer. */
        record AppendAndBreak() implements Step {}

        /** Breaks the session; nothing is appended. */
        record Break() implements Step {}

        /** Neither appends nor answers, until {@link #release}. */
        record Hold() implements Step {}

        record Refuse(StatusRuntimeException status) implements Step {}
    }

    record Stored(long baseOffset, long generation, ByteString bytes, BatchHeader header) {}

    /** A batch as a node received it. */
    record Received(int nodeId, BatchHeader header, ByteString bytes, OptionalLong triedSince) {}

    static final class Log {
        final List<Stored> batches = new ArrayList<>();
        final Map<Long, Long> nextSequences = new TreeMap<>();
        /** What was appended from which time on, in ms. */
        final NavigableMap<Long, Long> offsetsByTime = new TreeMap<>();

        /** Nodes that hold a replica. */
        List<Integer> replicas = List.of();

        long groupId;
        long lowWatermark;
        long nextOffset;
        int leaderId;
        long generation = 1;
    }

    static final String TOPIC = "orders";

    final List<FakeNode> nodes = new ArrayList<>();
    final List<Log> partitions = new ArrayList<>();
    final Deque<Step> script = new ArrayDeque<>();
    final List<Received> received = new ArrayList<>();
    final List<String> requests = new ArrayList<>();
    /** Of all reads that were not hung up on. */
    final List<Consistency> consistencies = new ArrayList<>();
    /** Reads that follow, told of every batch that is appended. */
    final List<BiConsumer<Log, Stored>> followers = new ArrayList<>();

    int metadataLeader = 1;
    boolean topicExists = true;

    FakeCluster(int nodeCount, int partitionCount) {
        for (int i = 0; i < partitionCount; i++) {
            Log log = new Log();
            log.groupId = i + 1;
            log.leaderId = 1 + i % nodeCount;
            log.replicas = IntStream.rangeClosed(1, nodeCount).boxed().toList();
            partitions.add(log);
        }
        for (int id = 1; id <= nodeCount; id++) {
            nodes.add(new FakeNode(this, id));
        }
        nodes.forEach(FakeNode::start);
    }

    FakeNode node(int id) {
        return nodes.get(id - 1);
    }

    String uri() {
        return uri(nodes.stream().mapToInt(node -> node.id).toArray());
    }

    String uri(int... ids) {
        List<String> addresses = new ArrayList<>();
        for (int id : ids) {
            addresses.add(node(id).address());
        }
        return "quorate://" + String.join(",", addresses);
    }

    synchronized void script(Step... steps) {
        script.addAll(Arrays.asList(steps));
    }

    /** The next generation of a partition's leadership. */
    synchronized void elect(int partition, int leaderId) {
        Log log = partitions.get(partition);
        log.leaderId = leaderId;
        log.generation++;
        notifyAll();
    }

    /** The topic is deleted and created again: an empty partition in a new group, whose generations start anew. */
    synchronized void recreate(int partition, long groupId, int leaderId) {
        Log anew = new Log();
        anew.groupId = groupId;
        anew.leaderId = leaderId;
        anew.replicas = partitions.get(partition).replicas;
        partitions.set(partition, anew);
        notifyAll();
    }

    /** Why a node that knows this log has nothing to say about the group that is meant; empty if it has. */
    static Optional<StatusRuntimeException> wrongIncarnation(Log log, long groupId) {
        if (groupId == 0 || groupId == log.groupId) {
            return Optional.empty();
        }
        return Optional.of(
                groupId > log.groupId
                        ? refusal(Status.Code.UNAVAILABLE, "NO_LEADER", "not heard of yet", Map.of())
                        : refusal(
                                Status.Code.NOT_FOUND,
                                "TOPIC_RECREATED",
                                "created again",
                                Map.of("group_id", Long.toString(log.groupId))));
    }

    synchronized void note(String request) {
        requests.add(request);
        notifyAll();
    }

    /** Waits until so many batches have arrived, whatever became of them. */
    synchronized List<Received> awaitReceived(int count) throws InterruptedException {
        await(() -> received.size() >= count, count + " batches, " + received.size() + " came");
        return List.copyOf(received);
    }

    synchronized void awaitRequests(String request, int count) throws InterruptedException {
        await(
                () -> requests.stream().filter(request::equals).count() >= count,
                count + " times " + request + " in " + requests);
    }

    interface Condition {
        boolean holds();
    }

    synchronized void await(Condition condition, String what) throws InterruptedException {
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (!condition.holds()) {
            long millis = (deadline - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                throw new AssertionError("waited in vain for " + what);
            }
            wait(millis);
        }
    }

    /** Values of a partition's records, in order. */
    synchronized List<String> values(int partition) {
        List<String> values = new ArrayList<>();
        for (Stored batch : partitions.get(partition).batches) {
            values.addAll(values(batch.bytes()));
        }
        return values;
    }

    static List<String> values(ByteString bytes) {
        byte[] array = bytes.toByteArray();
        List<String> values = new ArrayList<>();
        try {
            RecordCursor cursor = RecordBatch.of(array, 0, array.length).cursor();
            while (cursor.next()) {
                values.add(new String(cursor.value(), StandardCharsets.UTF_8));
            }
        } catch (InvalidBatchException e) {
            throw new AssertionError(e);
        }
        return values;
    }

    /** Appends as a leader does: once per sequence. Returns the offset. */
    synchronized long append(int partition, ByteString bytes) {
        Log log = partitions.get(partition);
        BatchHeader header = verify(bytes);
        long next = log.nextSequences.getOrDefault(header.producerId(), 0L);
        if (header.baseSequence() < next) {
            return log.batches.stream()
                    .filter(stored -> stored.header().producerId() == header.producerId()
                            && stored.header().baseSequence() == header.baseSequence())
                    .findFirst()
                    .orElseThrow()
                    .baseOffset();
        }
        if (header.baseSequence() > next) {
            String reason = log.nextSequences.containsKey(header.producerId()) ? "OUT_OF_SEQUENCE" : "UNKNOWN_PRODUCER";
            throw refusal(Status.Code.ABORTED, reason, "expected sequence " + next, Map.of());
        }
        long offset = log.nextOffset;
        Stored stored = new Stored(offset, log.generation, bytes, header);
        log.batches.add(stored);
        log.nextOffset += header.recordCount();
        log.nextSequences.put(header.producerId(), next + header.recordCount());
        followers.forEach(follower -> follower.accept(log, stored));
        notifyAll();
        return offset;
    }

    static BatchHeader verify(ByteString bytes) {
        try {
            return BatchHeader.verify(bytes.toByteArray(), 0, bytes.size());
        } catch (InvalidBatchException e) {
            throw new AssertionError(e);
        }
    }

    synchronized Topic topic() {
        Topic.Builder topic = Topic.newBuilder().setName(TOPIC).setReplicationFactor(nodes.size());
        for (int i = 0; i < partitions.size(); i++) {
            topic.addPartitions(Partition.newBuilder()
                    .setPartition(i)
                    .setGroupId(partitions.get(i).groupId)
                    .addAllReplicas(partitions.get(i).replicas)
                    .setLeaderId(partitions.get(i).leaderId)
                    .setGeneration(partitions.get(i).generation));
        }
        return topic.build();
    }

    synchronized DescribeClusterResponse describe(int nodeId) {
        DescribeClusterResponse.Builder response = DescribeClusterResponse.newBuilder()
                .setClusterId("test")
                .setNodeId(nodeId)
                .setVersion("0")
                .setMaxBatchBytes(1 << 20)
                .setMetadata(Group.newBuilder().setLeaderId(metadataLeader).setGeneration(metadataLeader == 0 ? 0 : 1));
        for (FakeNode node : nodes) {
            response.addNodes(Node.newBuilder()
                    .setNodeId(node.id)
                    .setClientAddress(node.address())
                    .setState(NodeState.NODE_STATE_UP));
        }
        if (topicExists) {
            response.addTopics(node(nodeId).ownView.orElseGet(this::topic));
        }
        return response.build();
    }

    static StatusRuntimeException refusal(
            Status.Code code, String reason, String message, Map<String, String> metadata) {
        return StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder()
                .setCode(code.value())
                .setMessage(message)
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setReason(reason)
                        .setDomain("quorate")
                        .putAllMetadata(metadata)
                        .build()))
                .build());
    }

    StatusRuntimeException notLeader(int leaderId, long generation) {
        Map<String, String> metadata = new TreeMap<>();
        metadata.put("generation", Long.toString(generation));
        if (leaderId != 0) {
            metadata.put("leader_id", Integer.toString(leaderId));
            metadata.put("leader_address", node(leaderId).address());
        }
        return refusal(Status.Code.FAILED_PRECONDITION, "NOT_LEADER", "not the leader", metadata);
    }

    @Override
    public void close() {
        nodes.forEach(FakeNode::kill);
    }
}

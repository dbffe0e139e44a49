/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.client.QuorateException.Outcome;
import io.quorate.v1.AddNode;
import io.quorate.v1.AlterTopicRequest;
import io.quorate.v1.ChangeClusterRequest;
import io.quorate.v1.ChangeClusterResponse;
import io.quorate.v1.ClusterServiceGrpc;
import io.quorate.v1.CreateTopicRequest;
import io.quorate.v1.CreateTopicResponse;
import io.quorate.v1.DeleteTopicRequest;
import io.quorate.v1.DescribeClusterRequest;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.DescribeTopicRequest;
import io.quorate.v1.FindOffsetRequest;
import io.quorate.v1.FindOffsetResponse;
import io.quorate.v1.GetTailRequest;
import io.quorate.v1.GetTailResponse;
import io.quorate.v1.ListTopicsRequest;
import io.quorate.v1.LogServiceGrpc;
import io.quorate.v1.MovePartition;
import io.quorate.v1.ReadmitNode;
import io.quorate.v1.Rebalance;
import io.quorate.v1.RemoveNode;
import io.quorate.v1.ReplaceNode;
import io.quorate.v1.Topic;
import io.quorate.v1.TopicConfig;
import io.quorate.v1.TopicServiceGrpc;
import io.quorate.v1.TrimRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** {@link Admin} over the calls of the loop. */
final class ClusterAdmin implements Admin {
    /** Of many nodes, longest that one may take to describe itself before it counts as silent. */
    private static final Duration NODE_TIMEOUT = Duration.ofSeconds(2);

    private final Cluster cluster;
    private final ClientLoop loop;

    ClusterAdmin(Cluster cluster) {
        this.cluster = cluster;
        this.loop = cluster.loop();
    }

    @Override
    public TopicInfo createTopic(String topic, int partitions, int replicationFactor, TopicOptions options) {
        requireNotNegative("partitions", partitions);
        requireNotNegative("replicationFactor", replicationFactor);
        CreateTopicRequest request = CreateTopicRequest.newBuilder()
                .setTopic(topic)
                .setPartitions(partitions)
                .setReplicationFactor(replicationFactor)
                .setConfig(config(options))
                .build();
        String what = "creation of topic '" + topic + "'";
        try {
            CreateTopicResponse response =
                    loop.await(AdminCall.start(cluster, what, TopicServiceGrpc.getCreateTopicMethod(), request));
            // Who asked for a new topic must not be led to a former one of its name.
            loop.execute(() -> cluster.merge(response.getTopic()));
            return AdminAnswers.topic(response.getTopic());
        } catch (QuorateException e) {
            if (mayBeOurs(e, "TOPIC_EXISTS")) {
                TopicInfo existing = describeTopic(topic);
                boolean asAsked = (partitions == 0 || existing.partitions().size() == partitions)
                        && (replicationFactor == 0 || existing.replicationFactor() == replicationFactor);
                if (asAsked) {
                    return existing;
                }
            }
            throw e;
        }
    }

    /** An earlier attempt, of which the answer was lost, may have done what the last one was refused for. */
    private static boolean mayBeOurs(QuorateException e, String reason) {
        return e.reason().equals(reason) && e.outcome() == Outcome.UNKNOWN;
    }

    @Override
    public List<TopicInfo> listTopics() {
        return loop
                .await(AdminCall.start(
                        cluster,
                        "list of topics",
                        TopicServiceGrpc.getListTopicsMethod(),
                        ListTopicsRequest.getDefaultInstance()))
                .getTopicsList()
                .stream()
                .map(AdminAnswers::topic)
                .toList();
    }

    @Override
    public TopicInfo describeTopic(String topic) {
        return AdminAnswers.topic(describe(topic, "description of topic '" + topic + "'"));
    }

    private Topic describe(String topic, String what) {
        DescribeTopicRequest request =
                DescribeTopicRequest.newBuilder().setTopic(topic).build();
        Topic answer = loop.await(AdminCall.start(cluster, what, TopicServiceGrpc.getDescribeTopicMethod(), request))
                .getTopic();
        loop.execute(() -> cluster.merge(answer));
        return answer;
    }

    @Override
    public TopicInfo alterTopic(String topic, int partitions, TopicOptions options) {
        requireNotNegative("partitions", partitions);
        String what = "change of topic '" + topic + "'";
        // The change may have to be sent again: by then somebody may have created another topic of this name.
        AlterTopicRequest request = AlterTopicRequest.newBuilder()
                .setTopic(topic)
                .setGroupId(describe(topic, what).getPartitions(0).getGroupId())
                .setPartitions(partitions)
                .setConfig(config(options))
                .build();
        return AdminAnswers.topic(
                loop.await(AdminCall.start(cluster, what, TopicServiceGrpc.getAlterTopicMethod(), request))
                        .getTopic());
    }

    private static TopicConfig config(TopicOptions options) {
        requireNotNegative("maxBatchBytes", options.maxBatchBytes().orElse(0));
        requireNotNegative(
                "retention", options.retention().orElse(Duration.ZERO).toMillis());
        requireNotNegative("retentionBytes", options.retentionBytes().orElse(0));
        TopicConfig.Builder config = TopicConfig.newBuilder();
        options.maxBatchBytes().ifPresent(config::setMaxBatchBytes);
        options.retention().ifPresent(retention -> config.setRetentionMs(retention.toMillis()));
        options.retentionBytes().ifPresent(config::setRetentionBytes);
        return config.build();
    }

    @Override
    public void deleteTopic(String topic) {
        String what = "deletion of topic '" + topic + "'";
        // The deletion may have to be sent again: by then somebody may have created another topic of this name.
        long groupId = describe(topic, what).getPartitions(0).getGroupId();
        DeleteTopicRequest request = DeleteTopicRequest.newBuilder()
                .setTopic(topic)
                .setGroupId(groupId)
                .build();
        try {
            loop.await(AdminCall.start(cluster, what, TopicServiceGrpc.getDeleteTopicMethod(), request));
        } catch (QuorateException e) {
            if (!mayBeOurs(e, "UNKNOWN_TOPIC") && !mayBeOurs(e, "TOPIC_RECREATED")) {
                throw e;
            }
        }
        loop.execute(() -> cluster.deleted(topic));
    }

    @Override
    public TailInfo tail(String topic, int partition) {
        return AdminAnswers.tail(
                loop.await(tail(cluster, topic, partition, ReadSource.LEADER)).response());
    }

    @Override
    public TailInfo trim(String topic, int partition, long offset) {
        requireNotNegative("partition", partition);
        requireNotNegative("offset", offset);
        return AdminAnswers.tail(loop.await(PartitionCall.start(
                        cluster,
                        topic,
                        partition,
                        ReadSource.LEADER,
                        LogServiceGrpc.getTrimMethod(),
                        groupId -> TrimRequest.newBuilder()
                                .setTopic(topic)
                                .setPartition(partition)
                                .setGroupId(groupId)
                                .setBeforeOffset(offset)
                                .build()))
                .response());
    }

    @Override
    public long findOffset(String topic, int partition, Instant appendedSince) {
        requireNotNegative("appendedSince", appendedSince.toEpochMilli());
        return loop.await(findOffset(cluster, topic, partition, appendedSince.toEpochMilli(), ReadSource.LEADER))
                .response()
                .getOffset();
    }

    static CompletableFuture<PartitionCall.Answered<FindOffsetResponse>> findOffset(
            Cluster cluster, String topic, int partition, long appendTimeMillis, ReadSource source) {
        requireNotNegative("partition", partition);
        return PartitionCall.start(
                cluster,
                topic,
                partition,
                source,
                LogServiceGrpc.getFindOffsetMethod(),
                groupId -> FindOffsetRequest.newBuilder()
                        .setTopic(topic)
                        .setPartition(partition)
                        .setGroupId(groupId)
                        .setAppendTimeMs(appendTimeMillis)
                        .setConsistency(source.onTheWire())
                        .build());
    }

    static CompletableFuture<PartitionCall.Answered<GetTailResponse>> tail(
            Cluster cluster, String topic, int partition, ReadSource source) {
        requireNotNegative("partition", partition);
        return PartitionCall.start(
                cluster,
                topic,
                partition,
                source,
                LogServiceGrpc.getGetTailMethod(),
                groupId -> GetTailRequest.newBuilder()
                        .setConsistency(source.onTheWire())
                        .setTopic(topic)
                        .setPartition(partition)
                        .setGroupId(groupId)
                        .build());
    }

    private ChangeClusterResponse change(String what, ChangeClusterRequest.Builder request) {
        return loop.await(AdminCall.start(cluster, what, ClusterServiceGrpc.getChangeClusterMethod(), request.build()));
    }

    @Override
    public String addNode(int nodeId, String peerAddress) {
        return change(
                        "addition of node " + nodeId,
                        ChangeClusterRequest.newBuilder()
                                .setAddNode(AddNode.newBuilder()
                                        .setNodeId(nodeId)
                                        .setPeerAddress(
                                                HostAndPort.parse(peerAddress).toString())))
                .getMessage();
    }

    @Override
    public String removeNode(int nodeId) {
        return change(
                        "removal of node " + nodeId,
                        ChangeClusterRequest.newBuilder()
                                .setRemoveNode(RemoveNode.newBuilder().setNodeId(nodeId)))
                .getMessage();
    }

    @Override
    public String readmitNode(int nodeId) {
        return change(
                        "readmission of node " + nodeId,
                        ChangeClusterRequest.newBuilder()
                                .setReadmitNode(ReadmitNode.newBuilder().setNodeId(nodeId)))
                .getMessage();
    }

    @Override
    public String replaceNode(int nodeId, int byNodeId) {
        return change(
                        "replacement of node " + nodeId,
                        ChangeClusterRequest.newBuilder()
                                .setReplaceNode(ReplaceNode.newBuilder()
                                        .setNodeId(nodeId)
                                        .setByNodeId(byNodeId)))
                .getMessage();
    }

    @Override
    public String movePartition(String topic, int partition, List<Integer> nodeIds) {
        requireNotNegative("partition", partition);
        return change(
                        "move of " + topic + "/" + partition,
                        ChangeClusterRequest.newBuilder()
                                .setMovePartition(MovePartition.newBuilder()
                                        .setTopic(topic)
                                        .setPartition(partition)
                                        .addAllNodeIds(nodeIds)))
                .getMessage();
    }

    @Override
    public RebalanceInfo rebalance(boolean dryRun) {
        ChangeClusterResponse response = change(
                "rebalancing",
                ChangeClusterRequest.newBuilder()
                        .setRebalance(Rebalance.newBuilder().setDryRun(dryRun)));
        return new RebalanceInfo(
                response.getMessage(),
                response.getMovesList().stream()
                        .map(move -> new MoveInfo(
                                move.getTopic(), move.getPartition(), move.getFromList(), move.getToList()))
                        .toList());
    }

    @Override
    public ClusterInfo describeCluster() {
        ClusterInfo answer = AdminAnswers.cluster(loop.await(AdminCall.start(
                cluster,
                "description of the cluster",
                ClusterServiceGrpc.getDescribeClusterMethod(),
                DescribeClusterRequest.getDefaultInstance())));
        if (takesPart(answer)) {
            return answer;
        }
        // A node that was removed, or has lost its disk, knows the cluster from its past only.
        return describeNodes().stream()
                .flatMap(node -> node.view().stream())
                .filter(ClusterAdmin::takesPart)
                .findFirst()
                .orElse(answer);
    }

    private static boolean takesPart(ClusterInfo answer) {
        return !answer.metadata().role().equals("FAILED");
    }

    @Override
    public ClusterInfo describeCluster(String address) {
        String normal = HostAndPort.parse(address).toString();
        CompletableFuture<NodeAnswer> answer = new CompletableFuture<>();
        loop.execute(() -> {
            NodeConnection node = cluster.connection(normal);
            describe(node, cluster.config().requestTimeout(), answer::complete);
        });
        NodeAnswer result = loop.await(answer);
        if (result.error().isPresent()) {
            throw result.error().get();
        }
        return result.view().orElseThrow();
    }

    @Override
    public List<NodeAnswer> describeNodes() {
        CompletableFuture<List<NodeAnswer>> all = new CompletableFuture<>();
        loop.execute(() -> new Survey(all).askNew());
        return loop.await(all);
    }

    private interface Taker {
        void take(NodeAnswer answer);
    }

    private void describe(NodeConnection node, Duration limit, Taker taker) {
        long timeout =
                Math.min(limit.toNanos(), cluster.config().requestTimeout().toNanos());
        node.unary(
                ClusterServiceGrpc.getDescribeClusterMethod(),
                DescribeClusterRequest.getDefaultInstance(),
                timeout,
                new NodeConnection.Answer<DescribeClusterResponse>() {
                    @Override
                    public void onAnswer(DescribeClusterResponse response) {
                        cluster.merge(response, node);
                        taker.take(new NodeAnswer(
                                response.getNodeId(),
                                node.address(),
                                Optional.of(AdminAnswers.cluster(response)),
                                Optional.empty()));
                    }

                    @Override
                    public void onFailure(Failure failure) {
                        QuorateException error =
                                failure.toException("description by " + node.address(), Outcome.NOT_APPLIED);
                        taker.take(new NodeAnswer(
                                cluster.nodeIdOf(node), node.address(), Optional.empty(), Optional.of(error)));
                    }
                });
    }

    /** Asks all nodes, and those that the answers name. Loop only. */
    private final class Survey {
        private final CompletableFuture<List<NodeAnswer>> result;
        private final Map<String, Optional<NodeAnswer>> answers = new TreeMap<>();

        private Survey(CompletableFuture<List<NodeAnswer>> result) {
            this.result = result;
        }

        private void askNew() {
            for (NodeConnection node : cluster.candidates()) {
                if (answers.putIfAbsent(node.address(), Optional.empty()) == null) {
                    describe(node, NODE_TIMEOUT, this::take);
                }
            }
        }

        private void take(NodeAnswer answer) {
            answers.put(answer.address(), Optional.of(answer));
            askNew();
            if (answers.values().stream().allMatch(Optional::isPresent)) {
                result.complete(answers.values().stream()
                        .flatMap(Optional::stream)
                        .filter(this::isNotAnotherName)
                        .sorted(Comparator.comparing(NodeAnswer::nodeId).thenComparing(NodeAnswer::address))
                        .toList());
            }
        }

        /** A bootstrap address under which a node has answered that is in the list under its own address. */
        private boolean isNotAnotherName(NodeAnswer answer) {
            return cluster.candidates().stream().anyMatch(node -> node.address().equals(answer.address()));
        }
    }

    private static void requireNotNegative(String name, long value) {
        if (value < 0) {
            throw new QuorateException(
                    "INVALID_ARGUMENT",
                    name + " is " + value + "; it cannot be negative",
                    false,
                    Outcome.NOT_APPLIED,
                    null);
        }
    }
}

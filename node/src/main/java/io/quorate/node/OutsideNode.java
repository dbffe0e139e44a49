/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.ClusterChange;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.EventPage;
import io.quorate.node.api.EventQuery;
import io.quorate.node.api.FoundOffset;
import io.quorate.node.api.Marks;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSession;
import io.quorate.node.api.ReadSink;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.api.TopicSettings;
import io.quorate.node.metadata.Peers;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A node that takes no part in the cluster: it tells why, and refuses everything else. Event loop only. */
final class OutsideNode implements NodeApi {
    private static final long RETRY_MILLIS = 100;

    private final NodeSettings settings;
    private final Peers peers;
    private final Supplier<String> why;
    private final BooleanSupplier barred;

    /**
     * @param why    for people, with what to do
     * @param barred whether waiting alone will not help
     */
    OutsideNode(NodeSettings settings, Peers peers, Supplier<String> why, BooleanSupplier barred) {
        this.settings = settings;
        this.peers = peers;
        this.why = why;
        this.barred = barred;
    }

    private <T> Result<T> refused() {
        return new Result.Refused<>(Refusal.of(Reason.NO_LEADER, why.get()).retryAfter(RETRY_MILLIS));
    }

    @Override
    public Result<AppendTarget> openAppend(TopicPartition partition, OptionalLong generation) {
        return refused();
    }

    @Override
    public Result<ReadSession> read(TopicPartition partition, ReadSpec spec, ReadSink sink) {
        return refused();
    }

    @Override
    public void tail(TopicPartition partition, ReadConsistency consistency, Consumer<Result<Marks>> answer) {
        answer.accept(refused());
    }

    @Override
    public void findOffset(
            TopicPartition partition,
            long appendTimeMillis,
            ReadConsistency consistency,
            Consumer<Result<FoundOffset>> answer) {
        answer.accept(refused());
    }

    @Override
    public void trim(TopicPartition partition, long offset, Consumer<Result<Marks>> answer) {
        answer.accept(refused());
    }

    @Override
    public void createTopic(
            String topic,
            int partitions,
            int replicationFactor,
            TopicSettings topicSettings,
            Consumer<Result<ClusterView.TopicView>> answer) {
        answer.accept(refused());
    }

    @Override
    public void alterTopic(
            String topic,
            long groupId,
            TopicSettings.Change change,
            int partitions,
            Consumer<Result<ClusterView.TopicView>> answer) {
        answer.accept(refused());
    }

    @Override
    public void deleteTopic(String topic, long groupId, Consumer<Result<Boolean>> answer) {
        answer.accept(refused());
    }

    @Override
    public void changeCluster(ClusterChange change, Consumer<Result<ClusterChange.Accepted>> answer) {
        answer.accept(refused());
    }

    @Override
    public Result<ClusterView.TopicView> topic(String topic) {
        return refused();
    }

    @Override
    public ClusterView view() {
        List<ClusterView.NodeView> nodes = new ArrayList<>();
        settings.peerAddresses()
                .forEach((node, peerAddress) -> nodes.add(new ClusterView.NodeView(
                        node.value(),
                        node.equals(settings.nodeId()) ? settings.clientAddress() : "",
                        peerAddress,
                        peers.isUp(node),
                        peers.lastContactMillis(node))));
        ClusterView.GroupView metadata = new ClusterView.GroupView(
                0,
                "",
                0,
                barred.getAsBoolean() ? ClusterView.ReplicaRole.FAILED : ClusterView.ReplicaRole.FOLLOWER,
                0,
                0,
                0,
                0,
                0,
                settings.peerAddresses().keySet().stream().map(NodeId::value).toList(),
                why.get());
        return new ClusterView(
                settings.clusterId(),
                settings.nodeId().value(),
                nodes,
                metadata,
                List.of(),
                List.of(),
                new ClusterView.DiskView(0, false, ClusterView.SpaceLevel.PLENTY, -1),
                ClusterView.ScrubView.OFF,
                settings.maxBatchBytes());
    }

    @Override
    public void events(EventQuery query, Consumer<Result<EventPage>> answer) {
        answer.accept(refused());
    }

    @Override
    public boolean isReady() {
        return false;
    }
}

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
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.api.TopicSettings;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** The one that clients know; behind it is first {@link OutsideNode}, and, once the node takes part, {@link LocalNode}. */
final class FrontDoor implements NodeApi {
    private NodeApi behind;

    FrontDoor(NodeApi behind) {
        this.behind = behind;
    }

    void open(NodeApi to) {
        behind = to;
    }

    @Override
    public Result<AppendTarget> openAppend(TopicPartition partition, OptionalLong generation) {
        return behind.openAppend(partition, generation);
    }

    @Override
    public Result<ReadSession> read(TopicPartition partition, ReadSpec spec, ReadSink sink) {
        return behind.read(partition, spec, sink);
    }

    @Override
    public void tail(TopicPartition partition, ReadConsistency consistency, Consumer<Result<Marks>> answer) {
        behind.tail(partition, consistency, answer);
    }

    @Override
    public void findOffset(
            TopicPartition partition,
            long appendTimeMillis,
            ReadConsistency consistency,
            Consumer<Result<FoundOffset>> answer) {
        behind.findOffset(partition, appendTimeMillis, consistency, answer);
    }

    @Override
    public void trim(TopicPartition partition, long offset, Consumer<Result<Marks>> answer) {
        behind.trim(partition, offset, answer);
    }

    @Override
    public void createTopic(
            String topic,
            int partitions,
            int replicationFactor,
            TopicSettings settings,
            Consumer<Result<ClusterView.TopicView>> answer) {
        behind.createTopic(topic, partitions, replicationFactor, settings, answer);
    }

    @Override
    public void alterTopic(
            String topic,
            long groupId,
            TopicSettings.Change settings,
            int partitions,
            Consumer<Result<ClusterView.TopicView>> answer) {
        behind.alterTopic(topic, groupId, settings, partitions, answer);
    }

    @Override
    public void deleteTopic(String topic, long groupId, Consumer<Result<Boolean>> answer) {
        behind.deleteTopic(topic, groupId, answer);
    }

    @Override
    public void changeCluster(ClusterChange change, Consumer<Result<ClusterChange.Accepted>> answer) {
        behind.changeCluster(change, answer);
    }

    @Override
    public Result<ClusterView.TopicView> topic(String topic) {
        return behind.topic(topic);
    }

    @Override
    public ClusterView view() {
        return behind.view();
    }

    @Override
    public void events(EventQuery query, Consumer<Result<EventPage>> answer) {
        behind.events(query, answer);
    }

    @Override
    public boolean isReady() {
        return behind.isReady();
    }
}

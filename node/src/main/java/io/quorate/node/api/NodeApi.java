/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * What one node does for its clients, free of gRPC: the services adapt it, the simulator calls it. Event loop only;
 * answers arrive on the event loop, possibly before the call returns. Names and sizes from clients are checked here.
 */
public interface NodeApi {
    /** @param generation what the client believes; an older one than the partition's is refused as FENCED */
    Result<AppendTarget> openAppend(TopicPartition partition, OptionalLong generation);

    /**
     * Opens a read; the sink is called until it ends, is refused or is cancelled. A read of the leader sees everything that
     * was acknowledged before this call; whether there is what it asks for turns out later, through the sink.
     */
    Result<ReadSession> read(TopicPartition partition, ReadSpec spec, ReadSink sink);

    /** @param consistency who may answer, and what the marks cover */
    void tail(TopicPartition partition, ReadConsistency consistency, Consumer<Result<Marks>> answer);

    /**
     * The first kept offset whose record was appended at {@code appendTimeMillis} (ms since 1970, the leaders' clocks) or
     * later; where the log ends if there is none.
     *
     * @param consistency who may answer, and which records count
     */
    void findOffset(
            TopicPartition partition,
            long appendTimeMillis,
            ReadConsistency consistency,
            Consumer<Result<FoundOffset>> answer);

    /** Forgets all records below {@code offset}, for good; answered with the marks that follow. */
    void trim(TopicPartition partition, long offset, Consumer<Result<Marks>> answer);

    /** Zero asks for the default: 1 partition, replication 3 or as many nodes as there are, the cluster's batch limit. */
    void createTopic(
            String topic,
            int partitions,
            int replicationFactor,
            TopicSettings settings,
            Consumer<Result<ClusterView.TopicView>> answer);

    /** @param groupId of partition 0 in the incarnation that is meant, which alone is altered; 0: whichever there is */
    void alterTopic(
            String topic,
            long groupId,
            TopicSettings.Change settings,
            int partitions,
            Consumer<Result<ClusterView.TopicView>> answer);

    /** @param groupId of partition 0 in the incarnation that is meant, which alone is deleted; 0: whichever there is */
    void deleteTopic(String topic, long groupId, Consumer<Result<Boolean>> answer);

    /** Answered by the metadata leader when the change has begun, or was done before. */
    void changeCluster(ClusterChange change, Consumer<Result<ClusterChange.Accepted>> answer);

    Result<ClusterView.TopicView> topic(String topic);

    ClusterView view();

    /** What has happened on this node, as far as it is kept. */
    void events(EventQuery query, Consumer<Result<EventPage>> answer);

    /** Metadata recovered and a metadata leader known: clients may be sent here. */
    boolean isReady();
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.node.metadata.Gossip;
import io.quorate.node.metadata.Leaders;
import io.quorate.node.metadata.MetadataService;
import io.quorate.node.metadata.TopicState;
import io.quorate.node.replica.GroupName;
import io.quorate.node.replica.LocalReplicas;
import io.quorate.node.replica.Retention;
import io.quorate.node.standing.PeerGuard;
import io.quorate.raft.Membership;
import io.quorate.raft.log.NodeId;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** Makes the replicas of a node what the registry says they are. Event loop only. */
final class RegistryFollower implements MetadataService.Listener {
    private final NodeSettings settings;
    private final Supplier<MetadataService> metadata;
    private final LocalReplicas replicas;
    private final Leaders leaders;
    private final Gossip gossip;
    private final NodeJournal journal;
    private final Contacts contacts;
    private final PeerGuard guard;
    private boolean stopped;

    /**
     * @param metadata whose registry it is; there is one when it first tells of a change
     * @param guard    learns of the registry's nodes before the replicas change
     */
    RegistryFollower(
            NodeSettings settings,
            Supplier<MetadataService> metadata,
            LocalReplicas replicas,
            Leaders leaders,
            Gossip gossip,
            NodeJournal journal,
            Contacts contacts,
            PeerGuard guard) {
        this.settings = settings;
        this.metadata = metadata;
        this.replicas = replicas;
        this.leaders = leaders;
        this.gossip = gossip;
        this.journal = journal;
        this.contacts = contacts;
        this.guard = guard;
    }

    /** Opens and closes no more replicas. */
    void stop() {
        stopped = true;
    }

    @Override
    public void onRegistryChanged() {
        if (stopped) {
            return;
        }
        contacts.note(guard);
        if (contacts.isRegistryOfThePast()) {
            // What it says of this node is meant for the disk that was lost: to begin any of those replicas anew would
            // be
            // to vote from amnesia. This storage's admission is committed, and comes.
            return;
        }
        for (TopicState topic : metadata.get().registry().topics().values()) {
            int number = 0;
            for (TopicState.PartitionState partition : topic.partitions()) {
                wantOrLeave(topic, number, partition);
                number++;
            }
        }
    }

    private void wantOrLeave(TopicState topic, int number, TopicState.PartitionState partition) {
        Optional<NodeId> member = partition.memberOn(settings.nodeId());
        if (member.isEmpty()) {
            replicas.leave(partition.groupId(), partition.placement());
            return;
        }
        replicas.want(new LocalReplicas.Wanted(
                new GroupName(partition.groupId(), topic.name(), number),
                member.get(),
                new Membership(partition.founders()),
                new Membership(partition.target(), partition.placement()),
                partition.placement(),
                partition.replicas().get(0),
                ClusterDescription.maxBatchBytes(settings, topic),
                new Retention(
                        topic.settings().retentionMillis(), topic.settings().retentionBytes())));
    }

    private OptionalInt leftAt(long groupId) {
        Optional<TopicState.PartitionState> partition =
                metadata.get().registry().partition(groupId);
        return partition.isPresent()
                        && partition.get().memberOn(settings.nodeId()).isEmpty()
                ? OptionalInt.of(partition.get().placement())
                : OptionalInt.empty();
    }

    @Override
    public void onRegistryRestored() {
        if (!stopped) {
            replicas.removeLeftovers(metadata.get().registry()::deletedAmong, this::leftAt);
        }
    }

    @Override
    public void onTopicDeleted(TopicState topic) {
        if (metadata.get().isRecovered()) {
            // What is found in the log at a start was deleted then, not now.
            journal.onDeleted(topic);
        }
        for (TopicState.PartitionState partition : topic.partitions()) {
            leaders.forget(partition.groupId());
            gossip.leadsNoMore(partition.groupId());
            replicas.delete(partition.groupId());
        }
    }
}

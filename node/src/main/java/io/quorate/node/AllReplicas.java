/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.node.metadata.MetadataService;
import io.quorate.node.replica.GroupName;
import io.quorate.node.replica.LeaderBalancer;
import io.quorate.node.replica.LocalReplicas;
import io.quorate.node.replica.Replica;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The replicas of a node: that of the registry, and those of partitions. Event loop only. */
final class AllReplicas {
    private final MetadataService metadata;
    private final LocalReplicas partitions;

    AllReplicas(MetadataService metadata, LocalReplicas partitions) {
        this.metadata = metadata;
        this.partitions = partitions;
    }

    /** Returns false if the message was for none of them, or damaged. */
    boolean step(NodeId from, PeerMessage.ForGroup message) {
        if (message.groupId() == GroupName.METADATA.groupId()) {
            metadata.step(from, message);
            return true;
        }
        return partitions.step(from, message);
    }

    /** Returns false if the message was for none of them. */
    boolean stepRepair(NodeId from, PeerMessage.Repair message) {
        if (message.groupId() == GroupName.METADATA.groupId()) {
            metadata.replica().stepRepair(from, message);
            return true;
        }
        return partitions.stepRepair(message.groupId(), from, message);
    }

    /** The connection to a node broke. */
    void disconnected(NodeId peer) {
        metadata.disconnected(peer);
        partitions.disconnected(peer);
    }

    void housekeep() {
        metadata.housekeep();
        partitions.housekeep();
    }

    List<Replica> running() {
        List<Replica> running = new ArrayList<>();
        if (metadata.replica().isRunning()) {
            running.add(metadata.replica());
        }
        partitions.forEachRunning(running::add);
        return running;
    }

    /** For whoever moves leaderships. Who leads the registry does not matter to anybody. */
    List<LeaderBalancer.Member> members() {
        List<LeaderBalancer.Member> members = new ArrayList<>();
        members.add(new LeaderBalancer.Member(metadata.replica(), Optional.empty()));
        members.addAll(partitions.members());
        return members;
    }

    /** Lets all logs go; {@code onStopped} runs when that is done. */
    void stop(Runnable onStopped) {
        partitions.stop(() -> metadata.stop(onStopped));
    }
}

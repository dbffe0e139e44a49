/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.node.api.TopicSettings;
import io.quorate.raft.log.NodeId;
import java.util.List;

/**
 * A topic in the registry.
 *
 * @param settings   as they were given: 0 stands for the cluster's
 * @param partitions by number
 */
public record TopicState(String name, int replicationFactor, TopicSettings settings, List<PartitionState> partitions) {
    /** @param replicas the first one is preferred as leader */
    public record PartitionState(long groupId, List<NodeId> replicas) {
        public PartitionState {
            replicas = List.copyOf(replicas);
        }
    }

    public TopicState {
        partitions = List.copyOf(partitions);
    }
}

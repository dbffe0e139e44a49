/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.standing;

import io.quorate.raft.log.NodeId;
import java.util.Optional;

/** What the registry has of nodes' storage, as far as this node has applied it. */
@FunctionalInterface
public interface Registrations {
    /**
     * @param admission   which storage it is, counted from 0
     * @param incarnation of the storage; 0 if the node was added and has not been met yet
     * @param removed     the node has left the cluster
     */
    record Registration(int admission, long incarnation, boolean removed) {}

    Optional<Registration> of(NodeId node);
}

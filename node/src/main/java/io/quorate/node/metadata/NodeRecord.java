/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.raft.log.NodeId;

/**
 * A node in the registry.
 *
 * <pre>
 *   ADDED ──met on an empty disk──► ACTIVE ──removal──► LEAVING ──holds nothing more──► REMOVED ──added again──► ADDED
 *                                     ▲  └─ founders are ACTIVE when they first tell of themselves
 *                                     └──── readmission: one admission more
 * </pre>
 *
 * @param clientAddress where clients reach it, host:port; empty if it has not said so
 * @param peerAddress   where peers reach it, host:port; empty if that is known by configuration only
 * @param incarnation   of its storage; 0 if it was never met
 * @param admission     which storage of the node that is, counted from 0; never falls
 */
public record NodeRecord(
        NodeId node, String clientAddress, String peerAddress, long incarnation, int admission, State state) {
    public enum State {
        /** May join, has not yet been there. */
        ADDED,
        ACTIVE,
        /** Hands over what it holds. */
        LEAVING,
        REMOVED
    }

    /** Takes part in the metadata group. */
    public boolean isMember() {
        return state == State.ACTIVE || state == State.LEAVING;
    }

    NodeRecord with(State other) {
        return new NodeRecord(node, clientAddress, peerAddress, incarnation, admission, other);
    }
}

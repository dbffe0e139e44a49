/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.SnapshotId;

/**
 * The receiver has the first {@code position} bytes of a snapshot in memory: the leader goes on from there. That a snapshot
 * is installed, durably, is said by {@link AppendAccepted}.
 *
 * @param term     the receiver's term
 * @param snapshot of which
 * @param position next byte that it wants
 */
public record SnapshotReceived(long term, SnapshotId snapshot, long position) implements Message {
    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onSnapshotReceived(from, this);
    }
}

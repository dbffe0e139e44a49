/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.raft.log.SnapshotId;

/**
 * A piece of a snapshot for a follower that lacks entries which are in no log any more (paper §7).
 *
 * @param term       the leader's term
 * @param snapshot   of which it is a piece
 * @param nextOffset of the snapshot
 * @param membership of the snapshot
 * @param position   of the piece in the snapshot's state
 * @param chunk      the piece; empty only if the state is
 * @param checksum   CRC32C of the piece
 */
public record InstallSnapshot(
        long term, SnapshotId snapshot, long nextOffset, Payload membership, long position, Payload chunk, int checksum)
        implements Message {
    /** Whether the piece is what its sender read. */
    public boolean isIntact() {
        return SnapshotId.checksumOf(chunk) == checksum;
    }

    @Override
    public void deliverTo(NodeId from, MessageHandler handler) {
        handler.onInstallSnapshot(from, this);
    }
}

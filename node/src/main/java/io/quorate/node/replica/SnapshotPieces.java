/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.Snapshot;
import io.quorate.node.seam.PeerMessage.RepairSnapshotPiece;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.Payload;
import java.util.Optional;

/** Puts a snapshot together from the pieces in which it arrives; begins anew when its sender has another one. */
final class SnapshotPieces {
    /** Of the state. Held in memory while it arrives. */
    static final int MAX_BYTES = 64 << 20;

    private RepairSnapshotPiece first;
    private byte[] state = new byte[0];
    private int filled;

    /** Of which snapshot pieces are there; {@link EntryId#NONE} before the first. */
    EntryId snapshot() {
        return first == null ? EntryId.NONE : first.snapshot();
    }

    /** Where the next piece begins. */
    long position() {
        return filled;
    }

    /**
     * Takes the next piece. Returns false, and forgets what is there, if it does not follow or the whole is too large.
     */
    boolean add(RepairSnapshotPiece piece) {
        if (first == null || !piece.snapshot().equals(first.snapshot()) || piece.totalBytes() != state.length) {
            forget();
            if (piece.position() != 0 || piece.totalBytes() > MAX_BYTES) {
                return false;
            }
            first = piece;
            state = new byte[(int) piece.totalBytes()];
        }
        Payload bytes = piece.piece();
        if (piece.position() != filled || bytes.size() == 0 && filled < state.length) {
            forget();
            return false;
        }
        System.arraycopy(bytes.array(), bytes.arrayOffset(), state, filled, bytes.size());
        filled += bytes.size();
        return true;
    }

    /** The snapshot, when all of it is there. */
    Optional<Snapshot> whole() {
        return first == null || filled < state.length
                ? Optional.empty()
                : Optional.of(
                        new Snapshot(first.snapshot(), first.nextOffset(), Payload.wrap(state), first.membership()));
    }

    void forget() {
        first = null;
        state = new byte[0];
        filled = 0;
    }
}

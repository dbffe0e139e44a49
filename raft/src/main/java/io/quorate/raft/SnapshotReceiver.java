/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.Payload;
import io.quorate.raft.log.SnapshotId;
import io.quorate.raft.message.InstallSnapshot;
import java.util.Arrays;
import java.util.Optional;

/**
 * Puts the pieces of a snapshot together. Outlives leaders: another one that sends the same snapshot goes on where the
 * former one stopped. Memory grows with what has arrived, not with what was announced.
 */
final class SnapshotReceiver {
    /** Larger state is refused: it would have to fit into memory. */
    static final int MAX_STATE_BYTES = 64 << 20;

    private static final int FIRST_BYTES = 64 << 10;

    private Optional<SnapshotId> id = Optional.empty();
    private byte[] bytes = new byte[0];
    private int size;

    /** How many bytes of the snapshot are here. */
    long position(SnapshotId of) {
        return id.isPresent() && id.get().equals(of) ? size : 0;
    }

    /** What is wrong with a piece in itself; empty if nothing is. */
    static Optional<String> flawOf(InstallSnapshot piece) {
        long total = piece.snapshot().totalBytes();
        if (total > MAX_STATE_BYTES) {
            return Optional.of("a snapshot of " + total + " bytes, the limit is " + MAX_STATE_BYTES);
        }
        if (piece.snapshot().last().term() > piece.term()
                || piece.position() < 0
                || piece.position() > total
                || piece.chunk().size() > total - piece.position()) {
            return Optional.of("bytes " + piece.position() + " to "
                    + (piece.position() + piece.chunk().size()) + " of " + piece.snapshot() + " in term "
                    + piece.term());
        }
        if (piece.membership().size() > 0
                && Membership.decode(piece.membership()).isEmpty()) {
            return Optional.of(piece.snapshot() + " with something else than a membership");
        }
        return piece.isIntact() ? Optional.empty() : Optional.of("a damaged piece of " + piece.snapshot());
    }

    /** Takes a piece without flaw that goes on where the last one ended; another one changes nothing. */
    void take(InstallSnapshot piece) {
        if (id.isEmpty() || !id.get().equals(piece.snapshot())) {
            id = Optional.of(piece.snapshot());
            size = 0;
        }
        if (piece.position() <= size && piece.position() + piece.chunk().size() > size) {
            int known = size - (int) piece.position();
            Payload chunk = piece.chunk();
            int added = chunk.size() - known;
            reserve(size + added);
            System.arraycopy(chunk.array(), chunk.arrayOffset() + known, bytes, size, added);
            size += added;
        }
    }

    private void reserve(int needed) {
        if (needed > bytes.length) {
            int doubled = (int) Math.min(MAX_STATE_BYTES, Math.max(FIRST_BYTES, bytes.length * 2L));
            bytes = Arrays.copyOf(bytes, Math.max(needed, doubled));
        }
    }

    /**
     * The snapshot that this piece belongs to, if it is complete now; what was gathered is gone then. If the whole does not
     * match its checksum it is empty too, and {@link #position} starts anew.
     */
    Optional<GroupSnapshot> completed(InstallSnapshot piece) {
        if (position(piece.snapshot()) < piece.snapshot().totalBytes() || id.isEmpty()) {
            return Optional.empty();
        }
        Payload state = Payload.wrap(Arrays.copyOf(bytes, size));
        boolean intact = SnapshotId.checksumOf(state) == piece.snapshot().checksum();
        forget();
        return intact
                ? Optional.of(new GroupSnapshot(piece.snapshot().last(), piece.nextOffset(), state, piece.membership()))
                : Optional.empty();
    }

    void forget() {
        id = Optional.empty();
        bytes = new byte[0];
        size = 0;
    }
}

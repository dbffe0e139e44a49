/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.Payload;
import io.quorate.raft.log.SnapshotId;
import io.quorate.raft.message.InstallSnapshot;
import java.util.Optional;

/**
 * Brings a snapshot to one follower, piece by piece: one is on the way at a time, and the follower's answers say from where
 * to go on, so that a broken connection or a new leader loses at most one piece.
 *
 * <pre>
 *   LOADING --loaded--> SENDING one piece, answered, the next one ... --all there, installed--> done
 * </pre>
 */
final class SnapshotSender {
    private boolean loading;
    private boolean loadDeferred;
    private Optional<GroupSnapshot> snapshot = Optional.empty();
    private Optional<SnapshotId> id = Optional.empty();
    private long position;
    private boolean outstanding;
    private long sentRound;

    /** Whether the snapshot may be asked for: it is not there, not on its way, and did not just fail to come. */
    boolean canLoad() {
        return snapshot.isEmpty() && !loading && !loadDeferred;
    }

    void loadStarted() {
        loading = true;
    }

    /** Empty if it could not be read: asked for again after a pause. */
    void loaded(Optional<GroupSnapshot> found) {
        loading = false;
        snapshot = found;
        id = found.map(SnapshotId::of);
        position = 0;
        outstanding = false;
        loadDeferred = found.isEmpty();
    }

    void endLoadPause() {
        loadDeferred = false;
    }

    boolean canSend() {
        return snapshot.isPresent() && !outstanding;
    }

    /**
     * The next piece; only while {@link #canSend}. Once all is there it is an empty one, until the snapshot is installed.
     *
     * @param heartbeatRound the last round that went out before the piece
     */
    InstallSnapshot next(long term, int maxBytes, long heartbeatRound) {
        GroupSnapshot whole = snapshot.orElseThrow();
        Payload state = whole.state();
        int from = (int) position;
        Payload chunk =
                Payload.wrap(state.array(), state.arrayOffset() + from, Math.min(maxBytes, state.size() - from));
        outstanding = true;
        sentRound = heartbeatRound;
        return new InstallSnapshot(
                term,
                id.orElseThrow(),
                whole.nextOffset(),
                whole.membership(),
                from,
                chunk,
                SnapshotId.checksumOf(chunk));
    }

    /** The follower has so many bytes of the snapshot. */
    void received(SnapshotId of, long bytes) {
        if (id.isPresent() && id.get().equals(of) && bytes <= of.totalBytes()) {
            position = bytes;
            // All there: what is missing is that it is durable. It is asked again with the heartbeats only.
            outstanding = bytes == of.totalBytes();
        }
    }

    /** Whether a follower that has everything up to {@code index} needs nothing of it. */
    boolean bringsNoMoreThan(long index) {
        return snapshot.isPresent() && snapshot.get().last().index() <= index;
    }

    /** The piece on its way, or its answer, is lost. */
    void lost() {
        outstanding = false;
    }

    /** The follower answers a heartbeat. If that went out after the piece, the piece may be lost. */
    void heartbeatAnswered(long round) {
        if (round > sentRound) {
            outstanding = false;
        }
    }
}

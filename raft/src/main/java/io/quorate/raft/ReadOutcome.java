/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import java.util.Optional;

/** What became of a request for a read index. Each request gets exactly one, except when the process ends. */
public sealed interface ReadOutcome {
    /** As it was given to {@code RaftCore.readIndex}. */
    long requestId();

    /**
     * A state machine that has applied {@code index} holds everything that was acknowledged before the request.
     *
     * @param index committed
     */
    record Granted(long requestId, long index) implements ReadOutcome {}

    /** @param leader who leads now, as far as this member knows; may be this member itself if it has just been elected */
    record Refused(long requestId, Reason reason, Optional<NodeId> leader) implements ReadOutcome {}

    /** Why a read index was not granted. Nothing has happened; the same request may be made again. */
    enum Reason {
        /** This member neither leads nor knows who does. */
        NO_LEADER,
        /** Leadership, or the leader that was asked, changed while the request waited. */
        LEADER_CHANGED,
        /** The leader did not answer within a minimum election timeout, or had too many requests. */
        NO_ANSWER
    }
}

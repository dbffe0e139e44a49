/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;

/**
 * What members of a group say to each other. Each arrives through {@code RaftCore.step} and is dispatched to the role
 * that must answer for it; the compiler keeps every role exhaustive.
 */
public sealed interface Message
        permits PreVoteRequest,
                PreVoteResponse,
                VoteRequest,
                VoteResponse,
                AppendRequest,
                AppendAccepted,
                AppendRejected,
                Heartbeat,
                HeartbeatResponse,
                ReadIndexRequest,
                ReadIndexResponse,
                TimeoutNow,
                InstallSnapshot,
                SnapshotReceived {
    /** The sender's term; for {@link PreVoteRequest} and a granted {@link PreVoteResponse} the term it would campaign in. */
    long term();

    void deliverTo(NodeId from, MessageHandler handler);
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRejected;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.raft.message.MessageHandler;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.ReadIndexRequest;
import io.quorate.raft.message.ReadIndexResponse;
import io.quorate.raft.message.SnapshotReceived;
import io.quorate.raft.message.TimeoutNow;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;

/**
 * Answers messages of an older term, whatever the role: a request is refused with the newer term, so that its sender
 * catches up; an answer to a question of an older term is ignored, since whoever asked is gone (paper §5.1).
 */
final class StaleTerm implements MessageHandler {
    private final MemberCore core;

    StaleTerm(MemberCore core) {
        this.core = core;
    }

    @Override
    public void onPreVoteRequest(NodeId from, PreVoteRequest request) {
        core.voting().refusePreVote(from, VoteRefusal.STALE_TERM, "it asks for term " + request.term());
    }

    @Override
    public void onVoteRequest(NodeId from, VoteRequest request) {
        core.voting().refuse(from, VoteRefusal.STALE_TERM, "it campaigns in term " + request.term());
    }

    @Override
    public void onAppendRequest(NodeId from, AppendRequest request) {
        core.reply(from, new AppendRejected(core.term(), request.previous().index(), EntryId.NONE));
    }

    @Override
    public void onHeartbeat(NodeId from, Heartbeat heartbeat) {
        core.reply(from, new HeartbeatResponse(core.term(), heartbeat.round()));
    }

    @Override
    public void onReadIndexRequest(NodeId from, ReadIndexRequest request) {
        core.refuseRead(from, request);
    }

    @Override
    public void onPreVoteResponse(NodeId from, PreVoteResponse response) {
        // Ignored: of an older campaign.
    }

    @Override
    public void onVoteResponse(NodeId from, VoteResponse response) {
        // Ignored: a vote counts in its own term only.
    }

    @Override
    public void onAppendAccepted(NodeId from, AppendAccepted response) {
        // Ignored: acknowledges entries of an older leadership.
    }

    @Override
    public void onAppendRejected(NodeId from, AppendRejected response) {
        // Ignored: answers an older leadership.
    }

    @Override
    public void onHeartbeatResponse(NodeId from, HeartbeatResponse response) {
        // Ignored: answers an older leadership.
    }

    @Override
    public void onReadIndexResponse(NodeId from, ReadIndexResponse response) {
        // Ignored: only the leader of the present term vouches for a read.
    }

    /** With any answer the sender learns that its term is over. */
    @Override
    public void onInstallSnapshot(NodeId from, InstallSnapshot piece) {
        core.reply(from, new SnapshotReceived(core.term(), piece.snapshot(), 0));
    }

    @Override
    public void onSnapshotReceived(NodeId from, SnapshotReceived response) {
        // Ignored: answers an older leadership.
    }

    @Override
    public void onTimeoutNow(NodeId from, TimeoutNow request) {
        // Ignored: its sender leads no more.
    }
}

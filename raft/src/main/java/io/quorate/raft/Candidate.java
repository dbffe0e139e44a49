/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRejected;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.ReadIndexRequest;
import io.quorate.raft.message.ReadIndexResponse;
import io.quorate.raft.message.SnapshotReceived;
import io.quorate.raft.message.TimeoutNow;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import io.quorate.raft.quorum.VoteTally;
import java.util.Optional;

/**
 * Has voted for itself in a new term and asks for the votes of others (paper §5.2). Its own vote counts, like theirs,
 * only once it is durable. When the time is up it asks for pre-votes again, so that a member that cannot win does not
 * drive terms up.
 */
final class Candidate implements MemberRole {
    private final MemberCore core;
    private final ElectionTimer timer;
    private final int haste;
    private final VoteTally tally;

    /**
     * The core has moved to the new term and voted for itself.
     *
     * @param haste    see {@link ElectionTimer#restartForCampaign}
     * @param transfer whether the leader has asked for it
     */
    Candidate(MemberCore core, int haste, boolean transfer) {
        this.core = core;
        this.haste = haste;
        this.timer = core.newCampaignTimer(haste);
        this.tally = new VoteTally(core.membership().voters(), core.membership().outgoing());
        VoteRequest request = new VoteRequest(core.term(), core.log().last(), transfer);
        core.otherVoters().forEach(peer -> core.sendAfterPersist(peer, request));
    }

    @Override
    public RaftCore.Role kind() {
        return RaftCore.Role.CANDIDATE;
    }

    @Override
    public Optional<NodeId> leader() {
        return Optional.empty();
    }

    @Override
    public void onTick() {
        if (timer.expiresOnTick()) {
            core.campaign(
                    CampaignCause.LOST_BEFORE,
                    "got " + tally.grants() + " votes of "
                            + core.membership().voters().size(),
                    ElectionTimer.hasteAfter(haste));
        }
    }

    @Override
    public void onPersisted() {
        if (core.isHardStateDurable()) {
            count(core.self());
        }
    }

    @Override
    public void onVoteResponse(NodeId from, VoteResponse response) {
        if (response.granted()) {
            count(from);
        }
    }

    private void count(NodeId voter) {
        tally.grant(voter);
        // A majority of the others alone does not do: a leader shows its term, so its own vote must be durable.
        if (tally.isWon() && core.isHardStateDurable()) {
            core.becomeLeader();
        }
    }

    @Override
    public void onPreVoteRequest(NodeId from, PreVoteRequest request) {
        if (core.voting().answerPreVote(from, request, Optional.empty())) {
            timer.standBack();
        }
    }

    @Override
    public void onPreVoteResponse(NodeId from, PreVoteResponse response) {
        // Ignored: the pre-vote is won already.
    }

    @Override
    public void onVoteRequest(NodeId from, VoteRequest request) {
        core.voting().refuse(from, VoteRefusal.VOTED_FOR_OTHER, "voted for itself");
    }

    @Override
    public void onAppendRequest(NodeId from, AppendRequest request) {
        core.follow(from).onAppendRequest(from, request);
    }

    @Override
    public void onHeartbeat(NodeId from, Heartbeat heartbeat) {
        core.follow(from).onHeartbeat(from, heartbeat);
    }

    @Override
    public void onAppendAccepted(NodeId from, AppendAccepted response) {
        // Ignored: this member has led no term so recent.
    }

    @Override
    public void onAppendRejected(NodeId from, AppendRejected response) {
        // Ignored: this member has led no term so recent.
    }

    @Override
    public void onHeartbeatResponse(NodeId from, HeartbeatResponse response) {
        // Ignored: this member has led no term so recent.
    }

    @Override
    public void onReadIndex(long requestId) {
        core.read(new ReadOutcome.Refused(requestId, ReadOutcome.Reason.NO_LEADER, Optional.empty()));
    }

    @Override
    public void onReadIndexRequest(NodeId from, ReadIndexRequest request) {
        core.refuseRead(from, request);
    }

    @Override
    public void onReadIndexResponse(NodeId from, ReadIndexResponse response) {
        // Ignored: what was asked as a follower was given up with that role.
    }

    @Override
    public void onInstallSnapshot(NodeId from, InstallSnapshot piece) {
        core.follow(from).onInstallSnapshot(from, piece);
    }

    @Override
    public void onSnapshotReceived(NodeId from, SnapshotReceived response) {
        // Ignored: answers a leadership that this member has given up.
    }

    @Override
    public void onTimeoutNow(NodeId from, TimeoutNow request) {
        // Ignored: it campaigns already, because the leader that asks was silent.
    }

    @Override
    public void onLeave(Optional<NodeId> newLeader) {
        // No read waits here.
    }

    @Override
    public void onDisconnected(NodeId peer) {
        // Nothing to do: whoever does not answer does not vote.
    }

    @Override
    public void onSilent(NodeId peer, int ticks) {
        // Nothing to do: whoever does not answer does not vote.
    }

    @Override
    public boolean reliesOn(NodeId peer) {
        return false;
    }

    @Override
    public void onWoken(Optional<NodeId> by) {
        // Never: it does not rest.
    }

    @Override
    public boolean hasOutputs() {
        return false;
    }

    @Override
    public void beforeDrain() {
        // Nothing is held back.
    }
}

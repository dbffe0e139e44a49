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
 * Asks whether it would win before it disturbs anyone with a new term (thesis §9.6). Its own term and vote stay as they
 * are. It knows no leader: it must be able to grant the pre-votes of others, or a group could refuse itself for ever.
 */
final class PreCandidate implements MemberRole {
    private final MemberCore core;
    private final ElectionTimer timer;
    private final int haste;
    private final long campaignTerm;
    private final VoteTally tally;

    /** @param haste see {@link ElectionTimer#restartForCampaign} */
    PreCandidate(MemberCore core, int haste) {
        this.core = core;
        this.haste = haste;
        this.timer = core.newCampaignTimer(haste);
        this.campaignTerm = core.term() + 1;
        this.tally = new VoteTally(core.membership().voters(), core.membership().outgoing());
        tally.grant(core.self());
        PreVoteRequest request = new PreVoteRequest(campaignTerm, core.log().last());
        core.otherVoters().forEach(peer -> core.sendNow(peer, request));
    }

    @Override
    public RaftCore.Role kind() {
        return RaftCore.Role.PRE_CANDIDATE;
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
                    "pre-vote got " + tally.grants() + " of "
                            + core.membership().voters().size(),
                    ElectionTimer.hasteAfter(haste));
        }
    }

    @Override
    public void onPreVoteResponse(NodeId from, PreVoteResponse response) {
        if (response.granted() && response.term() == campaignTerm) {
            tally.grant(from);
            if (tally.isWon()) {
                core.becomeCandidate(haste, false);
            }
        }
    }

    @Override
    public void onPreVoteRequest(NodeId from, PreVoteRequest request) {
        if (core.voting().answerPreVote(from, request, Optional.empty())) {
            timer.standBack();
        }
    }

    @Override
    public void onVoteRequest(NodeId from, VoteRequest request) {
        if (core.voting().voteUnlessGivenOrOutdated(from, request)) {
            core.becomeFollower(core.term(), Optional.empty(), FollowerCause.VOTED_FOR_OTHER, "voted for " + from);
        }
    }

    @Override
    public void onVoteResponse(NodeId from, VoteResponse response) {
        // Ignored: of an earlier candidacy in this term, which has timed out.
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
        // Ignored: answers a leadership that this member has given up.
    }

    @Override
    public void onAppendRejected(NodeId from, AppendRejected response) {
        // Ignored: answers a leadership that this member has given up.
    }

    @Override
    public void onHeartbeatResponse(NodeId from, HeartbeatResponse response) {
        // Ignored: answers a leadership that this member has given up.
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
    public void onPersisted() {
        // Nothing waits here: a pre-vote needs nothing durable.
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

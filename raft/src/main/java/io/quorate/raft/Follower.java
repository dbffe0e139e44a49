/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
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
import java.util.List;
import java.util.Optional;

/**
 * Takes entries from the leader of the term, once there is one, and votes (paper §5.2, §5.3).
 *
 * <p>Invariant: the log equals the log of the term's leader up to {@code verifiedIndex}. At the start that is what is
 * known committed (leader completeness, paper §5.4.3); each accepted append raises it. No message of this term can
 * undo entries up to there: whoever asks for that is not the leader of this term and is not obeyed.
 */
final class Follower implements MemberRole {
    private final MemberCore core;
    private final RaftLog log;
    private final ElectionTimer timer;
    private Optional<NodeId> leader;
    private int ticksSinceLeader;
    private boolean leaderDisconnected;
    private long verifiedIndex;
    private boolean acknowledge;
    private final ForwardedReads reads;

    Follower(MemberCore core, Optional<NodeId> leader) {
        this.core = core;
        this.log = core.log();
        this.timer = core.newElectionTimer();
        this.leader = leader;
        this.verifiedIndex = log.commitIndex();
        this.reads = core.newForwardedReads();
    }

    @Override
    public RaftCore.Role kind() {
        return RaftCore.Role.FOLLOWER;
    }

    @Override
    public Optional<NodeId> leader() {
        return leader;
    }

    @Override
    public void onTick() {
        ticksSinceLeader++;
        refuse(reads.tick(), ReadOutcome.Reason.NO_ANSWER, leader);
        if (timer.expiresOnTick()) {
            if (leader.isEmpty()) {
                core.campaign(CampaignCause.NO_LEADER, "no leader in sight", timer.hasteOfCampaign());
            } else {
                core.campaign(
                        leaderDisconnected ? CampaignCause.LEADER_DISCONNECTED : CampaignCause.LEADER_SILENT,
                        describeSilence(leader.get()),
                        timer.hasteOfCampaign());
            }
        }
    }

    /** What the driver knows to be committed is the leader's too, whoever that is (paper §5.4.3). */
    private long verifiedIndex() {
        return Math.max(verifiedIndex, log.commitIndex());
    }

    private String describeSilence(NodeId of) {
        return leaderDisconnected
                ? "the connection to leader " + of + " broke"
                : "nothing heard from leader " + of + " for " + ticksSinceLeader + " ticks";
    }

    @Override
    public void onPersisted() {
        // Nothing waits here: acknowledgements are bound to their persist.
    }

    @Override
    public void onDisconnected(NodeId peer) {
        if (leader.isPresent() && leader.get().equals(peer)) {
            // Its process is probably gone, and the others see the same. But a lease would outlive it.
            refuse(reads.abandon(), ReadOutcome.Reason.NO_ANSWER, leader);
            if (!core.config().usesLeases()) {
                leaderDisconnected = true;
                timer.hurry();
            }
        }
    }

    /** Nothing of the leader either: time has passed that was not counted if this member had quiesced. */
    @Override
    public void onSilent(NodeId peer, int ticks) {
        if (reliesOn(peer) && ticks > ticksSinceLeader) {
            timer.elapse(ticks - ticksSinceLeader);
            ticksSinceLeader = ticks;
            core.voting().leaderSilent(ticks);
        }
    }

    @Override
    public boolean reliesOn(NodeId peer) {
        return leader.isPresent() && leader.get().equals(peer);
    }

    @Override
    public void onWoken(Optional<NodeId> by) {
        // As long as this member rested its driver was sure of the leader's node.
        ticksSinceLeader = 0;
        timer.restart();
        if (leader.isPresent() && !leader.equals(by)) {
            core.reply(leader.get(), new HeartbeatResponse(core.term(), 0));
        }
    }

    @Override
    public void onPreVoteRequest(NodeId from, PreVoteRequest request) {
        // Sticky: who hears a leader wants no other (thesis §9.6).
        boolean leaderIsAlive =
                !leaderDisconnected && ticksSinceLeader < core.config().electionTimeoutTicks();
        if (core.voting().answerPreVote(from, request, leader.filter(heard -> leaderIsAlive))) {
            timer.standBack();
        }
    }

    @Override
    public void onPreVoteResponse(NodeId from, PreVoteResponse response) {
        // Ignored: the campaign that asked is over.
    }

    @Override
    public void onVoteRequest(NodeId from, VoteRequest request) {
        if (leader.isPresent()) {
            core.voting().refuse(from, VoteRefusal.TERM_HAS_LEADER, "leader " + leader.get() + " has been elected");
        } else if (core.voting().voteUnlessGivenOrOutdated(from, request)) {
            timer.restart();
        }
    }

    @Override
    public void onVoteResponse(NodeId from, VoteResponse response) {
        // Ignored: the campaign that asked is over.
    }

    @Override
    public void onHeartbeat(NodeId from, Heartbeat heartbeat) {
        if (!isFromLeader(from)) {
            return;
        }
        // The leader has this member's acknowledgement of this term for everything up to the heartbeat's commit index,
        // and acknowledged entries stay while the term lasts; so a correct leader never names one that is not here.
        if (heartbeat.commitIndex() > log.lastIndex()) {
            core.drop(from, "heartbeat commits " + heartbeat.commitIndex() + ", the log ends at " + log.lastIndex());
            return;
        }
        verifiedIndex = Math.max(verifiedIndex(), heartbeat.commitIndex());
        core.commitTo(heartbeat.commitIndex());
        boolean rests = heartbeat.quiesce() && isIdle();
        if (rests) {
            core.quiesce();
        } else {
            core.wake(WakeReason.MESSAGE, leader);
        }
        core.reply(from, new HeartbeatResponse(core.term(), heartbeat.round(), rests));
    }

    /** Whether nothing at all is to be done here: all of the log is known committed, and it and the vote are durable. */
    private boolean isIdle() {
        return core.mayQuiesce()
                && log.commitIndex() == log.lastIndex()
                && core.durableIndex() == log.lastIndex()
                && core.isHardStateDurable()
                && reads.isEmpty()
                && !acknowledge;
    }

    @Override
    public void onAppendRequest(NodeId from, AppendRequest request) {
        if (!isFromLeader(from)) {
            return;
        }
        Optional<String> flaw = AppendValidator.flawOf(request);
        if (flaw.isPresent()) {
            core.drop(from, flaw.get());
            return;
        }
        EntryId previous = request.previous();
        if (!matches(previous)) {
            if (previous.index() <= verifiedIndex()) {
                core.drop(from, "append after " + previous + " contradicts verified " + log.idAt(previous.index()));
            } else {
                reject(from, previous);
            }
            return;
        }
        if (!takeEntries(from, request.entries())) {
            return;
        }
        verifiedIndex = Math.max(verifiedIndex(), request.lastIndex());
        // Only now: what the commit index covers must be the leader's entries, not what they have replaced.
        core.commitTo(Math.min(request.commitIndex(), verifiedIndex()));
        acknowledge = true;
    }

    /** Whether the entry before an append is in the log. What was cut away was committed, so it matches. */
    private boolean matches(EntryId previous) {
        return previous.index() < log.firstIndex() - 1
                || (previous.index() <= log.lastIndex()
                        && log.idAt(previous.index()).term() == previous.term());
    }

    /** Paper §5.3, with the greatest entry that may still match as a hint, to skip a whole term per round trip. */
    private void reject(NodeId from, EntryId previous) {
        long below = Math.min(previous.index() - 1, log.lastIndex());
        EntryId hint = log.lastWithTermAtMost(previous.term(), below);
        core.reply(from, new AppendRejected(core.term(), previous.index(), hint));
    }

    /** Appends what is new and replaces what conflicts; what is held already stays as it is. False if it was dropped. */
    private boolean takeEntries(NodeId from, List<LogEntry> entries) {
        int firstNew = 0;
        while (firstNew < entries.size() && holds(entries.get(firstNew).id())) {
            firstNew++;
        }
        if (firstNew == entries.size()) {
            return true;
        }
        LogEntry first = entries.get(firstNew);
        if (first.index() <= verifiedIndex()) {
            core.drop(from, "entry " + first.id() + " contradicts verified " + log.idAt(first.index()));
            return false;
        }
        Optional<LogEntry> predecessor = log.findInTail(first.index() - 1);
        long expectedOffset = first.index() == log.lastIndex() + 1
                ? log.nextOffset()
                : predecessor.map(LogEntry::nextOffset).orElse(first.baseOffset());
        if (first.baseOffset() != expectedOffset) {
            core.drop(from, "entry " + first.id() + " at offset " + first.baseOffset() + ", not " + expectedOffset);
            return false;
        }
        if (first.index() <= log.lastIndex()) {
            core.truncateSuffix(first.index(), first.baseOffset());
        }
        for (LogEntry entry : entries.subList(firstNew, entries.size())) {
            core.append(entry);
        }
        return true;
    }

    private boolean holds(EntryId id) {
        return id.index() < log.firstIndex()
                || (id.index() <= log.lastIndex() && log.idAt(id.index()).term() == id.term());
    }

    /** Notes a sign of life of the term's leader. False if the sender is not it: a term has one leader at most. */
    private boolean isFromLeader(NodeId from) {
        if (leader.isEmpty()) {
            leader = Optional.of(from);
            core.event(new RaftEvent.FollowsLeader(core.term(), from));
        } else if (!leader.get().equals(from)) {
            core.drop(from, "claims to lead the term of " + leader.get());
            return false;
        }
        ticksSinceLeader = 0;
        core.voting().leaderHeard();
        leaderDisconnected = false;
        timer.restart();
        return true;
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
        if (leader.isPresent()) {
            reads.add(requestId);
        } else {
            refuse(List.of(requestId), ReadOutcome.Reason.NO_LEADER, leader);
        }
    }

    @Override
    public void onReadIndexRequest(NodeId from, ReadIndexRequest request) {
        core.refuseRead(from, request);
    }

    @Override
    public void onReadIndexResponse(NodeId from, ReadIndexResponse response) {
        if (leader.isEmpty() || !leader.get().equals(from)) {
            core.drop(from, "answers a read, but does not lead");
            return;
        }
        List<Long> requestIds = reads.answered(response.readId());
        if (!response.granted()) {
            refuse(requestIds, ReadOutcome.Reason.NO_ANSWER, leader);
            return;
        }
        // The leader has committed it: no need to wait for the next heartbeat.
        core.commitTo(Math.min(response.index(), verifiedIndex()));
        for (long requestId : requestIds) {
            core.read(new ReadOutcome.Granted(requestId, response.index()));
        }
    }

    private void refuse(List<Long> requestIds, ReadOutcome.Reason reason, Optional<NodeId> knownLeader) {
        for (long requestId : requestIds) {
            core.read(new ReadOutcome.Refused(requestId, reason, knownLeader));
        }
    }

    /** Paper §7. What is held already, or was committed already, needs no snapshot. */
    @Override
    public void onInstallSnapshot(NodeId from, InstallSnapshot piece) {
        if (!isFromLeader(from)) {
            return;
        }
        Optional<String> flaw = SnapshotReceiver.flawOf(piece);
        if (flaw.isPresent()) {
            core.drop(from, flaw.get());
            return;
        }
        EntryId last = piece.snapshot().last();
        if (last.index() <= verifiedIndex() || holds(last)) {
            verifiedIndex = Math.max(verifiedIndex(), last.index());
            core.commitTo(last.index());
            acknowledge = true;
            return;
        }
        SnapshotReceiver receiver = core.snapshots().receiver();
        receiver.take(piece);
        Optional<GroupSnapshot> complete = receiver.completed(piece);
        if (complete.isPresent()) {
            core.install(complete.get());
            verifiedIndex = last.index();
            acknowledge = true;
        } else {
            core.reply(from, new SnapshotReceived(core.term(), piece.snapshot(), receiver.position(piece.snapshot())));
        }
    }

    @Override
    public void onSnapshotReceived(NodeId from, SnapshotReceived response) {
        // Ignored: answers a leadership that this member has given up.
    }

    /** The leader hands over: no pre-vote, and no waiting (thesis §3.10). */
    @Override
    public void onTimeoutNow(NodeId from, TimeoutNow request) {
        if (!isFromLeader(from)) {
            return;
        }
        if (!core.membership().isVoter(core.self())) {
            core.event(
                    new RaftEvent.TransferDeclined(core.term(), from, TransferFailure.NOT_A_VOTER, "it is no voter"));
        } else if (core.isHeldBack()) {
            core.event(new RaftEvent.TransferDeclined(core.term(), from, TransferFailure.HELD_BACK, "it is held back"));
        } else {
            core.becomeCandidate(ElectionTimer.CALM, true);
        }
    }

    @Override
    public void onLeave(Optional<NodeId> newLeader) {
        refuse(reads.abandon(), ReadOutcome.Reason.LEADER_CHANGED, newLeader);
    }

    @Override
    public boolean hasOutputs() {
        return acknowledge || reads.canAsk();
    }

    @Override
    public void beforeDrain() {
        if (reads.canAsk()) {
            core.reply(leader.orElseThrow(), new ReadIndexRequest(core.term(), reads.ask()));
        }
        acknowledge();
    }

    /** One cumulative acknowledgement per turn, and only for what is durable when it leaves. */
    private void acknowledge() {
        if (!acknowledge) {
            return;
        }
        acknowledge = false;
        AppendAccepted accepted = new AppendAccepted(core.term(), verifiedIndex());
        NodeId to = leader.orElseThrow();
        if (verifiedIndex() <= core.durableIndex()) {
            core.reply(to, accepted);
        } else {
            core.sendAfterPersist(to, accepted);
        }
    }
}

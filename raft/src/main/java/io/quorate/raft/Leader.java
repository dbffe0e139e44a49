/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
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
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * Decides what is committed (paper §5.3, §5.4). Its {@link Replication} sends entries while this member writes them, and
 * it counts itself only up to its durable index (thesis §10.2.1).
 *
 * <p>Check-quorum: gives up when it has not heard from a majority, itself included, for a minimum election timeout
 * (thesis §6.2); by then the others may have elected somebody else.
 */
final class Leader implements MemberRole {
    private final MemberCore core;
    private final RaftLog log;
    private final Replication replication;
    private final List<FollowerProgress> followers;
    private final long startIndex;
    private final ReadRounds reads;
    private final LeaderLease lease;
    private final MembershipChange change;
    private final Idleness idleness;
    private Optional<LeadershipTransfer> transfer = Optional.empty();
    private int ticksSinceHeartbeat;
    private long heartbeatRound;
    private int ticksSinceMark;
    /** The commit index one to two heartbeat intervals ago: who has that much keeps up. */
    private long formerCommitIndex;

    private long latelyCommitIndex;

    Leader(MemberCore core) {
        this.core = core;
        this.log = core.log();
        this.startIndex = log.lastIndex() + 1;
        this.replication = new Replication(core, startIndex);
        this.followers = replication.followers();
        this.reads = new ReadRounds(startIndex);
        this.change = new MembershipChange(core);
        this.lease = new LeaderLease(core.config().leaseTicks());
        this.idleness = new Idleness(core.config().quiesceAfterTicks());
        // Commits what was inherited, which cannot commit by itself (paper §5.4.2, §8). The core has no clock: time 0.
        append(EntryType.NO_OP, 0, 0, Payload.EMPTY);
    }

    @Override
    public RaftCore.Role kind() {
        return RaftCore.Role.LEADER;
    }

    @Override
    public Optional<NodeId> leader() {
        return Optional.of(core.self());
    }

    long startIndex() {
        return startIndex;
    }

    long matchIndex(NodeId voter) {
        for (FollowerProgress follower : followers) {
            if (follower.follower().equals(voter)) {
                return follower.matchIndex();
            }
        }
        return voter.equals(core.self()) ? core.durableIndex() : 0;
    }

    List<FollowerStatus> statuses() {
        return followers.stream().map(FollowerProgress::status).toList();
    }

    /** Appends to the own log; followers learn of it when the turn ends. */
    LogEntry append(EntryType type, int recordCount, long timestampMillis, Payload payload) {
        LogEntry entry = new LogEntry(
                new EntryId(core.term(), log.lastIndex() + 1),
                type,
                log.nextOffset(),
                recordCount,
                timestampMillis,
                payload);
        core.append(entry);
        idleness.end();
        replication.entryAppended();
        return entry;
    }

    @Override
    public void onTick() {
        ticksSinceMark++;
        if (ticksSinceMark >= core.config().heartbeatTicks()) {
            ticksSinceMark = 0;
            formerCommitIndex = latelyCommitIndex;
            latelyCommitIndex = log.commitIndex();
        }
        replication.onTick();
        lease.onTick();
        if (transfer.isPresent() && transfer.get().expiresOnTick()) {
            abortTransfer(
                    TransferFailure.TIMED_OUT,
                    "not done within " + core.config().electionTimeoutTicks() + " ticks");
        }
        int timeout = core.config().electionTimeoutTicks();
        if (!core.membership().hasQuorum(voter -> isInContact(voter, timeout))) {
            long inContact = core.voters().stream()
                    .filter(voter -> isInContact(voter, timeout))
                    .count();
            core.becomeFollower(
                    core.term(),
                    Optional.empty(),
                    FollowerCause.NO_QUORUM,
                    "in contact with " + inContact + " of " + core.voters().size() + " voters for " + timeout
                            + " ticks");
            return;
        }
        idleness.onTick(isIdle());
        quiesceWithAll();
        ticksSinceHeartbeat++;
        if (!core.isQuiescent() && ticksSinceHeartbeat >= core.config().heartbeatTicks()) {
            sendHeartbeats();
        }
    }

    private boolean isInContact(NodeId voter, int timeoutTicks) {
        return voter.equals(core.self())
                || replication.find(voter).orElseThrow().silentTicks() < timeoutTicks;
    }

    private void sendHeartbeats() {
        ticksSinceHeartbeat = 0;
        heartbeatRound++;
        reads.roundStarts(heartbeatRound, log.commitIndex());
        lease.roundLeaves(heartbeatRound);
        boolean quiesce = idleness.isRipe() && isIdle();
        idleness.roundLeaves(heartbeatRound, quiesce);
        replication.sendHeartbeats(heartbeatRound, quiesce);
        transfer.ifPresent(LeadershipTransfer::askAgain);
        if (core.membership().isOnlyVoter(core.self())) {
            grantReads();
        }
    }

    @Override
    public void onHeartbeatResponse(NodeId from, HeartbeatResponse response) {
        if (response.round() > heartbeatRound) {
            core.drop(from, "answers heartbeat round " + response.round() + ", the last one was " + heartbeatRound);
            return;
        }
        replication.heartbeatAnswered(replication.progressOf(from), response.round());
        grantReads();
        idleness.answered(from, response.round(), response.quiescent());
        quiesceWithAll();
    }

    @Override
    public void onAppendAccepted(NodeId from, AppendAccepted response) {
        if (response.matchIndex() > log.lastIndex()) {
            core.drop(from, "acknowledges " + response.matchIndex() + ", the log ends at " + log.lastIndex());
            return;
        }
        if (replication.accepted(replication.progressOf(from), response.matchIndex())) {
            advanceCommitIndex();
        }
    }

    @Override
    public void onAppendRejected(NodeId from, AppendRejected response) {
        replication.rejected(replication.progressOf(from), response);
    }

    @Override
    public void onDisconnected(NodeId peer) {
        replication.disconnected(replication.progressOf(peer));
        if (transferTarget().equals(Optional.of(peer))) {
            abortTransfer(TransferFailure.DISCONNECTED, "the connection to " + peer + " broke");
        }
    }

    @Override
    public void onSilent(NodeId peer, int ticks) {
        replication.progressOf(peer).silent(ticks);
    }

    @Override
    public void onPersisted() {
        advanceCommitIndex();
    }

    // --------------------------------------------------------------------------------------------------- quiescence

    /** Whether nothing at all is to be done by this leader or by its followers, as far as it knows. */
    private boolean isIdle() {
        return core.mayQuiesce()
                && log.commitIndex() == log.lastIndex()
                && log.appliedIndex() == log.lastIndex()
                && core.durableIndex() == log.lastIndex()
                && transfer.isEmpty()
                && !change.isUnderWay()
                && reads.isEmpty()
                && replication.isIdle();
    }

    private void quiesceWithAll() {
        if (idleness.haveQuiesced(core.peers()) && isIdle()) {
            // From now on time passes uncounted.
            lease.lapse();
            core.quiesce();
        }
    }

    @Override
    public boolean reliesOn(NodeId peer) {
        return true;
    }

    /** As long as this member rested its driver was sure of the followers' nodes. They hear of it with the next tick. */
    @Override
    public void onWoken(Optional<NodeId> by) {
        idleness.end();
        followers.forEach(FollowerProgress::heard);
        ticksSinceHeartbeat = core.config().heartbeatTicks();
    }

    private void advanceCommitIndex() {
        long before = log.commitIndex();
        core.commitTo(CommitRule.advance(
                before, agreedBy(core.durableIndex(), FollowerProgress::matchIndex), core.term(), log.terms()));
        if (before < startIndex && log.commitIndex() >= startIndex) {
            grantReads();
        }
        goOnWithMembership();
    }

    private long agreedBy(long own, ToLongFunction<FollowerProgress> reached) {
        return core.membership()
                .agreed(voter -> voter.equals(core.self())
                        ? own
                        : reached.applyAsLong(replication.find(voter).orElseThrow()));
    }

    // ------------------------------------------------------------------------------------------------ membership

    /** Only after an entry of the own term is committed: what was inherited may still be undone (Ongaro, 2015). */
    MembershipResult changeMembership(Membership wanted) {
        if (log.commitIndex() < startIndex) {
            return new MembershipResult.Refused("this leader has not yet committed an entry of its own");
        }
        if (change.isUnderWay()) {
            return new MembershipResult.Refused("another change is under way: " + core.membership());
        }
        if (transfer.isPresent()) {
            return new MembershipResult.Refused("leadership is being handed over");
        }
        if (wanted.version() < core.membership().version()) {
            return new MembershipResult.Refused("members of version " + wanted.version()
                    + " are not wanted any more: the group has come to " + core.membership());
        }
        change.begin(wanted);
        goOnWithMembership();
        return new MembershipResult.Started();
    }

    private void goOnWithMembership() {
        if (log.commitIndex() < startIndex) {
            return;
        }
        Optional<Membership> step = change.nextStep(
                node -> replication.find(node).orElseThrow().matchIndex() >= Math.max(startIndex, formerCommitIndex));
        if (step.isPresent()) {
            append(EntryType.MEMBERSHIP, 0, 0, step.get().encode());
        } else if (!core.membership().isVoter(core.self()) && core.memberships().currentIndex() <= log.commitIndex()) {
            askSuccessor();
            core.becomeFollower(core.term(), Optional.empty(), FollowerCause.NOT_A_VOTER, "is no voter any more");
        }
    }

    /**
     * Who has the most may campaign at once, so that the group need not notice first that this leader has gone. Under load
     * nobody has everything; but what was sent before usually arrives before the question does, and who lacks anything that
     * is committed is not elected.
     */
    private void askSuccessor() {
        followers.stream()
                .filter(follower -> core.membership().isVoter(follower.follower()) && follower.isReplicating())
                .max(Comparator.comparingLong(FollowerProgress::matchIndex))
                .ifPresent(successor -> core.sendNow(successor.follower(), new TimeoutNow(core.term())));
    }

    /** An entry that was just appended has changed the members. */
    void membershipChanged() {
        replication.membershipChanged();
        if (transfer.isPresent() && !core.membership().isVoter(transferTarget().orElseThrow())) {
            abortTransfer(TransferFailure.NOT_A_VOTER, transferTarget().get() + " is no voter any more");
        }
    }

    // ----------------------------------------------------------------------------------------------------- reads

    void timeLost() {
        lease.lapse();
    }

    @Override
    public void onReadIndex(long requestId) {
        idleness.end();
        if (lease.isHeld() && log.commitIndex() >= startIndex) {
            core.read(new ReadOutcome.Granted(requestId, log.commitIndex()));
        } else {
            reads.addLocal(requestId);
        }
    }

    @Override
    public void onReadIndexRequest(NodeId from, ReadIndexRequest request) {
        idleness.end();
        if (!reads.addRemote(from, request.readId())) {
            core.sendNow(from, new ReadIndexResponse(core.term(), request.readId(), false, 0));
        }
    }

    private void grantReads() {
        long confirmed = agreedBy(heartbeatRound, FollowerProgress::answeredRound);
        lease.confirmed(confirmed);
        for (ReadRounds.Granted granted : reads.granted(confirmed, log.commitIndex())) {
            long id = granted.read().id();
            granted.read()
                    .follower()
                    .ifPresentOrElse(
                            to -> core.sendNow(to, new ReadIndexResponse(core.term(), id, true, granted.index())),
                            () -> core.read(new ReadOutcome.Granted(id, granted.index())));
        }
    }

    @Override
    public void onLeave(Optional<NodeId> newLeader) {
        for (long requestId : reads.local()) {
            core.read(new ReadOutcome.Refused(requestId, ReadOutcome.Reason.LEADER_CHANGED, newLeader));
        }
    }

    // -------------------------------------------------------------------------------------------------- transfer

    Optional<NodeId> transferTarget() {
        return transfer.map(LeadershipTransfer::target);
    }

    TransferResult transferTo(NodeId target) {
        if (transfer.isPresent()) {
            return new TransferResult.Refused(
                    "leadership is being handed to " + transferTarget().get() + " already");
        }
        Optional<FollowerProgress> follower =
                replication.find(target).filter(progress -> core.membership().isVoter(target));
        if (follower.isEmpty()) {
            return new TransferResult.Refused(target + " is not another voter");
        }
        if (!follower.get().isReplicating()) {
            return new TransferResult.Refused(target + " does not keep up: it is not even known what it has");
        }
        transfer = Optional.of(new LeadershipTransfer(core, follower.get()));
        core.event(new RaftEvent.TransferStarted(core.term(), target));
        return new TransferResult.Started();
    }

    private void abortTransfer(TransferFailure cause, String reason) {
        core.event(new RaftEvent.TransferAborted(core.term(), transferTarget().orElseThrow(), cause, reason));
        transfer = Optional.empty();
    }

    private boolean canAskForTransfer() {
        return transfer.isPresent() && transfer.get().canAsk();
    }

    // --------------------------------------------------------------------------------------------------- outputs

    /** The answer to a load of entries. */
    void loaded(NodeId to, long fromIndex, List<LogEntry> entries) {
        replication.find(to).ifPresent(follower -> replication.loaded(follower, fromIndex, entries));
    }

    @Override
    public long firstIndexToKeep() {
        return replication.firstIndexToKeep();
    }

    @Override
    public boolean hasOutputs() {
        return replication.isDue() || reads.wantRound() || canAskForTransfer();
    }

    @Override
    public void beforeDrain() {
        if (reads.wantRound()) {
            sendHeartbeats();
        }
        replication.sendAll();
        if (canAskForTransfer()) {
            // Who campaigns with this blessing is not held up by leases.
            lease.giveUp();
            transfer.get().ask();
        }
    }

    void prefixTrimmed() {
        replication.prefixTrimmed();
    }

    /** The answer to a load of a snapshot. */
    void snapshotLoaded(NodeId to, Optional<GroupSnapshot> snapshot) {
        replication.find(to).ifPresent(follower -> replication.snapshotLoaded(follower, snapshot));
    }

    @Override
    public void onSnapshotReceived(NodeId from, SnapshotReceived response) {
        replication.snapshotReceived(replication.progressOf(from), response);
    }

    // ------------------------------------------------------------------------------------ messages to be turned down

    @Override
    public void onInstallSnapshot(NodeId from, InstallSnapshot piece) {
        core.drop(from, "snapshot of a second leader of this term");
    }

    @Override
    public void onPreVoteRequest(NodeId from, PreVoteRequest request) {
        // Check-quorum has seen a majority lately, or this would not be a leader any more.
        core.voting().answerPreVote(from, request, leader());
    }

    @Override
    public void onPreVoteResponse(NodeId from, PreVoteResponse response) {
        // Ignored: the election is won.
    }

    @Override
    public void onVoteRequest(NodeId from, VoteRequest request) {
        core.voting().refuse(from, VoteRefusal.TERM_HAS_LEADER, "leads the term");
    }

    @Override
    public void onVoteResponse(NodeId from, VoteResponse response) {
        // Ignored: the election is won.
    }

    @Override
    public void onAppendRequest(NodeId from, AppendRequest request) {
        core.drop(from, "append of a second leader of this term");
    }

    @Override
    public void onHeartbeat(NodeId from, Heartbeat heartbeat) {
        core.drop(from, "heartbeat of a second leader of this term");
    }

    @Override
    public void onReadIndexResponse(NodeId from, ReadIndexResponse response) {
        // Ignored: answers a question of the follower that this member was in an earlier term.
    }

    @Override
    public void onTimeoutNow(NodeId from, TimeoutNow request) {
        core.drop(from, "hands over the leadership of a second leader of this term");
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.RecoveredLog;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.ReadIndexRequest;
import io.quorate.raft.message.ReadIndexResponse;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the roles of one member have in common: the term and the vote, the log and its marks, who the members are, what the
 * world is to do; and the ways from one role to another. What differs by role is in {@link Follower}, {@link PreCandidate},
 * {@link Candidate} and {@link Leader}, which work on this; drivers see it through {@link RaftCore}.
 *
 * <p>Invariants: the term never falls; within a term the vote is given once; both are durable before any message shows
 * them. appliedIndex ≤ commitIndex ≤ lastIndex and appliedIndex ≤ durableIndex ≤ lastIndex.
 */
final class MemberCore {
    private final RaftConfig config;
    private final NodeId self;
    private final MembershipHistory memberships;
    private List<NodeId> peers;
    private final Prng prng;
    private final RaftLog log;
    private final PersistTracker persists;
    private final Outbox outbox = new Outbox();
    private final Snapshots snapshots = new Snapshots();
    private final Voting voting;
    private HardState hardState;
    private MemberRole role;
    private long reportedCommitIndex;
    private boolean heldBack;
    private boolean quiescencePermitted = true;
    private boolean quiescent;

    /** @throws IllegalArgumentException if the log holds terms above the hard state's */
    MemberCore(RaftConfig config, NodeId self, MembershipHistory memberships, RecoveredLog recovered, Prng prng) {
        if (recovered.terms().last().term() > recovered.hardState().term()) {
            throw new IllegalArgumentException("the log ends with "
                    + recovered.terms().last() + ", but the hard state knows only term "
                    + recovered.hardState().term());
        }
        this.config = config;
        this.self = self;
        this.memberships = memberships.copy();
        this.peers = memberships.current().others(self);
        this.prng = prng;
        this.log = new RaftLog(recovered, config.tailBytes());
        this.persists = new PersistTracker(log.lastIndex());
        this.hardState = recovered.hardState();
        this.voting = new Voting(this);
        this.role = new Follower(this, Optional.empty());
        this.reportedCommitIndex = log.commitIndex();
    }

    // ------------------------------------------------------------------------------------------------------ state

    RaftConfig config() {
        return config;
    }

    NodeId self() {
        return self;
    }

    MemberRole role() {
        return role;
    }

    HardState hardState() {
        return hardState;
    }

    long term() {
        return hardState.term();
    }

    void setHardState(HardState newHardState) {
        hardState = newHardState;
        persists.hardStateChanged();
    }

    boolean isHardStateDurable() {
        return persists.isHardStateDurable();
    }

    long durableIndex() {
        return persists.durableIndex();
    }

    RaftLog log() {
        return log;
    }

    Snapshots snapshots() {
        return snapshots;
    }

    Voting voting() {
        return voting;
    }

    boolean isHeldBack() {
        return heldBack;
    }

    void holdBack(boolean held) {
        heldBack = held;
    }

    ForwardedReads newForwardedReads() {
        return new ForwardedReads(prng, config.electionTimeoutTicks());
    }

    ElectionTimer newElectionTimer() {
        ElectionTimer timer = new ElectionTimer(config, prng);
        if (membership().isOnlyVoter(self)) {
            timer.restartForOnlyVoter();
        } else if (term() == 0 && log.last().equals(EntryId.NONE)) {
            timer.restartForFreshGroup();
        }
        return timer;
    }

    /** An only voter is in no haste: a new term each tick would never let a slow disk finish its vote. */
    ElectionTimer newCampaignTimer(int haste) {
        ElectionTimer timer = new ElectionTimer(config, prng);
        timer.restartForCampaign(haste);
        return timer;
    }

    // ---------------------------------------------------------------------------------------------------- members

    MembershipHistory memberships() {
        return memberships;
    }

    /** In force since the entry that brought it was appended, committed or not. */
    Membership membership() {
        return memberships.current();
    }

    /** The other members, by id. */
    List<NodeId> peers() {
        return peers;
    }

    boolean isPeer(NodeId node) {
        return !node.equals(self) && membership().isMember(node);
    }

    /** All voters, of a joint membership both kinds. */
    List<NodeId> voters() {
        return Stream.concat(membership().voters().stream(), membership().outgoing().stream())
                .sorted()
                .distinct()
                .toList();
    }

    List<NodeId> otherVoters() {
        return voters().stream().filter(voter -> !voter.equals(self)).toList();
    }

    private void membershipChanged() {
        peers = membership().others(self);
        event(new RaftEvent.MembershipChanged(term(), memberships.currentIndex(), membership()));
        if (role instanceof Leader leader) {
            leader.membershipChanged();
        }
    }

    // ------------------------------------------------------------------------------------- the log and its marks

    /** Appends to the log in memory; a new membership is in force at once. */
    void append(LogEntry entry) {
        log.append(entry);
        if (entry.type() == EntryType.MEMBERSHIP) {
            memberships.add(entry.index(), Membership.decode(entry.payload()).orElseThrow());
            membershipChanged();
        }
    }

    /** Raises the commit index to {@code index}, if that is higher. */
    void commitTo(long index) {
        if (index > log.commitIndex()) {
            log.commitTo(index);
        }
    }

    void truncateSuffix(long fromIndex, long newNextOffset) {
        log.truncateSuffix(fromIndex, newNextOffset);
        if (memberships.truncateSuffix(fromIndex)) {
            membershipChanged();
        }
        persists.truncated(fromIndex);
        event(new RaftEvent.LogTruncated(term(), fromIndex));
    }

    /** A snapshot of the leader takes the place of the whole log (paper §7). */
    void install(GroupSnapshot snapshot) {
        long committedBefore = log.commitIndex();
        log.replaceBy(snapshot);
        persists.replaced(snapshot, committedBefore);
        snapshots.install(snapshot);
        Membership before = membership();
        memberships.replaceBy(
                snapshot.last().index(),
                Membership.decode(snapshot.membership()).orElse(before));
        if (!membership().equals(before)) {
            membershipChanged();
        }
        event(new RaftEvent.SnapshotInstalled(term(), snapshot.last()));
    }

    /** See {@link RaftCore#persisted}. */
    void persisted(long sequence) {
        persists.completed(sequence);
        log.evict(persists.durableIndex(), role.firstIndexToKeep());
        snapshots.becameDurable(persists.durableIndex()).ifPresent(outbox::restore);
        role.onPersisted();
    }

    /** See {@link RaftCore#applied}. */
    void applied(long index) {
        Invariants.check(
                index <= reportedCommitIndex, "applied <= commit index handed out", index, reportedCommitIndex);
        log.appliedTo(index);
        log.evict(persists.durableIndex(), role.firstIndexToKeep());
    }

    /** See {@link RaftCore#snapshotTaken}. */
    void snapshotTaken(EntryId last) {
        Invariants.check(
                last.index() <= persists.durableIndex(), "a snapshot is durable", last.index(), durableIndex());
        commitTo(last.index());
        reportedCommitIndex = Math.max(reportedCommitIndex, last.index());
        log.appliedTo(last.index());
        snapshots.taken(last);
    }

    /** See {@link RaftCore#prefixTrimmed}. */
    void prefixTrimmed(long firstIndex) {
        Invariants.check(
                firstIndex <= snapshots.newest().index() + 1,
                "what is cut is in a snapshot",
                firstIndex,
                snapshots.newest().index());
        log.truncatePrefix(firstIndex);
        memberships.truncatePrefix(firstIndex);
        if (role instanceof Leader leader) {
            leader.prefixTrimmed();
        }
    }

    // ---------------------------------------------------------------------------------------------------- effects

    void sendNow(NodeId to, Message message) {
        outbox.sendNow(to, message);
    }

    void sendAfterPersist(NodeId to, Message message) {
        outbox.sendAfterPersist(to, message);
    }

    /** Sends what vouches for term and vote only: at once if they are durable, else when they are. */
    void reply(NodeId to, Message message) {
        if (persists.isHardStateDurable()) {
            outbox.sendNow(to, message);
        } else {
            outbox.sendAfterPersist(to, message);
        }
    }

    void read(ReadOutcome outcome) {
        outbox.read(outcome);
    }

    /** Whoever asks is wrong about who leads; with this member's term it learns better, or soon will. */
    void refuseRead(NodeId from, ReadIndexRequest request) {
        reply(from, new ReadIndexResponse(term(), request.readId(), false, 0));
    }

    void loadSnapshot(SnapshotLoad load) {
        outbox.loadSnapshot(load);
    }

    void load(EntryLoad load) {
        outbox.load(load);
    }

    void event(RaftEvent event) {
        outbox.event(event);
    }

    void drop(NodeId from, String reason) {
        event(new RaftEvent.MessageDropped(term(), from, reason));
    }

    boolean hasOutputs() {
        return !outbox.isEmpty()
                || role.hasOutputs()
                || persists.hasPending(log)
                || applicableIndex() > reportedCommitIndex;
    }

    Outputs drain() {
        role.beforeDrain();
        Persist persist = persists.issue(hardState, log);
        long applicable = applicableIndex();
        Invariants.check(
                applicable >= reportedCommitIndex,
                "commit index handed out never falls",
                applicable,
                reportedCommitIndex);
        reportedCommitIndex = applicable;
        return outbox.take(persist, applicable);
    }

    /** Committed by a majority, and on this disk too: what a restart would find again. */
    private long applicableIndex() {
        return Math.min(log.commitIndex(), persists.durableIndex());
    }

    // ------------------------------------------------------------------------------------------------ transitions

    /**
     * Asks for pre-votes; the only voter needs none.
     *
     * @param haste see {@link ElectionTimer#restartForCampaign}
     */
    void campaign(CampaignCause cause, String reason, int haste) {
        if (!mayLead()) {
            becomeFollower(term(), Optional.empty(), FollowerCause.NOT_A_VOTER, "no voter, though " + reason);
        } else if (membership().isOnlyVoter(self)) {
            becomeCandidate(ElectionTimer.CALM, false);
        } else if (heldBack) {
            // It knows no leader any more, so that it supports whoever else campaigns.
            becomeFollower(term(), Optional.empty(), FollowerCause.HELD_BACK, "held back, though " + reason);
        } else {
            event(new RaftEvent.BecamePreCandidate(term(), cause, reason));
            enter(new PreCandidate(this, haste));
        }
    }

    /**
     * Voters; and who ceases to be one by a change that is not known committed, though it does not count itself: the others
     * may not have that change, and then nobody's log is as good as this one (thesis §4.2.2).
     */
    private boolean mayLead() {
        long changedAt = memberships.currentIndex();
        return membership().isVoter(self)
                || changedAt > log.commitIndex()
                        && memberships.at(changedAt - 1).isVoter(self);
    }

    /** @param transfer whether the leader has asked for it */
    void becomeCandidate(int haste, boolean transfer) {
        setHardState(new HardState(term() + 1, Optional.of(self)));
        event(new RaftEvent.BecameCandidate(term()));
        enter(new Candidate(this, haste, transfer));
    }

    void becomeLeader() {
        snapshots.receiver().forget();
        Leader leader = new Leader(this);
        enter(leader);
        event(new RaftEvent.BecameLeader(term(), leader.startIndex()));
    }

    /** Steps down, or moves to a newer term. The vote is forgotten with its term only. */
    void becomeFollower(long newTerm, Optional<NodeId> leader, FollowerCause cause, String reason) {
        if (newTerm != term()) {
            Invariants.check(newTerm > term(), "the term never falls", newTerm, term());
            setHardState(new HardState(newTerm, Optional.empty()));
        }
        event(new RaftEvent.BecameFollower(newTerm, cause, reason));
        enter(new Follower(this, leader));
    }

    /** A campaigning member has found that its term has a leader. */
    MemberRole follow(NodeId leader) {
        becomeFollower(term(), Optional.of(leader), FollowerCause.LEADER_FOUND, leader + " leads term " + term());
        event(new RaftEvent.FollowsLeader(term(), leader));
        return role;
    }

    private void enter(MemberRole next) {
        quiescent = false;
        role.onLeave(next.leader());
        role = next;
    }

    // ------------------------------------------------------------------------------------------------- quiescence

    void permitQuiescence(boolean permitted) {
        quiescencePermitted = permitted;
    }

    boolean mayQuiesce() {
        return quiescencePermitted && config.quiesceAfterTicks() > 0;
    }

    boolean isQuiescent() {
        return quiescent;
    }

    void quiesce() {
        if (!quiescent) {
            quiescent = true;
            event(new RaftEvent.Quiesced(term()));
        }
    }

    /** @param by whose message or loss it is; empty: something else */
    void wake(WakeReason reason, Optional<NodeId> by) {
        if (quiescent) {
            quiescent = false;
            event(new RaftEvent.Woken(term(), reason));
            role.onWoken(by);
        }
    }
}

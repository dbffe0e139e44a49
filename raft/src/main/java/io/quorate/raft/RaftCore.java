/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.RecoveredLog;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.ReadIndexRequest;
import io.quorate.raft.message.ReadIndexResponse;
import io.quorate.raft.message.VoteRequest;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One member's Raft state: a step machine without I/O, clock or logger. Same inputs and seed, same outputs.
 *
 * <pre>
 *   tick, step, disconnected, silent, propose, readIndex, persisted, applied, loaded, stepDown   as many as there are
 *   drain                                                                     once: everything the world must now do
 * </pre>
 *
 * <p>Here is what all roles share: which messages of which terms are answered at all, the vote, the marks of the log,
 * what is durable. What differs by role is in {@link Follower}, {@link PreCandidate}, {@link Candidate} and
 * {@link Leader}.
 *
 * <p>Invariants: the term never falls; within a term the vote is given once; both are durable before any message shows
 * them. appliedIndex ≤ commitIndex ≤ lastIndex and appliedIndex ≤ durableIndex ≤ lastIndex.
 *
 * <p>Real vote requests of a newer term are always honoured, also by a member that hears a leader. Members that were
 * away cannot disturb a group all the same: they must win a pre-vote first, and that is refused by whoever hears a leader.
 *
 * <p>Long, for it is the only door: a third of it answers the driver's questions and a third carries the roles' effects to
 * the outbox; rules are in the roles and their collaborators.
 *
 * <p>Not thread-safe. A bad message of a peer is dropped and reported as an event. A contradiction in this member's own
 * state, or in what its driver reports, is an {@link InvariantViolation}: do not use the member any more.
 *
 * <p>Raft: Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", 2014 (paper), and Ongaro's
 * dissertation of the same year (thesis). {@code docs/protocol.md} has the tables.
 */
public final class RaftCore {
    public enum Role {
        FOLLOWER,
        PRE_CANDIDATE,
        CANDIDATE,
        LEADER
    }

    private final RaftConfig config;
    private final NodeId self;
    private final MembershipHistory memberships;
    private List<NodeId> peers;
    private final Prng prng;
    private final RaftLog log;
    private final PersistTracker persists;
    private final Outbox outbox = new Outbox();
    private final Snapshots snapshots = new Snapshots();
    private final StaleTerm staleTerm = new StaleTerm(this);
    private final Voting voting;
    private HardState hardState;
    private MemberRole role;
    private long reportedCommitIndex;
    private boolean heldBack;
    private boolean quiescencePermitted = true;
    private boolean quiescent;

    /**
     * @param recovered what is on this member's disk; copied
     * @param prng      for election timeouts; owned by this member from now on
     * @throws IllegalArgumentException if {@code self} is not a voter, or the log holds terms above the hard state's
     */
    public RaftCore(RaftConfig config, NodeId self, Membership membership, RecoveredLog recovered, Prng prng) {
        this(config, self, initial(self, membership), recovered, prng);
    }

    private static MembershipHistory initial(NodeId self, Membership membership) {
        if (!membership.isVoter(self)) {
            throw new IllegalArgumentException(self + " is not a voter of " + membership.voters());
        }
        return new MembershipHistory(membership);
    }

    /**
     * @param memberships along the recovered log; this member need not be in any, it may be about to join
     * @throws IllegalArgumentException if the log holds terms above the hard state's
     */
    public RaftCore(RaftConfig config, NodeId self, MembershipHistory memberships, RecoveredLog recovered, Prng prng) {
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

    // ---------------------------------------------------------------------------------------------------- inputs

    /** Time passes by one tick. Need not be called while {@link #isQuiescent}. */
    public void tick() {
        if (!quiescent) {
            voting.onTick();
            role.onTick();
        }
    }

    /** A message from a peer. One from a node that is not another voter is dropped. */
    public void step(NodeId from, Message message) {
        if (from.equals(self) || !isHeard(from, message)) {
            drop(from, "not another member of this group");
            return;
        }
        if (!isAboutQuiescing(message)) {
            wake(WakeReason.MESSAGE, Optional.of(from));
        }
        if (message.term() > term() && showsTermOfSender(message)) {
            if (message instanceof VoteRequest request && voting.mustIgnore(from, request)) {
                return;
            }
            becomeFollower(
                    message.term(), Optional.empty(), FollowerCause.NEWER_TERM, from + " is in term " + message.term());
        }
        message.deliverTo(from, message.term() < term() ? staleTerm : role);
    }

    /**
     * Members; and whoever leads, for it may have been elected by members that this one has not heard of yet (thesis §4.1).
     * A member that is not in its own membership does not know who is. And one that knows of no leader listens to whoever
     * wants to be it: a majority may consist of members that it has not heard of yet.
     */
    private boolean isHeard(NodeId from, Message message) {
        return membership().isMember(from)
                || role.leader().equals(Optional.of(from))
                || message instanceof AppendRequest
                || message instanceof Heartbeat
                || message instanceof InstallSnapshot
                || (isCampaign(message) && role.leader().isEmpty())
                || (!membership().isMember(self) && !(role instanceof Leader));
    }

    private static boolean isCampaign(Message message) {
        return message instanceof PreVoteRequest || message instanceof VoteRequest;
    }

    /** Whether the message's term is one that its sender has adopted, not one that it would campaign in. */
    private static boolean showsTermOfSender(Message message) {
        if (message instanceof PreVoteResponse response) {
            return !response.granted();
        }
        return !(message instanceof PreVoteRequest);
    }

    /**
     * Time has passed, or may have passed, that was not delivered as ticks: a lease cannot be relied on. To be called before
     * any read that comes when ticks are due, and when ticks are left out.
     */
    public void timeLost() {
        if (role instanceof Leader leader) {
            leader.timeLost();
        }
    }

    private boolean isAboutQuiescing(Message message) {
        return message.term() == term()
                && (message instanceof Heartbeat heartbeat && heartbeat.quiesce()
                        || message instanceof HeartbeatResponse response && response.quiescent());
    }

    /**
     * The connection to a peer broke. A leader probes it again; a follower of that peer campaigns (by pre-vote, so a
     * leader that still has a quorum stays) after a short random delay instead of the full timeout.
     */
    public void disconnected(NodeId peer) {
        if (isPeer(peer)) {
            wakeIfReliantOn(peer, WakeReason.PEER_DISCONNECTED);
            role.onDisconnected(peer);
        }
    }

    /**
     * The driver has heard nothing of a peer's node, of this group or any other, for {@code ticks}. To be called at least
     * once each time that this has become a minimum election timeout, if groups may quiesce: a member that rests leaves it to
     * its driver to see that others are there. It counts time again then, as if it had never ceased to.
     */
    public void silent(NodeId peer, int ticks) {
        if (isPeer(peer)) {
            wakeIfReliantOn(peer, WakeReason.PEER_SILENT);
            role.onSilent(peer, ticks);
        }
    }

    private boolean isPeer(NodeId node) {
        return !node.equals(self) && membership().isMember(node);
    }

    private void wakeIfReliantOn(NodeId peer, WakeReason reason) {
        if (role.reliesOn(peer)) {
            wake(reason, reason == WakeReason.PEER_DISCONNECTED ? Optional.of(peer) : Optional.empty());
        }
    }

    /** Makes a member that has quiesced count time again. A leader talks to its followers, a follower to its leader. */
    public void wake() {
        wake(WakeReason.DRIVER, Optional.empty());
    }

    /**
     * Whether this member may quiesce from now on; it may until it is told otherwise. One that has quiesced goes on to rest:
     * see {@link #wake}.
     */
    public void permitQuiescence(boolean permitted) {
        quiescencePermitted = permitted;
    }

    /**
     * Gives up leadership, if this member leads: its driver knows why somebody else should, a disk that does not answer
     * for example. An only voter, whom nobody can replace, stays.
     *
     * @param reason the same for people
     */
    public void stepDown(FollowerCause cause, String reason) {
        if (role instanceof Leader && !membership().isOnlyVoter(self)) {
            becomeFollower(term(), Optional.empty(), cause, reason);
        }
    }

    /** A member that is held back does not campaign; it follows and votes as ever. No effect on an only voter. */
    public void holdBack(boolean held) {
        heldBack = held;
    }

    /**
     * Hands leadership to a follower: as soon as it has everything, and everything is applied here, it campaigns with the
     * blessing of this leader, which costs the group about a round trip without a leader.
     */
    public TransferResult transferLeadership(NodeId target) {
        if (!(role instanceof Leader leader)) {
            return new TransferResult.Refused(self + " does not lead");
        }
        wake(WakeReason.CHANGE, Optional.empty());
        return leader.transferTo(target);
    }

    /**
     * Changes who the members are: adds what is new as learners, makes them voters when they have caught up, by a joint
     * membership, and leaves that. One change at a time; a leader that is not among the new voters steps down at the end.
     *
     * @param wanted simple, not joint
     */
    public MembershipResult changeMembership(Membership wanted) {
        if (wanted.isJoint()) {
            throw new IllegalArgumentException("a joint membership is a way, not an end: " + wanted);
        }
        wake(WakeReason.CHANGE, Optional.empty());
        return role instanceof Leader leader
                ? leader.changeMembership(wanted)
                : new MembershipResult.NotLeader(role.leader());
    }

    /** To whom this leader is about to hand over; empty if it is not, or does not lead. */
    public Optional<NodeId> transferTarget() {
        return role instanceof Leader leader ? leader.transferTarget() : Optional.empty();
    }

    /**
     * Appends to the log, if this member leads and has room. It is in the log at once, so that a proposal cannot outlive
     * the term in which it was admitted.
     */
    public ProposeResult propose(Proposal proposal) {
        if (!(role instanceof Leader leader)) {
            return new ProposeResult.NotLeader(role.leader());
        }
        if (leader.transferTarget().isPresent()) {
            return new ProposeResult.Transferring(leader.transferTarget().get());
        }
        long uncommittedBytes = log.uncommittedBytes();
        long sizeBytes = (long) proposal.payload().size() + LogEntry.OVERHEAD_BYTES;
        if (uncommittedBytes > 0 && uncommittedBytes + sizeBytes > config.maxUncommittedBytes()) {
            return new ProposeResult.Overloaded(uncommittedBytes);
        }
        wake(WakeReason.PROPOSAL, Optional.empty());
        LogEntry entry =
                leader.append(proposal.type(), proposal.recordCount(), proposal.timestampMillis(), proposal.payload());
        return new ProposeResult.Admitted(entry.id(), entry.baseOffset());
    }

    /**
     * Asks from which index on a read that begins now is safe: linearizable for a state machine that has applied that much
     * (thesis §6.4). A leader confirms with a round of heartbeats, shared by all that ask meanwhile, that it still leads;
     * a follower asks its leader. The answer is in {@link Outputs#reads}.
     *
     * @param requestId the driver's own, handed back with the outcome
     */
    public void readIndex(long requestId) {
        wake(WakeReason.READ, Optional.empty());
        role.onReadIndex(requestId);
    }

    /** Every persist up to this sequence is on disk. Cumulative, never falls. */
    public void persisted(long sequence) {
        persists.completed(sequence);
        log.evict(persists.durableIndex());
        snapshots.becameDurable(persists.durableIndex()).ifPresent(outbox::restore);
        role.onPersisted();
    }

    /**
     * The state machine has applied everything up to {@code index}.
     *
     * @param index at most the last {@link Outputs#commitIndex} that was handed out
     */
    public void applied(long index) {
        Invariants.check(
                index <= reportedCommitIndex, "applied <= commit index handed out", index, reportedCommitIndex);
        log.appliedTo(index);
        log.evict(persists.durableIndex());
    }

    /**
     * A snapshot of the state machine as of {@code last} is on disk. Also to be called right after the start for the newest
     * one that was found, if the state machine began with it: what is in a snapshot is committed.
     *
     * @param last an entry of the log that is applied, or, at the start, durable
     */
    public void snapshotTaken(EntryId last) {
        Invariants.check(
                last.index() <= persists.durableIndex(), "a snapshot is durable", last.index(), durableIndex());
        commitTo(last.index());
        reportedCommitIndex = Math.max(reportedCommitIndex, last.index());
        log.appliedTo(last.index());
        snapshots.taken(last);
    }

    /**
     * The log on disk begins at {@code firstIndex} now.
     *
     * @param firstIndex at most the index after the newest snapshot: nobody could be told otherwise what was cut
     */
    public void prefixTrimmed(long firstIndex) {
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

    /** The answer to a {@link SnapshotLoad}; empty when it could not be read (asked again later). */
    public void snapshotLoaded(NodeId follower, Optional<GroupSnapshot> snapshot) {
        if (role instanceof Leader leader) {
            leader.snapshotLoaded(follower, snapshot);
        }
    }

    /** The answer to an {@link EntryLoad}; empty when they could not be read (asked again later). */
    public void loaded(NodeId follower, long fromIndex, List<LogEntry> entries) {
        if (role instanceof Leader leader) {
            leader.loaded(follower, fromIndex, entries);
        }
    }

    // --------------------------------------------------------------------------------------------------- outputs

    /** The driver must not sleep while this holds. */
    public boolean hasOutputs() {
        return !outbox.isEmpty()
                || role.hasOutputs()
                || persists.hasPending(log)
                || applicableIndex() > reportedCommitIndex;
    }

    /** Everything the world must do; each effect is handed out once. */
    public Outputs drain() {
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

    // ----------------------------------------------------------------------------------------------------- views

    public NodeId self() {
        return self;
    }

    /** In force since the entry that brought it was appended, committed or not. */
    public Membership membership() {
        return memberships.current();
    }

    /** In force as of an entry of the log: what belongs into a snapshot of it. */
    public Membership membershipAt(long index) {
        return memberships.at(index);
    }

    public Role role() {
        return role.kind();
    }

    public long term() {
        return hardState.term();
    }

    /**
     * Whether this member rests: it needs no ticks and says nothing, until an input wakes it. It is a follower that knows its
     * leader, or a leader all of whose followers rest.
     */
    public boolean isQuiescent() {
        return quiescent;
    }

    /** Who leads the current term, as far as this member knows. */
    public Optional<NodeId> leader() {
        return role.leader();
    }

    /**
     * The index of the no-op that this leader appended first: once applied, the state machine has all that came before.
     * 0 if this member does not lead.
     */
    public long leadershipStartIndex() {
        return role instanceof Leader leader ? leader.startIndex() : 0;
    }

    /** The highest index known committed; it may not be durable here yet. */
    public long commitIndex() {
        return log.commitIndex();
    }

    public long lastIndex() {
        return log.lastIndex();
    }

    /** The last entry; {@link EntryId#NONE} if there never was one. */
    public EntryId lastEntry() {
        return log.last();
    }

    public long durableIndex() {
        return persists.durableIndex();
    }

    /** The first index that the log holds; what was before it is in a snapshot. */
    public long firstIndex() {
        return log.firstIndex();
    }

    /** First offset that no entry of this log uses. */
    public long nextOffset() {
        return log.nextOffset();
    }

    /** Entries in memory that are not yet committed, in bytes ({@link LogEntry#sizeBytes}). */
    public long uncommittedBytes() {
        return log.uncommittedBytes();
    }

    /** The first index that is still in memory; {@code lastIndex() + 1} when none is. */
    public long tailStart() {
        return log.tailStart();
    }

    /**
     * An entry in memory.
     *
     * @param index in [{@link #tailStart()}, {@link #lastIndex()}]
     * @throws IndexOutOfBoundsException otherwise
     */
    public LogEntry tailEntry(long index) {
        return log.tailEntry(index);
    }

    /** Leader only: highest index known durable at a voter; 0 if unknown. */
    public long matchIndex(NodeId voter) {
        return role instanceof Leader leader ? leader.matchIndex(voter) : 0;
    }

    /** What this leader knows of its followers, by id; empty if this member does not lead. */
    public List<FollowerStatus> followers() {
        return role instanceof Leader leader ? leader.statuses() : List.of();
    }

    // --------------------------------------------------------------------------------------- for the roles: state

    RaftConfig config() {
        return config;
    }

    RaftLog log() {
        return log;
    }

    HardState hardState() {
        return hardState;
    }

    Snapshots snapshots() {
        return snapshots;
    }

    Voting voting() {
        return voting;
    }

    MembershipHistory memberships() {
        return memberships;
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

    /** Appends to the log in memory; a new membership is in force at once. */
    void append(LogEntry entry) {
        log.append(entry);
        if (entry.type() == EntryType.MEMBERSHIP) {
            memberships.add(entry.index(), Membership.decode(entry.payload()).orElseThrow());
            membershipChanged();
        }
    }

    private void membershipChanged() {
        peers = membership().others(self);
        event(new RaftEvent.MembershipChanged(term(), memberships.currentIndex(), membership()));
        if (role instanceof Leader leader) {
            leader.membershipChanged();
        }
    }

    /** The other members, by id. */
    List<NodeId> peers() {
        return peers;
    }

    ForwardedReads newForwardedReads() {
        return new ForwardedReads(prng, config.electionTimeoutTicks());
    }

    boolean mayQuiesce() {
        return quiescencePermitted && config.quiesceAfterTicks() > 0;
    }

    boolean isHeldBack() {
        return heldBack;
    }

    boolean isHardStateDurable() {
        return persists.isHardStateDurable();
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

    /** Raises the commit index to {@code index}, if that is higher. */
    void commitTo(long index) {
        if (index > log.commitIndex()) {
            log.commitTo(index);
        }
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

    void truncateSuffix(long fromIndex, long newNextOffset) {
        log.truncateSuffix(fromIndex, newNextOffset);
        if (memberships.truncateSuffix(fromIndex)) {
            membershipChanged();
        }
        persists.truncated(fromIndex);
        event(new RaftEvent.LogTruncated(term(), fromIndex));
    }

    // ------------------------------------------------------------------------------------- for the roles: effects

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

    // ---------------------------------------------------------------------------------- for the roles: transitions

    /**
     * Asks for pre-votes; the only voter needs none.
     *
     * @param haste see {@link ElectionTimer#restartForCampaign}
     */
    void campaign(CampaignCause cause, String reason, int haste) {
        if (!membership().isVoter(self)) {
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

    private void enter(MemberRole next) {
        quiescent = false;
        role.onLeave(next.leader());
        role = next;
    }

    void setHardState(HardState newHardState) {
        hardState = newHardState;
        persists.hardStateChanged();
    }
}

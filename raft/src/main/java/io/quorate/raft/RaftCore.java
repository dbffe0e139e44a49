/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.RecoveredLog;
import io.quorate.raft.message.Message;
import java.util.List;
import java.util.Optional;

/**
 * One member's Raft state: a step machine without I/O, clock or logger. Same inputs and seed, same outputs.
 *
 * <pre>
 *   tick, step, disconnected, silent, propose, readIndex, persisted, applied, loaded, stepDown   as many as there are
 *   drain                                                                     once: everything the world must now do
 * </pre>
 *
 * <p>This is the door: what a driver may tell and ask, and which inputs end a member's rest. Messages go through
 * {@link Reception} to the present role, {@link Follower}, {@link PreCandidate}, {@link Candidate} or {@link Leader}; what
 * these have in common is in {@link MemberCore}.
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

    private final MemberCore core;
    private final Reception reception;

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
        core = new MemberCore(config, self, memberships, recovered, prng);
        reception = new Reception(core);
    }

    // ---------------------------------------------------------------------------------------------------- inputs

    /** Time passes by one tick. Need not be called while {@link #isQuiescent}. */
    public void tick() {
        if (!core.isQuiescent()) {
            core.voting().onTick();
            core.role().onTick();
        }
    }

    /** A message from a peer. One from a node that is not another voter is dropped. */
    public void step(NodeId from, Message message) {
        reception.receive(from, message);
    }

    /**
     * Time has passed, or may have passed, that was not delivered as ticks: a lease cannot be relied on. To be called before
     * any read that comes when ticks are due, and when ticks are left out.
     */
    public void timeLost() {
        if (core.role() instanceof Leader leader) {
            leader.timeLost();
        }
    }

    /**
     * The connection to a peer broke. A leader probes it again; a follower of that peer campaigns (by pre-vote, so a
     * leader that still has a quorum stays) after a short random delay instead of the full timeout.
     */
    public void disconnected(NodeId peer) {
        if (core.isPeer(peer)) {
            wakeIfReliantOn(peer, WakeReason.PEER_DISCONNECTED);
            core.role().onDisconnected(peer);
        }
    }

    /**
     * The driver has heard nothing of a peer's node, of this group or any other, for {@code ticks}. To be called at least
     * once each time that this has become a minimum election timeout, if groups may quiesce: a member that rests leaves it to
     * its driver to see that others are there. It counts time again then, as if it had never ceased to.
     */
    public void silent(NodeId peer, int ticks) {
        if (core.isPeer(peer)) {
            wakeIfReliantOn(peer, WakeReason.PEER_SILENT);
            core.role().onSilent(peer, ticks);
        }
    }

    private void wakeIfReliantOn(NodeId peer, WakeReason reason) {
        if (core.role().reliesOn(peer)) {
            core.wake(reason, reason == WakeReason.PEER_DISCONNECTED ? Optional.of(peer) : Optional.empty());
        }
    }

    /** Makes a member that has quiesced count time again. A leader talks to its followers, a follower to its leader. */
    public void wake() {
        core.wake(WakeReason.DRIVER, Optional.empty());
    }

    /**
     * Whether this member may quiesce from now on; it may until it is told otherwise. One that has quiesced goes on to rest:
     * see {@link #wake}.
     */
    public void permitQuiescence(boolean permitted) {
        core.permitQuiescence(permitted);
    }

    /**
     * Gives up leadership, if this member leads: its driver knows why somebody else should, a disk that does not answer
     * for example. An only voter, whom nobody can replace, stays.
     *
     * @param reason the same for people
     */
    public void stepDown(FollowerCause cause, String reason) {
        if (core.role() instanceof Leader && !membership().isOnlyVoter(self())) {
            core.becomeFollower(term(), Optional.empty(), cause, reason);
        }
    }

    /** A member that is held back does not campaign; it follows and votes as ever. No effect on an only voter. */
    public void holdBack(boolean held) {
        core.holdBack(held);
    }

    /**
     * Hands leadership to a follower: as soon as it has everything, and everything is applied here, it campaigns with the
     * blessing of this leader, which costs the group about a round trip without a leader.
     */
    public TransferResult transferLeadership(NodeId target) {
        if (!(core.role() instanceof Leader leader)) {
            return new TransferResult.Refused(self() + " does not lead");
        }
        core.wake(WakeReason.CHANGE, Optional.empty());
        return leader.transferTo(target);
    }

    /**
     * Changes who the members are: adds what is new as learners, makes them voters when they have caught up, by a joint
     * membership, and leaves that. One change at a time; a leader that is not among the new voters steps down at the end.
     *
     * @param wanted simple, not joint; refused if its version is below that of the members there are
     */
    public MembershipResult changeMembership(Membership wanted) {
        if (wanted.isJoint()) {
            throw new IllegalArgumentException("a joint membership is a way, not an end: " + wanted);
        }
        core.wake(WakeReason.CHANGE, Optional.empty());
        return core.role() instanceof Leader leader
                ? leader.changeMembership(wanted)
                : new MembershipResult.NotLeader(core.role().leader());
    }

    /** To whom this leader is about to hand over; empty if it is not, or does not lead. */
    public Optional<NodeId> transferTarget() {
        return core.role() instanceof Leader leader ? leader.transferTarget() : Optional.empty();
    }

    /**
     * Appends to the log, if this member leads and has room. It is in the log at once, so that a proposal cannot outlive
     * the term in which it was admitted.
     */
    public ProposeResult propose(Proposal proposal) {
        if (!(core.role() instanceof Leader leader)) {
            return new ProposeResult.NotLeader(core.role().leader());
        }
        if (leader.transferTarget().isPresent()) {
            return new ProposeResult.Transferring(leader.transferTarget().get());
        }
        long uncommittedBytes = core.log().uncommittedBytes();
        long sizeBytes = (long) proposal.payload().size() + LogEntry.OVERHEAD_BYTES;
        if (uncommittedBytes > 0 && uncommittedBytes + sizeBytes > core.config().maxUncommittedBytes()) {
            return new ProposeResult.Overloaded(uncommittedBytes);
        }
        core.wake(WakeReason.PROPOSAL, Optional.empty());
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
        core.wake(WakeReason.READ, Optional.empty());
        core.role().onReadIndex(requestId);
    }

    /** Every persist up to this sequence is on disk. Cumulative, never falls. */
    public void persisted(long sequence) {
        core.persisted(sequence);
    }

    /**
     * The state machine has applied everything up to {@code index}.
     *
     * @param index at most the last {@link Outputs#commitIndex} that was handed out
     */
    public void applied(long index) {
        core.applied(index);
    }

    /**
     * A snapshot of the state machine as of {@code last} is on disk. Also to be called right after the start for the newest
     * one that was found, if the state machine began with it: what is in a snapshot is committed.
     *
     * @param last an entry of the log that is applied, or, at the start, durable
     */
    public void snapshotTaken(EntryId last) {
        core.snapshotTaken(last);
    }

    /**
     * The log on disk begins at {@code firstIndex} now.
     *
     * @param firstIndex at most the index after the newest snapshot: nobody could be told otherwise what was cut
     */
    public void prefixTrimmed(long firstIndex) {
        core.prefixTrimmed(firstIndex);
    }

    /** The answer to a {@link SnapshotLoad}; empty when it could not be read (asked again later). */
    public void snapshotLoaded(NodeId follower, Optional<GroupSnapshot> snapshot) {
        if (core.role() instanceof Leader leader) {
            leader.snapshotLoaded(follower, snapshot);
        }
    }

    /** The answer to an {@link EntryLoad}; empty when they could not be read (asked again later). */
    public void loaded(NodeId follower, long fromIndex, List<LogEntry> entries) {
        if (core.role() instanceof Leader leader) {
            leader.loaded(follower, fromIndex, entries);
        }
    }

    // --------------------------------------------------------------------------------------------------- outputs

    /** The driver must not sleep while this holds. */
    public boolean hasOutputs() {
        return core.hasOutputs();
    }

    /** Everything the world must do; each effect is handed out once. */
    public Outputs drain() {
        return core.drain();
    }

    // ----------------------------------------------------------------------------------------------------- views

    public NodeId self() {
        return core.self();
    }

    /** In force since the entry that brought it was appended, committed or not. */
    public Membership membership() {
        return core.membership();
    }

    /** In force as of an entry of the log: what belongs into a snapshot of it. */
    public Membership membershipAt(long index) {
        return core.memberships().at(index);
    }

    public Role role() {
        return core.role().kind();
    }

    public long term() {
        return core.term();
    }

    /**
     * Whether this member rests: it needs no ticks and says nothing, until an input wakes it. It is a follower that knows its
     * leader, or a leader all of whose followers rest.
     */
    public boolean isQuiescent() {
        return core.isQuiescent();
    }

    /** Who leads the current term, as far as this member knows. */
    public Optional<NodeId> leader() {
        return core.role().leader();
    }

    /**
     * The index of the no-op that this leader appended first: once applied, the state machine has all that came before.
     * 0 if this member does not lead.
     */
    public long leadershipStartIndex() {
        return core.role() instanceof Leader leader ? leader.startIndex() : 0;
    }

    /** The highest index known committed; it may not be durable here yet. */
    public long commitIndex() {
        return core.log().commitIndex();
    }

    public long lastIndex() {
        return core.log().lastIndex();
    }

    /** The last entry; {@link EntryId#NONE} if there never was one. */
    public EntryId lastEntry() {
        return core.log().last();
    }

    public long durableIndex() {
        return core.durableIndex();
    }

    /** The first index that the log holds; what was before it is in a snapshot. */
    public long firstIndex() {
        return core.log().firstIndex();
    }

    /** First offset that no entry of this log uses. */
    public long nextOffset() {
        return core.log().nextOffset();
    }

    /** Entries in memory that are not yet committed, in bytes ({@link LogEntry#sizeBytes}). */
    public long uncommittedBytes() {
        return core.log().uncommittedBytes();
    }

    /** Durable and applied entries that are still in memory, in bytes ({@link LogEntry#sizeBytes}). */
    public long tailBytes() {
        return core.log().settledBytes();
    }

    /**
     * Lets the oldest of the durable and applied entries go from memory until they take no more than this, besides what
     * {@link RaftConfig#tailBytes} lets go: for whoever has many groups in one memory. They are loaded when they are needed.
     *
     * @param maxBytes 0 or more
     */
    public void shrinkTail(long maxBytes) {
        core.log().shrinkTail(maxBytes);
    }

    /** The first index that is still in memory; {@code lastIndex() + 1} when none is. */
    public long tailStart() {
        return core.log().tailStart();
    }

    /**
     * An entry in memory.
     *
     * @param index in [{@link #tailStart()}, {@link #lastIndex()}]
     * @throws IndexOutOfBoundsException otherwise
     */
    public LogEntry tailEntry(long index) {
        return core.log().tailEntry(index);
    }

    /** Leader only: highest index known durable at a voter; 0 if unknown. */
    public long matchIndex(NodeId voter) {
        return core.role() instanceof Leader leader ? leader.matchIndex(voter) : 0;
    }

    /** What this leader knows of its followers, by id; empty if this member does not lead. */
    public List<FollowerStatus> followers() {
        return core.role() instanceof Leader leader ? leader.statuses() : List.of();
    }
}

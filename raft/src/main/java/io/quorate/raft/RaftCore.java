/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.RecoveredLog;
import io.quorate.raft.message.Message;
import java.util.List;
import java.util.Optional;

/** One member's Raft state. Not thread-safe; no I/O, clock or logger. Same inputs and seed, same outputs. */
public final class RaftCore {
    public enum Role {
        FOLLOWER,
        PRE_CANDIDATE,
        CANDIDATE,
        LEADER
    }

    public RaftCore(RaftConfig config, NodeId self, Membership membership, RecoveredLog recovered, Prng prng) {
        throw new UnsupportedOperationException();
    }

    /** Time passes by one tick. */
    public void tick() {
        throw new UnsupportedOperationException();
    }

    /** A message from a peer. One from a node that is not a voter is dropped. */
    public void step(NodeId from, Message message) {
        throw new UnsupportedOperationException();
    }

    /**
     * The connection to a peer broke. A leader probes it again; a follower of that peer campaigns (by pre-vote, so a
     * leader that still has a quorum stays) after a short random delay instead of the full timeout.
     */
    public void disconnected(NodeId peer) {
        throw new UnsupportedOperationException();
    }

    public ProposeResult propose(Proposal proposal) {
        throw new UnsupportedOperationException();
    }

    /** Every persist up to this sequence is on disk. Cumulative, never falls. */
    public void persisted(long sequence) {
        throw new UnsupportedOperationException();
    }

    /** The state machine has applied everything up to {@code index}. */
    public void applied(long index) {
        throw new UnsupportedOperationException();
    }

    /** The answer to an {@link EntryLoad}; empty when they could not be read (asked again later). */
    public void loaded(NodeId follower, long fromIndex, List<LogEntry> entries) {
        throw new UnsupportedOperationException();
    }

    /** The driver must not sleep while this holds. */
    public boolean hasOutputs() {
        throw new UnsupportedOperationException();
    }

    public Outputs drain() {
        throw new UnsupportedOperationException();
    }

    public NodeId self() {
        throw new UnsupportedOperationException();
    }

    public Membership membership() {
        throw new UnsupportedOperationException();
    }

    public Role role() {
        throw new UnsupportedOperationException();
    }

    public long term() {
        throw new UnsupportedOperationException();
    }

    /** Who leads the current term, as far as this member knows. */
    public Optional<NodeId> leader() {
        throw new UnsupportedOperationException();
    }

    /** The index of the no-op that this leader appended first: once applied, the state machine has all that came before. */
    public long leadershipStartIndex() {
        throw new UnsupportedOperationException();
    }

    public long commitIndex() {
        throw new UnsupportedOperationException();
    }

    public long lastIndex() {
        throw new UnsupportedOperationException();
    }

    public long durableIndex() {
        throw new UnsupportedOperationException();
    }

    /** First offset that no entry of this log uses. */
    public long nextOffset() {
        throw new UnsupportedOperationException();
    }

    /** Entries not yet committed, in bytes. */
    public long uncommittedBytes() {
        throw new UnsupportedOperationException();
    }

    /** The first index that is still in memory; {@code lastIndex() + 1} when none is. */
    public long tailStart() {
        throw new UnsupportedOperationException();
    }

    /** An entry in memory. {@code index} in [{@link #tailStart()}, {@link #lastIndex()}]. */
    public LogEntry tailEntry(long index) {
        throw new UnsupportedOperationException();
    }

    /** Leader only: highest index known durable at a voter; 0 if unknown. */
    public long matchIndex(NodeId voter) {
        throw new UnsupportedOperationException();
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRejected;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import io.quorate.raft.quorum.Majority;
import java.util.List;
import java.util.Optional;

/**
 * Brings its log to the others and decides what is committed (paper §5.3, §5.4). Sends entries while it writes them
 * itself, and counts itself only up to its durable index (thesis §10.2.1).
 *
 * <p>Check-quorum: gives up when it has not heard from a majority, itself included, for a minimum election timeout
 * (thesis §6.2); by then the others may have elected somebody else.
 *
 * <p>Appends leave once per turn, in {@link #beforeDrain}: whatever a turn's inputs proposed and acknowledged becomes
 * as few messages as possible.
 */
final class Leader implements MemberRole {
    private final RaftCore core;
    private final RaftLog log;
    private final List<FollowerProgress> followers;
    private final long[] durableIndexes;
    private final long startIndex;
    private int ticksSinceHeartbeat;
    private long heartbeatRound;
    private boolean replicationDue;
    private long sliceFrom;
    private List<LogEntry> slice = List.of();

    Leader(RaftCore core) {
        this.core = core;
        this.log = core.log();
        this.startIndex = log.lastIndex() + 1;
        this.followers = core.peers().stream()
                .map(peer -> new FollowerProgress(peer, core.config(), startIndex))
                .toList();
        this.durableIndexes = new long[followers.size() + 1];
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
        log.append(entry);
        replicationDue = true;
        return entry;
    }

    @Override
    public void onTick() {
        int timeout = core.config().electionTimeoutTicks();
        int inContact = 1;
        for (FollowerProgress follower : followers) {
            follower.onTick();
            if (follower.silentTicks() < timeout) {
                inContact++;
            }
            if (follower.isStalledFor(timeout)) {
                follower.probe(log.firstIndex());
                replicationDue = true;
            }
        }
        if (inContact < Majority.of(followers.size() + 1)) {
            core.becomeFollower(
                    core.term(),
                    Optional.empty(),
                    "in contact with " + inContact + " of " + (followers.size() + 1) + " voters for " + timeout
                            + " ticks");
            return;
        }
        ticksSinceHeartbeat++;
        if (ticksSinceHeartbeat >= core.config().heartbeatTicks()) {
            sendHeartbeats();
        }
    }

    private void sendHeartbeats() {
        ticksSinceHeartbeat = 0;
        heartbeatRound++;
        for (FollowerProgress follower : followers) {
            // Not above the match: the follower must be able to believe it without a look at its log.
            long commitIndex = Math.min(log.commitIndex(), follower.matchIndex());
            core.sendNow(follower.follower(), new Heartbeat(core.term(), commitIndex, heartbeatRound));
            follower.endLoadPause();
            noteWork(follower);
        }
    }

    @Override
    public void onHeartbeatResponse(NodeId from, HeartbeatResponse response) {
        FollowerProgress follower = progressOf(from);
        follower.heartbeatAnswered(response.round());
        if (!follower.isReplicating()) {
            noteWork(follower);
        }
    }

    @Override
    public void onAppendAccepted(NodeId from, AppendAccepted response) {
        if (response.matchIndex() > log.lastIndex()) {
            core.drop(from, "acknowledges " + response.matchIndex() + ", the log ends at " + log.lastIndex());
            return;
        }
        FollowerProgress follower = progressOf(from);
        if (follower.accepted(response.matchIndex(), log.firstIndex())) {
            advanceCommitIndex();
        }
        noteWork(follower);
    }

    @Override
    public void onAppendRejected(NodeId from, AppendRejected response) {
        FollowerProgress follower = progressOf(from);
        follower.heard();
        // Before the first index there is nothing to go back to: such a follower will need a snapshot. It is asked
        // again
        // with every heartbeat, for the answer may have been a late one.
        if (!follower.isNews(response.rejectedIndex()) || response.rejectedIndex() < log.firstIndex()) {
            return;
        }
        // The follower's hint skips its entries of too new a term; now skip the own ones (paper §5.3, last paragraph).
        long below = Math.min(response.hint().index(), response.rejectedIndex() - 1);
        EntryId candidate = log.lastWithTermAtMost(response.hint().term(), below);
        follower.rejected(candidate.index());
        noteWork(follower);
    }

    @Override
    public void onDisconnected(NodeId peer) {
        FollowerProgress follower = progressOf(peer);
        follower.probe(log.firstIndex());
        noteWork(follower);
    }

    @Override
    public void onPersisted() {
        advanceCommitIndex();
    }

    private void advanceCommitIndex() {
        durableIndexes[0] = core.durableIndex();
        for (int i = 0; i < followers.size(); i++) {
            durableIndexes[i + 1] = followers.get(i).matchIndex();
        }
        core.commitTo(CommitRule.advance(log.commitIndex(), durableIndexes, core.term(), log.terms()));
    }

    /** The answer to a load. Entries that are not wanted any more are not sent; empty ones are asked for again later. */
    void loaded(NodeId to, long fromIndex, List<LogEntry> entries) {
        FollowerProgress follower = progressOf(to);
        if (!follower.loadFinished(fromIndex)) {
            return;
        }
        if (entries.isEmpty() || entries.get(0).index() != fromIndex || !areOfLog(entries)) {
            follower.deferLoad();
            return;
        }
        if (follower.isReplicating() && follower.nextIndex() == fromIndex) {
            sendAppend(follower, entries);
        }
        noteWork(follower);
    }

    /** Whether what was read is still in the log: a read that outlived an earlier leadership may have been overtaken. */
    private boolean areOfLog(List<LogEntry> entries) {
        long index = entries.get(0).index();
        for (LogEntry entry : entries) {
            if (entry.index() != index
                    || index > log.lastIndex()
                    || entry.term() != log.idAt(index).term()) {
                return false;
            }
            index++;
        }
        return true;
    }

    @Override
    public boolean hasOutputs() {
        return replicationDue;
    }

    @Override
    public void beforeDrain() {
        if (!replicationDue) {
            return;
        }
        replicationDue = false;
        for (FollowerProgress follower : followers) {
            replicateTo(follower);
        }
        slice = List.of();
    }

    private void replicateTo(FollowerProgress follower) {
        while (canSendTo(follower)) {
            if (!follower.isReplicating()) {
                sendProbe(follower);
            } else if (follower.nextIndex() < log.tailStart()) {
                follower.loadStarted();
                core.load(new EntryLoad(
                        follower.follower(), follower.nextIndex(), core.config().maxAppendBytes()));
            } else {
                sendAppend(follower, slice(follower.nextIndex()));
            }
        }
    }

    private boolean canSendTo(FollowerProgress follower) {
        if (!follower.hasRoom()) {
            return false;
        }
        if (!follower.isReplicating()) {
            return true;
        }
        return follower.nextIndex() < log.tailStart() ? follower.canLoad() : follower.nextIndex() <= log.lastIndex();
    }

    private void noteWork(FollowerProgress follower) {
        replicationDue |= canSendTo(follower);
    }

    /** Asks for the match. Entries go along only if they are at hand: a probe never reads the disk. */
    private void sendProbe(FollowerProgress follower) {
        boolean withEntries = follower.probeCarriesEntries() && log.isInTail(follower.nextIndex());
        send(follower, withEntries ? slice(follower.nextIndex()) : List.of());
        follower.probeSent(heartbeatRound);
    }

    private void sendAppend(FollowerProgress follower, List<LogEntry> entries) {
        send(follower, entries);
        long bytes = 0;
        for (LogEntry entry : entries) {
            bytes += entry.sizeBytes();
        }
        follower.appendSent(entries.get(entries.size() - 1).index(), bytes);
    }

    private void send(FollowerProgress follower, List<LogEntry> entries) {
        EntryId previous = log.idAt(follower.nextIndex() - 1);
        core.sendNow(follower.follower(), new AppendRequest(core.term(), previous, entries, log.commitIndex()));
    }

    /** Followers that keep up want the same entries: the last slice of a turn is kept. */
    private List<LogEntry> slice(long from) {
        if (slice.isEmpty() || sliceFrom != from) {
            slice = log.slice(from, core.config().maxAppendBytes());
            sliceFrom = from;
        }
        return slice;
    }

    private FollowerProgress progressOf(NodeId follower) {
        for (FollowerProgress progress : followers) {
            if (progress.follower().equals(follower)) {
                return progress;
            }
        }
        throw new InvariantViolation("violated: " + follower + " is another voter");
    }

    @Override
    public void onPreVoteRequest(NodeId from, PreVoteRequest request) {
        // Check-quorum has seen a majority lately, or this would not be a leader any more.
        core.answerPreVote(from, request, true);
    }

    @Override
    public void onPreVoteResponse(NodeId from, PreVoteResponse response) {
        // Ignored: the election is won.
    }

    @Override
    public void onVoteRequest(NodeId from, VoteRequest request) {
        core.refuseVote(from, "leads the term");
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
}

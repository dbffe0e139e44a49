/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.check;

import static io.quorate.sim.check.Violation.require;

import io.quorate.raft.RaftEvent;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.ReadIndexResponse;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * What may be said at all: judges every message of Raft at the moment it leaves its node, whatever becomes of it on the
 * way. Knows nothing of what nodes think, only what they say and what is on their disks.
 */
public final class WireChecker {
    private record GroupTerm(long groupId, long term) {}

    private record Voter(long groupId, long term, NodeId node) {}

    private record GroupEntry(long groupId, EntryId id) {}

    private record NodeGroup(NodeId node, long groupId) {}

    /** An entry and the one before it, as the first message that carried it had them. */
    private record Link(EntryId previous, LogEntry entry) {}

    private final DurableImages disks;
    private final BooleanSupplier sampled;
    private final Map<GroupTerm, NodeId> leaders = new HashMap<>();
    private final Map<Voter, NodeId> votes = new HashMap<>();
    private final Map<GroupEntry, Link> entries = new HashMap<>();
    private final Map<Long, Long> highestCommitIndex = new HashMap<>();
    private final Map<NodeGroup, Long> terms = new HashMap<>();

    /** @param sampled whether to look at the disk for the next vote or acknowledgement: that is dear, and the model
     *                knows of each what the disk should hold */
    public WireChecker(DurableImages disks, BooleanSupplier sampled) {
        this.disks = disks;
        this.sampled = sampled;
    }

    /** A replica begins from its disk, after a restart or a repair: what that must still know of terms is the model's. */
    public void onOpened(NodeId node, long groupId) {
        terms.remove(new NodeGroup(node, groupId));
    }

    /** Who has made a snapshot up to here knows for good, restarts included, that all of it is committed. */
    public void onSnapshot(long groupId, EntryId last) {
        highestCommitIndex.merge(groupId, last.index(), Math::max);
    }

    public void onRaftEvent(NodeId node, long groupId, RaftEvent event) {
        Long former = terms.put(new NodeGroup(node, groupId), event.term());
        require(
                former == null || former <= event.term(),
                Invariant.TERM_MONOTONIC,
                "%s was in term %d of group %d and then had %s",
                node,
                former,
                groupId,
                event);
        if (event instanceof RaftEvent.BecameLeader) {
            leads(node, groupId, event.term());
        }
    }

    /** @param anyAlone whether the group had one voter at some time, who need not have sent what it committed */
    public void onSend(NodeId from, NodeId to, long groupId, Message message, boolean anyAlone) {
        if (message instanceof AppendRequest append) {
            leads(from, groupId, append.term());
            onEntries(from, groupId, append);
            onCommitIndex(from, groupId, append, anyAlone);
        } else if (message instanceof Heartbeat heartbeat) {
            leads(from, groupId, heartbeat.term());
            // Capped to what the follower is known to hold, so it need not be an entry of the leader's own term.
            highestCommitIndex.merge(groupId, heartbeat.commitIndex(), Math::max);
        } else if (message instanceof ReadIndexResponse response && response.granted()) {
            leads(from, groupId, response.term());
            // A follower commits what it has of it, and may lead next.
            highestCommitIndex.merge(groupId, response.index(), Math::max);
        } else if (message instanceof InstallSnapshot piece) {
            leads(from, groupId, piece.term());
        } else if (message instanceof VoteRequest request) {
            votes(from, from, groupId, request.term());
        } else if (message instanceof VoteResponse response && response.granted()) {
            votes(from, to, groupId, response.term());
        } else if (message instanceof AppendAccepted accepted && sampled.getAsBoolean()) {
            onAccepted(from, groupId, accepted);
        }
    }

    private void leads(NodeId node, long groupId, long term) {
        NodeId leader = leaders.putIfAbsent(new GroupTerm(groupId, term), node);
        require(
                leader == null || leader.equals(node),
                Invariant.ONE_LEADER_PER_TERM,
                "%s and %s both lead group %d in term %d",
                leader,
                node,
                groupId,
                term);
    }

    private void votes(NodeId voter, NodeId candidate, long groupId, long term) {
        NodeId former = votes.putIfAbsent(new Voter(groupId, term, voter), candidate);
        require(
                former == null || former.equals(candidate),
                Invariant.ONE_VOTE_PER_TERM,
                "%s voted for %s and for %s in term %d of group %d",
                voter,
                former,
                candidate,
                term,
                groupId);
        if (!sampled.getAsBoolean()) {
            return;
        }
        Optional<HardState> durable = disks.of(voter, groupId).map(DurableImages.Image::hardState);
        require(
                durable.isPresent()
                        && (durable.get().term() > term
                                || durable.get().equals(new HardState(term, Optional.of(candidate)))),
                Invariant.VOTE_DURABLE_BEFORE_SENT,
                "%s votes for %s in term %d of group %d, but on its disk is %s",
                voter,
                candidate,
                term,
                groupId,
                durable);
    }

    private void onEntries(NodeId from, long groupId, AppendRequest append) {
        EntryId previous = append.previous();
        for (LogEntry entry : append.entries()) {
            Link link = new Link(previous, entry);
            Link former = entries.putIfAbsent(new GroupEntry(groupId, entry.id()), link);
            require(
                    former == null || former.equals(link),
                    Invariant.LOG_MATCHING,
                    "%s sends %s of group %d, which was known as %s",
                    from,
                    link,
                    groupId,
                    former);
            previous = entry.id();
        }
    }

    /**
     * Only by counting copies of an entry of its own term does a leader commit what nobody knew to be committed (paper
     * §5.4.2); and an entry that others have counted was on the wire before.
     */
    private void onCommitIndex(NodeId from, long groupId, AppendRequest append, boolean anyAlone) {
        long known = highestCommitIndex.getOrDefault(groupId, 0L);
        if (append.commitIndex() > known) {
            require(
                    anyAlone || hasSentAsLeader(from, groupId, append.term(), append.commitIndex()),
                    Invariant.COMMITS_OWN_TERM_BY_COUNTING,
                    "%s in term %d of group %d commits index %d, which is not of its term; known so far: %d",
                    from,
                    append.term(),
                    groupId,
                    append.commitIndex(),
                    known);
            highestCommitIndex.put(groupId, append.commitIndex());
        }
    }

    /** In this term, or in an earlier one: who led before may have counted then and had nobody left to tell. */
    private boolean hasSentAsLeader(NodeId node, long groupId, long latestTerm, long index) {
        for (long term = latestTerm; term > 0; term--) {
            if (entries.containsKey(new GroupEntry(groupId, new EntryId(term, index)))
                    && node.equals(leaders.get(new GroupTerm(groupId, term)))) {
                return true;
            }
        }
        return false;
    }

    private void onAccepted(NodeId from, long groupId, AppendAccepted accepted) {
        Optional<DurableImages.Image> image = disks.of(from, groupId);
        // A newer term on disk may have cut the entries again meanwhile: the acknowledgement was true and is harmless.
        require(
                image.isPresent()
                        && (image.get().hardState().term() > accepted.term()
                                || image.get().lastIndex() >= accepted.matchIndex()),
                Invariant.ACCEPTED_IS_DURABLE,
                "%s says that it has group %d up to index %d in term %d, but its disk ends at %s",
                from,
                groupId,
                accepted.matchIndex(),
                accepted.term(),
                image.map(DurableImages.Image::lastIndex));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.replica.MemberId;
import io.quorate.raft.Persist;
import io.quorate.raft.RaftEvent;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRejected;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.TimeoutNow;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import io.quorate.sim.check.DurableImages;
import io.quorate.sim.model.GroupModel;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** {@link RareState}s of one group. */
final class GroupWatch {
    private enum Role {
        FOLLOWER,
        CANDIDATE,
        LEADER
    }

    private record Position(Role role, long term) {}

    /** @param begunBefore a leader of an earlier term had sent some of the snapshot, too */
    private record SentPiece(InstallSnapshot piece, boolean begunBefore) {
        long end() {
            return piece.position() + piece.chunk().size();
        }
    }

    private record Rejection(NodeId follower, long term) {}

    private record Asked(NodeId candidate, long term) {}

    private final GroupModel model;
    private final Sightings sightings;
    private final Map<NodeId, Position> positions = new TreeMap<>();
    private final TreeMap<Long, Set<NodeId>> candidates = new TreeMap<>();
    private final Map<Long, Set<Long>> termsAtIndex = new HashMap<>();
    private final Map<Rejection, Long> rejections = new HashMap<>();
    private final Set<Asked> askedToTakeOver = new HashSet<>();
    private final Set<NodeId> restarted = new TreeSet<>();
    private final Map<NodeId, SentPiece> pieces = new TreeMap<>();
    private long lastLedTerm;
    private long chosenBefore;

    GroupWatch(GroupModel model, Sightings sightings) {
        this.model = model;
        this.sightings = sightings;
    }

    private Position positionOf(NodeId node) {
        return positions.getOrDefault(node, new Position(Role.FOLLOWER, 0));
    }

    boolean isLedBy(NodeId node) {
        return positions.entrySet().stream()
                .anyMatch(entry -> MemberId.node(entry.getKey()).equals(MemberId.node(node))
                        && entry.getValue().role() == Role.LEADER);
    }

    /** Whether it leads, as it believes, and somebody else leads a later term. */
    boolean wasReplaced(NodeId node) {
        return positions.entrySet().stream()
                .anyMatch(entry -> MemberId.node(entry.getKey()).equals(node)
                        && entry.getValue().role() == Role.LEADER
                        && entry.getValue().term() < lastLedTerm);
    }

    // ---------------------------------------------------------------------------------------------------- messages

    void onSend(NodeId from, NodeId to, Message message) {
        if (message instanceof VoteRequest request) {
            Set<NodeId> ofTerm = candidates.computeIfAbsent(request.term(), any -> new TreeSet<>());
            if (ofTerm.add(from) && ofTerm.size() == 2) {
                sightings.met(RareState.TWO_CANDIDATES_IN_ONE_TERM);
            }
        } else if (message instanceof VoteResponse response && !response.granted()) {
            HardState own = model.hardStateOf(from);
            boolean isGiven = own.term() == response.term()
                    && own.votedFor().isPresent()
                    && !own.votedFor().get().equals(to);
            sightings.met(isGiven ? RareState.VOTE_REFUSED_AS_GIVEN : RareState.VOTE_REFUSED_FOR_LOG_OR_TERM);
        } else if (message instanceof PreVoteResponse response && !response.granted()) {
            sightings.met(RareState.PRE_VOTE_REFUSED);
        } else if (message instanceof AppendRejected rejection) {
            onRejected(from, rejection);
        } else if (message instanceof AppendAccepted acceptance) {
            if (model.agreedIndexIn(acceptance.term()) > model.chosenIndex()) {
                sightings.met(RareState.INHERITED_ENTRY_ON_QUORUM);
            }
            onProgress();
        } else if (message instanceof TimeoutNow request) {
            askedToTakeOver.add(new Asked(to, request.term() + 1));
        } else if (message instanceof InstallSnapshot piece) {
            onPiece(to, piece);
        }
    }

    private void onRejected(NodeId follower, AppendRejected rejection) {
        sightings.met(RareState.APPEND_REJECTED);
        Long former = rejections.put(new Rejection(follower, rejection.term()), rejection.rejectedIndex());
        if (former != null && former > rejection.rejectedIndex()) {
            sightings.met(RareState.BACKED_OFF_TWICE);
        }
    }

    private void onPiece(NodeId to, InstallSnapshot piece) {
        SentPiece former = pieces.get(to);
        boolean goesOn = former != null && former.piece().snapshot().equals(piece.snapshot());
        boolean begunBefore = goesOn && (former.begunBefore() || former.piece().term() < piece.term());
        pieces.put(to, new SentPiece(piece, begunBefore));
        if (!goesOn || former.piece().term() < piece.term()) {
            return;
        }
        if (begunBefore && former.end() < piece.position()) {
            // Nobody has sent what is in between in this term.
            sightings.met(RareState.SNAPSHOT_RESUMED_BY_NEXT_LEADER);
        } else if (former.piece().position() < piece.position()) {
            sightings.met(RareState.SNAPSHOT_IN_PIECES);
        }
    }

    void onArrival(NodeId from, NodeId to, Message message) {
        Position receiver = positionOf(to);
        boolean isOld = message.term() < receiver.term();
        if (message instanceof AppendAccepted && isOld && receiver.role() == Role.LEADER) {
            sightings.met(RareState.OLD_ACKNOWLEDGEMENT_AT_LEADER);
        } else if (message instanceof VoteResponse response
                && response.granted()
                && isOld
                && receiver.role() == Role.CANDIDATE) {
            sightings.met(RareState.OLD_VOTE_AT_CANDIDATE);
        } else if (message instanceof AppendRequest
                && message.term() < model.hardStateOf(to).term()) {
            sightings.met(RareState.APPEND_OF_FORMER_LEADER_ARRIVED);
        } else if (message instanceof VoteRequest request && restarted.contains(to)) {
            HardState own = model.durableHardStateOf(to);
            if (own.term() == request.term()
                    && own.votedFor().isPresent()
                    && !own.votedFor().get().equals(from)) {
                sightings.met(RareState.ASKED_FOR_SECOND_VOTE_AFTER_RESTART);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------ events

    void onRaftEvent(NodeId node, RaftEvent event) {
        if (event instanceof RaftEvent.BecameCandidate candidacy) {
            positions.put(node, new Position(Role.CANDIDATE, candidacy.term()));
        } else if (event instanceof RaftEvent.BecameLeader election) {
            onElected(node, election.term());
        } else if (event instanceof RaftEvent.BecameFollower) {
            Position former = positions.put(node, new Position(Role.FOLLOWER, event.term()));
            if (former != null) {
                onSteppedDown(node, former, event.term());
            }
        } else if (event instanceof RaftEvent.TransferStarted) {
            sightings.met(RareState.TRANSFER_STARTED);
        } else if (event instanceof RaftEvent.TransferAborted) {
            sightings.met(RareState.TRANSFER_ABORTED);
        } else if (event instanceof RaftEvent.TransferDeclined) {
            sightings.met(RareState.TRANSFER_DECLINED);
        } else if (event instanceof RaftEvent.MembershipChanged change) {
            sightings.met(change.membership().isJoint() ? RareState.MEMBERSHIP_JOINT : RareState.MEMBERSHIP_CHANGED);
        } else if (event instanceof RaftEvent.FollowerNeedsSnapshot) {
            sightings.met(RareState.FOLLOWER_NEEDED_SNAPSHOT);
        }
    }

    private void onElected(NodeId node, long term) {
        if (positions.entrySet().stream()
                .anyMatch(other ->
                        !other.getKey().equals(node) && other.getValue().role() == Role.LEADER)) {
            sightings.met(RareState.ELECTED_BESIDE_FORMER_LEADER);
        }
        if (lastLedTerm < term
                && !candidates.subMap(lastLedTerm, false, term, false).isEmpty()) {
            sightings.met(RareState.TERM_WITHOUT_LEADER);
        }
        if (askedToTakeOver.contains(new Asked(node, term))) {
            sightings.met(RareState.LEADERSHIP_TRANSFERRED);
        }
        if (model.lastEntryOf(node).index() > model.chosenIndex()) {
            sightings.met(RareState.ELECTED_WITH_UNCOMMITTED_TAIL);
        }
        long own = model.lastEntryOf(node).index();
        if (positions.keySet().stream()
                .anyMatch(other -> model.lastEntryOf(other).index() > own)) {
            sightings.met(RareState.ELECTED_WITH_SHORTER_LOG);
        }
        if (model.membershipOf(node).isJoint()) {
            sightings.met(RareState.ELECTED_IN_JOINT_MEMBERSHIP);
        }
        positions.put(node, new Position(Role.LEADER, term));
        lastLedTerm = Math.max(lastLedTerm, term);
    }

    private void onSteppedDown(NodeId node, Position former, long term) {
        if (former.role() == Role.CANDIDATE) {
            sightings.met(RareState.CANDIDATE_STEPPED_DOWN);
        } else if (former.role() == Role.LEADER) {
            sightings.met(term > former.term() ? RareState.LEADER_DEPOSED : RareState.LEADER_GAVE_UP_WITHIN_ITS_TERM);
            if (hasUncommittedTail(node)) {
                sightings.met(RareState.LEADER_DEPOSED_WITH_UNCOMMITTED_TAIL);
            }
        }
    }

    private boolean hasUncommittedTail(NodeId node) {
        EntryId last = model.lastEntryOf(node);
        return last.index() > model.chosenIndex()
                || last.index() > 0 && !model.chosenAt(last.index()).id().equals(last);
    }

    // ------------------------------------------------------------------------------------------------------ disks

    void beforePersist(NodeId node, Persist persist) {
        for (LogEntry entry : persist.entries()) {
            Set<Long> terms = termsAtIndex.computeIfAbsent(entry.index(), any -> new TreeSet<>());
            if (terms.add(entry.term()) && terms.size() == 3) {
                sightings.met(RareState.THREE_ENTRIES_AT_ONE_INDEX);
            }
        }
        if (persist.truncateFrom().isPresent()) {
            onTruncation(node, persist.truncateFrom().getAsLong());
        }
        if (persist.replacement().isPresent() && model.lastEntryOf(node).index() > 0) {
            EntryId last = persist.replacement().get().last();
            sightings.met(
                    model.entryOf(node, model.chosenIndex() + 1).isPresent()
                                    || model.lastEntryOf(node).index() >= last.index()
                            ? RareState.SNAPSHOT_OVER_UNCOMMITTED_TAIL
                            : RareState.SNAPSHOT_OVER_SHORTER_LOG);
        }
    }

    private void onTruncation(NodeId node, long from) {
        Set<Long> terms = new TreeSet<>();
        boolean own = false;
        boolean membership = false;
        for (long index = from; model.entryOf(node, index).isPresent(); index++) {
            LogEntry entry = model.entryOf(node, index).orElseThrow();
            terms.add(entry.term());
            membership |= entry.type() == EntryType.MEMBERSHIP;
            own |= model.leaderOf(entry.term()).filter(node::equals).isPresent();
        }
        if (terms.size() > 1) {
            sightings.met(RareState.TRUNCATED_ENTRIES_OF_TWO_TERMS);
        }
        if (membership) {
            sightings.met(RareState.TRUNCATED_MEMBERSHIP);
        }
        if (own) {
            sightings.met(RareState.TRUNCATED_OWN_ENTRIES);
        }
        if (model.durableIndexOf(node) < model.lastEntryOf(node).index()) {
            sightings.met(RareState.TRUNCATED_WHILE_WRITING);
        }
    }

    /** More may be chosen than before. */
    void onProgress() {
        long chosen = model.chosenIndex();
        if (chosen == chosenBefore) {
            return;
        }
        LogEntry last = model.chosenAt(chosen);
        if (model.chosenAt(chosenBefore + 1).term() < last.term()) {
            sightings.met(RareState.INHERITED_ENTRIES_COMMITTED);
        }
        if (model.leaderOf(last.term())
                .filter(leader -> model.durableIndexOf(leader) < chosen)
                .isPresent()) {
            sightings.met(RareState.COMMITTED_BEFORE_ON_LEADERS_DISK);
        }
        chosenBefore = chosen;
    }

    void beforeOpened(NodeId node, DurableImages.Image image) {
        restarted.add(node);
        long durable = model.durableIndexOf(node);
        long written = model.lastEntryOf(node).index();
        if (image.lastIndex() > durable) {
            sightings.met(RareState.RECOVERED_UNCONFIRMED_ENTRIES);
            if (image.lastIndex() < written) {
                sightings.met(RareState.RECOVERED_PART_OF_A_WRITE);
            }
        } else if (written > durable) {
            sightings.met(RareState.LOST_UNCONFIRMED_ENTRIES);
        }
        if (!image.hardState().equals(model.durableHardStateOf(node))) {
            sightings.met(RareState.RECOVERED_UNCONFIRMED_VOTE_OR_TERM);
        }
        if (model.leaderOf(image.hardState().term()).filter(node::equals).isPresent()) {
            sightings.met(RareState.RESTARTED_IN_TERM_THAT_IT_LED);
        }
    }

    void onCrash(NodeId crashed) {
        List<NodeId> members = positions.keySet().stream()
                .filter(member -> MemberId.node(member).equals(crashed))
                .toList();
        members.forEach(this::onMemberCrash);
    }

    private void onMemberCrash(NodeId node) {
        if (model.isWriting(node)) {
            sightings.met(RareState.CRASHED_WHILE_WRITING);
        }
        if (positionOf(node).role() == Role.LEADER) {
            sightings.met(RareState.LEADER_CRASHED);
            if (model.membershipOf(node).isJoint()) {
                sightings.met(RareState.LEADER_CRASHED_IN_JOINT_MEMBERSHIP);
            }
            if (hasUncommittedTail(node)) {
                sightings.met(RareState.LEADER_CRASHED_WITH_UNCOMMITTED_TAIL);
            }
        }
        positions.remove(node);
    }
}

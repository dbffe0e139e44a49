/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The properties of paper figure 3, and "durable before shown", checked at every step of a cluster from the outside:
 * from what members hand out, what leaves them, and what is on their disks.
 */
final class ProtocolChecker {
    private record Ballot(NodeId voter, long term) {}

    private record Placed(LogEntry entry, EntryId predecessor) {}

    private final Map<Long, NodeId> leaders = new HashMap<>();
    private final Map<Ballot, NodeId> votes = new HashMap<>();
    private final Map<EntryId, Placed> entries = new HashMap<>();
    private final List<LogEntry> committed = new ArrayList<>();
    private final Map<Long, StateHash> states = new HashMap<>();
    private final Map<Long, Asked> asked = new HashMap<>();

    /** A read that waits for its index, and what was committed when it was asked for. */
    private record Asked(NodeId member, int committedBefore) {}

    List<LogEntry> committed() {
        return committed;
    }

    /** After a drain: {@code members} are all members of the group, up or down. */
    void onDrained(SimMember member, Outputs outputs, Collection<SimMember> members) {
        logMatching(member, outputs.persist().entries());
        for (RaftEvent event : outputs.events()) {
            if (event instanceof RaftEvent.BecameLeader) {
                electionSafety(member, event.term());
                leaderCompleteness(member);
            }
        }
        commitIsDurableAndAgreed(member, members);
        marksAreOrdered(member, outputs);
        stateIsAgreed(member);
        outputs.reads().forEach(read -> readIsLinearizable(member, read));
    }

    /** Whether it applied entries or became a snapshot: what a member is after an index, all are. */
    private void stateIsAgreed(SimMember member) {
        StateHash state = member.state();
        StateHash other = states.putIfAbsent(state.last().index(), state);
        check(other == null || other.equals(state), "state machine safety", member, state + " vs " + other);
    }

    /** Just before a member is asked for a read index; request ids are unique over all members. */
    void onAsked(SimMember member, long requestId) {
        asked.put(requestId, new Asked(member.id(), committed.size()));
    }

    void onCrashed(SimMember member) {
        asked.values().removeIf(read -> read.member().equals(member.id()));
    }

    int unansweredReads() {
        return asked.size();
    }

    private void readIsLinearizable(SimMember member, ReadOutcome read) {
        Asked question = asked.remove(read.requestId());
        check(question != null && question.member().equals(member.id()), "one outcome per read", member, "" + read);
        if (read instanceof ReadOutcome.Granted granted) {
            check(
                    granted.index() >= question.committedBefore(),
                    "a read sees all that was committed before it began",
                    member,
                    granted + ", committed was up to " + question.committedBefore());
            check(granted.index() <= committed.size(), "a read index is committed", member, granted.toString());
        }
    }

    private void electionSafety(SimMember member, long term) {
        NodeId other = leaders.putIfAbsent(term, member.id());
        check(other == null || other.equals(member.id()), "election safety", member, "term " + term + " of " + other);
    }

    /** By induction: whoever holds an entry holds the same entry after the same predecessor. */
    private void logMatching(SimMember member, List<LogEntry> added) {
        for (LogEntry entry : added) {
            EntryId predecessor = entry.index() == member.before().index() + 1
                    ? member.before()
                    : member.entryAt(entry.index() - 1).id();
            Placed here = new Placed(entry, predecessor);
            Placed elsewhere = entries.putIfAbsent(entry.id(), here);
            check(elsewhere == null || elsewhere.equals(here), "log matching", member, here + " vs " + elsewhere);
        }
    }

    private void leaderCompleteness(SimMember leader) {
        for (LogEntry entry : committed) {
            check(holds(leader, entry), "leader completeness", leader, "lacks committed " + entry.id());
        }
    }

    private static boolean holds(SimMember member, LogEntry entry) {
        return entry.index() <= member.before().index()
                || (member.lastIndex() >= entry.index()
                        && member.entryAt(entry.index()).equals(entry));
    }

    private void commitIsDurableAndAgreed(SimMember member, Collection<SimMember> members) {
        long commitIndex = member.core().commitIndex();
        for (int at = committed.size(); at < commitIndex; at++) {
            LogEntry entry = member.entryAt(at + 1);
            List<NodeId> holders = members.stream()
                    .filter(other -> other.disk().holds(entry.id()))
                    .map(SimMember::id)
                    .toList();
            // Whoever counted did so by the membership of its log's end then.
            boolean agreed = false;
            for (long index = entry.index(); index <= member.lastIndex(); index++) {
                agreed |= member.core().membershipAt(index).hasQuorum(holders::contains);
            }
            check(agreed, "committed is durable at a quorum", member, entry.id() + " is on the disks of " + holders);
            long expected = committed.isEmpty()
                    ? 0
                    : committed.get(committed.size() - 1).nextOffset();
            check(entry.baseOffset() == expected, "offsets are dense", member, entry.toString());
            committed.add(entry);
        }
        // State machine safety; what was compared once cannot change without a truncation, which the core refuses.
        for (long index = Math.max(1, commitIndex - 3); index <= commitIndex; index++) {
            LogEntry entry = committed.get((int) index - 1);
            check(holds(member, entry), "state machine safety", member, "differs at " + entry.id());
        }
    }

    private void marksAreOrdered(SimMember member, Outputs outputs) {
        RaftCore core = member.core();
        check(outputs.commitIndex() <= core.durableIndex(), "applicable is durable", member, outputs.toString());
        check(core.durableIndex() <= core.lastIndex(), "durable <= last", member, outputs.toString());
        check(core.lastIndex() == member.lastIndex(), "all of the log was handed out", member, outputs.toString());
    }

    /** A message leaves: what it vouches for is on the sender's disk. */
    void onSent(SimMember sender, Envelope envelope) {
        Message message = envelope.message();
        long diskTerm = sender.disk().hardState().term();
        Optional<NodeId> diskVote = sender.disk().hardState().votedFor();
        if (message instanceof PreVoteRequest request) {
            check(request.term() >= 1, "a pre-vote names a term to come", sender, message.toString());
            return;
        }
        if (message instanceof PreVoteResponse response && response.granted()) {
            return;
        }
        check(diskTerm >= message.term(), "term is durable before it is shown", sender, message.toString());
        if (message instanceof VoteRequest) {
            noteVote(sender.id(), message.term(), sender.id());
            check(
                    diskTerm > message.term() || diskVote.equals(Optional.of(sender.id())),
                    "own vote is durable before others are asked",
                    sender,
                    message.toString());
        } else if (message instanceof VoteResponse response && response.granted()) {
            noteVote(sender.id(), message.term(), envelope.to());
            check(
                    diskTerm > message.term() || diskVote.equals(Optional.of(envelope.to())),
                    "vote is durable before it is given",
                    sender,
                    message.toString());
        } else if (message instanceof AppendAccepted accepted) {
            check(
                    sender.disk().lastIndex() >= accepted.matchIndex(),
                    "entries are durable before they are acknowledged",
                    sender,
                    message + " with " + sender.disk().lastIndex() + " on disk");
        }
    }

    private void noteVote(NodeId voter, long term, NodeId candidate) {
        NodeId earlier = votes.putIfAbsent(new Ballot(voter, term), candidate);
        check(
                earlier == null || earlier.equals(candidate),
                "one vote per term",
                voter,
                "term " + term + ": " + earlier + " and " + candidate);
    }

    private static void check(boolean holds, String property, Object who, String detail) {
        if (!holds) {
            throw new AssertionError(property + " violated at " + who + ": " + detail);
        }
    }
}

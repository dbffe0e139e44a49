/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRequest;
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
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The properties of paper figure 3, and "durable before shown", checked at every step of a cluster from the outside:
 * from what members hand out, what leaves them, and what is on their disks.
 */
final class ProtocolChecker {
    private record Ballot(NodeId voter, long term) {}

    private record Placed(LogEntry entry, EntryId predecessor) {}

    private record Acknowledged(long term, long index) {}

    private final Map<Long, NodeId> leaders = new HashMap<>();
    private final Map<Ballot, NodeId> votes = new HashMap<>();
    private final Map<EntryId, Placed> entries = new HashMap<>();
    private final List<LogEntry> committed = new ArrayList<>();
    private final Map<Long, StateHash> states = new HashMap<>();
    private final Map<Long, Asked> asked = new HashMap<>();
    private final ReadConfirmations confirmations = new ReadConfirmations();
    private final Map<NodeId, Acknowledged> acknowledged = new HashMap<>();
    /** Up to where members have had committed entries on their disks. */
    private final Map<NodeId, Long> kept = new HashMap<>();

    /** A read that waits for its index, and what was committed when it was asked for. */
    private record Asked(NodeId member, int committedBefore, Optional<ReadConfirmations.Asked> ofLeader) {}

    List<LogEntry> committed() {
        return committed;
    }

    /** Told of every tick, before it. */
    void onTick(SimMember member) {
        confirmations.onTick(member.id());
    }

    /** Told of every message that is delivered, before it. */
    void onDelivered(NodeId from, Message message) {
        confirmations.onDelivered(from, message);
    }

    /** After a drain: {@code members} are all members of the group, up or down. */
    void onDrained(SimMember member, Outputs outputs, Collection<SimMember> members) {
        logMatching(member, outputs.persist().entries());
        for (RaftEvent event : outputs.events()) {
            if (event instanceof RaftEvent.BecameLeader elected) {
                electionSafety(member, event.term());
                isElected(member, elected);
                leaderCompleteness(member);
            }
        }
        commitIsDurableAndAgreed(member, members);
        acknowledgedIsKept(member);
        committedIsKept(member);
        membershipIsTheLogs(member);
        membershipChangesSafely(member, outputs.persist().entries());
        marksAreOrdered(member, outputs);
        durableIsOnDisk(member);
        matchIsOnDisk(member, members);
        stateIsAgreed(member);
        outputs.reads().forEach(read -> readIsLinearizable(member, read));
    }

    /** Whether it applied entries or became a snapshot: what a member is after an index, all are. */
    private void stateIsAgreed(SimMember member) {
        StateHash state = member.state();
        StateHash other = states.putIfAbsent(state.last().index(), state);
        check(
                other == null || other.equals(state),
                ProtocolProperty.STATE_MACHINE_SAFETY,
                member,
                () -> state + " vs " + other);
    }

    /** Just before a member is asked for a read index; request ids are unique over all members. */
    void onAsked(SimMember member, long requestId) {
        RaftCore core = member.core();
        asked.put(
                requestId,
                new Asked(
                        member.id(),
                        committed.size(),
                        core.role() == RaftCore.Role.LEADER
                                ? Optional.of(confirmations.asked(member.id(), core.term()))
                                : Optional.empty()));
    }

    void onCrashed(SimMember member) {
        asked.values().removeIf(read -> read.member().equals(member.id()));
    }

    int unansweredReads() {
        return asked.size();
    }

    private void readIsLinearizable(SimMember member, ReadOutcome read) {
        Asked question = asked.remove(read.requestId());
        check(
                question != null && question.member().equals(member.id()),
                ProtocolProperty.ONE_OUTCOME_PER_READ,
                member,
                () -> "" + read);
        if (read instanceof ReadOutcome.Granted granted) {
            isConfirmed(member, question);
            check(
                    granted.index() >= question.committedBefore(),
                    ProtocolProperty.READS_SEE_COMMITTED,
                    member,
                    () -> granted + ", committed was up to " + question.committedBefore());
            check(granted.index() <= committed.size(), ProtocolProperty.READS_ARE_COMMITTED, member, granted::toString);
        }
    }

    /** Not in leaderships that change the members: a lease that the former ones gave is good among the next ones too. */
    private void isConfirmed(SimMember member, Asked question) {
        long startIndex = member.core().leadershipStartIndex();
        if (question.ofLeader().isEmpty()
                || startIndex <= member.before().index()
                || bringsMembership(member, startIndex)) {
            return;
        }
        Membership membership = member.core().membership();
        check(
                confirmations.isConfirmed(
                        question.ofLeader().get(),
                        member.id(),
                        holds -> isQuorum(membership, holds),
                        member.config().leaseTicks()),
                ProtocolProperty.READS_ARE_CONFIRMED,
                member,
                () -> question + " was granted");
    }

    private static boolean bringsMembership(SimMember member, long fromIndex) {
        for (long index = fromIndex; index <= member.lastIndex(); index++) {
            if (member.entryAt(index).type() == EntryType.MEMBERSHIP) {
                return true;
            }
        }
        return false;
    }

    private void electionSafety(SimMember member, long term) {
        NodeId other = leaders.putIfAbsent(term, member.id());
        check(
                other == null || other.equals(member.id()),
                ProtocolProperty.ONE_LEADER_PER_TERM,
                member,
                () -> "term " + term + " of " + other);
    }

    private void isElected(SimMember leader, RaftEvent.BecameLeader elected) {
        long term = elected.term();
        if (leader.core().leadershipStartIndex() != elected.lastIndex()
                || leader.core().term() != term) {
            // Deposed within the same turn: by which membership it was elected is not known any more.
            return;
        }
        Membership membership = leader.core().membershipAt(elected.lastIndex() - 1);
        check(
                isQuorum(
                        membership,
                        voter -> voter.equals(leader.id()) || leader.id().equals(votes.get(new Ballot(voter, term)))),
                ProtocolProperty.ELECTED_BY_QUORUM,
                leader,
                () -> "term " + term + " with " + membership);
    }

    /** Counts by itself, so that a membership that counts wrongly does not judge itself. */
    private static boolean isQuorum(Membership membership, Predicate<NodeId> holds) {
        return isMajority(membership.voters(), holds)
                && (membership.outgoing().isEmpty() || isMajority(membership.outgoing(), holds));
    }

    private static boolean isMajority(List<NodeId> voters, Predicate<NodeId> holds) {
        return 2 * voters.stream().filter(holds).count() > voters.size();
    }

    private void acknowledgedIsKept(SimMember member) {
        Acknowledged before = acknowledged.get(member.id());
        check(
                before == null
                        || before.term() != member.core().term()
                        || before.index() <= member.core().lastIndex(),
                ProtocolProperty.ACCEPTED_IS_KEPT,
                member,
                () -> before + ", and now the log ends at " + member.core().lastIndex());
    }

    private void committedIsKept(SimMember member) {
        long before = kept.getOrDefault(member.id(), 0L);
        check(
                before <= member.core().lastIndex(),
                ProtocolProperty.COMMITTED_IS_KEPT,
                member,
                () -> "its disk had committed entries up to " + before + ", and now the log ends at "
                        + member.core().lastIndex());
        long index = Math.min(member.disk().lastIndex(), committed.size());
        if (index > before && member.disk().holds(committed.get((int) index - 1).id())) {
            kept.put(member.id(), index);
        }
    }

    /** What the core has made of its log, against the log. */
    private void membershipIsTheLogs(SimMember member) {
        Membership expected = inLogOf(member);
        Membership actual = member.core().membership();
        check(
                actual.equals(expected),
                ProtocolProperty.MEMBERSHIP_IS_THE_LOGS,
                member,
                () -> actual + " in force, " + expected + " in the log");
    }

    private void membershipChangesSafely(SimMember member, List<LogEntry> added) {
        RaftCore core = member.core();
        for (LogEntry entry : added) {
            boolean isOwn = core.role() == RaftCore.Role.LEADER && entry.term() == core.term();
            if (entry.type() != EntryType.MEMBERSHIP || !isOwn) {
                continue;
            }
            Membership before = core.membershipAt(entry.index() - 1);
            Membership after = core.membershipAt(entry.index());
            boolean isBeforeCommitted = true;
            for (long index = committed.size() + 1L; index < entry.index(); index++) {
                isBeforeCommitted &= member.entryAt(index).type() != EntryType.MEMBERSHIP;
            }
            check(
                    isBeforeCommitted && core.leadershipStartIndex() <= committed.size() && quorumsMeet(before, after),
                    ProtocolProperty.MEMBERSHIP_CHANGES_SAFELY,
                    member,
                    () -> "from " + before + " to " + after + " at " + entry.id() + ", committed is " + committed.size()
                            + ", it leads from " + core.leadershipStartIndex());
        }
    }

    /** Whether no quorum of one is without any member of some quorum of the other. */
    private static boolean quorumsMeet(Membership one, Membership other) {
        List<NodeId> nodes = Stream.of(one.voters(), one.outgoing(), other.voters(), other.outgoing())
                .flatMap(List::stream)
                .distinct()
                .toList();
        for (int set = 0; set < 1 << nodes.size(); set++) {
            int chosen = set;
            if (isQuorum(one, node -> (chosen >> nodes.indexOf(node) & 1) == 1)
                    && isQuorum(other, node -> (chosen >> nodes.indexOf(node) & 1) == 0)) {
                return false;
            }
        }
        return true;
    }

    private static Membership inLogOf(SimMember member) {
        for (int at = member.log().size() - 1; at >= 0; at--) {
            LogEntry entry = member.log().get(at);
            if (entry.type() == EntryType.MEMBERSHIP) {
                return Membership.decode(entry.payload()).orElseThrow();
            }
        }
        return member.baseMembership();
    }

    /** By induction: whoever holds an entry holds the same entry after the same predecessor. */
    private void logMatching(SimMember member, List<LogEntry> added) {
        for (LogEntry entry : added) {
            EntryId predecessor = entry.index() == member.before().index() + 1
                    ? member.before()
                    : member.entryAt(entry.index() - 1).id();
            Placed here = new Placed(entry, predecessor);
            Placed elsewhere = entries.putIfAbsent(entry.id(), here);
            check(
                    elsewhere == null || elsewhere.equals(here),
                    ProtocolProperty.LOG_MATCHING,
                    member,
                    () -> here + " vs " + elsewhere);
        }
    }

    private void leaderCompleteness(SimMember leader) {
        for (LogEntry entry : committed) {
            check(
                    holds(leader, entry),
                    ProtocolProperty.LEADER_COMPLETENESS,
                    leader,
                    () -> "lacks committed " + entry.id());
        }
    }

    private static boolean holds(SimMember member, LogEntry entry) {
        return entry.index() <= member.before().index()
                || (member.lastIndex() >= entry.index()
                        && member.entryAt(entry.index()).equals(entry));
    }

    private void commitIsDurableAndAgreed(SimMember member, Collection<SimMember> members) {
        long commitIndex = member.core().commitIndex();
        if (member.core().role() == RaftCore.Role.LEADER && commitIndex > committed.size()) {
            long term = member.entryAt(commitIndex).term();
            check(
                    term == member.core().term(),
                    ProtocolProperty.COMMITS_OWN_TERM_BY_COUNTING,
                    member,
                    () -> "commits " + commitIndex + " of term " + term);
        }
        for (int at = committed.size(); at < commitIndex; at++) {
            LogEntry entry = member.entryAt(at + 1);
            List<NodeId> holders = members.stream()
                    .filter(other -> other.disk().holds(entry.id()))
                    .map(SimMember::id)
                    .toList();
            // Whoever counted did so by the membership of its log's end then.
            boolean agreed = false;
            for (long index = entry.index(); index <= member.lastIndex(); index++) {
                agreed |= isQuorum(member.core().membershipAt(index), holders::contains);
            }
            check(
                    agreed,
                    ProtocolProperty.COMMITTED_IS_QUORUM_DURABLE,
                    member,
                    () -> entry.id() + " is on the disks of " + holders);
            long expected = committed.isEmpty()
                    ? 0
                    : committed.get(committed.size() - 1).nextOffset();
            check(entry.baseOffset() == expected, ProtocolProperty.OFFSETS_DENSE, member, entry::toString);
            committed.add(entry);
        }
        // State machine safety; what was compared once cannot change without a truncation, which the core refuses.
        for (long index = Math.max(1, commitIndex - 3); index <= commitIndex; index++) {
            LogEntry entry = committed.get((int) index - 1);
            check(
                    holds(member, entry),
                    ProtocolProperty.STATE_MACHINE_SAFETY,
                    member,
                    () -> "differs at " + entry.id());
        }
    }

    private void durableIsOnDisk(SimMember member) {
        long index = member.core().durableIndex();
        check(
                index <= member.before().index()
                        || member.disk().holds(member.entryAt(index).id()),
                ProtocolProperty.DURABLE_IS_ON_DISK,
                member,
                () -> "up to " + index + ", and the disk holds up to "
                        + member.disk().lastIndex());
    }

    private void matchIsOnDisk(SimMember leader, Collection<SimMember> members) {
        RaftCore core = leader.core();
        if (core.role() != RaftCore.Role.LEADER) {
            return;
        }
        for (SimMember other : members) {
            long match = other == leader ? 0 : core.matchIndex(other.id());
            boolean isOfNewerTerm = other.disk().hardState().term() > core.term();
            check(
                    isOfNewerTerm || match == 0 || other.disk().holds(idAt(leader, match)),
                    ProtocolProperty.MATCH_IS_ON_DISK,
                    leader,
                    () -> "believes that " + other + " has up to " + match);
        }
    }

    /** What a member's log had there if it has been cut since: that was committed. */
    private EntryId idAt(SimMember member, long index) {
        return index <= member.before().index()
                ? committed.get((int) index - 1).id()
                : member.entryAt(index).id();
    }

    private void marksAreOrdered(SimMember member, Outputs outputs) {
        RaftCore core = member.core();
        check(
                outputs.commitIndex() <= core.durableIndex(),
                ProtocolProperty.APPLIED_IS_DURABLE,
                member,
                outputs::toString);
        check(core.durableIndex() <= core.lastIndex(), ProtocolProperty.SELF_CHECKS_HOLD, member, outputs::toString);
        check(
                core.lastIndex() == member.lastIndex(),
                ProtocolProperty.OUTPUTS_ARE_ANNOUNCED,
                member,
                outputs::toString);
    }

    /** A message leaves: what it vouches for is on the sender's disk. */
    void onSent(SimMember sender, Envelope envelope) {
        Message message = envelope.message();
        confirmations.onSent(sender.id(), message);
        if (message instanceof AppendRequest append
                && sender.core().role() == RaftCore.Role.LEADER
                && append.term() == sender.core().term()) {
            for (LogEntry entry : append.entries()) {
                check(
                        entry.index() <= sender.before().index()
                                || entry.index() <= sender.lastIndex()
                                        && sender.entryAt(entry.index()).equals(entry),
                        ProtocolProperty.LEADER_SENDS_ITS_LOG,
                        sender,
                        entry.id()::toString);
            }
        }
        long diskTerm = sender.disk().hardState().term();
        Optional<NodeId> diskVote = sender.disk().hardState().votedFor();
        if (message instanceof PreVoteRequest request) {
            check(request.term() >= 1, ProtocolProperty.SELF_CHECKS_HOLD, sender, message::toString);
            return;
        }
        if (message instanceof PreVoteResponse response && response.granted()) {
            return;
        }
        check(diskTerm >= message.term(), ProtocolProperty.TERM_DURABLE_BEFORE_SENT, sender, message::toString);
        if (message instanceof VoteRequest) {
            noteVote(sender.id(), message.term(), sender.id());
            check(
                    diskTerm > message.term() || diskVote.equals(Optional.of(sender.id())),
                    ProtocolProperty.VOTE_DURABLE_BEFORE_SENT,
                    sender,
                    message::toString);
        } else if (message instanceof VoteResponse response && response.granted()) {
            noteVote(sender.id(), message.term(), envelope.to());
            check(
                    diskTerm > message.term() || diskVote.equals(Optional.of(envelope.to())),
                    ProtocolProperty.VOTE_DURABLE_BEFORE_SENT,
                    sender,
                    message::toString);
        } else if (message instanceof AppendAccepted accepted) {
            check(
                    sender.disk().lastIndex() >= accepted.matchIndex(),
                    ProtocolProperty.ACCEPTED_IS_DURABLE,
                    sender,
                    () -> message + " with " + sender.disk().lastIndex() + " on disk");
            Acknowledged before = acknowledged.get(sender.id());
            if (before == null || before.term() < accepted.term() || before.index() < accepted.matchIndex()) {
                acknowledged.put(sender.id(), new Acknowledged(accepted.term(), accepted.matchIndex()));
            }
        }
    }

    private void noteVote(NodeId voter, long term, NodeId candidate) {
        NodeId earlier = votes.putIfAbsent(new Ballot(voter, term), candidate);
        check(
                earlier == null || earlier.equals(candidate),
                ProtocolProperty.ONE_VOTE_PER_TERM,
                voter,
                () -> "term " + term + ": " + earlier + " and " + candidate);
    }

    static void check(boolean holds, ProtocolProperty property, Object who, Supplier<String> detail) {
        if (!holds) {
            throw new PropertyViolation(property, who, detail.get());
        }
    }
}

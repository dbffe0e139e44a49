/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.model;

import static io.quorate.sim.check.Violation.require;

import io.quorate.node.replica.MemberId;
import io.quorate.raft.Membership;
import io.quorate.raft.Persist;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.ReadIndexResponse;
import io.quorate.raft.message.TimeoutNow;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import io.quorate.sim.check.DurableImages;
import io.quorate.sim.check.Invariant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Raft for one group, as an executable specification: lists, maps and quantifiers, no thought of speed. A run is valid if
 * each step that was seen from outside is one that this allows:
 *
 * <pre>
 *   Restart         opened       with what the disk surely held, and any part of what was on its way there
 *   Timeout, Vote   persist      a newer term; or a vote, one per term, for a candidate whose log is as complete
 *                   send         a vote request after a quorum of pre-votes, or the leader's own wish; a vote that is
 *                                durable
 *   BecomeLeader    persist      the first entry of a term: its creator has a quorum of votes and all that is chosen
 *   ClientAppend    persist      more entries of the term, by the same creator
 *   Replicate       send         a leader sends its log; a follower accepts what it has durably and the leader has too
 *                   persist      a follower takes an entry as it was created, after the same predecessor
 *                   persist      a follower cuts what was not chosen
 *   AdvanceCommit   send         an entry of its leader's own term that a quorum has accepted is <em>chosen</em>, and all
 *                                before it
 *   Learn, Apply    send, apply  nobody calls committed, and nobody applies, what is not chosen
 * </pre>
 *
 * <p>A log here begins at index 1, whatever was trimmed: what is gone was chosen, and so was all that a snapshot stands
 * for. Only what a member shows counts: what it has in memory and loses before it is handed to its disk or the network has
 * never been. Who votes and counts is said by the latest membership in the log of whoever asks for votes, or counts. Paper,
 * figures 2 and 3, and sections 6 and 7.
 */
public final class GroupModel {
    /** An entry and the one before it. */
    private record Link(EntryId previous, LogEntry entry) {}

    /** Has nothing. */
    private static final ModelMember STRANGER = new ModelMember();

    private final long groupId;
    private final Membership initial;
    private final Map<NodeId, ModelMember> members = new TreeMap<>();
    private final Map<EntryId, Link> created = new HashMap<>();
    private final Map<Long, NodeId> leaders = new TreeMap<>();
    private final Map<Long, ModelLog> logsOfLeaders = new TreeMap<>();
    private final Ballots ballots;
    /** By term and member: up to where its log is its leader's, durably. */
    private final Map<Long, Map<NodeId, Long>> accepted = new TreeMap<>();

    private final ChosenLog chosen;
    private final RestartRule restarts;

    public GroupModel(long groupId, List<NodeId> voters) {
        this(groupId, new Membership(voters));
    }

    /** @param initial before the first change */
    public GroupModel(long groupId, Membership initial) {
        this.groupId = groupId;
        this.initial = initial;
        this.ballots = new Ballots(groupId);
        this.chosen = new ChosenLog(groupId, initial);
        this.restarts = new RestartRule(groupId, initial, chosen);
        admit(initial);
    }

    private void admit(Membership membership) {
        Stream.of(membership.voters(), membership.outgoing(), membership.learners())
                .flatMap(List::stream)
                .forEach(node -> members.computeIfAbsent(node, any -> new ModelMember()));
    }

    private Membership membershipOf(ModelLog log) {
        return log.membership().orElse(initial);
    }

    /** What is committed, whether or not anybody knows. */
    public List<LogEntry> chosen() {
        return chosen.upTo(chosen.lastIndex());
    }

    // ----------------------------------------------------------------------------------------------------- restart

    /**
     * @param membership that the member goes by
     * @param image      what the disk holds now; empty if it has nothing of this group
     */
    public void opened(NodeId node, Membership membership, Optional<DurableImages.Image> image) {
        admit(new Membership(List.of(node)));
        restarts.opened(node, member(node), membership, image);
    }

    /** The member's log is damaged: it will be opened again with what it had and what was committed instead. */
    public void quarantined(NodeId node) {
        admit(new Membership(List.of(node)));
        member(node).damaged();
    }

    // ----------------------------------------------------------------------------------------------------- persists

    public void persist(NodeId node, Persist persist) {
        ModelMember member = member(node);
        Optional<Membership> electorate = persist.hardState()
                .filter(next -> next.votedFor().equals(Optional.of(node)))
                .map(candidate -> membershipOf(member.log()));
        persist.hardState().ifPresent(next -> changeHardState(node, next, persist));
        long term = persist.hardState().orElse(member.hardState()).term();
        persist.truncateFrom().ifPresent(from -> truncate(node, term, from));
        member.issued(persist, persist.replacement().map(snapshot -> replacement(node, snapshot)));
        ModelLog log = member.log();
        for (LogEntry entry : persist.entries()) {
            require(
                    entry.index() == log.lastIndex() + 1
                            && entry.term() >= log.last().term()
                            && entry.term() <= term,
                    Invariant.LOG_MATCHING,
                    "%s of group %d in term %d appends %s after %s",
                    node,
                    groupId,
                    term,
                    entry,
                    log.last());
            Link link = new Link(log.last(), entry);
            Link first = created.get(entry.id());
            if (first == null) {
                create(node, log, link);
            } else {
                require(
                        first.equals(link),
                        Invariant.LOG_MATCHING,
                        "%s of group %d appends %s, which was created as %s",
                        node,
                        groupId,
                        link,
                        first);
            }
            member.append(entry);
        }
        // Of one turn only the sum is seen: it may have become a candidate before or after the entries.
        electorate.ifPresent(before -> ballots.candidate(term, node, List.of(before, membershipOf(log))));
    }

    /** What a snapshot stands for, which takes the place of the log. */
    private List<LogEntry> replacement(NodeId node, GroupSnapshot snapshot) {
        chosen.requireSnapshot(node, snapshot.last());
        List<LogEntry> standsFor = chosen.upTo(snapshot.last().index());
        ModelLog former = member(node).log();
        former.entry(snapshot.last().index() + 1)
                .ifPresent(next -> require(
                        !chosen.holds(next),
                        Invariant.CHOSEN_IS_KEPT,
                        "%s of group %d gives up %s, which is committed, for a snapshot of %s",
                        node,
                        groupId,
                        next,
                        snapshot.last()));
        Membership membership = membershipOf(new ModelLog(standsFor));
        require(
                snapshot.membership().size() == 0
                        ? membership.equals(initial)
                        : Membership.decode(snapshot.membership()).equals(Optional.of(membership)),
                Invariant.MEMBERSHIP_IS_THE_LOGS,
                "%s of group %d takes a snapshot of %s with membership %s, which is %s",
                node,
                groupId,
                snapshot.last(),
                Membership.decode(snapshot.membership()),
                membership);
        return standsFor;
    }

    private void changeHardState(NodeId node, HardState next, Persist persist) {
        ModelMember member = member(node);
        HardState former = member.hardState();
        require(
                next.term() >= former.term(),
                Invariant.TERM_MONOTONIC,
                "%s of group %d goes from %s back to %s",
                node,
                groupId,
                former,
                next);
        require(
                next.term() > former.term() || former.votedFor().isEmpty() || next.equals(former),
                Invariant.ONE_VOTE_PER_TERM,
                "%s of group %d goes from %s to %s",
                node,
                groupId,
                former,
                next);
        if (next.votedFor().isEmpty() || next.votedFor().get().equals(node)) {
            return;
        }
        NodeId candidate = next.votedFor().get();
        EntryId end = ballots.endOf(next.term(), candidate);
        // Of one turn only the sum is seen: more of an old leader's entries may have come before the vote.
        ModelLog after = member.log().copy();
        persist.truncateFrom().ifPresent(after::truncateSuffix);
        persist.entries().forEach(after::append);
        require(
                end != null
                        && (end.isAtLeastAsUpToDateAs(member.log().lastBelowTerm(next.term()))
                                || end.isAtLeastAsUpToDateAs(after.lastBelowTerm(next.term()))),
                Invariant.VOTES_FOR_COMPLETE_LOGS,
                "%s of group %d, whose log ends with %s, votes in term %d for %s, whose log ends with %s",
                node,
                groupId,
                member.log().last(),
                next.term(),
                candidate,
                end);
    }

    private void truncate(NodeId node, long term, long from) {
        ModelMember member = member(node);
        Optional<LogEntry> first = member.log().entry(from);
        require(
                first.isEmpty() || !chosen.holds(first.get()),
                Invariant.CHOSEN_IS_KEPT,
                "%s of group %d cuts its log at %s, which is committed",
                node,
                groupId,
                first);
        require(
                !node.equals(leaders.get(term))
                        || first.isEmpty()
                        || first.get().term() < term,
                Invariant.LEADER_APPENDS_ONLY,
                "%s of group %d leads term %d and cuts its log at %s",
                node,
                groupId,
                term,
                first);
    }

    private void create(NodeId node, ModelLog log, Link link) {
        long term = link.entry().term();
        if (!leaders.containsKey(term)) {
            becomeLeader(node, term, log);
        }
        require(
                node.equals(leaders.get(term)),
                Invariant.ONE_LEADER_PER_TERM,
                "%s of group %d creates %s, but %s leads the term",
                node,
                groupId,
                link.entry(),
                leaders.get(term));
        created.put(link.entry().id(), link);
        ModelLog leadersLog = logsOfLeaders.get(term);
        if (link.entry().type() == EntryType.MEMBERSHIP) {
            reconfigure(node, leadersLog, link.entry());
        }
        leadersLog.append(link.entry());
        choose(term);
    }

    /** One step of paper §6, when the step before is committed; the first one when the leader has committed something. */
    private void reconfigure(NodeId node, ModelLog log, LogEntry entry) {
        Membership former = membershipOf(log);
        Membership next = Membership.decode(entry.payload()).orElse(former);
        boolean isStep = former.isJoint()
                ? !next.isJoint() && next.voters().equals(former.voters())
                : next.isJoint()
                        ? next.outgoing().equals(former.voters())
                        : next.voters().equals(former.voters());
        boolean hasCommitted = chosen.hasEntryOf(entry.term());
        boolean isFormerCommitted =
                log.entry(log.membershipIndex()).map(chosen::holds).orElse(true);
        require(
                isStep && hasCommitted && isFormerCommitted,
                Invariant.ONE_MEMBERSHIP_AT_A_TIME,
                "%s of group %d goes in term %d from %s of index %d to %s, with %d entries committed, the last one %s",
                node,
                groupId,
                entry.term(),
                former,
                log.membershipIndex(),
                next,
                chosen.lastIndex(),
                chosen.last());
        admit(next);
    }

    private void becomeLeader(NodeId node, long term, ModelLog log) {
        TreeSet<NodeId> support = new TreeSet<>(ballots.votersFor(term, node));
        if (member(node).durableHardState().equals(new HardState(term, Optional.of(node)))) {
            support.add(node);
        }
        require(
                membershipOf(log).hasQuorum(support::contains),
                Invariant.ELECTED_BY_QUORUM,
                "%s of group %d leads term %d with the votes of %s only",
                node,
                groupId,
                term,
                support);
        chosen.requireComplete(node, term, log);
        leaders.put(term, node);
        logsOfLeaders.put(term, log.copy());
    }

    public void persisted(NodeId node, long sequence) {
        ModelMember member = member(node);
        member.completed(sequence);
        // A leader accepts its own log.
        long term = member.hardState().term();
        if (node.equals(leaders.get(term))) {
            accept(
                    node,
                    term,
                    Math.min(
                            member.durableLog().lastIndex(),
                            logsOfLeaders.get(term).lastIndex()));
        }
    }

    // ----------------------------------------------------------------------------------------------------- messages

    public void send(NodeId from, NodeId to, Message message) {
        if (message instanceof VoteRequest request) {
            requireDurableVote(from, from, request.term());
            ballots.campaigns(from, request, membershipOf(member(from).log()));
        } else if (message instanceof PreVoteResponse response && response.granted()) {
            ballots.preVoted(response.term(), to, from);
        } else if (message instanceof VoteResponse response && response.granted()) {
            requireDurableVote(from, to, response.term());
            ballots.voted(response.term(), to, from);
        } else if (message instanceof AppendRequest append) {
            onAppend(from, append);
        } else if (message instanceof Heartbeat heartbeat) {
            requireLeads(from, heartbeat.term());
            chosen.requireCommitted(from, heartbeat.term(), heartbeat.commitIndex());
        } else if (message instanceof ReadIndexResponse response && response.granted()) {
            requireLeads(from, response.term());
            chosen.requireCommitted(from, response.term(), response.index());
        } else if (message instanceof InstallSnapshot piece) {
            requireLeads(from, piece.term());
            chosen.requireSnapshot(from, piece.snapshot().last());
        } else if (message instanceof AppendAccepted acceptance) {
            onAccepted(from, acceptance);
        } else if (message instanceof TimeoutNow request) {
            requireLeads(from, request.term());
            ballots.handedOver(request.term(), to);
        }
    }

    private void requireDurableVote(NodeId voter, NodeId candidate, long term) {
        HardState durable = member(voter).durableHardState();
        require(
                durable.term() > term || durable.equals(new HardState(term, Optional.of(candidate))),
                Invariant.VOTE_DURABLE_BEFORE_SENT,
                "%s of group %d votes for %s in term %d, its disk holds %s",
                voter,
                groupId,
                candidate,
                term,
                durable);
    }

    private void requireLeads(NodeId node, long term) {
        if (!leaders.containsKey(term)) {
            // It was deposed within a turn: its first entry was never handed to anyone.
            becomeLeader(node, term, member(node).log());
        }
        require(
                node.equals(leaders.get(term)),
                Invariant.ONE_LEADER_PER_TERM,
                "%s of group %d speaks as leader of term %d, which is %s",
                node,
                groupId,
                term,
                leaders.get(term));
    }

    private void onAppend(NodeId from, AppendRequest append) {
        requireLeads(from, append.term());
        ModelLog log = logsOfLeaders.get(append.term());
        require(
                log.holds(append.previous())
                        && append.entries().stream().allMatch(entry -> log.entry(entry.index())
                                .filter(entry::equals)
                                .isPresent()),
                Invariant.LEADER_SENDS_ITS_LOG,
                "%s of group %d leads term %d with %s, and sends after %s: %s",
                from,
                groupId,
                append.term(),
                log,
                append.previous(),
                append.entries());
        chosen.requireCommitted(from, append.term(), append.commitIndex());
    }

    private void onAccepted(NodeId from, AppendAccepted acceptance) {
        ModelMember member = member(from);
        // In a newer term it may have cut them again meanwhile: the acceptance was true, and is of no use any more.
        boolean outdated = member.durableHardState().term() > acceptance.term();
        require(
                outdated || member.durableLog().lastIndex() >= acceptance.matchIndex(),
                Invariant.ACCEPTED_IS_DURABLE,
                "%s of group %d accepts index %d in term %d, its disk has %s",
                from,
                groupId,
                acceptance.matchIndex(),
                acceptance.term(),
                member.durableLog());
        ModelLog log = logsOfLeaders.get(acceptance.term());
        require(
                log != null
                        && acceptance.matchIndex() <= log.lastIndex()
                        && (outdated || member.durableLog().holds(log.idAt(acceptance.matchIndex()))),
                Invariant.ACCEPTED_IS_THE_LEADERS,
                "%s of group %d accepts index %d in term %d, its disk has %s and the leader has %s",
                from,
                groupId,
                acceptance.matchIndex(),
                acceptance.term(),
                member.durableLog(),
                log);
        accept(from, acceptance.term(), acceptance.matchIndex());
    }

    /** The member and its leader of this term have the same log up to this index, durably: is more of it chosen now? */
    private void accept(NodeId node, long term, long matchIndex) {
        accepted.computeIfAbsent(term, any -> new TreeMap<>()).merge(node, matchIndex, Math::max);
        choose(term);
    }

    private void choose(long term) {
        Map<NodeId, Long> reached = accepted.getOrDefault(term, Map.of());
        ModelLog log = logsOfLeaders.get(term);
        long index = membershipOf(log).agreed(node -> reached.getOrDefault(node, 0L));
        if (index <= chosen.lastIndex() || log.idAt(index).term() != term) {
            return;
        }
        require(
                log.holds(chosen.last()),
                Invariant.LEADER_COMPLETENESS,
                "the leader of term %d of group %d commits %s without %s",
                term,
                groupId,
                log,
                chosen.last());
        for (long next = chosen.lastIndex() + 1; next <= index; next++) {
            chosen.append(log.entry(next).orElseThrow(), term);
        }
    }

    // ----------------------------------------------------------------------------------------------------- apply

    public void applied(NodeId node, LogEntry entry) {
        require(
                chosen.holds(entry),
                Invariant.COMMITS_WHAT_IS_CHOSEN,
                "%s of group %d applies %s, but chosen are %d entries",
                node,
                groupId,
                entry,
                chosen.lastIndex());
        require(
                member(node)
                        .durableLog()
                        .entry(entry.index())
                        .filter(entry::equals)
                        .isPresent(),
                Invariant.APPLIED_IS_DURABLE,
                "%s of group %d applies %s, its disk has %s",
                node,
                groupId,
                entry,
                member(node).durableLog());
    }

    // ----------------------------------------------------------------------------------------- for whoever looks on

    /** The latest term and vote that the member has handed to its disk. */
    public HardState hardStateOf(NodeId node) {
        return look(node).hardState();
    }

    /** The term and vote that are surely on the member's disk. */
    public HardState durableHardStateOf(NodeId node) {
        return look(node).durableHardState();
    }

    /** The last entry that the member has handed to its disk; {@link EntryId#NONE} if none. */
    public EntryId lastEntryOf(NodeId node) {
        return look(node).log().last();
    }

    public Optional<LogEntry> entryOf(NodeId node, long index) {
        return look(node).log().entry(index);
    }

    /** Up to where the member's log is surely on its disk. */
    public long durableIndexOf(NodeId node) {
        return look(node).durableLog().lastIndex();
    }

    /** All members that the group has ever had, or was about to have, on a node. */
    public List<NodeId> membersOn(NodeId node) {
        return members.keySet().stream()
                .filter(member -> MemberId.node(member).equals(node))
                .toList();
    }

    public boolean isWriting(NodeId node) {
        return look(node).isWriting();
    }

    /** The latest one in the member's log. */
    public Membership membershipOf(NodeId node) {
        return membershipOf(look(node).log());
    }

    /** The latest one that is committed. */
    public Membership membership() {
        return chosen.membership();
    }

    /** Whether a member has ever committed entries that it had told nobody of. */
    public boolean hadOneVoter() {
        return chosen.hadOneVoter();
    }

    public Optional<NodeId> leaderOf(long term) {
        return Optional.ofNullable(leaders.get(term));
    }

    /** Of the last entry that is committed, whether or not anybody knows; 0 if none is. */
    public long chosenIndex() {
        return chosen.lastIndex();
    }

    /** @param index from 1 to {@link #chosenIndex} */
    public LogEntry chosenAt(long index) {
        return chosen.entry(index);
    }

    /** Up to where a quorum has accepted the log of this term's leader, which commits nothing older than the term. */
    public long agreedIndexIn(long term) {
        Map<NodeId, Long> reached = accepted.getOrDefault(term, Map.of());
        return logsOfLeaders.containsKey(term)
                ? membershipOf(logsOfLeaders.get(term)).agreed(node -> reached.getOrDefault(node, 0L))
                : 0;
    }

    private ModelMember look(NodeId node) {
        return members.getOrDefault(node, STRANGER);
    }

    private ModelMember member(NodeId node) {
        ModelMember member = members.get(node);
        require(
                member != null,
                Invariant.NOTHING_FROM_NOWHERE,
                "%s is no member of group %d, which has %s",
                node,
                groupId,
                members.keySet());
        return member;
    }
}

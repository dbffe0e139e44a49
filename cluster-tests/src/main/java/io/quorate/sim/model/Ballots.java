/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.model;

import static io.quorate.sim.check.Violation.require;

import io.quorate.raft.Membership;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.VoteRequest;
import io.quorate.sim.check.Invariant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Who has campaigned in which term of a group, and who has encouraged and elected whom. */
final class Ballots {
    private final long groupId;
    /** By term and candidate: the end of its log. */
    private final Map<Long, Map<NodeId, EntryId>> candidacies = new TreeMap<>();

    /** By term and candidate: who its voters were when it voted for itself, which is to be durable before it asks them. */
    private final Map<Long, Map<NodeId, List<Membership>>> electorates = new TreeMap<>();

    private final Map<Long, Map<NodeId, TreeSet<NodeId>>> preVotes = new TreeMap<>();
    private final Map<Long, Map<NodeId, TreeSet<NodeId>>> votes = new TreeMap<>();
    /** By term: whom its leader has asked to campaign in the next one. */
    private final Map<Long, TreeSet<NodeId>> handedOver = new TreeMap<>();

    Ballots(long groupId) {
        this.groupId = groupId;
    }

    void preVoted(long term, NodeId candidate, NodeId supporter) {
        note(preVotes, term, candidate, supporter);
    }

    void voted(long term, NodeId candidate, NodeId supporter) {
        note(votes, term, candidate, supporter);
    }

    /** The leader of this term has asked the member to campaign in the next one. */
    void handedOver(long term, NodeId to) {
        handedOver.computeIfAbsent(term, any -> new TreeSet<>()).add(to);
    }

    /** The member votes for itself; one of these is the membership that it had then. */
    void candidate(long term, NodeId candidate, List<Membership> memberships) {
        electorates.computeIfAbsent(term, any -> new TreeMap<>()).putIfAbsent(candidate, memberships);
    }

    private static void note(
            Map<Long, Map<NodeId, TreeSet<NodeId>>> ballots, long term, NodeId candidate, NodeId supporter) {
        ballots.computeIfAbsent(term, any -> new TreeMap<>())
                .computeIfAbsent(candidate, any -> new TreeSet<>())
                .add(supporter);
    }

    /** Who else has voted for the candidate. */
    Set<NodeId> votersFor(long term, NodeId candidate) {
        return votes.getOrDefault(term, Map.of()).getOrDefault(candidate, new TreeSet<>());
    }

    /** The end of the candidate's log; null if it does not campaign. */
    EntryId endOf(long term, NodeId candidate) {
        return candidacies.getOrDefault(term, Map.of()).get(candidate);
    }

    /** Only with the pre-votes of a quorum, or as the leader wished; and with one log in one term. */
    void campaigns(NodeId from, VoteRequest request, Membership now) {
        TreeSet<NodeId> support =
                new TreeSet<>(preVotes.getOrDefault(request.term(), Map.of()).getOrDefault(from, new TreeSet<>()));
        support.add(from);
        List<Membership> electorate =
                electorates.getOrDefault(request.term(), Map.of()).getOrDefault(from, List.of(now));
        boolean asked =
                handedOver.getOrDefault(request.term() - 1, new TreeSet<>()).contains(from);
        require(
                request.transfer()
                        ? asked
                        : electorate.stream().anyMatch(membership -> membership.hasQuorum(support::contains)),
                Invariant.ASKED_BEFORE_CAMPAIGN,
                "%s of group %d campaigns in term %d with the pre-votes of %s only",
                from,
                groupId,
                request.term(),
                support);
        EntryId end = candidacies
                .computeIfAbsent(request.term(), any -> new TreeMap<>())
                .computeIfAbsent(from, any -> request.lastEntry());
        require(
                end.equals(request.lastEntry()),
                Invariant.VOTES_FOR_COMPLETE_LOGS,
                "%s of group %d campaigns in term %d with a log up to %s, and with one up to %s",
                from,
                groupId,
                request.term(),
                end,
                request.lastEntry());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.util.Optional;

/** Whom a member supports, whatever its role (paper §5.2, §5.4.1, thesis §9.6). */
final class Voting {
    private final MemberCore core;
    /** Over all roles and terms: whoever heard a leader has promised it time, if leases are in use. */
    private int ticksSinceAnyLeader;

    Voting(MemberCore core) {
        this.core = core;
        // Before a restart it may have heard a leader just now; only a member of a fresh group has surely heard none.
        boolean fresh = core.term() == 0 && core.log().last().equals(EntryId.NONE);
        this.ticksSinceAnyLeader = fresh ? core.config().electionTimeoutTicks() : 0;
    }

    void onTick() {
        ticksSinceAnyLeader = Math.min(ticksSinceAnyLeader + 1, core.config().electionTimeoutTicks());
    }

    /** No leader can have been heard of for so many ticks, of which some were not counted. */
    void leaderSilent(int ticks) {
        ticksSinceAnyLeader =
                Math.max(ticksSinceAnyLeader, Math.min(ticks, core.config().electionTimeoutTicks()));
    }

    void leaderHeard() {
        ticksSinceAnyLeader = 0;
    }

    /** Whether a leader may count on this member not to support anybody else yet (thesis §6.4.1). */
    private boolean isBoundByLease() {
        return core.config().usesLeases()
                && !(core.role() instanceof Leader)
                && ticksSinceAnyLeader < core.config().electionTimeoutTicks();
    }

    /** Whether a vote request of a newer term must not even be looked at: that would end the leadership of others. */
    boolean mustIgnore(NodeId from, VoteRequest request) {
        if (request.transfer() || !isBoundByLease()) {
            return false;
        }
        core.event(new RaftEvent.VoteRefused(core.term(), from, VoteRefusal.LEASE, possibleLease()));
        return true;
    }

    private String possibleLease() {
        return "a leader was heard " + ticksSinceAnyLeader + " ticks ago and may hold a lease";
    }

    /**
     * Answers without any change of term, vote or log (thesis §9.6). True if the sender has this member's support.
     *
     * @param leaderInSight who leads, if it is heard
     */
    boolean answerPreVote(NodeId from, PreVoteRequest request, Optional<NodeId> leaderInSight) {
        EntryId last = core.log().last();
        if (request.term() <= core.term()) {
            refusePreVote(from, VoteRefusal.STALE_TERM, "it asks for term " + request.term());
        } else if (leaderInSight.isPresent()) {
            refusePreVote(from, VoteRefusal.HEARS_LEADER, "leader " + leaderInSight.get() + " is in sight");
        } else if (isBoundByLease()) {
            refusePreVote(from, VoteRefusal.LEASE, possibleLease());
        } else if (!request.lastEntry().isAtLeastAsUpToDateAs(last)) {
            refusePreVote(from, VoteRefusal.LOG_BEHIND, isNewer(last, request.lastEntry()));
        } else {
            core.reply(from, new PreVoteResponse(request.term(), true));
            return true;
        }
        return false;
    }

    void refusePreVote(NodeId from, VoteRefusal cause, String reason) {
        core.event(new RaftEvent.PreVoteRefused(core.term(), from, cause, reason));
        core.reply(from, new PreVoteResponse(core.term(), false));
    }

    private static String isNewer(EntryId own, EntryId other) {
        return "log " + own + " is newer than " + other;
    }

    /** One vote per term, and only for a log that has all that may be committed (paper §5.2, §5.4.1). */
    boolean voteUnlessGivenOrOutdated(NodeId from, VoteRequest request) {
        Optional<NodeId> votedFor = core.hardState().votedFor();
        if (votedFor.isPresent() && !votedFor.get().equals(from)) {
            refuse(from, VoteRefusal.VOTED_FOR_OTHER, "voted for " + votedFor.get());
            return false;
        }
        EntryId last = core.log().last();
        if (!request.lastEntry().isAtLeastAsUpToDateAs(last)) {
            refuse(from, VoteRefusal.LOG_BEHIND, isNewer(last, request.lastEntry()));
            return false;
        }
        if (votedFor.isEmpty()) {
            core.setHardState(new HardState(core.term(), Optional.of(from)));
        }
        core.event(new RaftEvent.VoteGranted(core.term(), from));
        core.reply(from, new VoteResponse(core.term(), true));
        return true;
    }

    void refuse(NodeId from, VoteRefusal cause, String reason) {
        core.event(new RaftEvent.VoteRefused(core.term(), from, cause, reason));
        core.reply(from, new VoteResponse(core.term(), false));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.CONFIG;
import static io.quorate.raft.CoreFixture.ELECTION_TIMEOUT;
import static io.quorate.raft.CoreFixture.N1;
import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.N3;
import static io.quorate.raft.CoreFixture.append;
import static io.quorate.raft.CoreFixture.core;
import static io.quorate.raft.CoreFixture.entry;
import static io.quorate.raft.CoreFixture.events;
import static io.quorate.raft.CoreFixture.follower;
import static io.quorate.raft.CoreFixture.heartbeat;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.leader;
import static io.quorate.raft.CoreFixture.persistAll;
import static io.quorate.raft.CoreFixture.recovered;
import static io.quorate.raft.CoreFixture.tick;
import static io.quorate.raft.CoreFixture.tickUntilCampaign;
import static io.quorate.raft.CoreFixture.to;
import static io.quorate.raft.CoreFixture.voters;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.RecoveredLog;
import io.quorate.raft.message.AppendRejected;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Leader election (§5.2, §5.4.1, thesis §9.6)")
class ElectionTest {
    private static int ticksUntilCampaign(RaftCore core) {
        int ticks = 0;
        while (core.role() == RaftCore.Role.FOLLOWER) {
            core.tick();
            ticks++;
        }
        return ticks;
    }

    private static HardState term(long term) {
        return new HardState(term, Optional.empty());
    }

    @Test
    @DisplayName("§5.2 election timeouts are spread over [T, 2T)")
    void timeoutsAreSpread() {
        TreeSet<Integer> seen = new TreeSet<>();
        for (int seed = 0; seed < 500; seed++) {
            seen.add(ticksUntilCampaign(new RaftCore(CONFIG, N1, voters(3), recovered(term(1), 1), new Prng(seed))));
        }
        assertEquals(ELECTION_TIMEOUT, seen.first());
        assertEquals(2 * ELECTION_TIMEOUT - 1, seen.last());
        assertEquals(ELECTION_TIMEOUT, seen.size());
    }

    @Test
    @DisplayName("a member of a fresh group campaigns within 2 to 8 ticks: there is no leader to disturb")
    void freshGroupHurries() {
        TreeSet<Integer> seen = new TreeSet<>();
        for (int seed = 0; seed < 300; seed++) {
            seen.add(ticksUntilCampaign(new RaftCore(CONFIG, N1, voters(3), RecoveredLog.empty(), new Prng(seed))));
        }
        assertEquals(new TreeSet<>(List.of(2, 3, 4, 5, 6, 7, 8)), seen);
    }

    @Test
    @DisplayName("a member with a term but no log is not fresh")
    void termWithoutLogIsNotFresh() {
        assertTrue(ticksUntilCampaign(follower()) >= ELECTION_TIMEOUT);
    }

    @Test
    @DisplayName("§5.2 a heartbeat of the leader restarts the election timeout")
    void heartbeatsHoldBack() {
        RaftCore core = follower(1);
        for (int i = 0; i < 20; i++) {
            tick(core, ELECTION_TIMEOUT - 1);
            core.step(N2, heartbeat(1, 0));
        }
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
    }

    @Test
    @DisplayName(
            "thesis §9.6 a member whose time is up asks for pre-votes in the next term and changes nothing durable")
    void preVoteFirst() {
        RaftCore core = follower(1, 1);
        core.step(N2, heartbeat(1, 0));
        core.drain();
        ticksUntilCampaign(core);
        assertTrue(core.hasOutputs());
        Outputs outputs = core.drain();
        PreVoteRequest request = new PreVoteRequest(2, id(1, 2));
        assertEquals(List.of(to(N2, request), to(N3, request)), outputs.sendNow());
        assertTrue(outputs.persist().isEmpty());
        assertEquals(1, core.term());
        assertEquals(RaftCore.Role.PRE_CANDIDATE, core.role());
        assertEquals(Optional.empty(), core.leader(), "a pre-candidate forgets the leader");
    }

    @Test
    @DisplayName("a pre-candidate whose time is up asks again, in the same term")
    void preVoteIsRepeated() {
        RaftCore core = follower(1);
        tickUntilCampaign(core);
        tick(core, 2 * ELECTION_TIMEOUT);
        assertTrue(core.drain().sendNow().contains(to(N2, new PreVoteRequest(2, id(1, 1)))));
        assertEquals(1, core.term());
    }

    @Test
    @DisplayName("with pre-votes of a majority it votes for itself and asks for votes once that is durable")
    void candidacy() {
        RaftCore core = follower(1);
        tickUntilCampaign(core);
        core.step(N3, new PreVoteResponse(2, true));
        Outputs outputs = core.drain();
        VoteRequest request = new VoteRequest(2, id(1, 1));
        assertEquals(
                Optional.of(new HardState(2, Optional.of(N1))),
                outputs.persist().hardState());
        assertEquals(List.of(), outputs.sendNow());
        assertEquals(List.of(to(N2, request), to(N3, request)), outputs.sendAfterPersist());
    }

    @Test
    @DisplayName("refused, doubled and outdated pre-votes do not count")
    void preVotesAreCountedOnce() {
        RaftCore core = core(CONFIG, 5, term(1), 1);
        tickUntilCampaign(core);
        core.step(N2, new PreVoteResponse(2, true));
        core.step(N2, new PreVoteResponse(2, true));
        core.step(N3, new PreVoteResponse(1, false));
        core.step(N3, new PreVoteResponse(1, true));
        core.step(N3, new PreVoteResponse(3, true));
        assertEquals(RaftCore.Role.PRE_CANDIDATE, core.role());
        core.step(N3, new PreVoteResponse(2, true));
        assertEquals(RaftCore.Role.CANDIDATE, core.role());
    }

    @Test
    @DisplayName("§5.2 a candidate's own vote counts only once it is durable")
    void ownVoteCountsWhenDurable() {
        RaftCore core = follower(1);
        tickUntilCampaign(core);
        core.step(N2, new PreVoteResponse(2, true));
        long sequence = core.drain().persist().sequence();
        core.step(N2, new VoteResponse(2, true));
        core.step(N3, new VoteResponse(2, true));
        assertEquals(RaftCore.Role.CANDIDATE, core.role());
        core.persisted(sequence);
        assertEquals(RaftCore.Role.LEADER, core.role());
    }

    @Test
    @DisplayName("§5.2 votes are counted once per voter, and only those of the candidate's term")
    void votesAreCountedOnce() {
        RaftCore core = core(CONFIG, 5, term(1), 1);
        tickUntilCampaign(core);
        core.step(N2, new PreVoteResponse(2, true));
        core.step(N3, new PreVoteResponse(2, true));
        persistAll(core);
        core.step(N2, new VoteResponse(2, true));
        core.step(N2, new VoteResponse(2, true));
        core.step(N3, new VoteResponse(1, true));
        core.step(N3, new VoteResponse(2, false));
        assertEquals(RaftCore.Role.CANDIDATE, core.role());
        core.step(N3, new VoteResponse(2, true));
        assertEquals(RaftCore.Role.LEADER, core.role());
    }

    @Test
    @DisplayName("a candidate whose time is up asks for pre-votes again, in its term")
    void candidateGoesBackToPreVote() {
        RaftCore core = follower(1);
        tickUntilCampaign(core);
        core.step(N2, new PreVoteResponse(2, true));
        persistAll(core);
        tick(core, 2 * ELECTION_TIMEOUT);
        assertEquals(RaftCore.Role.PRE_CANDIDATE, core.role());
        assertEquals(2, core.term());
    }

    @ParameterizedTest(name = "{0} with an own log up to {1}, asked by a log up to {2} in term {3}: {4}")
    @DisplayName("thesis §9.6 a pre-vote is granted to a newer term and a log that is up to date; no state changes")
    @CsvSource({
        "3, 3/5, 3/5, 4, true",
        "3, 3/5, 3/6, 4, true",
        "3, 3/5, 4/1, 5, true",
        "3, 3/5, 3/5, 9, true",
        "3, 3/5, 3/4, 4, false",
        "3, 3/5, 2/9, 4, false",
        "3, 3/5, 3/5, 3, false",
        "3, 3/5, 3/5, 2, false"
    })
    void preVoteTable(long term, String own, String theirs, long asked, boolean granted) {
        RaftCore core = core(CONFIG, 3, term(term), 1, 1, 1, 1, 3);
        assertEquals(own, "3/" + core.lastIndex());
        core.step(N2, new PreVoteRequest(asked, parse(theirs)));
        Outputs outputs = core.drain();
        PreVoteResponse expected = new PreVoteResponse(granted ? asked : term, granted);
        assertEquals(List.of(to(N2, expected)), outputs.sendNow());
        assertTrue(outputs.persist().isEmpty());
        assertEquals(
                granted ? 0 : 1, events(outputs, RaftEvent.PreVoteRefused.class).size());
        assertEquals(granted ? 0 : 1, outputs.events().size());
        assertEquals(term, core.term());
    }

    private static EntryId parse(String id) {
        String[] parts = id.split("/");
        return id(Long.parseLong(parts[0]), Long.parseLong(parts[1]));
    }

    @Test
    @DisplayName("thesis §9.6 who hears a leader refuses pre-votes, for a minimum election timeout after its last sign")
    void stickiness() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        tick(core, ELECTION_TIMEOUT - 1);
        core.drain();
        core.step(N3, new PreVoteRequest(2, id(1, 1)));
        assertEquals(
                List.of(to(N3, new PreVoteResponse(1, false))), core.drain().sendNow());
        core.tick();
        core.step(N3, new PreVoteRequest(2, id(1, 1)));
        assertTrue(core.drain().sendNow().contains(to(N3, new PreVoteResponse(2, true))));
    }

    @Test
    @DisplayName("a follower whose connection to the leader broke campaigns soon, unless a better log asks first")
    void brokenConnectionHurries() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        core.disconnected(N2);
        core.drain();
        core.step(N3, new PreVoteRequest(2, id(1, 0)));
        assertEquals(
                List.of(to(N3, new PreVoteResponse(1, false))), core.drain().sendNow(), "an older log");
        assertTrue(ticksUntilCampaign(core) <= 2 * CoreFixture.HEARTBEAT);
    }

    @Test
    @DisplayName("a broken connection to anyone else changes nothing")
    void otherConnectionsDoNotMatter() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        core.disconnected(N3);
        assertTrue(ticksUntilCampaign(core) >= ELECTION_TIMEOUT);
    }

    @Test
    @DisplayName("a leader that is heard again after its connection broke is followed as before")
    void leaderReturns() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        core.disconnected(N2);
        core.step(N2, heartbeat(1, 0));
        core.drain();
        core.step(N3, new PreVoteRequest(2, id(1, 1)));
        assertEquals(
                List.of(to(N3, new PreVoteResponse(1, false))), core.drain().sendNow());
        assertTrue(ticksUntilCampaign(core) >= ELECTION_TIMEOUT);
    }

    @Test
    @DisplayName("a member in haste stands back for the one to which it has granted a pre-vote")
    void standsBack() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        core.disconnected(N2);
        core.drain();
        core.step(N3, new PreVoteRequest(2, id(1, 1)));
        assertEquals(List.of(to(N3, new PreVoteResponse(2, true))), core.drain().sendNow());
        assertTrue(ticksUntilCampaign(core) >= ELECTION_TIMEOUT);
    }

    /** The ticks between one campaign's beginning and the next one's, while nobody answers. */
    private static int ticksUntilNextCampaign(RaftCore core) {
        core.drain();
        for (int ticks = 1; ; ticks++) {
            core.tick();
            if (core.drain().events().stream().anyMatch(RaftEvent.BecamePreCandidate.class::isInstance)) {
                return ticks;
            }
        }
    }

    private static RaftCore inHaste(long seed) {
        RaftCore core = new RaftCore(CONFIG, N1, voters(3), recovered(term(1), 1), new Prng(seed));
        core.step(N2, heartbeat(1, 0));
        core.disconnected(N2);
        tickUntilCampaign(core);
        return core;
    }

    @Test
    @DisplayName(
            "a campaign in haste that wins nothing is tried again soon, ever less so, and after the third as by anyone")
    void hasteWearsOff() {
        for (long seed = 0; seed < 200; seed++) {
            RaftCore core = inHaste(seed);
            for (int campaign = 1; campaign <= 3; campaign++) {
                int ticks = ticksUntilNextCampaign(core);
                int limit = Math.min(ELECTION_TIMEOUT, CoreFixture.HEARTBEAT * (1 + 2 * campaign) - 1);
                assertTrue(ticks >= CoreFixture.HEARTBEAT && ticks <= limit, "campaign " + campaign + ": " + ticks);
            }
            assertTrue(ticksUntilNextCampaign(core) >= ELECTION_TIMEOUT);
        }
    }

    @Test
    @DisplayName("two in haste that split the votes campaign again long before an election timeout has passed")
    void splitVoteInHasteIsRetriedSoon() {
        RaftCore core = inHaste(7);
        core.step(N3, new PreVoteResponse(2, true));
        persistAll(core);
        assertEquals(RaftCore.Role.CANDIDATE, core.role());
        core.step(N3, new VoteResponse(2, false));
        assertTrue(ticksUntilNextCampaign(core) < 3 * CoreFixture.HEARTBEAT);
    }

    @Test
    @DisplayName("a candidate in haste stands back for the one to which it has granted a pre-vote")
    void candidateStandsBack() {
        RaftCore core = inHaste(7);
        core.step(N3, new PreVoteResponse(2, true));
        persistAll(core);
        core.step(N3, new PreVoteRequest(3, id(1, 1)));
        assertTrue(ticksUntilNextCampaign(core) >= ELECTION_TIMEOUT);
    }

    @Test
    @DisplayName("a member that is not in haste keeps its timeout when it grants a pre-vote")
    void grantingDoesNotPutOff() {
        RaftCore core = follower(1);
        for (int i = 0; i < 2 * ELECTION_TIMEOUT && core.role() == RaftCore.Role.FOLLOWER; i++) {
            core.step(N3, new PreVoteRequest(2, id(1, 1)));
            core.tick();
        }
        assertEquals(RaftCore.Role.PRE_CANDIDATE, core.role());
    }

    @Test
    @DisplayName("a leader refuses pre-votes: check-quorum vouches for its contact")
    void leaderRefusesPreVotes() {
        RaftCore core = leader(1);
        core.step(N3, new PreVoteRequest(3, id(9, 9)));
        assertTrue(core.drain().sendNow().contains(to(N3, new PreVoteResponse(2, false))));
    }

    @Test
    @DisplayName("two pre-candidates grant each other, so a group cannot refuse itself for ever")
    void preCandidatesGrant() {
        RaftCore core = follower(1);
        tickUntilCampaign(core);
        core.step(N2, new PreVoteRequest(2, id(1, 1)));
        assertEquals(List.of(to(N2, new PreVoteResponse(2, true))), core.drain().sendNow());
    }

    @Test
    @DisplayName("a refusal carries the receiver's term, and a pre-candidate that is behind adopts it")
    void refusalTeachesTheTerm() {
        RaftCore core = follower(1);
        tickUntilCampaign(core);
        core.step(N2, new PreVoteResponse(5, false));
        Outputs outputs = core.drain();
        assertEquals(5, core.term());
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
        assertEquals(Optional.of(term(5)), outputs.persist().hardState());
    }

    @ParameterizedTest(name = "candidate''s log up to {0}: {1}")
    @DisplayName("§5.4.1 a vote goes only to a log that is at least as up to date as the voter's")
    @CsvSource({"3/5, true", "3/6, true", "4/1, true", "3/4, false", "2/9, false", "0/0, false"})
    void upToDateTable(String theirs, boolean granted) {
        RaftCore core = core(CONFIG, 3, term(3), 1, 1, 1, 1, 3);
        core.step(N2, new VoteRequest(6, parse(theirs)));
        Outputs outputs = core.drain();
        assertEquals(List.of(), outputs.sendNow());
        assertEquals(List.of(to(N2, new VoteResponse(6, granted))), outputs.sendAfterPersist());
        assertEquals(
                Optional.of(new HardState(6, granted ? Optional.of(N2) : Optional.empty())),
                outputs.persist().hardState());
    }

    @Test
    @DisplayName("§5.2 one vote per term: first come, first served; the same candidate gets the same answer again")
    void oneVotePerTerm() {
        RaftCore core = follower(1);
        core.step(N2, new VoteRequest(2, id(1, 1)));
        persistAll(core);
        core.step(N3, new VoteRequest(2, id(1, 9)));
        core.step(N2, new VoteRequest(2, id(1, 1)));
        Outputs outputs = core.drain();
        assertEquals(List.of(to(N3, new VoteResponse(2, false)), to(N2, new VoteResponse(2, true))), outputs.sendNow());
        assertTrue(outputs.persist().isEmpty(), "the vote is durable already");
    }

    @Test
    @DisplayName("§5.2 a vote survives a restart")
    void voteSurvivesRestart() {
        RaftCore core = core(CONFIG, 3, new HardState(2, Optional.of(N2)), 1);
        core.step(N3, new VoteRequest(2, id(1, 9)));
        assertEquals(List.of(to(N3, new VoteResponse(2, false))), core.drain().sendNow());
    }

    @Test
    @DisplayName("a leader that steps down in its own term keeps its vote")
    void voteSurvivesStepDown() {
        RaftCore core = leader(1);
        tick(core, ELECTION_TIMEOUT);
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
        core.drain();
        core.step(N3, new VoteRequest(2, id(9, 9)));
        assertEquals(List.of(to(N3, new VoteResponse(2, false))), core.drain().sendNow());
    }

    @Test
    @DisplayName("a follower of the term's leader gives nobody a vote in that term")
    void noVoteOnceLed() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        core.drain();
        core.step(N3, new VoteRequest(1, id(1, 1)));
        assertEquals(List.of(to(N3, new VoteResponse(1, false))), core.drain().sendNow());
    }

    @Test
    @DisplayName("a pre-candidate that votes for another stops asking")
    void preCandidateVotes() {
        RaftCore core = follower(1);
        tickUntilCampaign(core);
        core.step(N2, new VoteRequest(1, id(1, 1)));
        assertEquals(List.of(to(N2, new VoteResponse(1, true))), core.drain().sendAfterPersist());
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
    }

    @Test
    @DisplayName(
            "a real vote request of a newer term is honoured even by a leader: whoever sends it has won a pre-vote")
    void realVotesAreNotSticky() {
        RaftCore core = leader(1);
        core.step(N3, new VoteRequest(3, id(2, 2)));
        Outputs outputs = core.drain();
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
        assertEquals(List.of(to(N3, new VoteResponse(3, true))), outputs.sendAfterPersist());
    }

    @ParameterizedTest(name = "by {0}")
    @DisplayName("§5.2 a campaigner that hears the leader of its term follows it")
    @CsvSource({"heartbeat, false", "append, false", "heartbeat, true", "append, true"})
    void campaignerFollows(String message, boolean candidate) {
        RaftCore core = follower(1);
        tickUntilCampaign(core);
        if (candidate) {
            core.step(N2, new PreVoteResponse(2, true));
            persistAll(core);
        }
        core.step(N3, message.equals("append") ? append(core.term(), id(1, 1), 0) : new Heartbeat(core.term(), 0, 1));
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
        assertEquals(Optional.of(N3), core.leader());
    }

    @Test
    @DisplayName("§5.1 a request of an older term is refused with the newer one, and changes nothing")
    void staleRequests() {
        RaftCore core = core(CONFIG, 3, term(7), 1);
        core.step(N2, new VoteRequest(6, id(9, 9)));
        core.step(N2, new PreVoteRequest(6, id(9, 9)));
        core.step(N2, append(6, id(1, 1), 1, entry(6, 2)));
        core.step(N2, new Heartbeat(6, 1, 42));
        Outputs outputs = core.drain();
        assertEquals(
                List.of(
                        to(N2, new VoteResponse(7, false)),
                        to(N2, new PreVoteResponse(7, false)),
                        to(N2, new AppendRejected(7, 1, EntryId.NONE)),
                        to(N2, new HeartbeatResponse(7, 42))),
                outputs.sendNow());
        assertTrue(outputs.persist().isEmpty());
        assertEquals(Optional.empty(), core.leader());
        assertEquals(0, core.commitIndex());
    }

    @Test
    @DisplayName("a message of a node that is no other voter is dropped while there is a leader, and says so")
    void strangersAreDropped() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        core.drain();
        core.step(CoreFixture.STRANGER, new VoteRequest(9, id(9, 9)));
        core.step(N1, new VoteRequest(9, id(9, 9)));
        Outputs outputs = core.drain();
        assertEquals(
                2, CoreFixture.events(outputs, RaftEvent.MessageDropped.class).size());
        assertEquals(2, outputs.events().size());
        assertEquals(1, core.term());
    }

    @Test
    @DisplayName("§5.2 the only voter leads when its own vote is durable")
    void onlyVoter() {
        RaftCore core = core(CONFIG, 1, HardState.INITIAL);
        core.tick();
        assertEquals(RaftCore.Role.CANDIDATE, core.role());
        persistAll(core);
        assertEquals(RaftCore.Role.LEADER, core.role());
        assertFalse(core.drain().persist().isEmpty());
    }

    @Test
    @DisplayName("§5.2 the only voter waits for a slow disk with its vote instead of moving to term after term")
    void onlyVoterWithSlowDisk() {
        RaftCore core = core(CONFIG, 1, HardState.INITIAL);
        core.tick();
        Outputs campaign = core.drain();
        for (int tick = 1; tick < CONFIG.electionTimeoutTicks(); tick++) {
            core.tick();
        }
        assertEquals(1, core.term());

        core.persisted(campaign.persist().sequence());
        assertEquals(RaftCore.Role.LEADER, core.role());
        assertEquals(1, core.term());
    }

    @Test
    @DisplayName("a core refuses to start as a stranger, or behind its own log")
    void refusesToStart() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new RaftCore(CONFIG, CoreFixture.STRANGER, voters(3), RecoveredLog.empty(), new Prng(1)));
        assertThrows(
                IllegalArgumentException.class,
                () -> new RaftCore(CONFIG, N1, voters(3), recovered(term(1), 1, 2), new Prng(1)));
    }
}

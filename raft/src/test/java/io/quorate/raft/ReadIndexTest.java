/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.CONFIG;
import static io.quorate.raft.CoreFixture.ELECTION_TIMEOUT;
import static io.quorate.raft.CoreFixture.HEARTBEAT;
import static io.quorate.raft.CoreFixture.N1;
import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.N3;
import static io.quorate.raft.CoreFixture.append;
import static io.quorate.raft.CoreFixture.command;
import static io.quorate.raft.CoreFixture.entry;
import static io.quorate.raft.CoreFixture.events;
import static io.quorate.raft.CoreFixture.follower;
import static io.quorate.raft.CoreFixture.heartbeat;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.leader;
import static io.quorate.raft.CoreFixture.persistAll;
import static io.quorate.raft.CoreFixture.sent;
import static io.quorate.raft.CoreFixture.tick;
import static io.quorate.raft.CoreFixture.tickUntilCampaign;
import static io.quorate.raft.CoreFixture.to;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.ReadOutcome.Granted;
import io.quorate.raft.ReadOutcome.Reason;
import io.quorate.raft.ReadOutcome.Refused;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.ReadIndexRequest;
import io.quorate.raft.message.ReadIndexResponse;
import io.quorate.raft.message.VoteRequest;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Linearizable reads (thesis §6.4)")
class ReadIndexTest {
    /** Leads term 2; its no-op at index 2 is committed. */
    private static RaftCore settledLeader() {
        RaftCore core = leader(1);
        core.step(N2, new AppendAccepted(2, 2));
        core.step(N3, new AppendAccepted(2, 2));
        core.drain();
        return core;
    }

    /** n1 of three, in term 1, with one entry; it follows n2. */
    private static RaftCore followerOfN2() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        core.drain();
        return core;
    }

    private static List<Heartbeat> heartbeatsTo(NodeId node, Outputs outputs) {
        return sent(outputs.sendNow(), node, Heartbeat.class);
    }

    private static ReadIndexRequest question(Outputs outputs) {
        return sent(outputs.sendNow(), N2, ReadIndexRequest.class).get(0);
    }

    // ---------------------------------------------------------------------------------------------------- leader

    @Test
    @DisplayName("a leader grants a read once a majority has answered a heartbeat that left after the question")
    void roundTrip() {
        RaftCore core = settledLeader();
        core.readIndex(7);
        Outputs asked = core.drain();
        assertEquals(List.of(), asked.reads());
        assertEquals(List.of(new Heartbeat(2, 2, 1)), heartbeatsTo(N2, asked));
        assertEquals(List.of(new Heartbeat(2, 2, 1)), heartbeatsTo(N3, asked));
        core.step(N3, new HeartbeatResponse(2, 1));
        assertEquals(List.of(new Granted(7, 2)), core.drain().reads());
    }

    @Test
    @DisplayName("the answer to a heartbeat that left before the question does not count")
    void earlierRoundDoesNotCount() {
        RaftCore core = settledLeader();
        tick(core, HEARTBEAT);
        core.drain();
        core.readIndex(7);
        core.step(N2, new HeartbeatResponse(2, 1));
        core.step(N3, new HeartbeatResponse(2, 1));
        Outputs outputs = core.drain();
        assertEquals(List.of(), outputs.reads());
        assertEquals(List.of(new Heartbeat(2, 2, 2)), heartbeatsTo(N2, outputs));
        core.step(N2, new HeartbeatResponse(2, 2));
        assertEquals(List.of(new Granted(7, 2)), core.drain().reads());
    }

    @Test
    @DisplayName("one round serves all reads of a turn; those that come while it is under way share the next one")
    void batching() {
        RaftCore core = settledLeader();
        core.readIndex(1);
        core.readIndex(2);
        assertEquals(1, heartbeatsTo(N2, core.drain()).size());
        core.readIndex(3);
        assertFalse(core.hasOutputs(), "a round is under way");
        core.readIndex(4);
        core.step(N2, new HeartbeatResponse(2, 1));
        Outputs outputs = core.drain();
        assertEquals(List.of(new Granted(1, 2), new Granted(2, 2)), outputs.reads());
        assertEquals(List.of(new Heartbeat(2, 2, 2)), heartbeatsTo(N2, outputs));
        core.step(N2, new HeartbeatResponse(2, 2));
        assertEquals(List.of(new Granted(3, 2), new Granted(4, 2)), core.drain().reads());
    }

    @Test
    @DisplayName("if a round is lost, the next regular heartbeats do its work")
    void lostRound() {
        RaftCore core = settledLeader();
        core.readIndex(1);
        core.drain();
        tick(core, HEARTBEAT);
        core.readIndex(2);
        core.drain();
        core.step(N2, new HeartbeatResponse(2, 2));
        assertEquals(
                List.of(new Granted(1, 2)), core.drain().reads(), "n2 has answered a later round than the one of 1");
        core.step(N2, new HeartbeatResponse(2, 3));
        assertEquals(List.of(new Granted(2, 2)), core.drain().reads());
    }

    @Test
    @DisplayName("the index is the commit index when the round left: what commits later need not be waited for")
    void indexOfTheRound() {
        RaftCore core = settledLeader();
        core.readIndex(1);
        core.drain();
        core.propose(command(1));
        persistAll(core);
        core.step(N2, new AppendAccepted(2, 3));
        core.step(N2, new HeartbeatResponse(2, 1));
        assertEquals(List.of(new Granted(1, 2)), core.drain().reads());
    }

    @Test
    @DisplayName(
            "R9: a new leader grants nothing before its own first entry is committed, and then at least that index")
    void waitsForOwnEntry() {
        RaftCore core = leader(1, 1);
        core.readIndex(1);
        core.drain();
        core.step(N2, new HeartbeatResponse(2, 1));
        core.step(N3, new HeartbeatResponse(2, 1));
        assertEquals(List.of(), core.drain().reads());
        core.step(N2, new AppendAccepted(2, 3));
        assertEquals(List.of(new Granted(1, 3)), core.drain().reads());
    }

    @Test
    @DisplayName("the only voter grants at once what it has committed")
    void onlyVoter() {
        RaftCore core = leader(CONFIG, 1);
        core.readIndex(1);
        assertEquals(List.of(new Granted(1, 1)), core.drain().reads());
    }

    @Test
    @DisplayName("a leader that steps down refuses the reads that wait, and names the new leader if it knows it")
    void leadershipLost() {
        RaftCore core = settledLeader();
        core.readIndex(1);
        core.drain();
        core.readIndex(2);
        core.step(N3, new HeartbeatResponse(3, 1));
        assertEquals(
                List.of(
                        new Refused(1, Reason.LEADER_CHANGED, Optional.empty()),
                        new Refused(2, Reason.LEADER_CHANGED, Optional.empty())),
                core.drain().reads());
    }

    @Test
    @DisplayName("RF-06: a leader that was cut off grants no read, and refuses them when check-quorum ends it")
    void cutOff() {
        RaftCore core = settledLeader();
        core.readIndex(1);
        tick(core, ELECTION_TIMEOUT);
        assertEquals(
                List.of(new Refused(1, Reason.LEADER_CHANGED, Optional.empty())),
                core.drain().reads());
    }

    @Test
    @DisplayName("an answer to a round that never left is dropped")
    void forgedRound() {
        RaftCore core = settledLeader();
        core.readIndex(1);
        core.step(N2, new HeartbeatResponse(2, 99));
        Outputs outputs = core.drain();
        assertEquals(List.of(), outputs.reads());
        assertEquals(1, events(outputs, RaftEvent.MessageDropped.class).size());
    }

    @Test
    @DisplayName("a follower's question is answered like the leader's own, and bounded in number")
    void answersFollowers() {
        RaftCore core = settledLeader();
        for (int i = 0; i <= ReadRounds.MAX_REMOTE; i++) {
            core.step(N2, new ReadIndexRequest(2, i));
        }
        Outputs outputs = core.drain();
        assertEquals(
                List.of(new ReadIndexResponse(2, ReadRounds.MAX_REMOTE, false, 0)),
                sent(outputs.sendNow(), N2, ReadIndexResponse.class));
        core.step(N3, new HeartbeatResponse(2, 1));
        List<ReadIndexResponse> answers = sent(core.drain().sendNow(), N2, ReadIndexResponse.class);
        assertEquals(ReadRounds.MAX_REMOTE, answers.size());
        assertEquals(new ReadIndexResponse(2, 0, true, 2), answers.get(0));
        core.step(N2, new ReadIndexRequest(2, 1000));
        assertEquals(List.of(), sent(core.drain().sendNow(), N2, ReadIndexResponse.class), "there is room again");
    }

    // -------------------------------------------------------------------------------------------------- follower

    @Test
    @DisplayName("a follower asks its leader once for all reads of a turn, and grants them with the leader's index")
    void followerAsks() {
        RaftCore core = followerOfN2();
        core.readIndex(1);
        core.readIndex(2);
        Outputs outputs = core.drain();
        assertEquals(1, outputs.sendNow().size());
        ReadIndexRequest question = question(outputs);
        core.step(N2, new ReadIndexResponse(1, question.readId(), true, 5));
        assertEquals(List.of(new Granted(1, 5), new Granted(2, 5)), core.drain().reads());
        core.step(N2, new ReadIndexResponse(1, question.readId(), true, 6));
        assertFalse(core.hasOutputs(), "a doubled answer");
    }

    @Test
    @DisplayName("an index that the leader grants is committed, so the follower applies it without waiting for more")
    void commitTravelsWithAnswer() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 1, entry(1, 2)));
        persistAll(core);
        core.readIndex(1);
        ReadIndexRequest question = question(core.drain());
        core.step(N2, new ReadIndexResponse(1, question.readId(), true, 2));
        assertEquals(2, core.drain().commitIndex());
    }

    @Test
    @DisplayName("question ids of two lives of a member differ, so that a late answer to the first answers nothing")
    void questionIdsAreUnique() {
        RaftCore core = followerOfN2();
        core.readIndex(1);
        long first = question(core.drain()).readId();
        core.readIndex(2);
        assertEquals(first + 1, question(core.drain()).readId());
        RaftCore reborn = new RaftCore(
                CONFIG,
                N1,
                core.membership(),
                CoreFixture.recovered(new io.quorate.raft.log.HardState(1, Optional.empty()), 1),
                new Prng(2));
        reborn.step(N2, heartbeat(1, 0));
        reborn.readIndex(1);
        assertNotEquals(first, question(reborn.drain()).readId());
        reborn.step(N2, new ReadIndexResponse(1, first, true, 1));
        assertEquals(List.of(), reborn.drain().reads());
    }

    @Test
    @DisplayName("a follower gives up after a minimum election timeout, or when the connection to its leader breaks")
    void noAnswer() {
        RaftCore core = followerOfN2();
        core.readIndex(1);
        core.drain();
        for (int i = 0; i < ELECTION_TIMEOUT; i++) {
            assertEquals(List.of(), core.drain().reads());
            core.step(N2, heartbeat(1, 0));
            core.tick();
        }
        assertEquals(
                List.of(new Refused(1, Reason.NO_ANSWER, Optional.of(N2))),
                core.drain().reads());
        core.readIndex(2);
        core.disconnected(N2);
        assertEquals(
                List.of(new Refused(2, Reason.NO_ANSWER, Optional.of(N2))),
                core.drain().reads());
    }

    @Test
    @DisplayName("a refusal of the leader, and a change of term, refuse the reads that wait")
    void refusedOrOvertaken() {
        RaftCore core = followerOfN2();
        core.readIndex(1);
        core.step(N2, new ReadIndexResponse(1, question(core.drain()).readId(), false, 0));
        assertEquals(
                List.of(new Refused(1, Reason.NO_ANSWER, Optional.of(N2))),
                core.drain().reads());
        core.readIndex(2);
        core.step(N3, new VoteRequest(2, id(1, 1)));
        assertEquals(
                List.of(new Refused(2, Reason.LEADER_CHANGED, Optional.empty())),
                core.drain().reads());
    }

    @Test
    @DisplayName("questions on their way are bounded; later reads gather for the next one that may leave")
    void boundedQuestions() {
        RaftCore core = followerOfN2();
        for (int i = 0; i < 16; i++) {
            core.readIndex(i);
            assertEquals(1, core.drain().sendNow().size());
        }
        core.readIndex(100);
        core.readIndex(101);
        assertFalse(core.hasOutputs());
        tick(core, ELECTION_TIMEOUT - 1);
        core.step(N2, heartbeat(1, 0));
        core.tick();
        Outputs outputs = core.drain();
        assertEquals(16, outputs.reads().size());
        core.step(N2, new ReadIndexResponse(1, question(outputs).readId(), true, 1));
        assertEquals(
                List.of(new Granted(100, 1), new Granted(101, 1)), core.drain().reads());
    }

    @Test
    @DisplayName("who knows no leader refuses at once")
    void nobodyToAsk() {
        RaftCore core = follower(1);
        core.readIndex(1);
        assertEquals(
                List.of(new Refused(1, Reason.NO_LEADER, Optional.empty())),
                core.drain().reads());
        tickUntilCampaign(core);
        core.readIndex(2);
        assertEquals(
                List.of(new Refused(2, Reason.NO_LEADER, Optional.empty())),
                core.drain().reads());
    }

    @Test
    @DisplayName("who does not lead refuses a question, with its term; an answer of anyone but the leader is dropped")
    void wrongAddress() {
        RaftCore core = followerOfN2();
        core.step(N3, new ReadIndexRequest(1, 4));
        assertEquals(
                List.of(to(N3, new ReadIndexResponse(1, 4, false, 0))),
                core.drain().sendNow());
        core.step(N3, new ReadIndexResponse(1, 4, true, 9));
        Outputs outputs = core.drain();
        assertEquals(1, events(outputs, RaftEvent.MessageDropped.class).size());
        RaftCore newer = leader(1);
        newer.step(N3, new ReadIndexRequest(1, 4));
        assertTrue(newer.drain().sendNow().contains(to(N3, new ReadIndexResponse(2, 4, false, 0))));
        tickUntilCampaign(core);
        core.step(N3, new ReadIndexRequest(1, 5));
        assertEquals(
                List.of(to(N3, new ReadIndexResponse(1, 5, false, 0))),
                core.drain().sendNow());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.ELECTION_TIMEOUT;
import static io.quorate.raft.CoreFixture.HEARTBEAT;
import static io.quorate.raft.CoreFixture.N1;
import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.N3;
import static io.quorate.raft.CoreFixture.STRANGER;
import static io.quorate.raft.CoreFixture.command;
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
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.TimeoutNow;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Leadership transfer (thesis §3.10)")
class TransferTest {
    /** Leads term 2; its no-op at index 2 is on all disks and applied. */
    private static RaftCore settledLeader() {
        RaftCore core = leader(1);
        core.step(N2, new AppendAccepted(2, 2));
        core.step(N3, new AppendAccepted(2, 2));
        core.applied(core.drain().commitIndex());
        return core;
    }

    private static List<TimeoutNow> questions(NodeId target, Outputs outputs) {
        return sent(outputs.sendNow(), target, TimeoutNow.class);
    }

    private static String refusal(TransferResult result) {
        return assertInstanceOf(TransferResult.Refused.class, result).reason();
    }

    @Test
    @DisplayName("a follower that has everything is asked at once, and only that one")
    void asksAtOnce() {
        RaftCore core = settledLeader();
        assertEquals(new TransferResult.Started(), core.transferLeadership(N2));
        assertEquals(Optional.of(N2), core.transferTarget());
        Outputs outputs = core.drain();
        assertEquals(List.of(to(N2, new TimeoutNow(2))), outputs.sendNow());
        assertEquals(List.of(new RaftEvent.TransferStarted(2, N2)), outputs.events());
        assertEquals(RaftCore.Role.LEADER, core.role(), "until it hears of the new term");
    }

    @Test
    @DisplayName("a follower that lags is asked when it has everything and all of that is applied here")
    void catchesUpFirst() {
        RaftCore core = settledLeader();
        core.propose(command(1));
        persistAll(core);
        core.transferLeadership(N2);
        assertEquals(List.of(), questions(N2, core.drain()));
        core.step(N2, new AppendAccepted(2, 3));
        Outputs committed = core.drain();
        assertEquals(3, committed.commitIndex());
        assertEquals(List.of(), questions(N2, committed), "whoever waits for entry 3 has no answer yet");
        core.applied(3);
        assertTrue(core.hasOutputs());
        assertEquals(List.of(new TimeoutNow(2)), questions(N2, core.drain()));
    }

    @Test
    @DisplayName("no proposal is admitted meanwhile: the refusal names who is to lead")
    void takesNoProposals() {
        RaftCore core = settledLeader();
        core.transferLeadership(N2);
        assertEquals(new ProposeResult.Transferring(N2), core.propose(command(1)));
        assertEquals(2, core.lastIndex());
    }

    @Test
    @DisplayName("the question is repeated with the heartbeats: it may be lost")
    void repeats() {
        RaftCore core = settledLeader();
        core.transferLeadership(N2);
        core.drain();
        assertFalse(core.hasOutputs());
        tick(core, HEARTBEAT);
        assertEquals(List.of(new TimeoutNow(2)), questions(N2, core.drain()));
    }

    @Test
    @DisplayName("the newer term of the target ends it, with this member's vote")
    void handsOver() {
        RaftCore core = settledLeader();
        core.transferLeadership(N2);
        core.drain();
        core.step(N2, new VoteRequest(3, id(2, 2), true));
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
        assertEquals(Optional.empty(), core.transferTarget());
        assertEquals(
                List.of(new VoteResponse(3, true)), sent(persistAll(core).sendAfterPersist(), N2, VoteResponse.class));
    }

    @Test
    @DisplayName("after a minimum election timeout it is given up, and proposals are admitted again")
    void timesOut() {
        RaftCore core = settledLeader();
        core.transferLeadership(N2);
        for (int i = 0; i < ELECTION_TIMEOUT; i++) {
            assertEquals(Optional.of(N2), core.transferTarget());
            core.step(N2, new HeartbeatResponse(2, 0));
            core.step(N3, new HeartbeatResponse(2, 0));
            core.tick();
        }
        assertEquals(Optional.empty(), core.transferTarget());
        assertEquals(1, events(core.drain(), RaftEvent.TransferAborted.class).size());
        assertInstanceOf(ProposeResult.Admitted.class, core.propose(command(1)));
    }

    @Test
    @DisplayName("a broken connection to the target gives it up at once; one to anybody else does not")
    void targetGone() {
        RaftCore core = settledLeader();
        core.transferLeadership(N2);
        core.disconnected(N3);
        assertEquals(Optional.of(N2), core.transferTarget());
        core.disconnected(N2);
        assertEquals(Optional.empty(), core.transferTarget());
    }

    @Test
    @DisplayName("it is refused, with a reason: by who does not lead, to itself, a stranger or a laggard, and twice")
    void refused() {
        assertEquals("n1 does not lead", refusal(follower(1).transferLeadership(N2)));
        RaftCore core = settledLeader();
        assertEquals("n1 is not another voter", refusal(core.transferLeadership(N1)));
        assertEquals("n9 is not another voter", refusal(core.transferLeadership(STRANGER)));
        core.disconnected(N3);
        assertEquals("n3 does not keep up: it is not even known what it has", refusal(core.transferLeadership(N3)));
        core.transferLeadership(N2);
        core.step(N3, new AppendAccepted(2, 2));
        assertEquals("leadership is being handed to n2 already", refusal(core.transferLeadership(N3)));
        assertEquals(Optional.empty(), follower(1).transferTarget());
    }

    @Test
    @DisplayName("reads go on during a transfer: this member leads until it hears of the new term")
    void readsGoOn() {
        RaftCore core = settledLeader();
        core.transferLeadership(N2);
        core.readIndex(1);
        core.drain();
        core.step(N3, new HeartbeatResponse(2, 1));
        assertEquals(List.of(new ReadOutcome.Granted(1, 2)), core.drain().reads());
    }

    // --------------------------------------------------------------------------------------------------- target

    @Test
    @DisplayName("the target campaigns in the next term without pre-vote, and says that its leader wants it")
    void campaignsAtOnce() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        core.drain();
        core.step(N2, new TimeoutNow(1));
        assertEquals(RaftCore.Role.CANDIDATE, core.role());
        assertEquals(2, core.term());
        Outputs outputs = core.drain();
        VoteRequest request = new VoteRequest(2, id(1, 1), true);
        assertEquals(List.of(to(N2, request), to(N3, request)), outputs.sendAfterPersist());
        core.step(N2, new TimeoutNow(1));
        core.step(N2, new TimeoutNow(2));
        assertEquals(2, core.term(), "asked again, it campaigns already");
    }

    @Test
    @DisplayName("a member that is held back declines, and says so")
    void declines() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        core.drain();
        core.holdBack(true);
        core.step(N2, new TimeoutNow(1));
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
        assertEquals(
                List.of(new RaftEvent.TransferDeclined(1, N2, TransferFailure.HELD_BACK, "it is held back")),
                core.drain().events());
    }

    @Test
    @DisplayName("only the leader of the term is obeyed")
    void notTheLeader() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        core.drain();
        core.step(N3, new TimeoutNow(1));
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
        assertEquals(1, events(core.drain(), RaftEvent.MessageDropped.class).size());
        RaftCore leading = leader(1);
        leading.step(N2, new TimeoutNow(2));
        assertEquals(RaftCore.Role.LEADER, leading.role());
        RaftCore asking = follower(1);
        tickUntilCampaign(asking);
        asking.step(N2, new TimeoutNow(1));
        assertEquals(RaftCore.Role.PRE_CANDIDATE, asking.role());
    }
}

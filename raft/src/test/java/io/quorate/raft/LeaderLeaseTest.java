/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.ELECTION_TIMEOUT;
import static io.quorate.raft.CoreFixture.HEARTBEAT;
import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.N3;
import static io.quorate.raft.CoreFixture.core;
import static io.quorate.raft.CoreFixture.events;
import static io.quorate.raft.CoreFixture.heartbeat;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.leader;
import static io.quorate.raft.CoreFixture.persistAll;
import static io.quorate.raft.CoreFixture.sent;
import static io.quorate.raft.CoreFixture.tick;
import static io.quorate.raft.CoreFixture.to;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.HardState;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Leader leases (thesis §6.4.1): an option, off by default")
class LeaderLeaseTest {
    private static final int LEASE = 6;
    private static final RaftConfig LEASES = config(LEASE);

    private static RaftConfig config(int leaseTicks) {
        return new RaftConfig(ELECTION_TIMEOUT, HEARTBEAT, 100_000, 1_000_000, 100, 1_000_000, 1_000_000, leaseTicks);
    }

    private static RaftCore settledLeader() {
        RaftCore core = leader(LEASES, 3, 1);
        core.step(N2, new AppendAccepted(2, 2));
        core.step(N3, new AppendAccepted(2, 2));
        core.drain();
        return core;
    }

    private static RaftCore follower() {
        return core(LEASES, 3, new HardState(1, Optional.empty()), 1);
    }

    @Test
    @DisplayName(
            "RF-08: a confirmed round lets the leader answer at once, for the lease's ticks from when the round left")
    void heldFromWhenTheRoundLeft() {
        RaftCore core = settledLeader();
        tick(core, HEARTBEAT);
        core.drain();
        tick(core, 1);
        core.step(N2, new HeartbeatResponse(2, 1));
        core.readIndex(1);
        assertEquals(List.of(new ReadOutcome.Granted(1, 2)), core.drain().reads(), "one tick after the round left");
        tick(core, LEASE - 2);
        core.readIndex(2);
        assertEquals(List.of(new ReadOutcome.Granted(2, 2)), core.drain().reads(), "the last tick of the lease");
        tick(core, 1);
        core.readIndex(3);
        assertEquals(List.of(), core.drain().reads(), "over: a majority must be asked");
    }

    @Test
    @DisplayName(
            "time that the driver did not count ends the lease, also of a round that is still under way; the next round"
                    + " gives a new one")
    void timeLost() {
        RaftCore core = settledLeader();
        tick(core, HEARTBEAT);
        core.step(N2, new HeartbeatResponse(2, 1));
        tick(core, HEARTBEAT);
        core.drain();
        core.timeLost();
        core.readIndex(1);
        assertEquals(List.of(), core.drain().reads(), "the lease of round 1 may be long over");
        core.step(N2, new HeartbeatResponse(2, 2));
        core.readIndex(2);
        assertEquals(List.of(), core.drain().reads(), "round 2 may have left long ago");
        core.step(N2, new HeartbeatResponse(2, 3));
        assertEquals(List.of(new ReadOutcome.Granted(1, 2)), core.drain().reads(), "round 3 left for the first read");
        core.readIndex(3);
        assertEquals(List.of(new ReadOutcome.Granted(3, 2)), core.drain().reads());
    }

    @Test
    @DisplayName("RF-08: a round that is answered when its lease would be over gives none")
    void answeredTooLate() {
        RaftCore core = settledLeader();
        tick(core, HEARTBEAT);
        core.drain();
        tick(core, LEASE);
        core.step(N2, new HeartbeatResponse(2, 1));
        core.readIndex(1);
        assertEquals(List.of(), core.drain().reads());
    }

    @Test
    @DisplayName("R9: a lease is worth nothing before the leader's own first entry is committed")
    void notBeforeOwnEntry() {
        RaftCore core = leader(LEASES, 3, 1);
        tick(core, HEARTBEAT);
        core.drain();
        core.step(N2, new HeartbeatResponse(2, 1));
        core.readIndex(1);
        assertEquals(List.of(), core.drain().reads());
    }

    @Test
    @DisplayName("who heard a leader looks at no vote request for a minimum election timeout, in any later term")
    void followersAreBound() {
        RaftCore core = follower();
        core.step(N2, heartbeat(1, 0));
        core.drain();
        tick(core, ELECTION_TIMEOUT - 1);
        core.step(N3, new VoteRequest(5, id(4, 9)));
        core.step(N3, new PreVoteRequest(5, id(4, 9)));
        Outputs bound = core.drain();
        assertEquals(1, core.term());
        assertEquals(List.of(to(N3, new PreVoteResponse(1, false))), bound.sendNow());
        assertEquals(1, events(bound, RaftEvent.VoteRefused.class).size());
        tick(core, 1);
        core.step(N3, new VoteRequest(5, id(4, 9)));
        assertEquals(
                List.of(new VoteResponse(5, true)), sent(persistAll(core).sendAfterPersist(), N3, VoteResponse.class));
    }

    @Test
    @DisplayName("a restarted member may have heard a leader just before: it is bound too; one of a fresh group is not")
    void restartedMembersAreBound() {
        RaftCore restarted = follower();
        restarted.step(N3, new VoteRequest(2, id(1, 1)));
        assertEquals(1, restarted.term());
        RaftCore fresh = core(LEASES, 3, HardState.INITIAL);
        fresh.step(N3, new VoteRequest(1, id(0, 0)));
        assertEquals(1, fresh.term());
        assertEquals(
                List.of(new VoteResponse(1, true)), sent(persistAll(fresh).sendAfterPersist(), N3, VoteResponse.class));
    }

    @Test
    @DisplayName("with leases a broken connection to the leader does not hurry a campaign: its lease would outlive it")
    void noHaste() {
        RaftCore core = follower();
        core.step(N2, heartbeat(1, 0));
        core.disconnected(N2);
        tick(core, ELECTION_TIMEOUT - 1);
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
    }

    @Test
    @DisplayName("a lease must leave a margin of two ticks to the election timeout")
    void margin() {
        config(ELECTION_TIMEOUT - 2);
        assertThrows(IllegalArgumentException.class, () -> config(ELECTION_TIMEOUT - 1));
        assertThrows(IllegalArgumentException.class, () -> config(-1));
    }

    @Test
    @DisplayName(
            "lasts from when its round left, is renewed by later rounds only, and lapses with all rounds on their way")
    void ofRounds() {
        LeaderLease lease = new LeaderLease(3);
        lease.roundLeaves(1);
        assertFalse(lease.isHeld(), "nobody has answered");
        lease.onTick();
        lease.roundLeaves(2);
        lease.confirmed(1);
        assertTrue(lease.isHeld());
        lease.onTick();
        assertTrue(lease.isHeld(), "two ticks after round 1 left");
        lease.onTick();
        assertFalse(lease.isHeld(), "three ticks after round 1 left");
        lease.confirmed(2);
        assertTrue(lease.isHeld(), "two ticks after round 2 left");
        lease.roundLeaves(3);
        lease.lapse();
        assertFalse(lease.isHeld());
        lease.confirmed(3);
        assertFalse(lease.isHeld(), "round 3 may have left long ago");
        lease.roundLeaves(4);
        lease.confirmed(4);
        assertTrue(lease.isHeld());
        lease.giveUp();
        assertFalse(lease.isHeld());
        lease.roundLeaves(5);
        lease.confirmed(5);
        assertFalse(lease.isHeld(), "given up for good");
    }

    @Test
    @DisplayName("an answer to several rounds counts from when the last of them left")
    void ofSeveralRounds() {
        LeaderLease lease = new LeaderLease(3);
        lease.roundLeaves(1);
        lease.onTick();
        lease.onTick();
        lease.roundLeaves(2);
        lease.confirmed(2);
        lease.onTick();
        lease.onTick();
        assertTrue(lease.isHeld());
        lease.onTick();
        assertFalse(lease.isHeld());
    }

    @Test
    @DisplayName("who hears a leader again is bound again, for a whole election timeout from then on")
    void boundAnew() {
        RaftCore core = follower();
        core.step(N2, heartbeat(1, 0));
        tick(core, ELECTION_TIMEOUT - 1);
        core.step(N2, heartbeat(1, 0));
        tick(core, ELECTION_TIMEOUT - 1);
        core.step(N3, new VoteRequest(5, id(4, 9)));
        assertEquals(1, core.term());
        tick(core, 1);
        core.step(N3, new VoteRequest(5, id(4, 9)));
        assertEquals(5, core.term());
    }
}

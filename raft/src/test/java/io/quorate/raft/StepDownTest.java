/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.CONFIG;
import static io.quorate.raft.CoreFixture.ELECTION_TIMEOUT;
import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.append;
import static io.quorate.raft.CoreFixture.elect;
import static io.quorate.raft.CoreFixture.events;
import static io.quorate.raft.CoreFixture.follower;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.leader;
import static io.quorate.raft.CoreFixture.records;
import static io.quorate.raft.CoreFixture.sent;
import static io.quorate.raft.CoreFixture.tick;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Giving up leadership for a reason of the driver")
class StepDownTest {
    @Test
    @DisplayName("a leader that steps down follows nobody in the same term, says why, and takes no proposal")
    void leaderStepsDown() {
        RaftCore core = leader(1);
        long term = core.term();

        core.stepDown(FollowerCause.DISK_STALLED, "the disk does not answer");

        assertEquals(RaftCore.Role.FOLLOWER, core.role());
        assertEquals(term, core.term());
        assertEquals(Optional.empty(), core.leader());
        assertInstanceOf(ProposeResult.NotLeader.class, core.propose(records(1)));
        assertEquals(
                List.of(new RaftEvent.BecameFollower(term, FollowerCause.DISK_STALLED, "the disk does not answer")),
                events(core.drain(), RaftEvent.BecameFollower.class));
    }

    @Test
    @DisplayName("it keeps its vote: nobody else can be elected in the term that it led")
    void voteIsKept() {
        RaftCore core = leader(1);

        core.stepDown(FollowerCause.DISK_STALLED, "why not");
        core.step(N2, new VoteRequest(core.term(), id(9, 9)));

        assertEquals(
                List.of(new VoteResponse(core.term(), false)), sent(core.drain().sendNow(), N2, VoteResponse.class));
    }

    @Test
    @DisplayName("a follower has nothing to step down from")
    void followerIgnoresIt() {
        RaftCore core = follower(1);
        core.step(N2, append(1, EntryId.NONE, 0));
        core.drain();

        core.stepDown(FollowerCause.DISK_STALLED, "why not");

        assertEquals(Optional.of(N2), core.leader());
        assertTrue(!core.hasOutputs());
    }

    @Test
    @DisplayName("an only voter goes on to lead, held back or not")
    void onlyVoterStays() {
        RaftCore core = leader(CONFIG, 1);

        core.holdBack(true);
        core.stepDown(FollowerCause.DISK_STALLED, "nobody is better");

        assertEquals(RaftCore.Role.LEADER, core.role());
    }

    @Test
    @DisplayName("a member that is held back asks for no votes, forgets the silent leader and supports others")
    void heldBack() {
        RaftCore core = follower(1);
        core.step(N2, append(1, EntryId.NONE, 0));
        core.drain();

        core.holdBack(true);
        tick(core, 2 * ELECTION_TIMEOUT);

        assertEquals(RaftCore.Role.FOLLOWER, core.role());
        assertEquals(Optional.empty(), core.leader());
        assertEquals(
                List.of(), sent(core.drain().sendNow(), N2, PreVoteRequest.class), "no pre-vote while it is held back");
        core.step(N2, new PreVoteRequest(2, id(1, 1)));
        assertEquals(List.of(new PreVoteResponse(2, true)), sent(core.drain().sendNow(), N2, PreVoteResponse.class));
    }

    @Test
    @DisplayName("once it is not held back any more it campaigns within an election timeout")
    void heldBackNoMore() {
        RaftCore core = follower(1);
        core.holdBack(true);
        tick(core, 10 * ELECTION_TIMEOUT);

        core.holdBack(false);
        elect(core);

        assertEquals(RaftCore.Role.LEADER, core.role());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.CONFIG;
import static io.quorate.raft.CoreFixture.HEARTBEAT;
import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.N3;
import static io.quorate.raft.CoreFixture.append;
import static io.quorate.raft.CoreFixture.core;
import static io.quorate.raft.CoreFixture.events;
import static io.quorate.raft.CoreFixture.follower;
import static io.quorate.raft.CoreFixture.heartbeat;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.persistAll;
import static io.quorate.raft.CoreFixture.tick;
import static io.quorate.raft.CoreFixture.tickUntilCampaign;
import static io.quorate.raft.CoreFixture.to;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.raft.log.SnapshotId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.ReadIndexRequest;
import io.quorate.raft.message.ReadIndexResponse;
import io.quorate.raft.message.SnapshotReceived;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every member is n1 of three in term 2, with one entry, 1/1; its vote and term are durable. */
@DisplayName("What members that campaign answer")
class CampaignTest {
    private static RaftCore preCandidate(Optional<NodeId> votedFor) {
        RaftCore core = core(CONFIG, 3, new HardState(2, votedFor), 1);
        tickUntilCampaign(core);
        assertEquals(RaftCore.Role.PRE_CANDIDATE, core.role());
        return core;
    }

    private static RaftCore preCandidate() {
        return preCandidate(Optional.empty());
    }

    private static RaftCore candidate() {
        RaftCore core = follower(1);
        tickUntilCampaign(core);
        core.step(N2, new PreVoteResponse(2, true));
        persistAll(core);
        core.drain();
        assertEquals(RaftCore.Role.CANDIDATE, core.role());
        return core;
    }

    static Stream<Arguments> messagesOfLeaders() {
        Payload state = Payload.utf8("abcdef");
        SnapshotId snapshot = new SnapshotId(id(2, 9), state.size(), SnapshotId.checksumOf(state));
        Payload chunk = Payload.utf8("abc");
        InstallSnapshot piece =
                new InstallSnapshot(2, snapshot, 0, Payload.EMPTY, 0, chunk, SnapshotId.checksumOf(chunk));
        return Stream.of(
                Arguments.of(heartbeat(2, 1), new HeartbeatResponse(2, 1)),
                Arguments.of(append(2, id(1, 1), 0), new AppendAccepted(2, 1)),
                Arguments.of(piece, new SnapshotReceived(2, snapshot, 3)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("messagesOfLeaders")
    @DisplayName("§5.2 who finds that its term has a leader follows, and answers what it was told or asked")
    void answerTheLeader(Message message, Message answer) {
        for (RaftCore core : List.of(preCandidate(), candidate())) {
            core.step(N3, message);
            assertEquals(RaftCore.Role.FOLLOWER, core.role());
            assertEquals(Optional.of(N3), core.leader());
            assertEquals(List.of(to(N3, answer)), core.drain().sendNow());
        }
    }

    @Test
    @DisplayName("reads are refused: there is no leader")
    void refuseReads() {
        for (RaftCore core : List.of(preCandidate(), candidate())) {
            core.readIndex(7);
            core.step(N2, new ReadIndexRequest(2, 5));
            Outputs outputs = core.drain();
            assertEquals(
                    List.of(new ReadOutcome.Refused(7, ReadOutcome.Reason.NO_LEADER, Optional.empty())),
                    outputs.reads());
            assertEquals(List.of(to(N2, new ReadIndexResponse(2, 5, false, 0))), outputs.sendNow());
        }
    }

    @Test
    @DisplayName("§5.2 a candidate refuses its vote to another one of its term")
    void candidatesVoteForThemselves() {
        RaftCore core = candidate();
        core.step(N3, new VoteRequest(2, id(1, 9)));
        Outputs outputs = core.drain();
        assertEquals(List.of(to(N3, new VoteResponse(2, false))), outputs.sendNow());
        assertEquals(1, events(outputs, RaftEvent.VoteRefused.class).size());
    }

    @Test
    @DisplayName("a pre-candidate that refuses a vote goes on with its campaign")
    void refusalEndsNoCampaign() {
        RaftCore newerLog = preCandidate();
        newerLog.step(N3, new VoteRequest(2, EntryId.NONE));
        RaftCore otherVote = preCandidate(Optional.of(N2));
        otherVote.step(N3, new VoteRequest(2, id(1, 9)));
        for (RaftCore core : List.of(newerLog, otherVote)) {
            assertEquals(
                    List.of(to(N3, new VoteResponse(2, false))), core.drain().sendNow());
            assertEquals(RaftCore.Role.PRE_CANDIDATE, core.role());
        }
    }

    /** Has lost the connection to its leader, and so asks again within {@code 3 * HEARTBEAT} ticks. */
    private static RaftCore hastyPreCandidate() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        core.disconnected(N2);
        tickUntilCampaign(core);
        assertEquals(RaftCore.Role.PRE_CANDIDATE, core.role());
        return core;
    }

    @Test
    @DisplayName("a pre-candidate in haste that supports another one gives that a whole timeout")
    void preCandidateStandsBack() {
        RaftCore core = hastyPreCandidate();
        core.step(N3, new PreVoteRequest(2, id(1, 1)));
        assertEquals(List.of(to(N3, new PreVoteResponse(2, true))), core.drain().sendNow());
        tick(core, CONFIG.electionTimeoutTicks() - 1);
        assertEquals(List.of(), core.drain().sendNow());
    }

    @Test
    @DisplayName("a pre-candidate in haste that supports nobody asks again soon")
    void preCandidateGoesOn() {
        RaftCore core = hastyPreCandidate();
        core.step(N3, new PreVoteRequest(2, EntryId.NONE));
        core.drain();
        tick(core, 3 * HEARTBEAT);
        List<Envelope> asked = core.drain().sendNow();
        assertTrue(asked.contains(to(N2, new PreVoteRequest(2, id(1, 1)))), asked::toString);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.follower;
import static io.quorate.raft.CoreFixture.heartbeat;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.leader;
import static io.quorate.raft.CoreFixture.persistAll;
import static io.quorate.raft.CoreFixture.tickUntilCampaign;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.SnapshotId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRejected;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.ReadIndexResponse;
import io.quorate.raft.message.SnapshotReceived;
import io.quorate.raft.message.TimeoutNow;
import io.quorate.raft.message.VoteResponse;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every member is n1 of three in term 2, and n3 is the one that it follows, if it follows anyone. */
@DisplayName("Answers to questions that a member does not ask, or asks no more")
class StrayMessagesTest {
    private static final SnapshotId SNAPSHOT = new SnapshotId(id(1, 1), 3, 0);

    private static RaftCore following() {
        RaftCore core = follower(1, 2);
        core.step(N2, heartbeat(2, 0));
        core.drain();
        return core;
    }

    private static RaftCore asking() {
        RaftCore core = follower(1, 2);
        tickUntilCampaign(core);
        assertEquals(RaftCore.Role.PRE_CANDIDATE, core.role());
        return core;
    }

    private static RaftCore campaigning() {
        RaftCore core = follower(1, 1);
        tickUntilCampaign(core);
        core.step(N2, new PreVoteResponse(2, true));
        persistAll(core);
        core.drain();
        assertEquals(RaftCore.Role.CANDIDATE, core.role());
        return core;
    }

    private static RaftCore leading() {
        RaftCore core = leader(1, 1);
        core.drain();
        assertEquals(RaftCore.Role.LEADER, core.role());
        return core;
    }

    private static List<Message> answers(long term) {
        return List.of(
                new VoteResponse(term, true),
                new AppendAccepted(term, 1),
                new AppendRejected(term, 1, EntryId.NONE),
                new HeartbeatResponse(term, 0),
                new ReadIndexResponse(term, 5, true, 1),
                new SnapshotReceived(term, SNAPSHOT, 3));
    }

    static Stream<Arguments> strays() {
        Stream<Arguments> ofFollower = answers(2).stream()
                .filter(answer -> !(answer instanceof ReadIndexResponse))
                .map(answer -> Arguments.of(following(), answer));
        Stream<Arguments> ofPreCandidate = answers(2).stream().map(answer -> Arguments.of(asking(), answer));
        Stream<Arguments> ofCandidate = answers(2).stream()
                .filter(answer -> !(answer instanceof VoteResponse))
                .map(answer -> Arguments.of(campaigning(), answer));
        Stream<Arguments> others = Stream.of(
                Arguments.of(following(), new PreVoteResponse(2, false)),
                Arguments.of(following(), new PreVoteResponse(3, true)),
                Arguments.of(asking(), new PreVoteResponse(2, false)),
                Arguments.of(asking(), new PreVoteResponse(4, true)),
                Arguments.of(asking(), new TimeoutNow(2)),
                Arguments.of(campaigning(), new PreVoteResponse(2, false)),
                Arguments.of(campaigning(), new PreVoteResponse(3, true)),
                Arguments.of(campaigning(), new VoteResponse(2, false)),
                Arguments.of(campaigning(), new TimeoutNow(2)),
                Arguments.of(leading(), new PreVoteResponse(2, false)),
                Arguments.of(leading(), new PreVoteResponse(3, true)),
                Arguments.of(leading(), new VoteResponse(2, true)),
                Arguments.of(leading(), new ReadIndexResponse(2, 5, true, 1)));
        Stream<Arguments> ofOlderTerms = Stream.of(following(), asking(), campaigning(), leading())
                .flatMap(core -> Stream.concat(
                                answers(1).stream(), Stream.of(new PreVoteResponse(1, false), new TimeoutNow(1)))
                        .map(answer -> Arguments.of(core, answer)));
        return Stream.of(ofFollower, ofPreCandidate, ofCandidate, others, ofOlderTerms)
                .flatMap(stream -> stream);
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("strays")
    @DisplayName("change nothing and are answered with nothing")
    void ignored(RaftCore core, Message stray) {
        RaftCore.Role role = core.role();
        Optional<?> leader = core.leader();

        core.step(N2, stray);

        assertFalse(core.hasOutputs(), () -> core.drain().toString());
        assertEquals(role, core.role());
        assertEquals(leader, core.leader());
        assertEquals(2, core.term());
    }

    static Stream<RaftCore> campaigners() {
        return Stream.of(asking(), campaigning());
    }

    @ParameterizedTest
    @MethodSource("campaigners")
    @DisplayName("and what the driver says of connections does not concern who campaigns")
    void connections(RaftCore core) {
        RaftCore.Role role = core.role();
        core.disconnected(N2);
        core.silent(N2, 100);
        assertFalse(core.hasOutputs());
        assertEquals(role, core.role());
        assertFalse(core.isQuiescent());
    }

    @Test
    @DisplayName("and what the driver has read for a leader is of no use to who does not lead")
    void loads() {
        RaftCore core = following();
        core.loaded(N2, 1, List.of());
        core.snapshotLoaded(N2, Optional.empty());
        core.timeLost();
        assertFalse(core.hasOutputs());
        assertEquals(List.of(), core.followers());
        assertEquals(0, core.matchIndex(N2));
        assertEquals(0, core.leadershipStartIndex());
        assertEquals(Optional.empty(), core.transferTarget());
    }
}

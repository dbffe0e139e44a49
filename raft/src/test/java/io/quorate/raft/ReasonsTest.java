/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.CONFIG;
import static io.quorate.raft.CoreFixture.ELECTION_TIMEOUT;
import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.N3;
import static io.quorate.raft.CoreFixture.append;
import static io.quorate.raft.CoreFixture.core;
import static io.quorate.raft.CoreFixture.events;
import static io.quorate.raft.CoreFixture.follower;
import static io.quorate.raft.CoreFixture.heartbeat;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.leader;
import static io.quorate.raft.CoreFixture.persistAll;
import static io.quorate.raft.CoreFixture.tick;
import static io.quorate.raft.CoreFixture.tickUntilCampaign;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.quorate.raft.log.HardState;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.VoteRequest;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("Events say why")
class ReasonsTest {
    private static RaftCore following() {
        RaftCore core = follower(1);
        core.step(N3, append(1, id(1, 1), 0));
        persistAll(core);
        return core;
    }

    private static RaftCore campaigning() {
        RaftCore core = follower(1);
        tickUntilCampaign(core);
        return core;
    }

    private static RaftCore holdingToLease() {
        RaftCore core = core(CONFIG.withLeases(ELECTION_TIMEOUT - 2), 3, new HardState(1, Optional.empty()), 1);
        core.drain();
        return core;
    }

    static Stream<Arguments> refusals() {
        return Stream.of(
                arguments(follower(2), new VoteRequest(1, id(1, 1), false), VoteRefusal.STALE_TERM),
                arguments(follower(1, 2), new VoteRequest(3, id(1, 9), false), VoteRefusal.LOG_BEHIND),
                arguments(following(), new VoteRequest(1, id(1, 1), false), VoteRefusal.TERM_HAS_LEADER),
                arguments(leader(1), new VoteRequest(2, id(1, 1), false), VoteRefusal.TERM_HAS_LEADER),
                arguments(holdingToLease(), new VoteRequest(2, id(1, 1), false), VoteRefusal.LEASE),
                arguments(follower(2), new PreVoteRequest(1, id(1, 1)), VoteRefusal.STALE_TERM),
                arguments(follower(2), new PreVoteRequest(2, id(2, 1)), VoteRefusal.STALE_TERM),
                arguments(follower(1, 2), new PreVoteRequest(3, id(1, 9)), VoteRefusal.LOG_BEHIND),
                arguments(following(), new PreVoteRequest(2, id(1, 1)), VoteRefusal.HEARS_LEADER),
                arguments(leader(1), new PreVoteRequest(3, id(2, 2)), VoteRefusal.HEARS_LEADER),
                arguments(holdingToLease(), new PreVoteRequest(2, id(1, 1)), VoteRefusal.LEASE));
    }

    @ParameterizedTest(name = "{1}: {2}")
    @MethodSource("refusals")
    @DisplayName("a vote or a pre-vote was refused, without fail")
    void refused(RaftCore core, Message request, VoteRefusal cause) {
        core.drain();
        core.step(N2, request);
        Outputs outputs = core.drain();
        List<VoteRefusal> votes = events(outputs, RaftEvent.VoteRefused.class).stream()
                .map(RaftEvent.VoteRefused::cause)
                .toList();
        List<VoteRefusal> preVotes = events(outputs, RaftEvent.PreVoteRefused.class).stream()
                .map(RaftEvent.PreVoteRefused::cause)
                .toList();
        assertEquals(request instanceof VoteRequest ? List.of(cause) : List.of(), votes);
        assertEquals(request instanceof PreVoteRequest ? List.of(cause) : List.of(), preVotes);
    }

    static Stream<Arguments> steps() {
        return Stream.of(
                step(leader(1), core -> core.step(N2, heartbeat(9, 0)), FollowerCause.NEWER_TERM),
                step(leader(1), core -> tick(core, ELECTION_TIMEOUT), FollowerCause.NO_QUORUM),
                step(leader(1), core -> core.stepDown(FollowerCause.DISK_FULL, "full"), FollowerCause.DISK_FULL),
                step(campaigning(), core -> core.step(N2, new Heartbeat(1, 0, 1)), FollowerCause.LEADER_FOUND),
                step(
                        campaigning(),
                        core -> core.step(N2, new VoteRequest(1, id(1, 1), false)),
                        FollowerCause.VOTED_FOR_OTHER),
                step(
                        campaigning(),
                        core -> {
                            core.holdBack(true);
                            tick(core, 2 * ELECTION_TIMEOUT);
                        },
                        FollowerCause.HELD_BACK));
    }

    private static Arguments step(RaftCore core, Consumer<RaftCore> input, FollowerCause cause) {
        return arguments(core, input, cause);
    }

    @ParameterizedTest(name = "{2}")
    @MethodSource("steps")
    @DisplayName("a member has become a follower")
    void followed(RaftCore core, Consumer<RaftCore> input, FollowerCause cause) {
        core.drain();
        input.accept(core);
        assertEquals(
                cause,
                events(core.drain(), RaftEvent.BecameFollower.class).get(0).cause());
    }

    static Stream<Arguments> campaigns() {
        return Stream.of(
                arguments(follower(1), (Consumer<RaftCore>) core -> {}, CampaignCause.NO_LEADER),
                arguments(following(), (Consumer<RaftCore>) core -> {}, CampaignCause.LEADER_SILENT),
                arguments(
                        following(),
                        (Consumer<RaftCore>) core -> core.disconnected(N3),
                        CampaignCause.LEADER_DISCONNECTED),
                arguments(campaigning(), (Consumer<RaftCore>) core -> {}, CampaignCause.LOST_BEFORE));
    }

    @ParameterizedTest(name = "{2}")
    @MethodSource("campaigns")
    @DisplayName("a member campaigns")
    void campaigned(RaftCore core, Consumer<RaftCore> input, CampaignCause cause) {
        input.accept(core);
        tick(core, 2 * ELECTION_TIMEOUT);
        assertEquals(
                cause,
                events(core.drain(), RaftEvent.BecamePreCandidate.class).get(0).cause());
    }
}

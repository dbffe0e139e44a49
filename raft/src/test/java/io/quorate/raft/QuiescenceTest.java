/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.CONFIG;
import static io.quorate.raft.CoreFixture.ELECTION_TIMEOUT;
import static io.quorate.raft.CoreFixture.HEARTBEAT;
import static io.quorate.raft.CoreFixture.N1;
import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.N3;
import static io.quorate.raft.CoreFixture.STRANGER;
import static io.quorate.raft.CoreFixture.append;
import static io.quorate.raft.CoreFixture.command;
import static io.quorate.raft.CoreFixture.core;
import static io.quorate.raft.CoreFixture.entry;
import static io.quorate.raft.CoreFixture.events;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.leader;
import static io.quorate.raft.CoreFixture.persistAll;
import static io.quorate.raft.CoreFixture.sent;
import static io.quorate.raft.CoreFixture.tick;
import static io.quorate.raft.CoreFixture.to;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.HardState;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.ReadIndexRequest;
import io.quorate.raft.message.TimeoutNow;
import io.quorate.raft.message.VoteRequest;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One class, though a long one: what a leader and what a follower do in a rest is told of the same two fixtures. */
@DisplayName("An idle group rests, and wakes when anything happens")
class QuiescenceTest {
    private static final int AFTER = 6;
    private static final RaftConfig QUIESCING = CONFIG.quiescingAfter(AFTER);

    /** Far longer than any timeout. */
    private static final int LONG = 10 * ELECTION_TIMEOUT;

    /** Leads term 2 with entries 1/1 and 2/2, which everybody has and which is applied. */
    private static RaftCore idleLeader(RaftConfig config) {
        RaftCore core = leader(config, 3, 1);
        for (NodeId follower : List.of(N2, N3)) {
            core.step(follower, new AppendAccepted(2, 2));
        }
        persistAll(core);
        core.applied(2);
        return core;
    }

    /** Ticks until the leader asks its followers to quiesce; returns the round that asks. */
    private static long awaitRequest(RaftCore leader, boolean answering) {
        for (int i = 0; i < LONG; i++) {
            leader.tick();
            List<Heartbeat> heartbeats = sent(leader.drain().sendNow(), N2, Heartbeat.class);
            if (!heartbeats.isEmpty() && heartbeats.get(0).quiesce()) {
                return heartbeats.get(0).round();
            }
            if (answering && !heartbeats.isEmpty()) {
                answer(leader, heartbeats.get(0).round(), false);
            }
        }
        throw new AssertionError("the leader never asks");
    }

    private static void answer(RaftCore leader, long round, boolean quiescent) {
        leader.step(N2, new HeartbeatResponse(2, round, quiescent));
        leader.step(N3, new HeartbeatResponse(2, round, quiescent));
    }

    private static RaftCore restingLeader(RaftConfig config) {
        RaftCore leader = idleLeader(config);
        answer(leader, awaitRequest(leader, true), true);
        leader.drain();
        assertTrue(leader.isQuiescent());
        return leader;
    }

    private static RaftCore restingLeader() {
        return restingLeader(QUIESCING);
    }

    /** Follows n2 in term 1 with entry 1/1. */
    private static RaftCore restingFollower(RaftConfig config) {
        RaftCore core = core(config, 3, new HardState(1, Optional.empty()), 1);
        core.step(N2, append(1, id(1, 1), 1));
        persistAll(core);
        core.step(N2, new Heartbeat(1, 1, 1, true));
        persistAll(core);
        assertTrue(core.isQuiescent());
        return core;
    }

    private static RaftCore restingFollower() {
        return restingFollower(QUIESCING);
    }

    @Nested
    @DisplayName("a leader")
    class OfLeader {
        @Test
        @DisplayName("asks its followers to quiesce after so many idle ticks, and rests when all have")
        void restsWithAll() {
            RaftCore leader = idleLeader(QUIESCING);
            long round = awaitRequest(leader, true);
            assertEquals((AFTER + HEARTBEAT - 1) / HEARTBEAT, round, "no sooner and no later");

            leader.step(N2, new HeartbeatResponse(2, round, true));
            assertFalse(leader.isQuiescent(), "n3 has not agreed yet");
            leader.step(N3, new HeartbeatResponse(2, round, true));

            assertTrue(leader.isQuiescent());
            assertEquals(List.of(new RaftEvent.Quiesced(2)), events(leader.drain(), RaftEvent.Quiesced.class));
        }

        @Test
        @DisplayName("that rests says nothing and stays leader, however much time passes")
        void isSilent() {
            RaftCore leader = restingLeader();
            tick(leader, LONG);
            assertFalse(leader.hasOutputs());
            assertEquals(RaftCore.Role.LEADER, leader.role());
            assertEquals(0, leader.followers().get(0).silentTicks(), "it was not listening, so nobody was silent");
        }

        @Test
        @DisplayName("never asks unless it is configured to")
        void offByDefault() {
            RaftCore leader = idleLeader(CONFIG);
            assertThrows(AssertionError.class, () -> awaitRequest(leader, true));
        }

        @Test
        @DisplayName("never asks while its driver does not permit it")
        void notPermitted() {
            RaftCore leader = idleLeader(QUIESCING);
            leader.permitQuiescence(false);
            assertThrows(AssertionError.class, () -> awaitRequest(leader, true));
            leader.permitQuiescence(true);
            assertTrue(awaitRequest(leader, true) > 0);
        }

        @Test
        @DisplayName("alone in its group rests without asking anybody")
        void onlyVoter() {
            RaftCore leader = core(QUIESCING, 1, new HardState(1, Optional.empty()));
            leader.tick();
            persistAll(leader);
            persistAll(leader);
            leader.drain();
            leader.applied(1);
            tick(leader, AFTER);
            assertTrue(leader.isQuiescent());
            leader.readIndex(7);
            assertEquals(List.of(new ReadOutcome.Granted(7, 1)), leader.drain().reads());
        }

        @Test
        @DisplayName("goes on asking while answers are slower than its heartbeats")
        void slowAnswers() {
            RaftCore leader = idleLeader(QUIESCING);
            long first = awaitRequest(leader, true);
            tick(leader, HEARTBEAT);
            assertTrue(
                    sent(leader.drain().sendNow(), N2, Heartbeat.class).get(0).quiesce());
            answer(leader, first, true);
            assertTrue(leader.isQuiescent());
        }

        static Stream<Consumer<RaftCore>> activities() {
            return Stream.of(
                    leader -> leader.readIndex(1), leader -> leader.step(N2, new ReadIndexRequest(2, 5)), leader -> {
                        leader.propose(command(1));
                        persistAll(leader);
                        leader.step(N2, new AppendAccepted(2, 3));
                        leader.step(N3, new AppendAccepted(2, 3));
                        leader.applied(leader.drain().commitIndex());
                    });
        }

        @ParameterizedTest
        @MethodSource("activities")
        @DisplayName("counts idle time anew after a read or an append, however soon it is done with")
        void idleTimeBeginsAnew(Consumer<RaftCore> activity) {
            RaftCore leader = idleLeader(QUIESCING);
            tick(leader, AFTER - 1);
            activity.accept(leader);
            leader.drain();
            answer(leader, 3, false);
            leader.drain();
            for (int i = 1; i < AFTER; i++) {
                leader.tick();
                for (Heartbeat heartbeat : sent(leader.drain().sendNow(), N2, Heartbeat.class)) {
                    assertFalse(heartbeat.quiesce(), "after " + i + " ticks");
                }
            }
            leader.tick();
            leader.tick();
            assertTrue(
                    sent(leader.drain().sendNow(), N2, Heartbeat.class).get(0).quiesce());
        }

        @Test
        @DisplayName("does not rest on answers to a round before the last activity")
        void answersOfBefore() {
            RaftCore leader = idleLeader(QUIESCING);
            long before = awaitRequest(leader, true);
            leader.propose(command(1));
            persistAll(leader);
            answer(leader, before, true);
            assertFalse(leader.isQuiescent());
            leader.step(N2, new AppendAccepted(2, 3));
            leader.step(N3, new AppendAccepted(2, 3));
            leader.drain();
            leader.applied(3);
            answer(leader, before, true);
            assertFalse(leader.isQuiescent(), "both have been woken by the append");
            long after = awaitRequest(leader, true);
            answer(leader, before, true);
            assertFalse(leader.isQuiescent(), "late copies of what they said before that");
            answer(leader, after, true);
            assertTrue(leader.isQuiescent());
        }

        @Test
        @DisplayName("does not rest when a follower has woken again meanwhile")
        void followerWokeAgain() {
            RaftCore leader = idleLeader(QUIESCING);
            long round = awaitRequest(leader, true);
            leader.step(N2, new HeartbeatResponse(2, round, true));
            leader.step(N2, new HeartbeatResponse(2, 0, false));
            leader.step(N3, new HeartbeatResponse(2, round, true));
            assertFalse(leader.isQuiescent());
        }

        @Test
        @DisplayName("does not ask while a follower is silent, lags, or an entry is not applied")
        void notWhileBusy() {
            RaftCore lagging = leader(QUIESCING, 3, 1);
            lagging.step(N2, new AppendAccepted(2, 2));
            persistAll(lagging);
            lagging.applied(2);
            assertThrows(AssertionError.class, () -> awaitRequest(lagging, true), "n3 lags");

            RaftCore unapplied = leader(QUIESCING, 3, 1);
            for (NodeId follower : List.of(N2, N3)) {
                unapplied.step(follower, new AppendAccepted(2, 2));
            }
            persistAll(unapplied);
            assertThrows(AssertionError.class, () -> awaitRequest(unapplied, true), "entry 2 is not applied");
        }

        static List<Consumer<RaftCore>> inputsThatWake() {
            return List.of(
                    leader -> leader.propose(command(1)),
                    leader -> leader.readIndex(1),
                    leader -> leader.transferLeadership(N2),
                    leader -> leader.changeMembership(new Membership(List.of(N1, N2))),
                    leader -> leader.disconnected(N2),
                    leader -> leader.silent(N3, ELECTION_TIMEOUT),
                    RaftCore::wake,
                    leader -> leader.step(N2, new HeartbeatResponse(2, 0, false)),
                    leader -> leader.step(N2, new ReadIndexRequest(2, 4)),
                    leader -> leader.step(N3, new PreVoteRequest(3, id(2, 2))),
                    leader -> leader.step(N3, new AppendAccepted(2, 2)));
        }

        @ParameterizedTest
        @MethodSource("inputsThatWake")
        @DisplayName("that rests is woken by whatever happens, and sends heartbeats that do not ask again")
        void wakes(Consumer<RaftCore> input) {
            RaftCore leader = restingLeader();
            input.accept(leader);
            assertFalse(leader.isQuiescent());
            leader.drain();
            tick(leader, HEARTBEAT);
            List<Heartbeat> heartbeats = sent(leader.drain().sendNow(), N2, Heartbeat.class);
            assertFalse(heartbeats.isEmpty());
            assertFalse(heartbeats.get(0).quiesce());
        }

        static List<Consumer<RaftCore>> inputsThatDoNot() {
            return List.of(
                    leader -> leader.step(N2, new HeartbeatResponse(2, 1, true)),
                    leader -> leader.step(STRANGER, new AppendAccepted(2, 2)),
                    leader -> leader.disconnected(STRANGER),
                    leader -> leader.silent(STRANGER, ELECTION_TIMEOUT),
                    leader -> leader.disconnected(N1),
                    leader -> leader.permitQuiescence(false));
        }

        @ParameterizedTest
        @MethodSource("inputsThatDoNot")
        @DisplayName("that rests is not woken by late answers or by strangers")
        void staysAsleep(Consumer<RaftCore> input) {
            RaftCore leader = restingLeader();
            input.accept(leader);
            assertTrue(leader.isQuiescent());
        }

        @Test
        @DisplayName("takes up its check of a quorum where its driver has kept count of the silence")
        void checkQuorum() {
            RaftCore leader = restingLeader();
            leader.silent(N2, ELECTION_TIMEOUT);
            leader.tick();
            assertEquals(RaftCore.Role.LEADER, leader.role(), "one of three may be away");
            leader.silent(N3, ELECTION_TIMEOUT);
            leader.tick();
            assertEquals(RaftCore.Role.FOLLOWER, leader.role());
        }

        @Test
        @DisplayName("that was woken gives followers that it did not listen to a whole timeout")
        void fullPatienceAfterWaking() {
            RaftCore leader = restingLeader();
            leader.wake();
            tick(leader, ELECTION_TIMEOUT - 1);
            assertEquals(RaftCore.Role.LEADER, leader.role());
            leader.tick();
            assertEquals(RaftCore.Role.FOLLOWER, leader.role());
        }

        @Test
        @DisplayName("asks a majority before it serves a read, for no lease outlasts its rest")
        void noLeaseWhileResting() {
            RaftCore leader = restingLeader(QUIESCING.withLeases(ELECTION_TIMEOUT - 2));
            leader.readIndex(1);
            Outputs asked = leader.drain();
            assertTrue(asked.reads().isEmpty(), "time has passed that nobody counted");
            long round = sent(asked.sendNow(), N2, Heartbeat.class).get(0).round();
            leader.step(N2, new HeartbeatResponse(2, round));
            assertEquals(List.of(new ReadOutcome.Granted(1, 2)), leader.drain().reads());
        }

        @Test
        @DisplayName("hands over from its rest")
        void transfersFromRest() {
            RaftCore leader = restingLeader();
            assertInstanceOf(TransferResult.Started.class, leader.transferLeadership(N3));
            assertEquals(List.of(new TimeoutNow(2)), sent(leader.drain().sendNow(), N3, TimeoutNow.class));
        }

        @Test
        @DisplayName("that steps down does not rest as a follower")
        void stepsDown() {
            RaftCore leader = restingLeader();
            leader.stepDown(FollowerCause.ASKED_TO, "told to");
            assertFalse(leader.isQuiescent());
        }
    }

    @Nested
    @DisplayName("a follower")
    class OfFollower {
        @Test
        @DisplayName("rests when it is asked to, and neither says anything nor campaigns")
        void rests() {
            RaftCore follower = core(QUIESCING, 3, new HardState(1, Optional.empty()), 1);
            follower.step(N2, append(1, id(1, 1), 1));
            persistAll(follower);
            follower.step(N2, new Heartbeat(1, 1, 7, true));
            Outputs outputs = follower.drain();
            assertEquals(List.of(to(N2, new HeartbeatResponse(1, 7, true))), outputs.sendNow());
            tick(follower, LONG);
            assertFalse(follower.hasOutputs());
            assertEquals(RaftCore.Role.FOLLOWER, follower.role());
            assertEquals(Optional.of(N2), follower.leader());
        }

        @Test
        @DisplayName("does not rest while its log is ahead of what is committed, or not yet durable")
        void notWhileBehind() {
            RaftCore follower = core(QUIESCING, 3, new HardState(1, Optional.empty()), 1);
            follower.step(N2, append(1, id(1, 1), 1, entry(1, 2)));
            follower.step(N2, new Heartbeat(1, 1, 1, true));
            assertFalse(follower.isQuiescent(), "entry 2 may or may not be committed");
            Outputs writing = follower.drain();
            follower.step(N2, new Heartbeat(1, 2, 2, true));
            assertFalse(follower.isQuiescent(), "entry 2 is on its way to the disk");
            follower.persisted(writing.persist().sequence());
            follower.step(N2, new Heartbeat(1, 2, 3, true));
            assertTrue(follower.isQuiescent());
        }

        @Test
        @DisplayName("does not rest while one of its reads waits for the leader")
        void notWhileReading() {
            RaftCore follower = core(QUIESCING, 3, new HardState(1, Optional.empty()), 1);
            follower.step(N2, append(1, id(1, 1), 1));
            persistAll(follower);
            follower.readIndex(1);
            follower.drain();
            follower.step(N2, new Heartbeat(1, 1, 1, true));
            assertFalse(follower.isQuiescent());
            tick(follower, ELECTION_TIMEOUT);
            assertEquals(1, follower.drain().reads().size(), "unanswered reads end");
        }

        @Test
        @DisplayName("does not rest if its own driver or configuration does not let it")
        void notPermitted() {
            RaftCore forbidden = core(QUIESCING, 3, new HardState(1, Optional.empty()), 1);
            forbidden.permitQuiescence(false);
            RaftCore off = core(CONFIG, 3, new HardState(1, Optional.empty()), 1);
            for (RaftCore follower : List.of(forbidden, off)) {
                follower.step(N2, append(1, id(1, 1), 1));
                persistAll(follower);
                follower.step(N2, new Heartbeat(1, 1, 1, true));
                assertFalse(follower.isQuiescent());
                assertEquals(
                        List.of(to(N2, new HeartbeatResponse(1, 1, false))),
                        follower.drain().sendNow());
            }
        }

        static List<Message> messagesThatWake() {
            return List.of(
                    new Heartbeat(1, 1, 2),
                    append(1, id(1, 1), 1),
                    new TimeoutNow(1),
                    new Heartbeat(2, 0, 1, true),
                    new VoteRequest(2, id(1, 1), false),
                    new PreVoteRequest(2, id(1, 1)),
                    new PreVoteResponse(1, false));
        }

        @ParameterizedTest
        @MethodSource("messagesThatWake")
        @DisplayName("that rests is woken by any message that is not about resting in its term")
        void wokenByMessages(Message message) {
            RaftCore follower = restingFollower();
            follower.step(N2, message);
            assertFalse(follower.isQuiescent());
        }

        @Test
        @DisplayName("goes on resting when it is asked again, and says so")
        void askedAgain() {
            RaftCore follower = restingFollower();
            follower.step(N2, new Heartbeat(1, 1, 2, true));
            assertTrue(follower.isQuiescent());
            Outputs outputs = follower.drain();
            assertEquals(List.of(to(N2, new HeartbeatResponse(1, 2, true))), outputs.sendNow());
            assertTrue(outputs.events().isEmpty(), "no news");
        }

        @Test
        @DisplayName("tells its leader when something else has woken it, so that the leader keeps it from campaigning")
        void tellsTheLeader() {
            RaftCore follower = restingFollower();
            follower.step(N3, new PreVoteRequest(2, id(1, 1)));
            Outputs outputs = follower.drain();
            assertEquals(
                    List.of(to(N2, new HeartbeatResponse(1, 0)), to(N3, new PreVoteResponse(1, false))),
                    outputs.sendNow(),
                    "it believes in its leader still, and so supports nobody else");
            assertEquals(List.of(new RaftEvent.Woken(1, WakeReason.MESSAGE)), events(outputs, RaftEvent.Woken.class));
        }

        @Test
        @DisplayName("does not tell its leader what the leader has woken it with")
        void wokenByTheLeader() {
            RaftCore follower = restingFollower();
            follower.step(N2, new Heartbeat(1, 1, 2));
            assertEquals(
                    List.of(to(N2, new HeartbeatResponse(1, 2))),
                    follower.drain().sendNow());
        }

        @Test
        @DisplayName("that was woken campaigns, unless it hears its leader, after a whole timeout and at most two")
        void campaignsAfterWaking() {
            RaftCore follower = restingFollower();
            follower.wake();
            tick(follower, ELECTION_TIMEOUT - 1);
            assertEquals(RaftCore.Role.FOLLOWER, follower.role());
            tick(follower, ELECTION_TIMEOUT);
            assertEquals(RaftCore.Role.PRE_CANDIDATE, follower.role());
        }

        @Test
        @DisplayName("counts the silence of its leader's node as if it had listened itself")
        void silentLeader() {
            RaftCore follower = restingFollower();
            follower.silent(N2, ELECTION_TIMEOUT);
            assertFalse(follower.isQuiescent());
            follower.drain();
            follower.step(N3, new PreVoteRequest(2, id(1, 1)));
            assertEquals(
                    List.of(to(N3, new PreVoteResponse(2, true))),
                    follower.drain().sendNow(),
                    "nobody has heard of the leader for a timeout");
        }

        @Test
        @DisplayName("campaigns within another timeout when the node of its leader is silent")
        void silentLeaderIsReplaced() {
            RaftCore follower = restingFollower();
            follower.silent(N2, ELECTION_TIMEOUT);
            tick(follower, ELECTION_TIMEOUT);
            assertEquals(RaftCore.Role.PRE_CANDIDATE, follower.role());
        }

        @Test
        @DisplayName("campaigns soon when the connection to its leader breaks")
        void lostLeader() {
            RaftCore follower = restingFollower();
            follower.disconnected(N2);
            tick(follower, 2 * HEARTBEAT);
            assertEquals(RaftCore.Role.PRE_CANDIDATE, follower.role());
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 3, 9})
        @DisplayName("does not care for nodes other than its leader's")
        void otherNodes(int node) {
            RaftCore follower = restingFollower();
            follower.disconnected(new NodeId(node));
            follower.silent(new NodeId(node), ELECTION_TIMEOUT);
            assertTrue(follower.isQuiescent());
        }

        @Test
        @DisplayName(
                "keeps the promise of a lease over its rest: it supports nobody before its driver finds the leader silent")
        void leaseOutlastsRest() {
            RaftCore follower = restingFollower(QUIESCING.withLeases(ELECTION_TIMEOUT - 2));
            tick(follower, LONG);
            follower.step(N3, new VoteRequest(2, id(1, 1), false));
            assertEquals(1, follower.term(), "the leader may have been heard just now");
            follower.drain();
            follower.silent(N2, ELECTION_TIMEOUT);
            follower.step(N3, new VoteRequest(2, id(1, 1), false));
            assertEquals(2, follower.term());
        }

        @Test
        @DisplayName("asks its leader from its rest when somebody reads")
        void reads() {
            RaftCore follower = restingFollower();
            follower.readIndex(1);
            assertEquals(
                    1,
                    sent(follower.drain().sendNow(), N2, ReadIndexRequest.class).size());
        }
    }

    @Test
    @DisplayName("candidates take no notice of the silence of nodes")
    void candidates() {
        RaftCore core = core(QUIESCING, 3, new HardState(1, Optional.empty()), 1);
        tick(core, 2 * ELECTION_TIMEOUT);
        assertEquals(RaftCore.Role.PRE_CANDIDATE, core.role());
        core.silent(N2, ELECTION_TIMEOUT);
        core.step(N2, new PreVoteResponse(2, true));
        assertEquals(RaftCore.Role.CANDIDATE, core.role());
        core.silent(N2, ELECTION_TIMEOUT);
        core.wake();
        assertEquals(RaftCore.Role.CANDIDATE, core.role());
    }

    @Test
    @DisplayName("a follower that its driver lets rest no more wakes when its leader asks it to go on resting")
    void mayRestNoMore() {
        RaftCore follower = restingFollower();
        follower.permitQuiescence(false);
        assertTrue(follower.isQuiescent(), "until something happens");
        follower.step(N2, new Heartbeat(1, 1, 2, true));
        assertFalse(follower.isQuiescent());
        assertEquals(
                List.of(to(N2, new HeartbeatResponse(1, 2, false))),
                follower.drain().sendNow());
    }

    @Test
    @DisplayName("a follower tells its leader that the leader's node was silent, but not over a connection that broke")
    void tellsOnlyWhoIsThere() {
        RaftCore silent = restingFollower();
        silent.silent(N2, ELECTION_TIMEOUT);
        assertEquals(
                List.of(to(N2, new HeartbeatResponse(1, 0))), silent.drain().sendNow());
        RaftCore broken = restingFollower();
        broken.disconnected(N2);
        assertEquals(List.of(), broken.drain().sendNow());
    }

    @Test
    @DisplayName("a follower that counts time itself adds only what its driver knows beyond that")
    void silenceIsNotCountedTwice() {
        RaftCore follower = core(QUIESCING, 3, new HardState(1, Optional.empty()), 1);
        follower.step(N2, append(1, id(1, 1), 1));
        tick(follower, 5);
        follower.silent(N2, 6);
        tick(follower, ELECTION_TIMEOUT - 7);
        assertEquals(RaftCore.Role.FOLLOWER, follower.role());
    }

    @Test
    @DisplayName("a leader that wakes counts the silence of all its followers anew")
    void silenceBeforeRest() {
        RaftCore leader = idleLeader(QUIESCING);
        long round = awaitRequest(leader, true);
        leader.step(N2, new HeartbeatResponse(2, round, true));
        tick(leader, HEARTBEAT + 1);
        leader.step(N3, new HeartbeatResponse(2, round, true));
        assertTrue(leader.isQuiescent());
        assertEquals(HEARTBEAT + 1, leader.followers().get(0).silentTicks(), "as of when it went to rest");
        leader.wake();
        assertEquals(0, leader.followers().get(0).silentTicks());
    }
}

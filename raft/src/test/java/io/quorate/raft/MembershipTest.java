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
import static io.quorate.raft.CoreFixture.events;
import static io.quorate.raft.CoreFixture.follower;
import static io.quorate.raft.CoreFixture.heartbeat;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.leader;
import static io.quorate.raft.CoreFixture.persistAll;
import static io.quorate.raft.CoreFixture.recovered;
import static io.quorate.raft.CoreFixture.sent;
import static io.quorate.raft.CoreFixture.tick;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.TimeoutNow;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Membership changes (§6, thesis §4)")
class MembershipTest {
    private static final NodeId N4 = new NodeId(4);
    private static final NodeId N5 = new NodeId(5);

    private static List<NodeId> nodes(String ids) {
        return ids.isBlank()
                ? List.of()
                : Stream.of(ids.trim().split(" +"))
                        .map(node -> new NodeId(Integer.parseInt(node)))
                        .toList();
    }

    private static Membership members(String voters, String outgoing, String learners) {
        return new Membership(nodes(voters), nodes(outgoing), nodes(learners));
    }

    private static LogEntry membershipEntry(long term, long index, Membership membership) {
        return new LogEntry(id(term, index), EntryType.MEMBERSHIP, 0, 0, 0, membership.encode());
    }

    /** Of three, in term 2; its no-op at index 2 is on all disks. */
    private static RaftCore settledLeader() {
        RaftCore core = leader(1);
        acknowledge(core, N2, N3);
        return core;
    }

    private static void acknowledge(RaftCore core, NodeId... followers) {
        persistAll(core);
        for (NodeId follower : followers) {
            core.step(follower, new AppendAccepted(core.term(), core.lastIndex()));
        }
        persistAll(core);
    }

    private static String refusal(MembershipResult result) {
        return assertInstanceOf(MembershipResult.Refused.class, result).reason();
    }

    // ------------------------------------------------------------------------------------------------ arithmetic

    @ParameterizedTest(name = "voters {0}, outgoing {1}: {2} are a quorum: {3}")
    @CsvSource({
        "1 2 3, '', 1 2, true",
        "1 2 3, '', 1, false",
        "1 2 3, '', 4 5 6, false",
        "1 2 3, 3 4 5, 1 2, false",
        "1 2 3, 3 4 5, 4 5, false",
        "1 2 3, 3 4 5, 2 3 4, true",
        "1 2 3, 3 4 5, 1 2 4 5, true",
        "1, 1 2 3, 1, false",
        "1, 1 2 3, 1 3, true"
    })
    @DisplayName("a joint membership needs a majority of each of its electorates")
    void quorums(String voters, String outgoing, String yes, boolean quorum) {
        Membership membership = members(voters, outgoing, "");
        assertEquals(quorum, membership.hasQuorum(nodes(yes)::contains));
    }

    @Test
    @DisplayName("an agreed index is the lower one of what the electorates agree on")
    void agreed() {
        Membership membership = members("1 2 3", "3 4 5", "");
        assertEquals(20, membership.agreed(node -> node.value() * 10L));
        assertEquals(20, membership.agreed(node -> 60 - node.value() * 10L));
    }

    @Test
    @DisplayName("a membership survives its encoding; other bytes are none")
    void codec() {
        for (Membership membership : List.of(members("1", "", ""), members("3 1 2", "2 4", "9 8"))) {
            assertEquals(Optional.of(membership), Membership.decode(membership.encode()));
            byte[] bytes = membership.encode().toByteArray();
            for (int length = 0; length < bytes.length; length++) {
                assertEquals(Optional.empty(), Membership.decode(Payload.wrap(bytes, 0, length)));
            }
        }
        assertEquals(Optional.empty(), Membership.decode(Payload.wrap(new byte[16])), "no voter, and a rest");
        assertEquals(
                Optional.empty(), Membership.decode(Payload.wrap(new byte[] {127, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})));
    }

    @Test
    @DisplayName("the version is part of it; that of old memberships, which have none, is 0")
    void versions() {
        Membership versioned = new Membership(nodes("1 2"), nodes("2 3"), nodes("4"), 7);
        byte[] bytes = versioned.encode().toByteArray();
        byte[] without = members("1 2", "2 3", "4").encode().toByteArray();

        assertEquals(Optional.of(versioned), Membership.decode(Payload.wrap(bytes)));
        assertEquals(bytes.length - Integer.BYTES, without.length);
        assertEquals(0, Membership.decode(Payload.wrap(without)).orElseThrow().version());
        assertEquals(Optional.empty(), Membership.decode(Payload.wrap(bytes, 0, bytes.length - 1)));
        bytes[bytes.length - 1] = 0;
        assertEquals(Optional.empty(), Membership.decode(Payload.wrap(bytes)), "0 is not written");
        bytes[bytes.length - 4] = -1;
        assertEquals(Optional.empty(), Membership.decode(Payload.wrap(bytes)), "below 0");
        assertEquals(
                Optional.empty(),
                Membership.decode(Payload.wrap(Arrays.copyOf(versioned.encode().toByteArray(), 40))));
    }

    @Test
    @DisplayName("nobody is a voter and a learner, and numbers are bounded")
    void impossible() {
        assertThrows(IllegalArgumentException.class, () -> members("1 2", "", "2"));
        assertThrows(IllegalArgumentException.class, () -> members("1 2", "3", "3"));
        assertThrows(IllegalArgumentException.class, () -> CoreFixture.voters(Membership.MAX_NODES + 1));
    }

    // ---------------------------------------------------------------------------------------------------- leader

    @Test
    @DisplayName(
            "new voters become learners first, voters jointly when they have caught up, and the joint phase is left")
    void steps() {
        RaftCore core = settledLeader();
        Membership wanted = members("1 2 3 4", "", "");
        assertEquals(new MembershipResult.Started(), core.changeMembership(wanted));
        assertEquals(members("1 2 3", "", "4"), core.membership());
        acknowledge(core, N2, N3);
        assertEquals(3, core.commitIndex());
        assertEquals(members("1 2 3", "", "4"), core.membership(), "n4 has not caught up");
        core.step(N4, new AppendAccepted(2, 3));
        acknowledge(core, N2);
        assertEquals(members("1 2 3 4", "1 2 3", ""), core.membership());
        acknowledge(core, N2, N4);
        assertEquals(wanted, core.membership());
        assertEquals(5, core.lastIndex());
        assertEquals(List.of(N2, N3, N4), core.membership().others(N1));
        assertEquals(members("1 2 3 4", "1 2 3", ""), core.membershipAt(4));
        assertEquals(members("1 2 3", "", "4"), core.membershipAt(3));
    }

    @Test
    @DisplayName("learners come and go without a joint phase, and count for nothing")
    void learners() {
        RaftCore core = settledLeader();
        core.changeMembership(members("1 2 3", "", "4 5"));
        persistAll(core);
        core.step(N4, new AppendAccepted(2, 3));
        core.step(N5, new AppendAccepted(2, 3));
        assertEquals(2, core.commitIndex());
        core.step(N2, new AppendAccepted(2, 3));
        assertEquals(3, core.commitIndex());
        core.changeMembership(members("1 2 3", "", ""));
        assertEquals(members("1 2 3", "", ""), core.membership());
    }

    @Test
    @DisplayName("in the joint phase an entry needs both electorates")
    void jointCommit() {
        RaftCore core = settledLeader();
        core.changeMembership(members("1 4 5", "", ""));
        acknowledge(core, N2, N3, N4, N5);
        acknowledge(core, N2);
        assertEquals(members("1 4 5", "1 2 3", ""), core.membership());
        long jointIndex = core.lastIndex();
        core.step(N2, new AppendAccepted(2, jointIndex));
        core.step(N3, new AppendAccepted(2, jointIndex));
        assertTrue(core.commitIndex() < jointIndex, "the new voters lack it");
        core.step(N4, new AppendAccepted(2, jointIndex));
        assertEquals(jointIndex, core.commitIndex());
    }

    @Test
    @DisplayName("a leader that is removed hands over and steps down when the change is committed, not before")
    void removesItself() {
        RaftCore core = settledLeader();
        core.changeMembership(members("2 3", "", ""));
        assertEquals(members("2 3", "1 2 3", ""), core.membership());
        acknowledge(core, N2, N3);
        assertEquals(members("2 3", "", ""), core.membership());
        assertEquals(RaftCore.Role.LEADER, core.role());
        persistAll(core);
        core.step(N2, new AppendAccepted(2, 4));
        assertEquals(RaftCore.Role.LEADER, core.role(), "it does not count itself any more");
        core.step(N3, new AppendAccepted(2, 4));
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
        assertEquals(4, core.commitIndex());
        assertEquals(1, sent(core.drain().sendNow(), N2, TimeoutNow.class).size());
        tick(core, 5 * ELECTION_TIMEOUT);
        assertEquals(RaftCore.Role.FOLLOWER, core.role(), "it never campaigns again");
        assertEquals(2, core.term());
    }

    @Test
    @DisplayName(
            "who is removed by a change that nobody else has campaigns to bring it to the others, without its own vote")
    void removedButNeeded() {
        MembershipHistory memberships = new MembershipHistory(CoreFixture.voters(3))
                .add(2, members("2 3", "1 2 3", ""))
                .add(3, members("2 3", "", ""));
        RaftCore core = new RaftCore(
                CONFIG, N1, memberships, recovered(new HardState(1, Optional.of(N1)), 1, 1, 1), new Prng(1));
        tick(core, 2 * ELECTION_TIMEOUT);
        assertEquals(RaftCore.Role.PRE_CANDIDATE, core.role());
        core.step(N2, new PreVoteResponse(2, true));
        assertEquals(RaftCore.Role.PRE_CANDIDATE, core.role(), "one of two, for its own does not count");
        core.step(N3, new PreVoteResponse(2, true));
        persistAll(core);
        core.step(N2, new VoteResponse(2, true));
        core.step(N3, new VoteResponse(2, true));
        assertEquals(RaftCore.Role.LEADER, core.role());
        persistAll(core);
        core.step(N2, new AppendAccepted(2, 4));
        core.step(N3, new AppendAccepted(2, 4));
        assertEquals(RaftCore.Role.FOLLOWER, core.role(), "the change is committed");
        tick(core, 5 * ELECTION_TIMEOUT);
        assertEquals(RaftCore.Role.FOLLOWER, core.role(), "it never campaigns again");
    }

    @Test
    @DisplayName("one change at a time; but who waits for learners may be asked for something else")
    void oneAtATime() {
        RaftCore core = settledLeader();
        core.changeMembership(members("1 2", "", ""));
        assertTrue(refusal(core.changeMembership(members("1 2 3", "", ""))).startsWith("another change is under way"));
        RaftCore waiting = settledLeader();
        waiting.changeMembership(members("1 2 3 4", "", ""));
        acknowledge(waiting, N2, N3);
        assertEquals(new MembershipResult.Started(), waiting.changeMembership(members("1 2 3", "", "")));
        assertEquals(members("1 2 3", "", ""), waiting.membership());
    }

    @Test
    @DisplayName("a group that has come to a version goes back to no earlier one, whoever leads it")
    void versionsDoNotFall() {
        RaftCore core = settledLeader();
        assertEquals(new MembershipResult.Started(), core.changeMembership(new Membership(nodes("1 2 3"), 2)));
        assertEquals(new Membership(nodes("1 2 3"), 2), core.membership(), "the same members, by a later wish");
        acknowledge(core, N2, N3);
        assertEquals(3, core.commitIndex());
        String refusal = refusal(core.changeMembership(new Membership(nodes("1 2"), 1)));
        assertTrue(refusal.startsWith("members of version 1 are not wanted any more"), refusal);

        MembershipHistory inherited = new MembershipHistory(CoreFixture.voters(3)).add(2, core.membership());
        RaftCore next =
                new RaftCore(CONFIG, N1, inherited, recovered(new HardState(1, Optional.empty()), 1, 1), new Prng(1));
        CoreFixture.elect(next);
        acknowledge(next, N2);
        assertInstanceOf(MembershipResult.Refused.class, next.changeMembership(new Membership(nodes("1 2 3 4"), 1)));
        assertEquals(new MembershipResult.Started(), next.changeMembership(new Membership(nodes("1 2 3 4"), 3)));
    }

    @Test
    @DisplayName("every step on the way is of the version that it leads to")
    void stepsHaveVersions() {
        RaftCore core = settledLeader();
        core.changeMembership(new Membership(nodes("1 2 3 4"), 5));
        assertEquals(new Membership(nodes("1 2 3"), List.of(), nodes("4"), 5), core.membership());
        acknowledge(core, N2, N3, N4);
        assertEquals(new Membership(nodes("1 2 3 4"), nodes("1 2 3"), List.of(), 5), core.membership());
        acknowledge(core, N2, N3, N4);

        assertEquals(new Membership(nodes("1 2 3 4"), 5), core.membership());
    }

    @Test
    @DisplayName("it is refused before an own entry is committed, during a transfer, and by who does not lead")
    void refused() {
        Membership wanted = members("1 2", "", "");
        assertEquals(
                "this leader has not yet committed an entry of its own",
                refusal(leader(1).changeMembership(wanted)));
        RaftCore core = settledLeader();
        core.transferLeadership(N2);
        assertEquals("leadership is being handed over", refusal(core.changeMembership(wanted)));
        assertEquals(
                new MembershipResult.NotLeader(Optional.empty()), follower(1).changeMembership(wanted));
        assertThrows(IllegalArgumentException.class, () -> core.changeMembership(members("1", "2", "")));
    }

    @Test
    @DisplayName("a new leader that inherits a joint membership leaves it once its own entry is committed")
    void inheritsJoint() {
        MembershipHistory memberships =
                new MembershipHistory(CoreFixture.voters(3)).add(2, members("1 2", "1 2 3", ""));
        RaftCore core =
                new RaftCore(CONFIG, N1, memberships, recovered(new HardState(1, Optional.empty()), 1, 1), new Prng(1));
        CoreFixture.elect(core);
        persistAll(core);
        assertEquals(RaftCore.Role.LEADER, core.role());
        core.step(N2, new AppendAccepted(2, 3));
        assertEquals(members("1 2", "", ""), core.membership());
    }

    @Test
    @DisplayName("a transfer goes to voters only, and ends when its target is none any more")
    void transferAndMembership() {
        RaftCore core = settledLeader();
        core.changeMembership(members("1 2 3", "", "4"));
        acknowledge(core, N2, N3, N4);
        assertInstanceOf(TransferResult.Refused.class, core.transferLeadership(N4));
        RaftCore joint = settledLeader();
        joint.changeMembership(members("1 2", "", ""));
        persistAll(joint);
        joint.step(N3, new AppendAccepted(2, 3));
        joint.transferLeadership(N3);
        joint.step(N2, new AppendAccepted(2, 3));
        assertEquals(Optional.empty(), joint.transferTarget());
        assertEquals(1, events(joint.drain(), RaftEvent.TransferAborted.class).size());
    }

    // ------------------------------------------------------------------------------------------- other members

    @Test
    @DisplayName("a membership is in force when it is appended, and undone when its entry is cut")
    void inForceWhenAppended() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 0, membershipEntry(1, 2, members("1 2 3 4", "1 2 3", ""))));
        assertEquals(members("1 2 3 4", "1 2 3", ""), core.membership());
        persistAll(core);
        core.step(N3, append(2, id(1, 1), 0, CoreFixture.entry(2, 2)));
        assertEquals(CoreFixture.voters(3), core.membership());
    }

    @Test
    @DisplayName("an entry that says to be a membership and is none is dropped")
    void malformedEntry() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 0, new LogEntry(id(1, 2), EntryType.MEMBERSHIP, 0, 0, 0, Payload.utf8("x"))));
        assertEquals(1, events(core.drain(), RaftEvent.MessageDropped.class).size());
        assertEquals(1, core.lastIndex());
    }

    @Test
    @DisplayName("a node that is in no membership it knows follows whoever leads, and never campaigns")
    void joins() {
        RaftCore core = new RaftCore(
                CONFIG, N4, new MembershipHistory(CoreFixture.voters(3)), recovered(HardState.INITIAL), new Prng(1));
        tick(core, 5 * ELECTION_TIMEOUT);
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
        core.step(N1, new AppendRequest(1, EntryId.NONE, List.of(membershipEntry(1, 1, members("1 2 3", "", "4"))), 0));
        assertEquals(Optional.of(N1), core.leader());
        assertEquals(members("1 2 3", "", "4"), core.membership());
        assertEquals(
                List.of(new AppendAccepted(1, 1)), sent(persistAll(core).sendAfterPersist(), N1, AppendAccepted.class));
        core.step(N1, new TimeoutNow(1));
        assertEquals(RaftCore.Role.FOLLOWER, core.role(), "a learner takes over from nobody");
    }

    @Test
    @DisplayName("a leader that a member has not heard of yet is obeyed; a candidate or an answer of a stranger is not")
    void strangers() {
        RaftCore core = follower(1);
        core.step(N4, heartbeat(2, 0));
        assertEquals(Optional.of(N4), core.leader());
        core.step(N5, new VoteRequest(9, id(9, 9)));
        assertEquals(2, core.term());
        RaftCore leading = leader(1);
        leading.step(N4, new HeartbeatResponse(2, 0));
        assertEquals(1, events(leading.drain(), RaftEvent.MessageDropped.class).size());
        leading.loaded(N4, 1, List.of());
        leading.snapshotLoaded(N4, Optional.empty());
        assertFalse(leading.hasOutputs());
    }

    @Test
    @DisplayName("in a joint membership a candidate needs the votes of both electorates")
    void jointElection() {
        MembershipHistory memberships =
                new MembershipHistory(CoreFixture.voters(3)).add(1, members("1 4 5", "1 2 3", ""));
        RaftCore core =
                new RaftCore(CONFIG, N1, memberships, recovered(new HardState(1, Optional.of(N2)), 1), new Prng(1));
        core.step(N2, heartbeat(1, 0));
        core.step(N2, new TimeoutNow(1));
        persistAll(core);
        core.step(N2, new VoteResponse(2, true));
        core.step(N3, new VoteResponse(2, true));
        assertEquals(RaftCore.Role.CANDIDATE, core.role());
        core.step(N5, new VoteResponse(2, true));
        assertEquals(RaftCore.Role.LEADER, core.role());
    }

    @Test
    @DisplayName("a learner has caught up when it has what was committed one to two heartbeat intervals ago")
    void caughtUp() {
        RaftCore core = settledLeader();
        core.changeMembership(members("1 2 3 4", "", ""));
        acknowledge(core, N2);
        assertEquals(members("1 2 3", "", "4"), core.membership());
        core.propose(command(1));
        acknowledge(core, N2);
        long committed = core.commitIndex();
        tick(core, 2 * HEARTBEAT);
        core.propose(command(1));
        acknowledge(core, N2);
        core.step(N4, new AppendAccepted(2, committed - 1));
        persistAll(core);
        assertFalse(core.membership().isJoint(), "it lacks an entry of then");
        core.step(N4, new AppendAccepted(2, committed));
        assertTrue(core.membership().isJoint(), "what came later it may lack");
    }

    @Test
    @DisplayName("what was committed less than a heartbeat interval ago need not have reached a learner")
    void caughtUpLately() {
        RaftCore core = settledLeader();
        tick(core, HEARTBEAT);
        core.changeMembership(members("1 2 3 4", "", ""));
        acknowledge(core, N2);
        core.propose(command(1));
        acknowledge(core, N2);
        tick(core, HEARTBEAT - 1);
        core.step(N4, new AppendAccepted(2, 2));
        core.propose(command(1));
        acknowledge(core, N2);
        assertTrue(core.membership().isJoint());
    }

    @Test
    @DisplayName(
            "a leader that is removed asks the voter that has the most to campaign, though it lacks what was appended last")
    void findsSuccessor() {
        RaftCore core = settledLeader();
        core.changeMembership(members("2 3 4", "", "5"));
        acknowledge(core, N2, N3);
        core.step(N4, new AppendAccepted(2, core.lastIndex()));
        acknowledge(core, N2, N3, N4);
        assertEquals(members("2 3 4", "", "5"), core.membership());
        core.propose(command(1));
        persistAll(core);
        core.step(N5, new AppendAccepted(2, core.lastIndex()));
        core.step(N3, new AppendAccepted(2, core.lastIndex() - 1));
        core.step(N4, new AppendAccepted(2, core.lastIndex() - 1));
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
        assertEquals(
                List.of(new Envelope(N3, new TimeoutNow(2))),
                core.drain().sendNow().stream()
                        .filter(envelope -> envelope.message() instanceof TimeoutNow)
                        .toList(),
                "a learner that has everything is not asked");
    }

    @Test
    @DisplayName(
            "as many nodes of a kind as are allowed are a membership, on the wire too; bytes after it make it none")
    void most() {
        Membership most = CoreFixture.voters(Membership.MAX_NODES);
        assertEquals(Optional.of(most), Membership.decode(most.encode()));
        byte[] longer = Arrays.copyOf(members("1", "", "").encode().toByteArray(), 20);
        assertEquals(Optional.empty(), Membership.decode(Payload.wrap(longer)));
    }

    @Test
    @DisplayName(
            "what was committed since the heartbeat interval before the last began need not have reached a learner")
    void caughtUpBetweenMarks() {
        RaftCore core = settledLeader();
        tick(core, HEARTBEAT);
        core.changeMembership(members("1 2 3 4", "", ""));
        acknowledge(core, N2);
        assertEquals(3, core.commitIndex());
        tick(core, HEARTBEAT + 1);
        core.step(N4, new AppendAccepted(2, 2));
        assertTrue(core.membership().isJoint());
    }

    @Test
    @DisplayName("a leader keeps one progress of each member when the members change")
    void followersChange() {
        RaftCore core = settledLeader();
        core.changeMembership(members("1 2 3", "", "4"));
        assertEquals(
                List.of(N2, N3, N4),
                core.followers().stream().map(FollowerStatus::follower).toList());
        acknowledge(core, N2, N3);
        core.changeMembership(members("1 2 3", "", ""));
        assertEquals(
                List.of(N2, N3),
                core.followers().stream().map(FollowerStatus::follower).toList());
    }

    private static RaftCore learner() {
        RaftCore core = new RaftCore(
                CONFIG,
                N4,
                new MembershipHistory(members("1 2 3", "", "4")),
                recovered(new HardState(1, Optional.empty()), 1),
                new Prng(1));
        core.step(N1, heartbeat(1, 1));
        core.drain();
        return core;
    }

    @Test
    @DisplayName("a learner that is asked to take over declines, and says so")
    void learnerDeclines() {
        RaftCore core = learner();
        core.step(N1, new TimeoutNow(1));
        assertEquals(
                List.of(new RaftEvent.TransferDeclined(1, N1, TransferFailure.NOT_A_VOTER, "it is no voter")),
                core.drain().events());
    }

    @Test
    @DisplayName("a learner that does not hear its leader does not campaign, but forgets it, and says so")
    void learnerForgetsItsLeader() {
        RaftCore core = learner();
        tick(core, 2 * ELECTION_TIMEOUT);
        assertEquals(RaftCore.Role.FOLLOWER, core.role());
        assertEquals(Optional.empty(), core.leader());
        assertEquals(
                FollowerCause.NOT_A_VOTER,
                events(core.drain(), RaftEvent.BecameFollower.class).get(0).cause());
    }

    @Test
    @DisplayName("who knows of no leader listens to strangers that want to be it, and to nothing else of theirs")
    void strangersThatCampaign() {
        RaftCore core = follower(1);
        core.step(N5, new PreVoteRequest(2, id(1, 1)));
        core.step(N5, new VoteRequest(2, id(1, 1)));
        Outputs heard = persistAll(core);
        assertEquals(2, core.term());
        assertEquals(1, sent(heard.sendNow(), N5, PreVoteResponse.class).size());
        assertEquals(List.of(new VoteResponse(2, true)), sent(heard.sendAfterPersist(), N5, VoteResponse.class));
        core.step(N5, new HeartbeatResponse(3, 0));
        assertEquals(1, events(core.drain(), RaftEvent.MessageDropped.class).size());
        assertEquals(2, core.term());
    }
}

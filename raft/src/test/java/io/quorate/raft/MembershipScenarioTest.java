/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CalmGroup.voters;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole groups whose members change while others fail; by the numbers of the list in {@code docs/testing.md}. */
@DisplayName("A group whose members change")
class MembershipScenarioTest {
    @Test
    @DisplayName("RF-03 a leader changes members and steps down within its term: a late candidate of it gets no vote")
    void keepsItsVote() {
        CalmGroup group = new CalmGroup(4, 3);
        group.elect(1);
        group.rounds(3);
        group.become(voters(1, 2, 3, 4));
        long term = group.core(1).term();

        group.core(1).stepDown(FollowerCause.DISK_STALLED, "its disk does not answer");
        group.core(1).step(new NodeId(3), new VoteRequest(term, group.core(1).lastEntry(), true));
        Outputs answer = group.member(1).drain();

        assertEquals(RaftCore.Role.FOLLOWER, group.core(1).role());
        assertEquals(
                List.of(new VoteResponse(term, false)),
                answer.sendNow().stream().map(Envelope::message).toList());
    }

    @Test
    @DisplayName("RF-10 two leaders change members from the same base: the second waits for its own entry, and wins")
    void changesFromTheSameBase() {
        CalmGroup group = new CalmGroup(4, 4);
        group.elect(1);
        group.rounds(3);
        group.cut(1);
        assertInstanceOf(MembershipResult.Started.class, group.change(group.member(1), voters(1, 2, 3)));
        assertTrue(group.core(1).membership().isJoint(), "in force, and nobody knows");

        group.elect(2);
        assertInstanceOf(
                MembershipResult.Refused.class,
                group.change(group.member(2), voters(2, 3, 4)),
                "nothing of its own term is committed");
        group.rounds(5);
        assertInstanceOf(MembershipResult.Started.class, group.change(group.member(2), voters(2, 3, 4)));
        group.rounds(10);
        group.heal();

        group.become(voters(2, 3, 4));
    }

    @Test
    @DisplayName("RF-11 the leader dies after any message of a change: the next one finishes or abandons it")
    void leaderDiesInTheMidst() {
        Membership before = voters(1, 2, 3);
        Membership after = voters(1, 4, 5);
        int finished = 0;
        int abandoned = 0;
        boolean diedAfterTheChange = false;
        for (int messages = 1; !diedAfterTheChange; messages++) {
            CalmGroup group = new CalmGroup(5, 3);
            group.elect(1);
            group.rounds(3);
            group.propose();
            group.change(group.member(1), after);
            int diesAt = group.delivered() + messages;
            while (group.delivered() < diesAt) {
                if (!group.deliverNext()) {
                    group.tick(1);
                }
            }
            diedAfterTheChange = group.core(1).membership().equals(after) && group.isAgreedOn(after);
            group.crash(1);

            group.await("leader", group::hasLeader);
            group.propose();
            int committed = group.committed();
            group.await("progress", () -> group.committed() > committed);
            group.await(
                    "simple membership",
                    () -> !group.leader().core().membership().isJoint());
            List<NodeId> voters = group.leader().core().membership().voters();
            assertTrue(voters.equals(before.voters()) || voters.equals(after.voters()), voters::toString);
            if (voters.equals(after.voters())) {
                finished++;
            } else {
                abandoned++;
            }
            group.start(1);
            group.become(after);
        }
        assertTrue(finished > 3 && abandoned > 3, finished + " finished, " + abandoned + " abandoned");
    }

    private enum Meanwhile {
        NOTHING,
        RESTART,
        SNAPSHOT
    }

    @ParameterizedTest(name = "meanwhile: {0}")
    @EnumSource
    @DisplayName("RF-12 a change that was never committed is undone when its leader comes back")
    void undone(Meanwhile meanwhile) {
        CalmGroup group = new CalmGroup(4, 3);
        group.elect(1);
        group.rounds(3);
        group.cut(1);
        group.change(group.member(1), voters(1, 2, 3, 4));
        assertFalse(group.core(1).membership().equals(voters(1, 2, 3)));

        group.elect(2);
        for (int i = 0; i < 5; i++) {
            group.propose();
            group.rounds(2);
        }
        if (meanwhile == Meanwhile.RESTART) {
            group.crash(1);
            group.start(1);
            assertFalse(group.core(1).membership().equals(voters(1, 2, 3)), "found again on its disk");
        } else if (meanwhile == Meanwhile.SNAPSHOT) {
            group.member(2).takeSnapshot(Long.MAX_VALUE);
            assertTrue(group.core(2).firstIndex() > group.core(1).lastIndex(), "nothing to go on from but a snapshot");
        }
        group.heal();

        group.await("agreement", () -> group.hasLeader() && group.isAgreedOn(voters(1, 2, 3)));
    }

    @Test
    @DisplayName(
            "RF-13 members come, go and are replaced one by one, the leader too, from one to five and back, under load")
    void walk() {
        CalmGroup group = new CalmGroup(7, 1);
        List<Membership> way = List.of(
                voters(1),
                voters(1, 2),
                voters(2),
                voters(2, 3),
                voters(1, 2, 3),
                voters(1, 2, 3, 4, 5),
                voters(3, 4, 5),
                voters(4, 5, 6),
                voters(5, 6, 7),
                voters(1, 6, 7),
                voters(1, 2, 7),
                voters(7));
        for (Membership next : way) {
            int committed = group.committed();
            group.become(next);
            assertTrue(group.committed() > committed);
        }
    }

    @Test
    @DisplayName(
            "RF-13 nobody is removed while leadership is handed over, and nobody is handed it who is being removed")
    void transferAndRemoval() {
        CalmGroup group = new CalmGroup(3, 3);
        group.elect(1);
        group.rounds(5);
        group.core(1).propose(new Proposal(EntryType.RECORDS, 1, 0, Payload.EMPTY));
        assertInstanceOf(TransferResult.Started.class, group.core(1).transferLeadership(new NodeId(2)));
        assertInstanceOf(MembershipResult.Refused.class, group.core(1).changeMembership(voters(1, 3)));
        group.rounds(30);

        group.become(voters(1, 3));
        SimMember leader = group.leader();
        assertInstanceOf(TransferResult.Refused.class, leader.core().transferLeadership(new NodeId(2)));
    }

    @Test
    @DisplayName("RF-14 a learner is promoted when it has caught up: not while it is away, nor half a snapshot behind")
    void promotion() {
        CalmGroup group = new CalmGroup(4, 3);
        group.elect(1);
        group.rounds(3);
        for (int i = 0; i < 8; i++) {
            group.propose();
            group.rounds(1);
        }
        group.member(1).takeSnapshot(Long.MAX_VALUE);
        group.cut(4);
        group.change(group.member(1), voters(1, 2, 3, 4));
        int committed = group.committed();
        for (int i = 0; i < 10; i++) {
            group.propose();
            group.rounds(2);
        }
        assertTrue(group.committed() >= committed + 10, "a learner that is away holds up nobody");
        assertEquals(voters(1, 2, 3).voters(), group.core(1).membership().voters());

        group.heal();
        boolean receiving = false;
        for (int i = 0; i < 500 && !receiving; i++) {
            if (!group.deliverNext()) {
                group.tick(1);
            }
            receiving = group.core(1).followers().stream()
                    .anyMatch(follower -> follower.follower().value() == 4 && follower.installing());
        }
        assertTrue(receiving, "it is sent a snapshot");
        group.crash(4);
        group.rounds(30);
        assertEquals(voters(1, 2, 3).voters(), group.core(1).membership().voters());
        group.start(4);

        group.await("promotion", () -> group.isAgreedOn(voters(1, 2, 3, 4)));
    }

    @Test
    @DisplayName("RF-15 a removed member that knows nothing of it campaigns in ever higher terms: nobody is disturbed")
    void removedMemberCampaigns() {
        CalmGroup group = new CalmGroup(4, 4);
        group.elect(1);
        group.rounds(3);
        group.cut(4);
        group.become(voters(1, 2, 3));
        long term = group.core(1).term();
        group.crash(4);
        group.member(4)
                .disk()
                .write(new Persist(
                        0,
                        Optional.of(new HardState(term + 40, Optional.empty())),
                        Optional.empty(),
                        OptionalLong.empty(),
                        List.of()));
        group.start(4);
        group.heal();

        for (int i = 0; i < 20; i++) {
            int committed = group.committed();
            group.propose();
            group.rounds(10);
            assertTrue(group.committed() > committed);
        }

        assertTrue(group.core(4).membership().isVoter(new NodeId(4)), "it believes to be a member");
        assertEquals(term, group.core(1).term());
        assertEquals(RaftCore.Role.LEADER, group.core(1).role());
    }
}

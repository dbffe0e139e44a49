/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.raft.Membership;
import io.quorate.raft.Persist;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.raft.log.SnapshotId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import io.quorate.sim.check.DurableImages;
import io.quorate.sim.check.Invariant;
import io.quorate.sim.check.Violation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Each step that Raft allows is allowed, and one wrong step after a good beginning is found and called by its name. */
@DisplayName("The model of a group")
class GroupModelTest {
    private static final NodeId N1 = new NodeId(1);
    private static final NodeId N2 = new NodeId(2);
    private static final NodeId N3 = new NodeId(3);
    private static final NodeId N4 = new NodeId(4);
    private static final Membership BEFORE = new Membership(List.of(N1, N2, N3));
    private static final Membership WITH_LEARNER = new Membership(List.of(N1, N2, N3), List.of(), List.of(N4));
    private static final Membership JOINT = new Membership(List.of(N1, N3, N4), List.of(N1, N2, N3), List.of());
    private static final Membership AFTER = new Membership(List.of(N1, N3, N4));

    private final LogEntry noOp = entry(1, 1, EntryType.NO_OP, "");
    private final LogEntry first = entry(1, 2, EntryType.COMMAND, "first");
    private final LogEntry second = entry(1, 3, EntryType.COMMAND, "second");
    private final Map<NodeId, Long> sequences = new LinkedHashMap<>();
    private GroupModel model = new GroupModel(1, List.of(N1, N2, N3));

    private record Image(HardState hardState, List<LogEntry> log) implements DurableImages.Image {
        @Override
        public long lastIndex() {
            return log.size();
        }

        @Override
        public Optional<LogEntry> entry(long index) {
            return index <= log.size() ? Optional.of(log.get((int) index - 1)) : Optional.empty();
        }
    }

    private static LogEntry entry(long term, long index, EntryType type, String text) {
        return new LogEntry(new EntryId(term, index), type, 0, 0, 0, Payload.utf8(text));
    }

    private void issue(NodeId node, Optional<HardState> hardState, long truncateFrom, LogEntry... entries) {
        long sequence = sequences.merge(node, 1L, Long::sum);
        OptionalLong from = truncateFrom == 0 ? OptionalLong.empty() : OptionalLong.of(truncateFrom);
        model.persist(node, new Persist(sequence, hardState, from, List.of(entries)));
    }

    private static LogEntry change(long index, Membership membership) {
        return change(1, index, membership);
    }

    private static LogEntry change(long term, long index, Membership membership) {
        return new LogEntry(new EntryId(term, index), EntryType.MEMBERSHIP, 0, 0, 0, membership.encode());
    }

    private void opened(NodeId node, Optional<DurableImages.Image> image) {
        model.opened(node, BEFORE, image);
    }

    private void replace(NodeId node, LogEntry last, Payload membership) {
        long sequence = sequences.merge(node, 1L, Long::sum);
        GroupSnapshot snapshot = new GroupSnapshot(last.id(), last.nextOffset(), Payload.EMPTY, membership);
        model.persist(
                node, new Persist(sequence, Optional.empty(), Optional.of(snapshot), OptionalLong.empty(), List.of()));
        persisted(node);
    }

    /** The leader writes it, and another one accepts it with all before it. */
    private void replicate(NodeId follower, LogEntry... entries) {
        write(N1, entries);
        write(follower, entries);
        model.send(follower, N1, new AppendAccepted(1, entries[entries.length - 1].index()));
    }

    private void write(NodeId node, LogEntry... entries) {
        issue(node, Optional.empty(), 0, entries);
        persisted(node);
    }

    private void persisted(NodeId node) {
        model.persisted(node, sequences.get(node));
    }

    private void vote(NodeId voter, long term, NodeId candidate) {
        issue(voter, Optional.of(new HardState(term, Optional.of(candidate))), 0);
        persisted(voter);
    }

    private void campaign(NodeId candidate, long term, EntryId last, NodeId... supporters) {
        for (NodeId supporter : supporters) {
            model.send(supporter, candidate, new PreVoteResponse(term, true));
        }
        vote(candidate, term, candidate);
        model.send(candidate, N3, new VoteRequest(term, last));
    }

    private void elect(NodeId leader, long term, EntryId last, NodeId voter) {
        campaign(leader, term, last, voter);
        vote(voter, term, leader);
        model.send(voter, leader, new VoteResponse(term, true));
    }

    /** n1 leads term 1; its no-op and one more entry are on n1 and n2, and committed. */
    @BeforeEach
    void goodBeginning() {
        elect(N1, 1, EntryId.NONE, N2);
        write(N1, noOp, first);
        model.send(N1, N2, new AppendRequest(1, EntryId.NONE, List.of(noOp, first), 0));
        write(N2, noOp, first);
        model.send(N2, N1, new AppendAccepted(1, 2));
    }

    @Test
    @DisplayName("calls chosen what a quorum has accepted in its leader's term, and nothing else")
    void chosen() {
        write(N1, second);

        assertEquals(List.of(noOp, first), model.chosen());
    }

    @Test
    @DisplayName("allows what Raft does: commitment, an election, a conflict that is cut, a restart")
    void allows() {
        model.send(N1, N2, new Heartbeat(1, 2, 1));
        model.applied(N1, noOp);
        model.applied(N1, first);
        write(N1, second);
        elect(N2, 2, first.id(), N3);
        LogEntry next = entry(2, 3, EntryType.NO_OP, "");
        write(N2, next);
        model.send(N2, N1, new AppendRequest(2, first.id(), List.of(next), 2));
        issue(N1, Optional.of(new HardState(2, Optional.empty())), 3, next);
        persisted(N1);
        model.send(N1, N2, new AppendAccepted(2, 3));
        opened(N1, Optional.of(new Image(new HardState(2, Optional.empty()), List.of(noOp, first, next))));

        assertEquals(List.of(noOp, first, next), model.chosen());
    }

    @Test
    @DisplayName(
            "allows votes to come in late, when the leader of a later term has committed what its elected log lacks")
    void allowsLateVotes() {
        write(N1, second);
        elect(N2, 2, first.id(), N3);
        elect(N1, 3, second.id(), N3);
        LogEntry next = entry(3, 4, EntryType.NO_OP, "");
        write(N1, next);
        issue(N3, Optional.of(new HardState(3, Optional.of(N1))), 0, noOp, first, second, next);
        persisted(N3);
        model.send(N3, N1, new AppendAccepted(3, 4));
        LogEntry tooLate = entry(2, 3, EntryType.NO_OP, "");
        write(N2, tooLate);

        assertEquals(List.of(noOp, first, second, next), model.chosen());
    }

    @Test
    @DisplayName(
            "allows a request for votes that had to wait for the disk to leave a log that has other voters by then")
    void allowsLateRequest() {
        model.send(N2, N3, new PreVoteResponse(2, true));
        vote(N3, 2, N3);
        elect(N2, 2, first.id(), N1);
        LogEntry next = entry(2, 3, EntryType.NO_OP, "");
        LogEntry learner = change(2, 4, WITH_LEARNER);
        LogEntry joint = change(2, 5, JOINT);
        for (LogEntry entry : List.of(next, learner, joint)) {
            write(N2, entry);
            write(N1, entry);
            model.send(N1, N2, new AppendAccepted(2, entry.index()));
        }
        write(N3, noOp, first, next, learner, joint);

        model.send(N3, N1, new VoteRequest(2, EntryId.NONE));

        assertEquals(List.of(noOp, first, next, learner), model.chosen());
    }

    @Test
    @DisplayName("allows a crash to leave any part of what was on its way to the disk")
    void allowsPartialWrites() {
        HardState hardState = new HardState(1, Optional.of(N1));

        issue(N1, Optional.empty(), 0, second);
        opened(N1, Optional.of(new Image(hardState, List.of(noOp, first))));
        issue(N1, Optional.empty(), 0, second);
        opened(N1, Optional.of(new Image(hardState, List.of(noOp, first, second))));

        assertEquals(List.of(noOp, first), model.chosen());
    }

    @Test
    @DisplayName("allows a repaired log to hold what was on its way to the disk when it was to be cut off again")
    void allowsRepairOfPartialWrites() {
        issue(N1, Optional.empty(), 0, second);
        elect(N2, 2, first.id(), N3);
        issue(N1, Optional.of(new HardState(2, Optional.empty())), 3);
        model.quarantined(N1);
        opened(N1, Optional.of(new Image(new HardState(2, Optional.empty()), List.of(noOp, first, second))));

        assertEquals(List.of(noOp, first), model.chosen());
    }

    @Test
    @DisplayName("allows members to change, a committed step at a time; both majorities of a joint membership decide")
    void allowsReconfiguration() {
        LogEntry joint = change(4, JOINT);
        replicate(N2, change(3, WITH_LEARNER));
        replicate(N2, joint);
        assertEquals(3, model.chosen().size(), "n1 and n2 are no majority of n1, n3 and n4");
        issue(N4, Optional.of(new HardState(1, Optional.empty())), 0, noOp, first, change(3, WITH_LEARNER), joint);
        persisted(N4);
        model.send(N4, N1, new AppendAccepted(1, 4));
        assertEquals(joint, model.chosen().get(3));
        replicate(N4, change(5, AFTER));

        assertEquals(change(5, AFTER), model.chosen().get(4));
    }

    @Test
    @DisplayName("allows a snapshot of what is committed to take the place of a log that lacks some of it")
    void allowsSnapshots() {
        HardState hardState = new HardState(1, Optional.empty());
        issue(N3, Optional.of(hardState), 0);
        replace(N3, first, Payload.EMPTY);
        model.send(N3, N1, new AppendAccepted(1, 2));
        opened(N3, Optional.of(new Image(hardState, List.of(noOp, first))));
        write(N3, second(N1));

        assertEquals(List.of(noOp, first), model.chosen());
    }

    /** The next entry of the leader. */
    private LogEntry second(NodeId leader) {
        write(leader, second);
        return second;
    }

    @TestFactory
    @DisplayName("finds each of these steps and names what it breaks")
    Stream<DynamicTest> wrongSteps() {
        Map<String, Map.Entry<Invariant, Runnable>> steps = new LinkedHashMap<>();
        steps.put("a term that falls", Map.entry(Invariant.TERM_MONOTONIC, () -> {
            issue(N1, Optional.of(new HardState(3, Optional.empty())), 0);
            issue(N1, Optional.of(new HardState(2, Optional.empty())), 0);
        }));
        steps.put("a second vote in a term", Map.entry(Invariant.ONE_VOTE_PER_TERM, () -> vote(N2, 1, N2)));
        steps.put(
                "a vote that is forgotten within its term",
                Map.entry(
                        Invariant.ONE_VOTE_PER_TERM,
                        () -> issue(N2, Optional.of(new HardState(1, Optional.empty())), 0)));
        steps.put("a vote for a shorter log", Map.entry(Invariant.VOTES_FOR_COMPLETE_LOGS, () -> {
            campaign(N3, 2, EntryId.NONE, N2);
            vote(N2, 2, N3);
        }));
        steps.put("a vote nobody asked for", Map.entry(Invariant.VOTES_FOR_COMPLETE_LOGS, () -> vote(N2, 2, N3)));
        steps.put("a vote that leaves before it is durable", Map.entry(Invariant.VOTE_DURABLE_BEFORE_SENT, () -> {
            campaign(N1, 2, first.id(), N2);
            issue(N2, Optional.of(new HardState(2, Optional.of(N1))), 0);
            model.send(N2, N1, new VoteResponse(2, true));
        }));
        steps.put(
                "a campaign without pre-votes",
                Map.entry(Invariant.ASKED_BEFORE_CAMPAIGN, () -> campaign(N2, 2, first.id())));
        steps.put("a leader without votes", Map.entry(Invariant.ELECTED_BY_QUORUM, () -> {
            campaign(N2, 2, first.id(), N3);
            write(N2, entry(2, 3, EntryType.NO_OP, ""));
        }));
        steps.put(
                "a leader without what was committed before its term", Map.entry(Invariant.LEADER_COMPLETENESS, () -> {
                    elect(N3, 2, first.id(), N2);
                    write(N3, entry(2, 1, EntryType.NO_OP, ""));
                }));
        steps.put(
                "a second leader of a term",
                Map.entry(Invariant.ONE_LEADER_PER_TERM, () -> write(N2, entry(1, 3, EntryType.COMMAND, "mine"))));
        steps.put("one id, two entries", Map.entry(Invariant.LOG_MATCHING, () -> {
            write(N1, second);
            write(N2, entry(1, 3, EntryType.COMMAND, "other"));
        }));
        steps.put("a gap in a log", Map.entry(Invariant.LOG_MATCHING, () -> write(N3, first)));
        steps.put("a leader that cuts its log", Map.entry(Invariant.LEADER_APPENDS_ONLY, () -> {
            write(N1, second);
            issue(N1, Optional.empty(), 3);
        }));
        steps.put(
                "a cut of what is committed",
                Map.entry(
                        Invariant.CHOSEN_IS_KEPT, () -> issue(N2, Optional.of(new HardState(2, Optional.empty())), 2)));
        steps.put(
                "an append of what is not in the leader's log",
                Map.entry(
                        Invariant.LEADER_SENDS_ITS_LOG,
                        () -> model.send(N1, N3, new AppendRequest(1, first.id(), List.of(second), 0))));
        steps.put("an acknowledgement before the disk has it", Map.entry(Invariant.ACCEPTED_IS_DURABLE, () -> {
            write(N1, second);
            issue(N2, Optional.empty(), 0, second);
            model.send(N2, N1, new AppendAccepted(1, 3));
        }));
        steps.put("a commit index that no quorum has reached", Map.entry(Invariant.COMMITS_WHAT_IS_CHOSEN, () -> {
            write(N1, second);
            model.send(N1, N2, new Heartbeat(1, 3, 1));
        }));
        steps.put(
                "an entry of an older term, committed by counting", Map.entry(Invariant.COMMITS_WHAT_IS_CHOSEN, () -> {
                    write(N1, second);
                    elect(N1, 2, second.id(), N3);
                    write(N1, entry(2, 4, EntryType.NO_OP, ""));
                    write(N3, noOp, first, second);
                    model.send(N3, N1, new AppendAccepted(2, 3));
                    model.applied(N1, second);
                }));
        steps.put(
                "an entry applied that is not on the own disk",
                Map.entry(Invariant.APPLIED_IS_DURABLE, () -> model.applied(N3, noOp)));
        steps.put(
                "a restart that has lost an entry",
                Map.entry(
                        Invariant.RECOVERS_WHAT_WAS_DURABLE,
                        () -> opened(N2, Optional.of(new Image(new HardState(1, Optional.of(N1)), List.of(noOp))))));
        steps.put(
                "a restart that has lost its vote",
                Map.entry(
                        Invariant.RECOVERS_WHAT_WAS_DURABLE,
                        () -> opened(
                                N2, Optional.of(new Image(new HardState(1, Optional.empty()), List.of(noOp, first))))));
        steps.put(
                "a repair with an entry that nobody has committed",
                Map.entry(Invariant.REPAIR_KEEPS_WHAT_WAS_ACCEPTED, () -> {
                    model.quarantined(N2);
                    opened(N2, Optional.of(new Image(new HardState(1, Optional.of(N1)), List.of(noOp, first, second))));
                }));
        steps.put("a repair without what was accepted", Map.entry(Invariant.REPAIR_KEEPS_WHAT_WAS_ACCEPTED, () -> {
            model.quarantined(N2);
            opened(N2, Optional.of(new Image(new HardState(1, Optional.of(N1)), List.of(noOp))));
        }));
        steps.put("a snapshot of what is not committed", Map.entry(Invariant.SNAPSHOT_IS_OF_CHOSEN, () -> {
            write(N1, second);
            replace(N3, second, Payload.EMPTY);
        }));
        steps.put("a piece of a snapshot of what is not committed", Map.entry(Invariant.SNAPSHOT_IS_OF_CHOSEN, () -> {
            write(N1, second);
            SnapshotId id = new SnapshotId(second.id(), 0, 0);
            model.send(N1, N3, new InstallSnapshot(1, id, 0, Payload.EMPTY, 0, Payload.EMPTY, 0));
        }));
        steps.put(
                "an older snapshot in place of a longer log",
                Map.entry(Invariant.CHOSEN_IS_KEPT, () -> replace(N2, noOp, Payload.EMPTY)));
        steps.put(
                "a snapshot with another membership",
                Map.entry(Invariant.MEMBERSHIP_IS_THE_LOGS, () -> replace(N3, first, AFTER.encode())));
        steps.put("a restart with the former membership", Map.entry(Invariant.MEMBERSHIP_IS_THE_LOGS, () -> {
            write(N1, change(3, WITH_LEARNER));
            opened(
                    N1,
                    Optional.of(new Image(
                            new HardState(1, Optional.of(N1)), List.of(noOp, first, change(3, WITH_LEARNER)))));
        }));
        steps.put(
                "a change of voters at one stroke",
                Map.entry(Invariant.ONE_MEMBERSHIP_AT_A_TIME, () -> write(N1, change(3, AFTER))));
        steps.put(
                "a step before the former one is committed",
                Map.entry(
                        Invariant.ONE_MEMBERSHIP_AT_A_TIME,
                        () -> write(N1, change(3, WITH_LEARNER), change(4, JOINT))));
        steps.put("a change before the leader has committed", Map.entry(Invariant.ONE_MEMBERSHIP_AT_A_TIME, () -> {
            elect(N2, 2, first.id(), N3);
            LogEntry early = new LogEntry(new EntryId(2, 4), EntryType.MEMBERSHIP, 0, 0, 0, WITH_LEARNER.encode());
            write(N2, entry(2, 3, EntryType.NO_OP, ""), early);
        }));
        steps.put(
                "an entry committed by one majority of a joint membership",
                Map.entry(Invariant.COMMITS_WHAT_IS_CHOSEN, () -> {
                    replicate(N2, change(3, WITH_LEARNER));
                    replicate(N2, change(4, JOINT));
                    model.send(N1, N2, new Heartbeat(1, 4, 1));
                }));
        List<DynamicTest> tests = new ArrayList<>();
        steps.forEach((name, step) -> tests.add(DynamicTest.dynamicTest(name, () -> {
            model = new GroupModel(1, List.of(N1, N2, N3));
            sequences.clear();
            goodBeginning();
            Violation violation = assertThrows(Violation.class, step.getValue()::run);
            assertEquals(step.getKey(), violation.invariant());
        })));
        return tests.stream();
    }
}

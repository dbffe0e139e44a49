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
import static io.quorate.raft.CoreFixture.elect;
import static io.quorate.raft.CoreFixture.entry;
import static io.quorate.raft.CoreFixture.events;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.leader;
import static io.quorate.raft.CoreFixture.persistAll;
import static io.quorate.raft.CoreFixture.records;
import static io.quorate.raft.CoreFixture.sent;
import static io.quorate.raft.CoreFixture.tick;
import static io.quorate.raft.CoreFixture.to;
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
import io.quorate.raft.message.AppendRejected;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.TimeoutNow;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Leader: replication, commitment, flow control (§5.3, §5.4)")
class LeaderTest {
    private static final int COMMAND_BYTES = 100 - LogEntry.OVERHEAD_BYTES;

    /** Windows of so many messages and bytes, with messages of one 100 byte command each. */
    private static RaftConfig windows(int maxAppends, int maxBytes) {
        return new RaftConfig(ELECTION_TIMEOUT, HEARTBEAT, 100, maxBytes, maxAppends, 1_000_000, 1_000_000);
    }

    private static RaftConfig limits(int maxUncommittedBytes, int tailBytes) {
        return new RaftConfig(ELECTION_TIMEOUT, HEARTBEAT, 250, 1_000_000, 100, maxUncommittedBytes, tailBytes);
    }

    /** Both followers have acknowledged the no-op, so that they are past probing; it is applied. */
    private static RaftCore settledLeader(RaftConfig config, long... logTerms) {
        RaftCore core = leader(config, 3, logTerms);
        core.step(N2, new AppendAccepted(core.term(), core.lastIndex()));
        core.step(N3, new AppendAccepted(core.term(), core.lastIndex()));
        core.applied(core.drain().commitIndex());
        return core;
    }

    private static List<AppendRequest> appendsTo(NodeId follower, Outputs outputs) {
        return sent(outputs.sendNow(), follower, AppendRequest.class);
    }

    private static FollowerStatus status(RaftCore core, NodeId follower) {
        return core.followers().stream()
                .filter(status -> status.follower().equals(follower))
                .findFirst()
                .orElseThrow();
    }

    @Test
    @DisplayName("§8 a new leader appends a no-op of its term, and sends it while it writes it")
    void noOp() {
        RaftCore core = CoreFixture.follower(1);
        elect(core);
        Outputs outputs = core.drain();
        LogEntry noOp = new LogEntry(id(2, 2), EntryType.NO_OP, 0, 0, 0, Payload.EMPTY);
        assertEquals(List.of(noOp), outputs.persist().entries());
        AppendRequest request = append(2, id(1, 1), 0, noOp);
        assertEquals(List.of(to(N2, request), to(N3, request)), outputs.sendNow());
        assertEquals(2, core.leadershipStartIndex());
        assertEquals(List.of(new RaftEvent.BecameLeader(2, 2)), outputs.events());
    }

    @Test
    @DisplayName("proposals get the next index and dense offsets, and are written and sent in the same turn")
    void proposals() {
        RaftCore core = settledLeader(CONFIG, 1);
        assertEquals(new ProposeResult.Admitted(id(2, 3), 0), core.propose(records(3)));
        assertEquals(new ProposeResult.Admitted(id(2, 4), 3), core.propose(command(1)));
        assertEquals(new ProposeResult.Admitted(id(2, 5), 3), core.propose(records(1)));
        assertEquals(4, core.nextOffset());
        Outputs outputs = core.drain();
        assertEquals(3, outputs.persist().entries().size());
        assertEquals(List.of(new AppendRequest(2, id(2, 2), outputs.persist().entries(), 2)), appendsTo(N2, outputs));
        assertEquals(7, outputs.persist().entries().get(0).timestampMillis());
    }

    @Test
    @DisplayName("a proposal is a state machine's: the protocol's own entries are not proposed")
    void onlyRecordsAndCommands() {
        assertThrows(IllegalArgumentException.class, () -> new Proposal(EntryType.NO_OP, 0, 0, Payload.EMPTY));
        assertThrows(IllegalArgumentException.class, () -> new Proposal(EntryType.MEMBERSHIP, 0, 0, Payload.EMPTY));
        assertThrows(IllegalArgumentException.class, () -> new Proposal(EntryType.RECORDS, 0, 0, Payload.EMPTY));
        assertThrows(IllegalArgumentException.class, () -> new Proposal(EntryType.COMMAND, 1, 0, Payload.EMPTY));
    }

    // ------------------------------------------------------------------------------------------------- commitment

    @Test
    @DisplayName("§5.3 an entry commits when a majority has it durable: the leader counts as one, when it has")
    void commitsByMajority() {
        RaftCore core = settledLeader(CONFIG, 1);
        core.propose(command(1));
        long sequence = core.drain().persist().sequence();
        core.step(N2, new AppendAccepted(2, 3));
        assertEquals(2, core.commitIndex(), "n2 alone");
        core.persisted(sequence);
        assertEquals(3, core.commitIndex(), "n2 and the leader");
        assertEquals(3, core.drain().commitIndex());
        assertEquals(3, core.matchIndex(N1));
        assertEquals(3, core.matchIndex(N2));
        assertEquals(2, core.matchIndex(N3));
    }

    @Test
    @DisplayName("followers alone may commit, but the leader applies only what is on its own disk")
    void committedBeforeDurableHere() {
        RaftCore core = settledLeader(CONFIG, 1);
        core.propose(command(1));
        long sequence = core.drain().persist().sequence();
        core.step(N2, new AppendAccepted(2, 3));
        core.step(N3, new AppendAccepted(2, 3));
        assertEquals(3, core.commitIndex());
        assertEquals(2, core.drain().commitIndex());
        core.persisted(sequence);
        assertEquals(3, core.drain().commitIndex());
    }

    @Test
    @DisplayName("§5.4.2 entries of older terms on all disks do not commit before one of the own term")
    void ownTermOnly() {
        RaftCore core = leader(1, 1);
        core.step(N2, new AppendAccepted(2, 2));
        core.step(N3, new AppendAccepted(2, 2));
        assertEquals(0, core.commitIndex());
        core.step(N3, new AppendAccepted(2, 3));
        assertEquals(3, core.commitIndex());
    }

    @Test
    @DisplayName("RF-09, R12: late, doubled and reordered acknowledgements never lower what is known")
    void matchOnlyRises() {
        RaftCore core = settledLeader(CONFIG, 1);
        core.propose(command(1));
        core.propose(command(1));
        persistAll(core);
        core.step(N2, new AppendAccepted(1, 4));
        assertEquals(2, core.matchIndex(N2), "an answer of an older term");
        core.step(N2, new AppendAccepted(2, 4));
        core.step(N2, new AppendAccepted(2, 3));
        core.step(N2, new AppendRejected(2, 2, id(1, 1)));
        assertEquals(4, core.matchIndex(N2));
        assertEquals(4, core.commitIndex());
        assertTrue(status(core, N2).replicating(), "a late rejection is no news");
    }

    @Test
    @DisplayName("an acknowledgement beyond the leader's log is dropped")
    void forgedAcknowledgement() {
        RaftCore core = leader(1);
        core.step(N2, new AppendAccepted(2, 77));
        Outputs outputs = core.drain();
        assertEquals(1, events(outputs, RaftEvent.MessageDropped.class).size());
        assertEquals(0, core.matchIndex(N2));
        assertEquals(0, core.commitIndex());
    }

    @Test
    @DisplayName("the commit index travels with the next append or heartbeat, not in messages of its own")
    void commitTravelsAlong() {
        RaftCore core = settledLeader(CONFIG, 1);
        core.propose(command(1));
        persistAll(core);
        core.step(N2, new AppendAccepted(2, 3));
        assertEquals(List.of(), core.drain().sendNow());
        tick(core, HEARTBEAT);
        Outputs outputs = core.drain();
        assertEquals(List.of(new Heartbeat(2, 3, 1)), sent(outputs.sendNow(), N2, Heartbeat.class));
        assertEquals(
                List.of(new Heartbeat(2, 2, 1)),
                sent(outputs.sendNow(), N3, Heartbeat.class),
                "no more than n3 is known to have");
    }

    @Test
    @DisplayName("heartbeats leave every interval, and no round is used twice")
    void heartbeatRounds() {
        RaftCore core = settledLeader(CONFIG, 1);
        for (int round = 1; round <= 3; round++) {
            tick(core, HEARTBEAT - 1);
            assertEquals(List.of(), core.drain().sendNow());
            core.tick();
            assertEquals(List.of(new Heartbeat(2, 2, round)), sent(core.drain().sendNow(), N2, Heartbeat.class));
        }
    }

    // ----------------------------------------------------------------------------------------------- flow control

    @Test
    @DisplayName("before the match is known, one append is sent and no more")
    void probing() {
        RaftCore core = leader(1);
        core.propose(command(1));
        assertEquals(List.of(), appendsTo(N2, core.drain()));
        assertFalse(status(core, N2).replicating());
    }

    @Test
    @DisplayName("a probe that may be lost is repeated without entries, after a heartbeat that followed it")
    void probesAreRepeated() {
        RaftCore core = leader(1);
        core.step(N2, new HeartbeatResponse(2, 0));
        assertEquals(List.of(), appendsTo(N2, core.drain()), "an answer to something older than the probe");
        tick(core, HEARTBEAT);
        assertEquals(List.of(), appendsTo(N2, core.drain()));
        core.step(N2, new HeartbeatResponse(2, 1));
        assertEquals(List.of(append(2, id(1, 1), 0)), appendsTo(N2, core.drain()));
        core.step(N2, new HeartbeatResponse(2, 1));
        assertEquals(List.of(), appendsTo(N2, core.drain()));
    }

    @Test
    @DisplayName("an accepted probe opens the pipeline: appends are sent ahead of their acknowledgements")
    void pipelining() {
        RaftCore core = settledLeader(windows(100, 1_000_000), 1);
        for (int index = 3; index <= 5; index++) {
            core.propose(command(COMMAND_BYTES));
            assertEquals(id(2, index - 1), appendsTo(N2, core.drain()).get(0).previous());
        }
        assertEquals(new FollowerStatus(N2, true, false, 2, 6, 3, 300, 0), status(core, N2));
    }

    @Test
    @DisplayName("one message carries no more than the limit, but at least one entry")
    void messageSize() {
        RaftCore core = settledLeader(limits(1_000_000, 1_000_000), 1);
        core.propose(command(COMMAND_BYTES));
        core.propose(command(COMMAND_BYTES));
        core.propose(command(COMMAND_BYTES));
        core.propose(command(1000));
        core.propose(command(COMMAND_BYTES));
        List<Integer> sizes = appendsTo(N2, core.drain()).stream()
                .map(request -> request.entries().size())
                .toList();
        assertEquals(List.of(2, 1, 1, 1), sizes);
    }

    @Test
    @DisplayName("the window bounds the messages in flight; an acknowledgement makes room")
    void windowOfMessages() {
        RaftCore core = settledLeader(windows(2, 1_000_000), 1);
        for (int i = 0; i < 5; i++) {
            core.propose(command(COMMAND_BYTES));
        }
        assertEquals(2, appendsTo(N2, core.drain()).size());
        core.step(N2, new AppendAccepted(2, 3));
        assertEquals(
                List.of(id(2, 4)),
                appendsTo(N2, core.drain()).stream()
                        .map(AppendRequest::previous)
                        .toList());
        core.step(N2, new AppendAccepted(2, 5));
        assertEquals(2, appendsTo(N2, core.drain()).size());
    }

    @Test
    @DisplayName("the window bounds the bytes in flight")
    void windowOfBytes() {
        RaftCore core = settledLeader(windows(100, 250), 1);
        for (int i = 0; i < 5; i++) {
            core.propose(command(COMMAND_BYTES));
        }
        assertEquals(3, appendsTo(N2, core.drain()).size(), "the third crosses the limit of 250 bytes");
        core.step(N2, new AppendAccepted(2, 4));
        assertEquals(2, appendsTo(N2, core.drain()).size());
    }

    @Test
    @DisplayName("§5.3 a rejection moves back by the hint, over whole terms on both sides")
    void rejection() {
        RaftCore core = leader(1, 1, 2, 2, 5, 5);
        core.step(N2, new AppendRejected(6, 6, id(4, 5)));
        assertEquals(id(2, 4), appendsTo(N2, core.drain()).get(0).previous(), "own entries of term 5 cannot match");
        core.step(N2, new AppendRejected(6, 6, id(1, 1)));
        assertEquals(List.of(), appendsTo(N2, core.drain()), "a doubled rejection is no news");
        core.step(N2, new AppendRejected(6, 4, id(1, 3)));
        assertEquals(id(1, 2), appendsTo(N2, core.drain()).get(0).previous());
    }

    @Test
    @DisplayName("a rejection in the pipeline ends it until the match is known again")
    void rejectionInThePipeline() {
        RaftCore core = settledLeader(CONFIG, 1);
        core.propose(command(1));
        core.drain();
        core.propose(command(1));
        core.drain();
        core.step(N2, new AppendRejected(2, 3, id(2, 2)));
        List<AppendRequest> requests = appendsTo(N2, core.drain());
        assertEquals(id(2, 2), requests.get(0).previous());
        assertEquals(2, requests.get(0).entries().size());
        assertFalse(status(core, N2).replicating());
        core.step(N2, new AppendAccepted(2, 4));
        assertTrue(status(core, N2).replicating());
    }

    @Test
    @DisplayName("appends that nothing has come of for an election timeout are taken for lost")
    void stalledPipeline() {
        RaftCore core = settledLeader(CONFIG, 1);
        core.propose(command(1));
        core.drain();
        for (int i = 0; i < ELECTION_TIMEOUT; i++) {
            assertTrue(status(core, N2).replicating());
            core.tick();
            core.step(N2, new HeartbeatResponse(2, 1));
            core.step(N3, new AppendAccepted(2, 3));
        }
        assertEquals(id(2, 2), appendsTo(N2, core.drain()).get(0).previous());
        assertFalse(status(core, N2).replicating());
        assertTrue(status(core, N3).replicating(), "all of it is acknowledged");
    }

    @Test
    @DisplayName("a broken connection ends the pipeline at once")
    void disconnected() {
        RaftCore core = settledLeader(CONFIG, 1);
        core.propose(command(1));
        core.drain();
        core.disconnected(N2);
        assertEquals(id(2, 2), appendsTo(N2, core.drain()).get(0).previous());
        assertFalse(status(core, N2).replicating());
        core.disconnected(N1);
        core.disconnected(CoreFixture.STRANGER);
        assertFalse(core.hasOutputs());
    }

    @Test
    @DisplayName("a connection that breaks before a follower has answered leaves the question where it was")
    void disconnectedWhileProbing() {
        RaftCore core = CoreFixture.leader(CONFIG, 3, 1, 1, 1, 1);
        core.disconnected(N2);
        assertEquals(id(1, 4), appendsTo(N2, core.drain()).get(0).previous(), "not the start of the log");
    }

    @Test
    @DisplayName("admission: a leader takes what may stay uncommitted, and one entry of any size if nothing is")
    void admission() {
        RaftCore core = settledLeader(limits(250, 1_000_000), 1);
        assertInstanceOf(ProposeResult.Admitted.class, core.propose(command(5000)));
        assertEquals(new ProposeResult.Overloaded(5064), core.propose(command(1)));
        assertEquals(5064, core.uncommittedBytes());
        persistAll(core);
        core.step(N2, new AppendAccepted(2, 3));
        assertEquals(0, core.uncommittedBytes());
        assertInstanceOf(ProposeResult.Admitted.class, core.propose(command(COMMAND_BYTES)));
        assertInstanceOf(ProposeResult.Admitted.class, core.propose(command(COMMAND_BYTES)));
        assertEquals(new ProposeResult.Overloaded(200), core.propose(command(COMMAND_BYTES)));
        assertEquals(5, core.lastIndex());
    }

    // ------------------------------------------------------------------------------------------- entries from disk

    /** Three entries of 100 bytes are committed and applied, n3 has none of them, and memory holds one entry. */
    private static RaftCore leaderWithShortTail() {
        RaftCore core = settledLeader(limits(1_000_000, 100), 1);
        for (int i = 0; i < 3; i++) {
            core.propose(command(COMMAND_BYTES));
        }
        persistAll(core);
        core.step(N2, new AppendAccepted(2, 5));
        core.applied(core.drain().commitIndex());
        core.disconnected(N3);
        core.drain();
        assertEquals(5, core.tailStart());
        return core;
    }

    /** Memory has room for two entries, and a follower is sent one at a time: n3 has not answered the first of them. */
    private static RaftCore leaderWithSlowFollower(int entries) {
        RaftConfig config = new RaftConfig(ELECTION_TIMEOUT, HEARTBEAT, 100, 1_000_000, 1, 1_000_000, 200);
        RaftCore core = settledLeader(config, 1);
        for (int i = 0; i < entries; i++) {
            commitWithN2(core);
        }
        return core;
    }

    private static void commitWithN2(RaftCore core) {
        core.propose(command(COMMAND_BYTES));
        persistAll(core);
        core.step(N2, new AppendAccepted(2, core.lastIndex()));
        core.applied(core.drain().commitIndex());
    }

    @Test
    @DisplayName("a follower that falls behind is served from memory, twice as much as there is for those that keep up")
    void slowFollowerIsServedFromMemory() {
        RaftCore core = leaderWithSlowFollower(5);
        assertEquals(4, core.tailStart());
        for (long index = 3; index <= 6; index++) {
            core.step(N3, new AppendAccepted(2, index));
            Outputs outputs = core.drain();
            assertEquals(List.of(), outputs.loads());
            assertEquals(id(2, index), appendsTo(N3, outputs).get(0).previous());
        }
        core.step(N3, new AppendAccepted(2, 7));
        commitWithN2(core);
        assertEquals(7, core.tailStart(), "it has caught up");
    }

    @Test
    @DisplayName("for a follower that is served from the disk no more stays in memory than for any other")
    void hopelessFollowerTakesNoMemory() {
        RaftCore core = leaderWithSlowFollower(6);
        assertTrue(core.tailBytes() <= 400, () -> core.tailBytes() + " bytes");
        commitWithN2(core);
        assertEquals(8, core.tailStart());
        core.step(N3, new AppendAccepted(2, 3));
        assertEquals(List.of(new EntryLoad(N3, 4, 100)), core.drain().loads());
    }

    @Test
    @DisplayName("for a follower that is away nothing more stays in memory")
    void lostFollowerTakesNoMemory() {
        RaftCore core = leaderWithSlowFollower(5);
        core.step(N3, new AppendAccepted(2, 3));
        core.drain();
        core.disconnected(N3);
        commitWithN2(core);
        assertEquals(7, core.tailStart());
    }

    private static List<LogEntry> fromDisk(long... indexes) {
        return Arrays.stream(indexes)
                .mapToObj(index ->
                        new LogEntry(id(2, index), EntryType.COMMAND, 0, 0, 7, Payload.wrap(new byte[COMMAND_BYTES])))
                .toList();
    }

    @Test
    @DisplayName("a probe never reads the disk; after the match is known, entries are read, one read at a time")
    void loads() {
        RaftCore core = leaderWithShortTail();
        core.step(N3, new AppendAccepted(2, 2));
        Outputs outputs = core.drain();
        assertEquals(List.of(), appendsTo(N3, outputs));
        assertEquals(List.of(new EntryLoad(N3, 3, 250)), outputs.loads());
        core.step(N3, new AppendAccepted(2, 2));
        tick(core, HEARTBEAT);
        assertEquals(List.of(), core.drain().loads());

        core.loaded(N3, 3, fromDisk(3, 4));
        outputs = core.drain();
        assertEquals(
                List.of(append(2, id(2, 2), 5, fromDisk(3, 4).toArray(LogEntry[]::new))),
                appendsTo(N3, outputs).subList(0, 1));
        assertEquals(id(2, 4), appendsTo(N3, outputs).get(1).previous(), "the last entry is in memory");
        assertEquals(List.of(), outputs.loads());
    }

    @Test
    @DisplayName("a read that failed is tried again after a heartbeat interval")
    void failedLoad() {
        RaftCore core = leaderWithShortTail();
        core.step(N3, new AppendAccepted(2, 2));
        core.drain();
        core.loaded(N3, 3, List.of());
        assertFalse(core.hasOutputs());
        tick(core, HEARTBEAT);
        assertEquals(List.of(new EntryLoad(N3, 3, 250)), core.drain().loads());
    }

    @Test
    @DisplayName("entries that are not those of the log, or not those wanted, are not sent")
    void wrongLoads() {
        RaftCore core = leaderWithShortTail();
        core.step(N3, new AppendAccepted(2, 2));
        core.drain();
        core.loaded(N3, 4, fromDisk(4));
        core.loaded(N2, 3, fromDisk(3));
        assertFalse(core.hasOutputs(), "nobody has asked for these");
        core.loaded(N3, 3, List.of(entry(1, 3)));
        assertFalse(core.hasOutputs(), "of another term");
        tick(core, HEARTBEAT);
        core.drain();
        core.loaded(N3, 3, fromDisk(3, 5));
        assertFalse(core.hasOutputs(), "with a gap");
    }

    @Test
    @DisplayName("a read that comes after the follower has moved on is not sent")
    void lateLoad() {
        RaftCore core = leaderWithShortTail();
        core.step(N3, new AppendAccepted(2, 2));
        core.drain();
        core.step(N3, new AppendAccepted(2, 4));
        core.drain();
        core.loaded(N3, 3, fromDisk(3, 4));
        assertEquals(List.of(), appendsTo(N3, core.drain()));
    }

    @Test
    @DisplayName("a read that outlives the leadership is ignored")
    void loadAfterStepDown() {
        RaftCore core = leaderWithShortTail();
        core.step(N3, new AppendAccepted(2, 2));
        core.step(N3, new Heartbeat(3, 0, 1));
        core.drain();
        core.loaded(N3, 3, fromDisk(3, 4));
        assertFalse(core.hasOutputs());
    }

    // --------------------------------------------------------------------------------------------- end of leadership

    @Test
    @DisplayName(
            "thesis §6.2 a leader that a majority has not answered for an election timeout steps down, with its reason")
    void checkQuorum() {
        RaftCore core = settledLeader(CONFIG, 1);
        tick(core, ELECTION_TIMEOUT - 1);
        assertEquals(RaftCore.Role.LEADER, core.role());
        core.drain();
        core.tick();
        assertEquals(
                List.of(new RaftEvent.BecameFollower(
                        2, FollowerCause.NO_QUORUM, "in contact with 1 of 3 voters for 10 ticks")),
                core.drain().events());
        assertEquals(2, core.term());
        assertEquals(Optional.empty(), core.leader());
    }

    @Test
    @DisplayName("one follower's answers of any kind keep a leader of three")
    void contactKeepsLeadership() {
        RaftCore core = settledLeader(CONFIG, 1);
        core.propose(command(1));
        persistAll(core);
        for (int i = 0; i < 10; i++) {
            tick(core, ELECTION_TIMEOUT - 1);
            switch (i % 3) {
                case 0 -> core.step(N2, new HeartbeatResponse(2, 1));
                case 1 -> core.step(N2, new AppendAccepted(2, 2));
                default -> core.step(N2, new AppendRejected(2, 2, EntryId.NONE));
            }
        }
        assertEquals(RaftCore.Role.LEADER, core.role());
    }

    @Test
    @DisplayName("§5.1 a newer term in any answer ends the leadership")
    void fencedByNewerTerm() {
        for (var answer : List.of(
                new HeartbeatResponse(9, 1), new AppendRejected(9, 1, EntryId.NONE), new AppendAccepted(9, 1))) {
            RaftCore core = settledLeader(CONFIG, 1);
            core.step(N2, answer);
            Outputs outputs = core.drain();
            assertEquals(RaftCore.Role.FOLLOWER, core.role());
            assertEquals(
                    Optional.of(new HardState(9, Optional.empty())),
                    outputs.persist().hardState());
            assertInstanceOf(ProposeResult.NotLeader.class, core.propose(command(1)));
        }
    }

    @Test
    @DisplayName("a message of a second leader of the same term is dropped")
    void secondLeader() {
        RaftCore core = settledLeader(CONFIG, 1);
        core.step(N2, new Heartbeat(2, 1, 1));
        core.step(N2, append(2, id(1, 1), 1, entry(2, 2)));
        Outputs outputs = core.drain();
        assertEquals(2, events(outputs, RaftEvent.MessageDropped.class).size());
        assertEquals(RaftCore.Role.LEADER, core.role());
    }

    @Test
    @DisplayName("a driver that reports what cannot be is a bug, and told so")
    void driverBugs() {
        RaftCore core = settledLeader(CONFIG, 1);
        assertThrows(InvariantViolation.class, () -> core.persisted(99));
        assertThrows(InvariantViolation.class, () -> core.applied(99));
    }

    @Test
    @DisplayName("who claims to hand over the leadership of this leader's own term is dropped, with an event")
    void handedOverByNobody() {
        RaftCore core = settledLeader(CONFIG, 1);
        core.step(N2, new TimeoutNow(2));
        assertEquals(1, events(core.drain(), RaftEvent.MessageDropped.class).size());
        assertEquals(RaftCore.Role.LEADER, core.role());
    }

    @Test
    @DisplayName("admission: what fills the limit to the last byte is taken")
    void exactAdmission() {
        RaftCore core = settledLeader(limits(200, 1_000_000), 1);
        assertInstanceOf(ProposeResult.Admitted.class, core.propose(command(COMMAND_BYTES)));
        assertInstanceOf(ProposeResult.Admitted.class, core.propose(command(COMMAND_BYTES)));
        assertEquals(new ProposeResult.Overloaded(200), core.propose(command(1)));
    }

    @Test
    @DisplayName("a read that failed is not tried again at once, whatever else is to be sent")
    void failedLoadPauses() {
        RaftCore core = leaderWithShortTail();
        core.step(N3, new AppendAccepted(2, 2));
        core.drain();
        core.loaded(N3, 3, List.of());
        core.propose(command(COMMAND_BYTES));
        assertEquals(List.of(), core.drain().loads());
        tick(core, HEARTBEAT);
        assertEquals(List.of(new EntryLoad(N3, 3, 250)), core.drain().loads());
    }

    @Test
    @DisplayName("a leader that has a probe to repeat says that it has something to send")
    void saysThatItHasOutputs() {
        RaftCore core = settledLeader(CONFIG, 1);
        assertFalse(core.hasOutputs());
        core.disconnected(N2);
        assertTrue(core.hasOutputs());
        assertEquals(1, appendsTo(N2, core.drain()).size());
    }

    @Test
    @DisplayName("§5.3 a refusal whose hint lies beyond what it refuses takes the leader back all the same")
    void hintBeyondTheRefused() {
        RaftCore core = leader(1, 1, 1);
        core.step(N2, new AppendRejected(2, 3, id(1, 9)));
        assertEquals(3, status(core, N2).nextIndex());
    }
}

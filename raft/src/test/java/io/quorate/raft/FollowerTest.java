/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.N1;
import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.N3;
import static io.quorate.raft.CoreFixture.append;
import static io.quorate.raft.CoreFixture.core;
import static io.quorate.raft.CoreFixture.entry;
import static io.quorate.raft.CoreFixture.events;
import static io.quorate.raft.CoreFixture.follower;
import static io.quorate.raft.CoreFixture.heartbeat;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.persistAll;
import static io.quorate.raft.CoreFixture.to;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRejected;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.VoteRequest;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("Follower: log replication (§5.3)")
class FollowerTest {
    private static LogEntry records(long term, long index, long baseOffset, int count) {
        return new LogEntry(id(term, index), EntryType.RECORDS, baseOffset, count, 0, Payload.utf8("r"));
    }

    private static void assertDropped(RaftCore core, Outputs outputs) {
        assertEquals(1, events(outputs, RaftEvent.MessageDropped.class).size(), outputs.toString());
        assertTrue(outputs.persist().isEmpty(), "nothing is written");
        assertEquals(List.of(), outputs.sendNow());
        assertEquals(List.of(), outputs.sendAfterPersist());
        assertFalse(core.hasOutputs());
    }

    @Test
    @DisplayName("§5.3 entries after the matching one are written, and acknowledged once they are durable")
    void appends() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 0, entry(1, 2), entry(1, 3)));
        Outputs outputs = core.drain();
        assertEquals(
                new Persist(1, Optional.empty(), OptionalLong.empty(), List.of(entry(1, 2), entry(1, 3))),
                outputs.persist());
        assertEquals(List.of(), outputs.sendNow());
        assertEquals(List.of(to(N2, new AppendAccepted(1, 3))), outputs.sendAfterPersist());
        assertEquals(List.of(new RaftEvent.FollowsLeader(1, N2)), outputs.events());
        assertEquals(1, core.durableIndex());
        core.persisted(1);
        assertEquals(3, core.durableIndex());
    }

    @Test
    @DisplayName("the appends of a turn are acknowledged together")
    void coalescesAcknowledgements() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 0, entry(1, 2)));
        core.step(N2, append(1, id(1, 2), 0, entry(1, 3)));
        core.step(N2, append(1, id(1, 3), 0, entry(1, 4)));
        Outputs outputs = core.drain();
        assertEquals(3, outputs.persist().entries().size());
        assertEquals(List.of(to(N2, new AppendAccepted(1, 4))), outputs.sendAfterPersist());
    }

    @Test
    @DisplayName("what is durable already is acknowledged at once, and not written again")
    void heldEntries() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 0, entry(1, 2), entry(1, 3)));
        persistAll(core);
        core.step(N2, append(1, id(1, 1), 0, entry(1, 2)));
        Outputs outputs = core.drain();
        assertTrue(outputs.persist().isEmpty());
        assertEquals(List.of(to(N2, new AppendAccepted(1, 3))), outputs.sendNow());
    }

    @Test
    @DisplayName("what is on its way to the disk is acknowledged when that write is done")
    void entriesInFlight() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 0, entry(1, 2)));
        core.drain();
        core.step(N2, append(1, id(1, 1), 0, entry(1, 2)));
        Outputs outputs = core.drain();
        assertTrue(outputs.persist().isEmpty());
        assertEquals(1, outputs.persist().sequence(), "the write to wait for");
        assertEquals(List.of(to(N2, new AppendAccepted(1, 2))), outputs.sendAfterPersist());
    }

    @Test
    @DisplayName("§5.3 an older append that arrives late cuts nothing off")
    void overlapDoesNotTruncate() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 0, entry(1, 2), entry(1, 3), entry(1, 4)));
        persistAll(core);
        core.step(N2, append(1, id(1, 1), 0, entry(1, 2)));
        core.step(N2, append(1, id(1, 2), 0, entry(1, 3), entry(1, 4), entry(1, 5)));
        Outputs outputs = core.drain();
        assertEquals(new Persist(2, Optional.empty(), OptionalLong.empty(), List.of(entry(1, 5))), outputs.persist());
        assertEquals(5, core.lastIndex());
    }

    @ParameterizedTest(name = "log {0}, previous {1}: hint {2}")
    @DisplayName("§5.3 a refusal names the greatest entry that may match: of no newer term than the refused one")
    @CsvSource({
        // the log is too short
        "'1 1 1', 1/7, 1/3",
        "'1 1 3 3', 3/9, 3/4",
        "'1 1 3 3', 2/9, 1/2",
        "'', 4/9, 0/0",
        // the place is taken by another term
        "'1 1 1 3 3 3', 2/5, 1/3",
        "'1 1 2 2 3 3', 2/6, 2/4",
        "'1 1 1 1 1 1', 4/4, 1/3",
        "'4 4 4', 2/2, 0/0",
    })
    void hints(String log, EntryIdText previous, EntryIdText hint) {
        long[] terms = Stream.of(log.split(" "))
                .filter(term -> !term.isEmpty())
                .mapToLong(Long::parseLong)
                .toArray();
        RaftCore core = follower(terms);
        long term = core.term() + 5;
        core.step(N2, append(term, previous.id(), 0, entry(term, previous.id().index() + 1)));
        assertEquals(
                List.of(to(N2, new AppendRejected(term, previous.id().index(), hint.id()))),
                core.drain().sendAfterPersist());
    }

    record EntryIdText(EntryId id) {
        static EntryIdText valueOf(String text) {
            String[] parts = text.split("/");
            return new EntryIdText(CoreFixture.id(Long.parseLong(parts[0]), Long.parseLong(parts[1])));
        }
    }

    @Test
    @DisplayName("§5.3 a conflicting suffix is cut off and replaced, in one write")
    void replacesConflicts() {
        RaftCore core = follower(1, 1, 2, 2, 2);
        core.step(N2, append(3, id(1, 2), 0, entry(3, 3)));
        Outputs outputs = core.drain();
        assertEquals(OptionalLong.of(3), outputs.persist().truncateFrom());
        assertEquals(List.of(entry(3, 3)), outputs.persist().entries());
        assertEquals(1, events(outputs, RaftEvent.LogTruncated.class).size());
        assertEquals(3, core.lastIndex());
        assertEquals(2, core.durableIndex());
    }

    @Test
    @DisplayName("a suffix that was never handed out is replaced without a word to the disk")
    void replacesWhatNobodySaw() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 0, entry(1, 2), entry(1, 3)));
        core.step(N3, append(2, id(1, 1), 0, entry(2, 2)));
        Outputs outputs = core.drain();
        assertEquals(OptionalLong.empty(), outputs.persist().truncateFrom());
        assertEquals(List.of(entry(2, 2)), outputs.persist().entries());
    }

    @Test
    @DisplayName("late completion of a write whose entries were cut off makes nothing durable (ABA)")
    void lateCompletion() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 0, entry(1, 2), entry(1, 3)));
        long first = core.drain().persist().sequence();
        core.step(N3, append(2, id(1, 1), 0, entry(2, 2), entry(2, 3)));
        Outputs second = core.drain();
        assertEquals(OptionalLong.of(2), second.persist().truncateFrom());
        core.persisted(first);
        assertEquals(1, core.durableIndex());
        assertEquals(List.of(to(N3, new AppendAccepted(2, 3))), second.sendAfterPersist());
        core.persisted(second.persist().sequence());
        assertEquals(3, core.durableIndex());
    }

    @Test
    @DisplayName("§5.3 the commit index follows the leader's, but not beyond what this append has shown to match")
    void commitIsBoundedByWhatMatches() {
        RaftCore core = follower(1, 1, 1, 1, 1);
        core.step(N2, append(1, id(1, 2), 99));
        assertEquals(2, core.drain().commitIndex());
        core.step(N2, append(1, id(1, 3), 3, entry(1, 4)));
        assertEquals(3, core.drain().commitIndex());
        core.step(N2, append(1, id(1, 1), 1, entry(1, 2)));
        assertEquals(3, core.drain().commitIndex(), "never falls");
    }

    @Test
    @DisplayName("RF-27, KAFKA-14704: a conflicting suffix is cut before the commit index that comes along is adopted")
    void truncatesBeforeCommitting() {
        RaftCore core = follower(1, 2, 2);
        core.step(N2, append(3, id(1, 1), 2, entry(3, 2)));
        Outputs outputs = core.drain();
        assertEquals(1, outputs.commitIndex(), "index 2 is committed, but not durable here yet");
        core.persisted(outputs.persist().sequence());
        assertEquals(2, core.drain().commitIndex());
        assertEquals(entry(3, 2), core.tailEntry(2));
    }

    @Test
    @DisplayName("only what is committed and durable here is handed out to be applied")
    void appliesWhatIsDurable() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 2, entry(1, 2)));
        Outputs outputs = core.drain();
        assertEquals(1, outputs.commitIndex());
        assertEquals(2, core.commitIndex());
        core.persisted(outputs.persist().sequence());
        assertTrue(core.hasOutputs());
        assertEquals(2, core.drain().commitIndex());
    }

    @Test
    @DisplayName("a heartbeat is answered with its round, and brings the commit index")
    void heartbeats() {
        RaftCore core = follower(1, 1);
        core.step(N2, heartbeat(1, 2));
        Outputs outputs = core.drain();
        assertEquals(List.of(to(N2, new HeartbeatResponse(1, 1))), outputs.sendNow());
        assertEquals(2, outputs.commitIndex());
    }

    @Test
    @DisplayName("§5.1 a newer term is durable before any answer shows it")
    void newTermIsDurableFirst() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(5, 0));
        Outputs outputs = core.drain();
        assertEquals(5, outputs.persist().hardState().orElseThrow().term());
        assertEquals(List.of(), outputs.sendNow());
        assertEquals(List.of(to(N2, new HeartbeatResponse(5, 1))), outputs.sendAfterPersist());
        core.step(N2, append(5, id(1, 1), 0));
        assertEquals(List.of(to(N2, new AppendAccepted(5, 1))), core.drain().sendAfterPersist(), "still on its way");
        core.persisted(1);
        core.step(N2, append(5, id(1, 1), 0));
        assertEquals(List.of(to(N2, new AppendAccepted(5, 1))), core.drain().sendNow());
    }

    @Test
    @DisplayName("what a deposed leader was promised dies with its term")
    void acknowledgementsDieWithTheirTerm() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 0, entry(1, 2)));
        core.step(N3, new VoteRequest(2, id(1, 1)));
        assertEquals(List.of(), CoreFixture.sent(core.drain().sendAfterPersist(), N2, AppendAccepted.class));
    }

    // ------------------------------------------------------------------------------- what no leader of the term sends

    static Stream<Arguments> malformedAppends() {
        return Stream.of(
                Arguments.of("a previous entry of a newer term", append(1, id(2, 1), 0)),
                Arguments.of("a previous index without a term", append(1, id(0, 1), 0)),
                Arguments.of("a gap after the previous entry", append(1, id(1, 1), 0, entry(1, 3))),
                Arguments.of("a gap between entries", append(1, id(1, 1), 0, entry(1, 2), entry(1, 4))),
                Arguments.of("entries of a newer term", append(1, id(1, 1), 0, entry(2, 2))),
                Arguments.of("falling terms", append(3, id(1, 1), 0, entry(3, 2), entry(2, 3))),
                Arguments.of("an entry without a term", append(1, EntryId.NONE, 0, entry(0, 1))),
                Arguments.of("a gap between offsets", append(1, id(1, 1), 0, records(1, 2, 0, 2), records(1, 3, 3, 1))),
                Arguments.of("a gap after what takes none", append(1, id(1, 1), 0, entry(1, 2), records(1, 3, 3, 1))),
                Arguments.of("an offset that does not follow the log's", append(1, id(1, 1), 0, records(1, 2, 5, 1))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformedAppends")
    @DisplayName("an append that no correct leader sends is dropped with an event, and changes nothing")
    void malformedAppendsAreDropped(String what, AppendRequest request) {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(request.term(), 0));
        persistAll(core);
        core.step(N2, request);
        assertDropped(core, core.drain());
        assertEquals(1, core.lastIndex());
    }

    @Test
    @DisplayName("R11: nobody makes a follower cut committed entries")
    void committedEntriesStay() {
        RaftCore core = follower(1, 1, 1);
        core.step(N2, heartbeat(1, 2));
        core.step(N3, heartbeat(2, 0));
        persistAll(core);
        core.step(N3, append(2, id(1, 1), 9, entry(2, 2)));
        assertDropped(core, core.drain());
        core.step(N3, append(2, id(2, 2), 9, entry(2, 3)));
        assertDropped(core, core.drain());
        assertEquals(2, core.commitIndex());
        assertEquals(3, core.lastIndex());
    }

    @Test
    @DisplayName("entries that the leader of this term has sent stay for the term, committed or not")
    void verifiedEntriesStay() {
        RaftCore core = follower(1);
        core.step(N2, append(3, id(1, 1), 0, entry(2, 2), entry(3, 3)));
        persistAll(core);
        core.step(N2, append(3, id(1, 1), 0, entry(3, 2)));
        assertDropped(core, core.drain());
        core.step(N2, append(3, id(3, 2), 0, entry(3, 3)));
        assertDropped(core, core.drain());
    }

    @Test
    @DisplayName("a second leader of the same term is not obeyed")
    void secondLeader() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        core.drain();
        core.step(N3, append(1, id(1, 1), 1, entry(1, 2)));
        assertDropped(core, core.drain());
        core.step(N3, heartbeat(1, 1));
        assertDropped(core, core.drain());
        assertEquals(Optional.of(N2), core.leader());
        assertEquals(0, core.commitIndex());
    }

    @Test
    @DisplayName("a heartbeat that commits what this member has never had is dropped")
    void heartbeatBeyondTheLog() {
        RaftCore core = follower(1);
        core.step(N2, heartbeat(1, 0));
        core.drain();
        core.step(N2, heartbeat(1, 2));
        assertDropped(core, core.drain());
        assertEquals(0, core.commitIndex());
    }

    @Test
    @DisplayName("answers to a leadership that this member does not have are ignored")
    void strayAnswers() {
        RaftCore core = follower(1, 1);
        core.step(N2, new AppendAccepted(1, 2));
        core.step(N2, new AppendRejected(1, 2, id(1, 1)));
        core.step(N2, new HeartbeatResponse(1, 3));
        assertFalse(core.hasOutputs());
        assertEquals(0, core.commitIndex());
    }

    @Test
    @DisplayName("a proposal is sent away, to the leader if it is known")
    void proposalsAreRefused() {
        RaftCore core = follower(1);
        assertEquals(new ProposeResult.NotLeader(Optional.empty()), core.propose(CoreFixture.command(1)));
        core.step(N2, heartbeat(1, 0));
        assertEquals(new ProposeResult.NotLeader(Optional.of(N2)), core.propose(CoreFixture.command(1)));
        assertEquals(1, core.lastIndex());
        assertEquals(0, core.leadershipStartIndex());
        assertEquals(0, core.matchIndex(N1));
        assertEquals(List.of(), core.followers());
    }

    @Test
    @DisplayName("records continue the offsets of what was cut off before them")
    void offsetsAfterTruncation() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 0, records(1, 2, 0, 5), records(1, 3, 5, 5)));
        persistAll(core);
        assertEquals(10, core.nextOffset());
        core.step(N3, append(2, id(1, 2), 0, records(2, 3, 5, 1)));
        assertEquals(6, core.nextOffset());
        persistAll(core);
        core.step(N3, append(2, id(2, 3), 0, records(2, 4, 7, 1)));
        assertDropped(core, core.drain());
    }

    @Test
    @DisplayName("with nothing to say, a drain is empty and says so before")
    void quietDrain() {
        RaftCore core = follower(1);
        assertFalse(core.hasOutputs());
        Outputs outputs = core.drain();
        assertTrue(outputs.persist().isEmpty());
        assertEquals(0, outputs.persist().sequence());
        assertEquals(0, outputs.commitIndex());
    }

    @Test
    @DisplayName("where its log begins, a follower tells what it holds from what contradicts it")
    void atTheBeginningOfACutLog() {
        RaftCore core = follower(1, 1, 1);
        core.snapshotTaken(id(1, 2));
        core.prefixTrimmed(3);
        core.drain();
        core.step(N2, append(2, id(2, 2), 0));
        assertEquals(1, events(persistAll(core), RaftEvent.MessageDropped.class).size(), "1/2 is committed");
        core.step(N2, append(2, id(1, 2), 0, entry(2, 3)));
        assertEquals(id(2, 3), core.lastEntry());
        Outputs outputs = core.drain();
        assertEquals(List.of(new RaftEvent.LogTruncated(2, 3)), events(outputs, RaftEvent.LogTruncated.class));
        assertEquals(List.of(entry(2, 3)), outputs.persist().entries());
    }

    @Test
    @DisplayName("a driver that has applied what was not handed out to it is a bug, and told so")
    void appliesNothingElse() {
        RaftCore core = follower(1);
        core.step(N2, append(1, id(1, 1), 2, entry(1, 2)));
        core.drain();
        assertEquals(2, core.commitIndex());
        assertThrows(InvariantViolation.class, () -> core.applied(2), "committed, but not durable here");
    }

    @Test
    @DisplayName("what is applied leaves memory when newer entries are applied too, not while these are on their way")
    void memoryIsBounded() {
        RaftConfig shortTail = new RaftConfig(
                10, 2, 100_000, 1_000_000, 100, 1_000_000, entry(1, 2).sizeBytes());
        RaftCore core = core(shortTail, 3, new HardState(1, Optional.empty()), 1);
        core.step(N2, append(1, id(1, 1), 2, entry(1, 2)));
        persistAll(core);
        core.applied(core.drain().commitIndex());
        assertEquals(2, core.tailStart(), "there is room for it");
        core.step(N2, append(1, id(1, 2), 2, entry(1, 3)));
        persistAll(core);
        assertEquals(2, core.tailStart(), "the newer one is not committed");
        core.step(N2, append(1, id(1, 3), 3));
        core.applied(core.drain().commitIndex());
        assertEquals(3, core.tailStart());
    }

    @Test
    @DisplayName("a driver with many groups lets what is applied go from memory, the oldest first, and nothing else")
    void driverShrinksTheTail() {
        int one = entry(1, 2).sizeBytes();
        RaftCore core = core(
                new RaftConfig(10, 2, 100_000, 1_000_000, 100, 1_000_000, 10 * one),
                3,
                new HardState(1, Optional.empty()),
                1);
        core.step(N2, append(1, id(1, 1), 3, entry(1, 2), entry(1, 3), entry(1, 4)));
        persistAll(core);
        core.applied(core.drain().commitIndex());
        core.step(N2, append(1, id(1, 4), 3, entry(1, 5)));
        persistAll(core);
        assertEquals(2L * one, core.tailBytes(), "4 and 5 are not committed");

        core.shrinkTail(2L * one);
        assertEquals(2, core.tailStart());
        core.shrinkTail(2L * one - 1);
        assertEquals(3, core.tailStart());
        assertEquals(one, core.tailBytes());
        core.shrinkTail(0);

        assertEquals(4, core.tailStart());
        assertEquals(0, core.tailBytes());
        assertEquals(5, core.lastIndex());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.raft.FollowerCause;
import io.quorate.raft.RaftEvent;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Who checks the checkers: a good history passes, and each way to spoil it is found and called by its name. */
@DisplayName("The checkers")
class CheckerTest {
    private static final long FORMER_GROUP = 0;
    private static final long GROUP = 1;
    private static final NodeId N1 = new NodeId(1);
    private static final NodeId N2 = new NodeId(2);
    private static final NodeId N3 = new NodeId(3);

    private final Map<NodeId, FakeImage> disks = new TreeMap<>();
    private final ClusterChecker checker =
            new ClusterChecker((node, group) -> Optional.ofNullable(disks.get(node)), () -> true);

    private record FakeImage(HardState hardState, List<LogEntry> log) implements DurableImages.Image {
        @Override
        public long lastIndex() {
            return log.size();
        }

        @Override
        public Optional<LogEntry> entry(long index) {
            return index <= log.size() ? Optional.of(log.get((int) index - 1)) : Optional.empty();
        }
    }

    private final LogEntry noOp = new LogEntry(new EntryId(1, 1), EntryType.NO_OP, 0, 0, 0, Payload.EMPTY);
    private final LogEntry first = records(1, 2, 0, "first");
    private final LogEntry second = records(1, 3, 1, "second");
    private final SentBatch firstBatch;
    private final SentBatch secondBatch;

    CheckerTest() {
        checker.onGroup(GROUP, List.of(N1, N2, N3));
        disk(N1, 1, N1, noOp, first, second);
        disk(N2, 1, N1, noOp, first, second);
        disk(N3, 1, N1, noOp);
        firstBatch = sent("first", 7, 0);
        secondBatch = sent("second", 7, 1);
    }

    private void disk(NodeId node, long term, NodeId votedFor, LogEntry... log) {
        disks.put(node, new FakeImage(new HardState(term, Optional.of(votedFor)), List.of(log)));
    }

    private SentBatch sent(String text, long producerId, long sequence) {
        SentBatch batch = checker.history().create("p", GROUP, Payload.utf8(text), producerId, sequence, 1);
        checker.history().onAttempt(batch);
        return batch;
    }

    private static LogEntry records(long term, long index, long offset, String text) {
        return new LogEntry(new EntryId(term, index), EntryType.RECORDS, offset, 1, 0, Payload.utf8(text));
    }

    private void apply(NodeId node, LogEntry... entries) {
        for (LogEntry entry : entries) {
            checker.onApplied(node, GROUP, entry);
        }
    }

    private void send(NodeId from, NodeId to, Message message) {
        checker.onSend(from, to, GROUP, message);
    }

    @Test
    @DisplayName("let a snapshot take the place of trimmed records, and of no others")
    void snapshotsOfWhatIsTrimmed() {
        LogEntry trim = new LogEntry(
                new EntryId(1, 4),
                EntryType.COMMAND,
                2,
                0,
                0,
                Payload.wrap(ByteBuffer.allocate(18)
                        .put((byte) 1)
                        .put((byte) 1)
                        .putLong(1)
                        .putLong(2)
                        .array()));
        disk(N1, 1, N1, noOp, first, second, trim);
        disk(N2, 1, N1, noOp, first, second, trim);
        apply(N1, noOp, first, second, trim);

        checker.onRaftEvent(N3, GROUP, new RaftEvent.SnapshotInstalled(1, first.id()));

        Violation violation = assertThrows(
                Violation.class, () -> checker.onRaftEvent(N3, GROUP, new RaftEvent.SnapshotInstalled(1, second.id())));
        assertEquals(Invariant.KEPT_IS_EVERYWHERE, violation.invariant());
    }

    @Test
    @DisplayName("accept a history in which nothing is wrong")
    void goodHistory() {
        send(N1, N2, new VoteRequest(1, EntryId.NONE));
        send(N2, N1, new VoteResponse(1, true));
        send(N1, N2, new AppendRequest(1, EntryId.NONE, List.of(noOp, first, second), 0));
        send(N2, N1, new AppendAccepted(1, 3));
        apply(N1, noOp, first, second);
        send(N1, N2, new AppendRequest(1, second.id(), List.of(), 3));
        apply(N2, noOp, first, second);
        checker.onAcknowledged(firstBatch, 0, 1, false);
        checker.onAcknowledged(secondBatch, 1, 1, false);
        checker.onAcknowledged(firstBatch, 0, 2, true);
        ReadChecker reader = new ReadChecker(checker.oracle(GROUP), "reader", 0);
        reader.onEntries(List.of(first, second));
        reader.onHighWatermark(2);

        assertEquals(2, checker.history().acknowledged());
        assertEquals(1, checker.history().duplicates());
        assertEquals(2, reader.position());
    }

    @TestFactory
    @DisplayName("find each of these and name it")
    Stream<DynamicTest> spoiltHistories() {
        return spoilt().entrySet().stream()
                .map(story -> DynamicTest.dynamicTest(story.getKey(), () -> {
                    CheckerTest fresh = new CheckerTest();
                    Spoilt spoilt = fresh.spoilt().get(story.getKey());
                    Violation violation = assertThrows(Violation.class, spoilt.story()::run);
                    assertEquals(spoilt.breaks(), violation.invariant());
                }));
    }

    private record Spoilt(Invariant breaks, Runnable story) {}

    private Map<String, Spoilt> spoilt() {
        Map<String, Spoilt> stories = new TreeMap<>();
        stories.put("two leaders of one term", new Spoilt(Invariant.ONE_LEADER_PER_TERM, () -> {
            send(N1, N3, new Heartbeat(4, 0, 1));
            send(N2, N3, new Heartbeat(4, 0, 1));
        }));
        stories.put("a leader nobody heard of", new Spoilt(Invariant.ONE_LEADER_PER_TERM, () -> {
            checker.onRaftEvent(N1, GROUP, new RaftEvent.BecameLeader(4, 0));
            checker.onRaftEvent(N2, GROUP, new RaftEvent.BecameLeader(4, 0));
        }));
        stories.put("two votes of one node, with a restart between", new Spoilt(Invariant.ONE_VOTE_PER_TERM, () -> {
            send(N3, N1, new VoteResponse(1, true));
            checker.onNodeStarted(N3);
            disk(N3, 1, N2);
            send(N3, N2, new VoteResponse(1, true));
        }));
        stories.put("a candidate that votes for another one", new Spoilt(Invariant.ONE_VOTE_PER_TERM, () -> {
            send(N1, N3, new VoteRequest(1, EntryId.NONE));
            send(N1, N2, new VoteResponse(1, true));
        }));
        stories.put(
                "a vote that is not on disk",
                new Spoilt(Invariant.VOTE_DURABLE_BEFORE_SENT, () -> send(N3, N1, new VoteResponse(2, true))));
        stories.put(
                "a candidacy that is not on disk",
                new Spoilt(Invariant.VOTE_DURABLE_BEFORE_SENT, () -> send(N3, N1, new VoteRequest(2, EntryId.NONE))));
        stories.put("a term that falls", new Spoilt(Invariant.TERM_MONOTONIC, () -> {
            checker.onRaftEvent(N1, GROUP, new RaftEvent.BecameFollower(4, FollowerCause.ASKED_TO, "test"));
            checker.onRaftEvent(N1, GROUP, new RaftEvent.BecameFollower(3, FollowerCause.ASKED_TO, "test"));
        }));
        stories.put("one id, two contents", new Spoilt(Invariant.LOG_MATCHING, () -> {
            send(N1, N2, new AppendRequest(1, noOp.id(), List.of(first), 0));
            send(N1, N3, new AppendRequest(1, noOp.id(), List.of(records(1, 2, 0, "other")), 0));
        }));
        stories.put("one id, two predecessors", new Spoilt(Invariant.LOG_MATCHING, () -> {
            send(N1, N2, new AppendRequest(3, new EntryId(1, 1), List.of(records(3, 2, 0, "x")), 0));
            send(N1, N3, new AppendRequest(3, new EntryId(2, 1), List.of(records(3, 2, 0, "x")), 0));
        }));
        stories.put(
                "an old term's entry committed by counting", new Spoilt(Invariant.COMMITS_OWN_TERM_BY_COUNTING, () -> {
                    send(N1, N2, new AppendRequest(1, EntryId.NONE, List.of(noOp, first), 0));
                    send(N2, N3, new AppendRequest(3, first.id(), List.of(), 2));
                }));
        stories.put(
                "an acknowledgement of what is not on disk",
                new Spoilt(Invariant.ACCEPTED_IS_DURABLE, () -> send(N3, N1, new AppendAccepted(1, 2))));
        stories.put("two entries at one index", new Spoilt(Invariant.STATE_MACHINE_SAFETY, () -> {
            apply(N1, noOp, first);
            apply(N2, noOp, records(2, 2, 0, "other"));
        }));
        stories.put("an index left out", new Spoilt(Invariant.STATE_MACHINE_SAFETY, () -> apply(N1, noOp, second)));
        stories.put("an index applied twice", new Spoilt(Invariant.STATE_MACHINE_SAFETY, () -> apply(N1, noOp, noOp)));
        stories.put(
                "an offset left out",
                new Spoilt(Invariant.OFFSETS_DENSE, () -> apply(N1, noOp, records(1, 2, 1, "first"))));
        stories.put("a generation that falls", new Spoilt(Invariant.GENERATION_MONOTONIC, () -> {
            apply(N1, noOp, first);
            apply(N1, records(0, 3, 1, "second"));
        }));
        stories.put(
                "an acknowledgement on one disk of three", new Spoilt(Invariant.ACKNOWLEDGED_IS_QUORUM_DURABLE, () -> {
                    disk(N2, 1, N1, noOp);
                    apply(N1, noOp, first);
                }));
        stories.put("an acknowledgement of nothing", new Spoilt(Invariant.ACKNOWLEDGED_IS_IN_LOG, () -> {
            apply(N1, noOp);
            checker.onAcknowledged(firstBatch, 0, 1, false);
        }));
        stories.put("an acknowledgement of another batch", new Spoilt(Invariant.ACKNOWLEDGED_IS_IN_LOG, () -> {
            apply(N1, noOp, first);
            checker.onAcknowledged(secondBatch, 0, 1, false);
        }));
        stories.put(
                "an acknowledgement in another generation", new Spoilt(Invariant.ACKNOWLEDGED_IN_ITS_GENERATION, () -> {
                    apply(N1, noOp, first);
                    checker.onAcknowledged(firstBatch, 0, 2, false);
                }));
        stories.put("a batch that is in the log twice", new Spoilt(Invariant.EXACTLY_ONCE, () -> {
            LogEntry again = records(1, 3, 1, "first");
            disk(N2, 1, N1, noOp, first, again);
            disk(N1, 1, N1, noOp, first, again);
            apply(N1, noOp, first, again);
        }));
        stories.put("a sequence left out", new Spoilt(Invariant.EXACTLY_ONCE, () -> {
            apply(N1, noOp, records(1, 2, 0, "second"));
        }));
        stories.put("two offsets for one batch", new Spoilt(Invariant.DUPLICATE_NAMES_ORIGINAL_OFFSET, () -> {
            apply(N1, noOp, first, second);
            checker.history().onAcknowledged(firstBatch, first, 1, false);
            checker.history().onAcknowledged(firstBatch, second, 1, true);
        }));
        stories.put("a refused batch in the log", new Spoilt(Invariant.REFUSED_IS_NOT_IN_LOG, () -> {
            checker.history().onRefused(firstBatch);
            apply(N1, noOp, first);
        }));
        stories.put(
                "a batch that nobody sent",
                new Spoilt(Invariant.NOTHING_FROM_NOWHERE, () -> apply(N1, noOp, records(1, 2, 0, "unheard of"))));
        stories.put(
                "a batch that goes to a deleted topic of the same name",
                new Spoilt(Invariant.NOTHING_FROM_NOWHERE, () -> {
                    checker.onGroupGone(FORMER_GROUP);
                    checker.onApplied(N1, FORMER_GROUP, first);
                }));
        stories.put("a batch overtaken by a later one", new Spoilt(Invariant.REAL_TIME_ORDER, () -> {
            LogEntry late = records(1, 2, 0, "late");
            apply(N1, noOp, first);
            checker.onAcknowledged(firstBatch, 0, 1, false);
            SentBatch batch = sent("late", 9, 0);
            checker.history().onAcknowledged(batch, late, 1, false);
        }));
        stories.put("a read of what is not committed", new Spoilt(Invariant.READS_ARE_COMMITTED_PREFIX, () -> {
            apply(N1, noOp, first);
            new ReadChecker(checker.oracle(GROUP), "reader", 0).onEntries(List.of(first, second));
        }));
        stories.put("a read with a gap", new Spoilt(Invariant.READS_ARE_COMMITTED_PREFIX, () -> {
            apply(N1, noOp, first, second);
            new ReadChecker(checker.oracle(GROUP), "reader", 0).onEntries(List.of(second));
        }));
        stories.put("a read that repeats", new Spoilt(Invariant.READS_ARE_COMMITTED_PREFIX, () -> {
            apply(N1, noOp, first, second);
            ReadChecker reader = new ReadChecker(checker.oracle(GROUP), "reader", 0);
            reader.onEntries(List.of(first, second));
            reader.onEntries(List.of(second));
        }));
        stories.put(
                "a high-water mark above what is committed", new Spoilt(Invariant.READS_ARE_COMMITTED_PREFIX, () -> {
                    apply(N1, noOp, first);
                    new ReadChecker(checker.oracle(GROUP), "reader", 0).onHighWatermark(2);
                }));
        return stories;
    }
}

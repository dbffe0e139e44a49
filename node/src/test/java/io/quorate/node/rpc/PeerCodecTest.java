/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.internal.v1.AppendAccepted;
import io.quorate.internal.v1.AppendEntries;
import io.quorate.internal.v1.Entry;
import io.quorate.internal.v1.GroupMessage;
import io.quorate.internal.v1.NodeStatus;
import io.quorate.internal.v1.PeerFrame;
import io.quorate.node.rpc.PeerCodec.MalformedMessageException;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import io.quorate.raft.log.SnapshotId;
import io.quorate.raft.message.AppendRejected;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.ReadIndexRequest;
import io.quorate.raft.message.ReadIndexResponse;
import io.quorate.raft.message.SnapshotReceived;
import io.quorate.raft.message.TimeoutNow;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("A message between nodes")
class PeerCodecTest {
    private static final long GROUP = 7;

    static Stream<Message> messages() {
        LogEntry noOp = new LogEntry(new EntryId(3, 11), EntryType.NO_OP, 40, 0, 1_700_000_000_000L, Payload.EMPTY);
        LogEntry records = new LogEntry(new EntryId(4, 12), EntryType.RECORDS, 40, 3, 0, Payload.utf8("abc"));
        LogEntry command = new LogEntry(new EntryId(4, 13), EntryType.COMMAND, 43, 0, 5, Payload.utf8("{}"));
        return Stream.of(
                new PreVoteRequest(5, new EntryId(4, 13)),
                new PreVoteRequest(1, EntryId.NONE),
                new PreVoteResponse(5, true),
                new PreVoteResponse(0, false),
                new VoteRequest(5, new EntryId(4, 13)),
                new VoteResponse(5, true),
                new VoteResponse(5, false),
                new AppendRequest(4, EntryId.NONE, List.of(), 0),
                new AppendRequest(4, new EntryId(2, 10), List.of(noOp, records, command), 9),
                new io.quorate.raft.message.AppendAccepted(4, 13),
                new AppendRejected(4, 10, new EntryId(2, 9)),
                new AppendRejected(4, 10, EntryId.NONE),
                new Heartbeat(4, 9, 77),
                new HeartbeatResponse(4, 77),
                new VoteRequest(4, new EntryId(3, 9), true),
                new TimeoutNow(4),
                new InstallSnapshot(
                        4,
                        new SnapshotId(new EntryId(3, 9), 7, -5),
                        77,
                        Payload.utf8("members"),
                        2,
                        Payload.utf8("state"),
                        -9),
                new SnapshotReceived(4, new SnapshotId(new EntryId(3, 9), 7, 5), 7),
                new ReadIndexRequest(4, -77),
                new ReadIndexResponse(4, -77, true, 9),
                new ReadIndexResponse(4, 77, false, 0));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("messages")
    @DisplayName("arrives as it was sent")
    void roundTrip(Message message) throws Exception {
        GroupMessage sent = PeerCodec.encode(GROUP, message);
        GroupMessage received = GroupMessage.parseFrom(sent.toByteArray());

        assertEquals(new PeerMessage.ForGroup(GROUP, message), PeerCodec.decode(received));
    }

    @Test
    @DisplayName("tells a node's status as it was sent")
    void statusRoundTrip() throws Exception {
        PeerMessage.Status status = new PeerMessage.Status(
                "host:7400",
                -5,
                List.of(new PeerMessage.Leadership(0, 3), new PeerMessage.Leadership(9, 1)),
                true,
                true);

        assertEquals(
                status,
                PeerCodec.decode(NodeStatus.parseFrom(PeerCodec.encode(status).toByteArray())));
    }

    @Test
    @DisplayName("shares its payload with the array it was read from")
    void payloadIsNotCopied() throws Exception {
        LogEntry entry = new LogEntry(new EntryId(1, 1), EntryType.RECORDS, 0, 1, 0, Payload.utf8("payload"));
        LogEntry next = new LogEntry(new EntryId(1, 2), EntryType.RECORDS, 1, 1, 0, Payload.utf8("payload 2"));
        AppendRequest append = new AppendRequest(1, EntryId.NONE, List.of(entry, next), 0);
        PeerFrame frame = PeerFrame.newBuilder()
                .addMessages(PeerCodec.encode(GROUP, append))
                .build();
        AliasingMarshaller<PeerFrame> marshaller = new AliasingMarshaller<>(PeerFrame.getDefaultInstance());

        PeerFrame received = marshaller.parse(marshaller.stream(frame));
        AppendRequest decoded =
                (AppendRequest) PeerCodec.decode(received.getMessages(0)).message();

        assertEquals(append, decoded);
        assertSame(
                decoded.entries().get(0).payload().array(),
                decoded.entries().get(1).payload().array());
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                malformed("no message", frame -> {}),
                malformed("term 0", frame -> frame.setTerm(0).getHeartbeatBuilder()),
                malformed("term beyond 2^63", frame -> frame.setTerm(-1).getHeartbeatBuilder()),
                malformed("group beyond 2^63", frame -> frame.setGroupId(-1).getHeartbeatBuilder()),
                malformed(
                        "negative commit", frame -> frame.getHeartbeatBuilder().setCommitIndex(-1)),
                malformed("negative round", frame -> frame.getHeartbeatResponseBuilder()
                        .setRound(-1)),
                malformed("piece of no snapshot", frame -> frame.getInstallSnapshotBuilder()),
                malformed("snapshot beyond 2^63 bytes", frame -> frame.getSnapshotReceivedBuilder()
                        .getSnapshotBuilder()
                        .setLastTerm(1)
                        .setLastIndex(1)
                        .setTotalBytes(-1)),
                malformed("negative read index", frame -> frame.getReadIndexAnswerBuilder()
                        .setIndex(-1)),
                malformed(
                        "negative match",
                        frame -> frame.setAppendAccepted(
                                AppendAccepted.newBuilder().setMatchIndex(-1))),
                malformed("negative rejected index", frame -> frame.getAppendRejectedBuilder()
                        .setRejectedIndex(-1)),
                malformed("hint with term only", frame -> frame.getAppendRejectedBuilder()
                        .setHintTerm(1)),
                malformed("last entry with index only", frame -> frame.getVoteRequestBuilder()
                        .setLastIndex(1)),
                malformed("negative last term", frame -> frame.getPreVoteRequestBuilder()
                        .setLastTerm(-1)
                        .setLastIndex(1)),
                malformed(
                        "digest of no entries",
                        frame -> frame.getDigestRequestBuilder().setFromIndex(2).setToIndex(1)),
                malformed("digest of too many entries", frame -> frame.getDigestRequestBuilder()
                        .setFromIndex(1)
                        .setToIndex(PeerMessage.DIGEST_ENTRIES_MAX + 1L)),
                malformed(
                        "digest of another one of too many entries",
                        frame -> frame.getDigestVerdictBuilder().setFromIndex(1).setToIndex(Long.MAX_VALUE)),
                appends("previous of a later term", append -> append.setPreviousTerm(6)
                        .setPreviousIndex(1)),
                appends("previous index at the end of numbers", append -> append.setPreviousTerm(1)
                        .setPreviousIndex(Long.MAX_VALUE)
                        .addEntries(entry(1, 0, 1))),
                appends("entry of a later term", append -> append.addEntries(entry(6, 0, 1))),
                appends("entry of term 0", append -> append.addEntries(entry(0, 0, 1))),
                appends("terms that fall", append -> append.addEntries(entry(3, 0, 1))
                        .addEntries(entry(2, 1, 1))),
                appends("offsets with a gap", append -> append.addEntries(entry(3, 0, 1))
                        .addEntries(entry(3, 2, 1))),
                appends("records without a count", append -> append.addEntries(entry(3, 0, 0))),
                appends("count beyond 2^31", append -> append.addEntries(entry(3, 0, -1))),
                appends(
                        "no-op with a count",
                        append -> append.addEntries(entry(3, 0, 1).setType(EntryType.NO_OP.code()))),
                appends(
                        "unknown entry type",
                        append -> append.addEntries(entry(3, 0, 1).setType(99))),
                appends("negative base offset", append -> append.addEntries(entry(3, -1, 1))),
                appends(
                        "base offset at the end of numbers",
                        append -> append.addEntries(entry(3, Long.MAX_VALUE - 1, 5))),
                appends(
                        "negative time",
                        append -> append.addEntries(entry(3, 0, 1).setTimestampMs(-1))),
                appends("negative commit of an append", append -> append.setCommitIndex(-1)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformed")
    @DisplayName("is refused, not believed, when it could trip Raft:")
    void malformedIsRefused(String what, GroupMessage frame) {
        MalformedMessageException thrown = assertThrows(MalformedMessageException.class, () -> PeerCodec.decode(frame));

        assertTrue(thrown.getMessage().length() > 10, thrown.getMessage());
    }

    @Test
    @DisplayName("is refused when a status names a generation that cannot be")
    void malformedStatusIsRefused() {
        NodeStatus.Builder status = NodeStatus.newBuilder();
        status.addLeadsBuilder().setGroupId(1).setGeneration(0);

        assertThrows(MalformedMessageException.class, () -> PeerCodec.decode(status.build()));
    }

    private static Arguments malformed(String what, Consumer<GroupMessage.Builder> damage) {
        GroupMessage.Builder frame = GroupMessage.newBuilder().setGroupId(GROUP).setTerm(5);
        damage.accept(frame);
        return Arguments.of(what, frame.build());
    }

    private static Arguments appends(String what, Consumer<AppendEntries.Builder> damage) {
        return malformed(what, frame -> damage.accept(frame.getAppendEntriesBuilder()));
    }

    private static Entry.Builder entry(long term, long baseOffset, int count) {
        return Entry.newBuilder()
                .setTerm(term)
                .setType(EntryType.RECORDS.code())
                .setBaseOffset(baseOffset)
                .setRecordCount(count);
    }
}

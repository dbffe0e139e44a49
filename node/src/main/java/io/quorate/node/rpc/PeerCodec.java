/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.quorate.internal.v1.AppendEntries;
import io.quorate.internal.v1.Entry;
import io.quorate.internal.v1.GroupMessage;
import io.quorate.internal.v1.NodeStatus;
import io.quorate.internal.v1.Standing;
import io.quorate.internal.v1.VoteAnswer;
import io.quorate.node.replica.MemberId;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.SnapshotId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRejected;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.MessageHandler;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.ReadIndexRequest;
import io.quorate.raft.message.ReadIndexResponse;
import io.quorate.raft.message.SnapshotReceived;
import io.quorate.raft.message.TimeoutNow;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Raft messages and node status to and from {@code quorate.internal.v1}. Payloads are shared, not copied.
 *
 * <p>Whatever comes from the wire is checked before a value is made of it: ids in range, entries contiguous with terms
 * that never fall or exceed the sender's. What does not pass is a {@link MalformedMessageException}, so that a bad peer
 * cannot trip an invariant of Raft.
 */
public final class PeerCodec {
    private PeerCodec() {}

    /** A frame that no correct peer sends. */
    public static final class MalformedMessageException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedMessageException(String message) {
            super(message);
        }
    }

    /** Between members of the first stay. */
    public static GroupMessage encode(long groupId, Message message) {
        return encode(new PeerMessage.ForGroup(groupId, message));
    }

    public static GroupMessage encode(PeerMessage.ForGroup forGroup) {
        Message message = forGroup.message();
        GroupMessage.Builder frame = GroupMessage.newBuilder()
                .setGroupId(forGroup.groupId())
                .setFromStay(forGroup.fromStay())
                .setToStay(forGroup.toStay())
                .setTerm(message.term());
        message.deliverTo(ANYONE, new Encoder(frame));
        return frame.build();
    }

    /** As it arrives at another node. */
    public static PeerMessage.ForGroup thereAndBack(PeerMessage.ForGroup message) {
        try {
            return decode(GroupMessage.parseFrom(encode(message).toByteString()));
        } catch (MalformedMessageException | InvalidProtocolBufferException impossible) {
            throw new IllegalStateException("what was just encoded", impossible);
        }
    }

    public static PeerMessage.ForGroup decode(GroupMessage frame) throws MalformedMessageException {
        long groupId = notNegative("group_id", frame.getGroupId());
        // Only who has never voted or followed answers with term 0.
        long term =
                frame.hasPreVoteResponse() ? notNegative("term", frame.getTerm()) : positive("term", frame.getTerm());
        Message message =
                switch (frame.getMessageCase()) {
                    case PRE_VOTE_REQUEST ->
                        new PreVoteRequest(
                                term,
                                lastEntry(
                                        frame.getPreVoteRequest().getLastTerm(),
                                        frame.getPreVoteRequest().getLastIndex()));
                    case PRE_VOTE_RESPONSE ->
                        new PreVoteResponse(term, frame.getPreVoteResponse().getGranted());
                    case VOTE_REQUEST ->
                        new VoteRequest(
                                term,
                                lastEntry(
                                        frame.getVoteRequest().getLastTerm(),
                                        frame.getVoteRequest().getLastIndex()),
                                frame.getVoteRequest().getTransfer());
                    case VOTE_RESPONSE ->
                        new VoteResponse(term, frame.getVoteResponse().getGranted());
                    case APPEND_ENTRIES -> decode(term, frame.getAppendEntries());
                    case APPEND_ACCEPTED ->
                        new AppendAccepted(
                                term,
                                notNegative(
                                        "match_index", frame.getAppendAccepted().getMatchIndex()));
                    case APPEND_REJECTED ->
                        new AppendRejected(
                                term,
                                notNegative(
                                        "rejected_index",
                                        frame.getAppendRejected().getRejectedIndex()),
                                entryId(
                                        "hint",
                                        frame.getAppendRejected().getHintTerm(),
                                        frame.getAppendRejected().getHintIndex()));
                    case HEARTBEAT ->
                        new Heartbeat(
                                term,
                                notNegative("commit_index", frame.getHeartbeat().getCommitIndex()),
                                notNegative("round", frame.getHeartbeat().getRound()),
                                frame.getHeartbeat().getQuiesce());
                    case HEARTBEAT_RESPONSE ->
                        new HeartbeatResponse(
                                term,
                                notNegative(
                                        "round", frame.getHeartbeatResponse().getRound()),
                                frame.getHeartbeatResponse().getQuiescent());
                    case READ_INDEX ->
                        new ReadIndexRequest(term, frame.getReadIndex().getReadId());
                    case READ_INDEX_ANSWER ->
                        new ReadIndexResponse(
                                term,
                                frame.getReadIndexAnswer().getReadId(),
                                frame.getReadIndexAnswer().getGranted(),
                                notNegative("index", frame.getReadIndexAnswer().getIndex()));
                    case TIMEOUT_NOW -> new TimeoutNow(term);
                    case INSTALL_SNAPSHOT -> decode(term, frame.getInstallSnapshot());
                    case SNAPSHOT_RECEIVED ->
                        new SnapshotReceived(
                                term,
                                decode(frame.getSnapshotReceived().getSnapshot()),
                                notNegative(
                                        "position", frame.getSnapshotReceived().getPosition()));
                    case REPAIR_REQUEST,
                            REPAIR_REPLY,
                            REPAIR_SNAPSHOT_REQUEST,
                            REPAIR_SNAPSHOT_PIECE,
                            DIGEST_REQUEST,
                            DIGEST_REPLY,
                            DIGEST_VERDICT ->
                        throw new MalformedMessageException("a message about repair is none of Raft's");
                    case MESSAGE_NOT_SET ->
                        throw new MalformedMessageException("a message of a kind that this version does not know");
                };
        return new PeerMessage.ForGroup(
                groupId, stay("from_stay", frame.getFromStay()), stay("to_stay", frame.getToStay()), message);
    }

    private static int stay(String field, int value) throws MalformedMessageException {
        if (value < 0 || value > MemberId.MAX_STAY) {
            throw new MalformedMessageException(field + " " + Integer.toUnsignedString(value));
        }
        return value;
    }

    public static NodeStatus encode(PeerMessage.Status status) {
        NodeStatus.Builder frame = NodeStatus.newBuilder()
                .setClientAddress(status.clientAddress())
                .setIncarnation(status.incarnation())
                .setComplete(status.complete())
                .setDiskFull(status.diskFull())
                .setDiskStalled(status.diskStalled())
                .setPeerAddress(status.peerAddress());
        status.admission().ifPresent(frame::setAdmission);
        for (PeerMessage.Leadership leadership : status.leads()) {
            frame.addLeadsBuilder()
                    .setGroupId(leadership.groupId())
                    .setGeneration(leadership.generation())
                    .setPlacement(leadership.placement());
        }
        return frame.build();
    }

    public static PeerMessage.Status decode(NodeStatus frame) throws MalformedMessageException {
        List<PeerMessage.Leadership> leads = new ArrayList<>(frame.getLeadsCount());
        for (io.quorate.internal.v1.Leadership leadership : frame.getLeadsList()) {
            leads.add(new PeerMessage.Leadership(
                    notNegative("group_id", leadership.getGroupId()),
                    positive("generation", leadership.getGeneration()),
                    stay("placement", leadership.getPlacement())));
        }
        return new PeerMessage.Status(
                frame.getClientAddress(),
                frame.getIncarnation(),
                leads,
                frame.getComplete(),
                frame.getDiskFull(),
                frame.getDiskStalled(),
                frame.hasAdmission() ? OptionalInt.of(stay("admission", frame.getAdmission())) : OptionalInt.empty(),
                frame.getPeerAddress());
    }

    public static Standing encode(PeerMessage.Standing standing) {
        return Standing.newBuilder()
                .setIncarnation(standing.incarnation())
                .setVerdict(
                        switch (standing.verdict()) {
                            case FIRST -> Standing.Verdict.VERDICT_FIRST;
                            case ADMITTED -> Standing.Verdict.VERDICT_ADMITTED;
                            case LOST -> Standing.Verdict.VERDICT_LOST;
                            case REMOVED -> Standing.Verdict.VERDICT_REMOVED;
                            case UNKNOWN -> Standing.Verdict.VERDICT_UNKNOWN;
                        })
                .setAdmission(standing.admission())
                .setKnownIncarnation(standing.knownIncarnation())
                .build();
    }

    public static PeerMessage.Standing decode(Standing frame) throws MalformedMessageException {
        PeerMessage.Standing.Verdict verdict =
                switch (frame.getVerdict()) {
                    case VERDICT_FIRST -> PeerMessage.Standing.Verdict.FIRST;
                    case VERDICT_ADMITTED -> PeerMessage.Standing.Verdict.ADMITTED;
                    case VERDICT_LOST -> PeerMessage.Standing.Verdict.LOST;
                    case VERDICT_REMOVED -> PeerMessage.Standing.Verdict.REMOVED;
                    case VERDICT_UNKNOWN -> PeerMessage.Standing.Verdict.UNKNOWN;
                    case VERDICT_UNSPECIFIED, UNRECOGNIZED ->
                        throw new MalformedMessageException("a verdict that this version does not know");
                };
        return new PeerMessage.Standing(
                frame.getIncarnation(), verdict, stay("admission", frame.getAdmission()), frame.getKnownIncarnation());
    }

    private static InstallSnapshot decode(long term, io.quorate.internal.v1.InstallSnapshot frame)
            throws MalformedMessageException {
        return new InstallSnapshot(
                term,
                decode(frame.getSnapshot()),
                notNegative("next_offset", frame.getNextOffset()),
                PayloadBytes.toPayload(frame.getMembership()),
                notNegative("position", frame.getPosition()),
                PayloadBytes.toPayload(frame.getChunk()),
                frame.getChunkChecksum());
    }

    private static SnapshotId decode(io.quorate.internal.v1.SnapshotId frame) throws MalformedMessageException {
        EntryId last =
                new EntryId(positive("last_term", frame.getLastTerm()), positive("last_index", frame.getLastIndex()));
        return new SnapshotId(last, notNegative("total_bytes", frame.getTotalBytes()), frame.getChecksum());
    }

    private static AppendRequest decode(long term, AppendEntries frame) throws MalformedMessageException {
        EntryId previous = entryId("previous", frame.getPreviousTerm(), frame.getPreviousIndex());
        if (previous.term() > term) {
            throw new MalformedMessageException("previous entry " + previous + " is of a later term than " + term);
        }
        if (previous.index() > Long.MAX_VALUE - frame.getEntriesCount()) {
            throw new MalformedMessageException("previous index " + previous.index() + " leaves no room for entries");
        }
        List<LogEntry> entries = new ArrayList<>(frame.getEntriesCount());
        EntryId last = previous;
        long nextOffset = -1;
        for (Entry entry : frame.getEntriesList()) {
            LogEntry decoded = decode(entry, last.index() + 1);
            if (decoded.term() < last.term() || decoded.term() > term) {
                throw new MalformedMessageException(
                        "entry " + decoded.id() + " cannot follow " + last + " in a message of term " + term);
            }
            if (nextOffset >= 0 && decoded.baseOffset() != nextOffset) {
                throw new MalformedMessageException(
                        "entry " + decoded.id() + " has base offset " + decoded.baseOffset() + ", not " + nextOffset);
            }
            entries.add(decoded);
            last = decoded.id();
            nextOffset = decoded.nextOffset();
        }
        return new AppendRequest(term, previous, entries, notNegative("commit_index", frame.getCommitIndex()));
    }

    static Entry.Builder encode(LogEntry entry) {
        return Entry.newBuilder()
                .setTerm(entry.term())
                .setType(entry.type().code())
                .setBaseOffset(entry.baseOffset())
                .setRecordCount(entry.recordCount())
                .setTimestampMs(entry.timestampMillis())
                .setPayload(PayloadBytes.toByteString(entry.payload()));
    }

    static LogEntry decode(Entry entry, long index) throws MalformedMessageException {
        long baseOffset = notNegative("base_offset", entry.getBaseOffset());
        if (baseOffset > Long.MAX_VALUE - Integer.MAX_VALUE) {
            throw new MalformedMessageException("base_offset " + baseOffset + " leaves no room for records");
        }
        EntryType type = typeOf(entry.getType());
        int recordCount = entry.getRecordCount();
        if (recordCount < 0 || (recordCount > 0) != (type == EntryType.RECORDS)) {
            throw new MalformedMessageException(
                    "an entry of type " + type + " with " + Integer.toUnsignedString(recordCount) + " records");
        }
        return new LogEntry(
                new EntryId(positive("entry term", entry.getTerm()), index),
                type,
                baseOffset,
                recordCount,
                notNegative("timestamp_ms", entry.getTimestampMs()),
                PayloadBytes.toPayload(entry.getPayload()));
    }

    private static EntryType typeOf(int code) throws MalformedMessageException {
        try {
            return EntryType.ofCode(code);
        } catch (IllegalArgumentException unknown) {
            throw new MalformedMessageException(unknown.getMessage());
        }
    }

    private static EntryId lastEntry(long term, long index) throws MalformedMessageException {
        return entryId("last", term, index);
    }

    static EntryId entryId(String what, long term, long index) throws MalformedMessageException {
        notNegative(what + "_term", term);
        notNegative(what + "_index", index);
        if ((term == 0) != (index == 0)) {
            throw new MalformedMessageException(what + " entry " + term + "/" + index + ": only both can be 0");
        }
        return term == 0 ? EntryId.NONE : new EntryId(term, index);
    }

    static long notNegative(String field, long value) throws MalformedMessageException {
        if (value < 0) {
            throw new MalformedMessageException(field + " " + Long.toUnsignedString(value) + " is out of range");
        }
        return value;
    }

    static long positive(String field, long value) throws MalformedMessageException {
        if (value <= 0) {
            throw new MalformedMessageException(field + " " + Long.toUnsignedString(value) + " is out of range");
        }
        return value;
    }

    /** Dispatch needs a sender; encoding does not look at it. */
    private static final NodeId ANYONE = new NodeId(Integer.MAX_VALUE);

    private record Encoder(GroupMessage.Builder frame) implements MessageHandler {
        @Override
        public void onPreVoteRequest(NodeId from, PreVoteRequest request) {
            frame.getPreVoteRequestBuilder()
                    .setLastTerm(request.lastEntry().term())
                    .setLastIndex(request.lastEntry().index());
        }

        @Override
        public void onPreVoteResponse(NodeId from, PreVoteResponse response) {
            frame.setPreVoteResponse(VoteAnswer.newBuilder().setGranted(response.granted()));
        }

        @Override
        public void onVoteRequest(NodeId from, VoteRequest request) {
            frame.getVoteRequestBuilder()
                    .setLastTerm(request.lastEntry().term())
                    .setLastIndex(request.lastEntry().index())
                    .setTransfer(request.transfer());
        }

        @Override
        public void onVoteResponse(NodeId from, VoteResponse response) {
            frame.setVoteResponse(VoteAnswer.newBuilder().setGranted(response.granted()));
        }

        @Override
        public void onAppendRequest(NodeId from, AppendRequest request) {
            AppendEntries.Builder append = AppendEntries.newBuilder()
                    .setPreviousTerm(request.previous().term())
                    .setPreviousIndex(request.previous().index())
                    .setCommitIndex(request.commitIndex());
            for (LogEntry entry : request.entries()) {
                append.addEntries(PeerCodec.encode(entry));
            }
            frame.setAppendEntries(append);
        }

        @Override
        public void onAppendAccepted(NodeId from, AppendAccepted response) {
            frame.getAppendAcceptedBuilder().setMatchIndex(response.matchIndex());
        }

        @Override
        public void onAppendRejected(NodeId from, AppendRejected response) {
            frame.getAppendRejectedBuilder()
                    .setRejectedIndex(response.rejectedIndex())
                    .setHintTerm(response.hint().term())
                    .setHintIndex(response.hint().index());
        }

        @Override
        public void onHeartbeat(NodeId from, Heartbeat heartbeat) {
            frame.getHeartbeatBuilder()
                    .setCommitIndex(heartbeat.commitIndex())
                    .setRound(heartbeat.round())
                    .setQuiesce(heartbeat.quiesce());
        }

        @Override
        public void onHeartbeatResponse(NodeId from, HeartbeatResponse response) {
            frame.getHeartbeatResponseBuilder().setRound(response.round()).setQuiescent(response.quiescent());
        }

        @Override
        public void onReadIndexRequest(NodeId from, ReadIndexRequest request) {
            frame.getReadIndexBuilder().setReadId(request.readId());
        }

        @Override
        public void onReadIndexResponse(NodeId from, ReadIndexResponse response) {
            frame.getReadIndexAnswerBuilder()
                    .setReadId(response.readId())
                    .setGranted(response.granted())
                    .setIndex(response.index());
        }

        @Override
        public void onTimeoutNow(NodeId from, TimeoutNow request) {
            frame.setTimeoutNow(io.quorate.internal.v1.TimeoutNow.getDefaultInstance());
        }

        @Override
        public void onInstallSnapshot(NodeId from, InstallSnapshot piece) {
            frame.getInstallSnapshotBuilder()
                    .setSnapshot(encode(piece.snapshot()))
                    .setNextOffset(piece.nextOffset())
                    .setMembership(PayloadBytes.toByteString(piece.membership()))
                    .setPosition(piece.position())
                    .setChunk(PayloadBytes.toByteString(piece.chunk()))
                    .setChunkChecksum(piece.checksum());
        }

        @Override
        public void onSnapshotReceived(NodeId from, SnapshotReceived response) {
            frame.getSnapshotReceivedBuilder()
                    .setSnapshot(encode(response.snapshot()))
                    .setPosition(response.position());
        }

        private static io.quorate.internal.v1.SnapshotId.Builder encode(SnapshotId id) {
            return io.quorate.internal.v1.SnapshotId.newBuilder()
                    .setLastTerm(id.last().term())
                    .setLastIndex(id.last().index())
                    .setTotalBytes(id.totalBytes())
                    .setChecksum(id.checksum());
        }
    }
}

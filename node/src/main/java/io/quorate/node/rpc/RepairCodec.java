/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.quorate.internal.v1.Entry;
import io.quorate.internal.v1.GroupMessage;
import io.quorate.internal.v1.RepairReply;
import io.quorate.internal.v1.RepairRequest;
import io.quorate.internal.v1.RepairSnapshotPiece;
import io.quorate.internal.v1.RepairSnapshotRequest;
import io.quorate.node.rpc.PeerCodec.MalformedMessageException;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/** What replicas say to each other when one of them repairs its log; as strict as {@link PeerCodec}. */
public final class RepairCodec {
    private RepairCodec() {}

    public static boolean isRepair(GroupMessage frame) {
        return frame.hasRepairRequest()
                || frame.hasRepairReply()
                || frame.hasRepairSnapshotRequest()
                || frame.hasRepairSnapshotPiece()
                || frame.hasDigestRequest()
                || frame.hasDigestReply()
                || frame.hasDigestVerdict();
    }

    public static GroupMessage encode(PeerMessage.Repair message) {
        if (message instanceof PeerMessage.RepairRequest request) {
            return encodeRequest(request);
        } else if (message instanceof PeerMessage.RepairReply reply) {
            return encodeReply(reply);
        } else if (message instanceof PeerMessage.RepairSnapshotRequest request) {
            return encodeRequest(request);
        }
        if (message instanceof PeerMessage.RepairSnapshotPiece piece) {
            return encodePiece(piece);
        }
        return encodeDigest(message);
    }

    private static GroupMessage encodeDigest(PeerMessage.Repair message) {
        GroupMessage.Builder frame = GroupMessage.newBuilder().setGroupId(message.groupId());
        if (message instanceof PeerMessage.DigestRequest request) {
            frame.getDigestRequestBuilder()
                    .setRound(request.round())
                    .setFromIndex(request.fromIndex())
                    .setToIndex(request.toIndex());
        } else if (message instanceof PeerMessage.DigestReply reply) {
            frame.getDigestReplyBuilder().setRound(reply.round()).setDigest(reply.digest());
        } else if (message instanceof PeerMessage.DigestVerdict verdict) {
            frame.getDigestVerdictBuilder()
                    .setFromIndex(verdict.fromIndex())
                    .setToIndex(verdict.toIndex())
                    .setDigest(verdict.digest());
        }
        return frame.build();
    }

    private static PeerMessage.Repair decodeDigest(long groupId, GroupMessage frame) throws MalformedMessageException {
        if (frame.hasDigestReply()) {
            return new PeerMessage.DigestReply(
                    groupId,
                    frame.getDigestReply().getRound(),
                    frame.getDigestReply().getDigest());
        }
        boolean asks = frame.hasDigestRequest();
        long from = PeerCodec.positive(
                "from_index",
                asks
                        ? frame.getDigestRequest().getFromIndex()
                        : frame.getDigestVerdict().getFromIndex());
        long to = PeerCodec.positive(
                "to_index",
                asks
                        ? frame.getDigestRequest().getToIndex()
                        : frame.getDigestVerdict().getToIndex());
        if (to < from || to - from >= PeerMessage.DIGEST_ENTRIES_MAX) {
            throw new MalformedMessageException("a digest of entries " + from + " to " + to + ", but of 1 to "
                    + PeerMessage.DIGEST_ENTRIES_MAX + " entries one may be asked for");
        }
        return asks
                ? new PeerMessage.DigestRequest(
                        groupId, frame.getDigestRequest().getRound(), from, to)
                : new PeerMessage.DigestVerdict(
                        groupId, from, to, frame.getDigestVerdict().getDigest());
    }

    /** About what it takes in a frame. */
    static long sizeBytes(PeerMessage.Repair message) {
        long bytes = PeerLink.MESSAGE_OVERHEAD_BYTES;
        if (message instanceof PeerMessage.RepairReply reply) {
            for (LogEntry entry : reply.entries()) {
                bytes += entry.sizeBytes();
            }
        } else if (message instanceof PeerMessage.RepairSnapshotPiece piece) {
            bytes += piece.piece().size() + piece.membership().size();
        }
        return bytes;
    }

    /** Whether it carries data, and must not delay heartbeats. */
    static boolean isBulk(PeerMessage.Repair message) {
        return message instanceof PeerMessage.RepairReply || message instanceof PeerMessage.RepairSnapshotPiece;
    }

    private static GroupMessage encodeRequest(PeerMessage.RepairSnapshotRequest request) {
        return GroupMessage.newBuilder()
                .setGroupId(request.groupId())
                .setRepairSnapshotRequest(RepairSnapshotRequest.newBuilder()
                        .setRound(request.round())
                        .setLastTerm(request.snapshot().term())
                        .setLastIndex(request.snapshot().index())
                        .setPosition(request.position()))
                .build();
    }

    private static GroupMessage encodePiece(PeerMessage.RepairSnapshotPiece piece) {
        return GroupMessage.newBuilder()
                .setGroupId(piece.groupId())
                .setRepairSnapshotPiece(RepairSnapshotPiece.newBuilder()
                        .setRound(piece.round())
                        .setLastTerm(piece.snapshot().term())
                        .setLastIndex(piece.snapshot().index())
                        .setNextOffset(piece.nextOffset())
                        .setMembership(PayloadBytes.toByteString(piece.membership()))
                        .setTotalBytes(piece.totalBytes())
                        .setPosition(piece.position())
                        .setPiece(PayloadBytes.toByteString(piece.piece()))
                        .setPieceChecksum(checksum(piece.piece())))
                .build();
    }

    private static int checksum(Payload bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.array(), bytes.arrayOffset(), bytes.size());
        return (int) crc.getValue();
    }

    private static GroupMessage encodeRequest(PeerMessage.RepairRequest request) {
        return GroupMessage.newBuilder()
                .setGroupId(request.groupId())
                .setTerm(request.term())
                .setRepairRequest(RepairRequest.newBuilder()
                        .setRound(request.round())
                        .setFromIndex(request.fromIndex())
                        .setToIndex(request.toIndex())
                        .setNewTerm(request.newTerm()))
                .build();
    }

    private static GroupMessage encodeReply(PeerMessage.RepairReply reply) {
        RepairReply.Builder frame = RepairReply.newBuilder()
                .setRound(reply.round())
                .setCommittedTerm(reply.committed().term())
                .setCommittedIndex(reply.committed().index())
                .setFirstIndex(reply.firstIndex());
        if (!reply.entries().isEmpty()) {
            frame.setFromIndex(reply.entries().get(0).index());
            reply.entries().forEach(entry -> frame.addEntries(PeerCodec.encode(entry)));
        }
        return GroupMessage.newBuilder()
                .setGroupId(reply.groupId())
                .setRepairReply(frame)
                .build();
    }

    /** @param frame one that {@link #isRepair} */
    public static PeerMessage.Repair decode(GroupMessage frame) throws MalformedMessageException {
        long groupId = PeerCodec.notNegative("group_id", frame.getGroupId());
        if (frame.hasRepairRequest()) {
            RepairRequest request = frame.getRepairRequest();
            return new PeerMessage.RepairRequest(
                    groupId,
                    request.getRound(),
                    PeerCodec.notNegative("term", frame.getTerm()),
                    PeerCodec.positive("from_index", request.getFromIndex()),
                    PeerCodec.positive("to_index", request.getToIndex()),
                    request.getNewTerm());
        }
        if (frame.hasDigestRequest() || frame.hasDigestReply() || frame.hasDigestVerdict()) {
            return decodeDigest(groupId, frame);
        }
        if (frame.hasRepairSnapshotRequest()) {
            RepairSnapshotRequest request = frame.getRepairSnapshotRequest();
            return new PeerMessage.RepairSnapshotRequest(
                    groupId,
                    request.getRound(),
                    PeerCodec.entryId("last", request.getLastTerm(), request.getLastIndex()),
                    PeerCodec.notNegative("position", request.getPosition()));
        }
        if (frame.hasRepairSnapshotPiece()) {
            return decode(groupId, frame.getRepairSnapshotPiece());
        }
        RepairReply reply = frame.getRepairReply();
        EntryId committed = PeerCodec.entryId("committed", reply.getCommittedTerm(), reply.getCommittedIndex());
        return new PeerMessage.RepairReply(
                groupId,
                reply.getRound(),
                committed,
                PeerCodec.positive("first_index", reply.getFirstIndex()),
                entries(reply, committed));
    }

    private static PeerMessage.Repair decode(long groupId, RepairSnapshotPiece frame) throws MalformedMessageException {
        Payload piece = PayloadBytes.toPayload(frame.getPiece());
        long totalBytes = PeerCodec.notNegative("total_bytes", frame.getTotalBytes());
        long position = PeerCodec.notNegative("position", frame.getPosition());
        if (position > totalBytes || piece.size() > totalBytes - position) {
            throw new MalformedMessageException(
                    piece.size() + " bytes at position " + position + " of a snapshot of " + totalBytes + " bytes");
        }
        if (checksum(piece) != frame.getPieceChecksum()) {
            throw new MalformedMessageException("a piece of a snapshot with a wrong checksum");
        }
        return new PeerMessage.RepairSnapshotPiece(
                groupId,
                frame.getRound(),
                new EntryId(
                        PeerCodec.positive("last_term", frame.getLastTerm()),
                        PeerCodec.positive("last_index", frame.getLastIndex())),
                PeerCodec.notNegative("next_offset", frame.getNextOffset()),
                PayloadBytes.toPayload(frame.getMembership()),
                totalBytes,
                position,
                piece);
    }

    private static List<LogEntry> entries(RepairReply reply, EntryId committed) throws MalformedMessageException {
        List<LogEntry> entries = new ArrayList<>(reply.getEntriesCount());
        if (reply.getEntriesCount() == 0) {
            return entries;
        }
        long index = PeerCodec.positive("from_index", reply.getFromIndex());
        if (index > committed.index() || reply.getEntriesCount() > committed.index() - index + 1) {
            throw new MalformedMessageException(reply.getEntriesCount() + " entries from index " + index
                    + " on, but only " + committed + " is committed");
        }
        long term = 0;
        long nextOffset = -1;
        for (Entry entry : reply.getEntriesList()) {
            LogEntry decoded = PeerCodec.decode(entry, index);
            if (decoded.term() < term
                    || decoded.term() > committed.term()
                    || nextOffset >= 0 && decoded.baseOffset() != nextOffset) {
                throw new MalformedMessageException("entry " + decoded.id() + " with base offset "
                        + decoded.baseOffset() + " cannot follow term " + term + " and offset " + nextOffset);
            }
            entries.add(decoded);
            term = decoded.term();
            nextOffset = decoded.nextOffset();
            index++;
        }
        return entries;
    }
}

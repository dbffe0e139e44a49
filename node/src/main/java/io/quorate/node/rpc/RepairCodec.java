/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.quorate.internal.v1.Entry;
import io.quorate.internal.v1.GroupMessage;
import io.quorate.internal.v1.RepairReply;
import io.quorate.internal.v1.RepairRequest;
import io.quorate.node.rpc.PeerCodec.MalformedMessageException;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import java.util.ArrayList;
import java.util.List;

/** What replicas say to each other when one of them repairs its log; as strict as {@link PeerCodec}. */
public final class RepairCodec {
    private RepairCodec() {}

    public static boolean isRepair(GroupMessage frame) {
        return frame.hasRepairRequest() || frame.hasRepairReply();
    }

    public static GroupMessage encode(PeerMessage.RepairRequest request) {
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

    public static GroupMessage encode(PeerMessage.RepairReply reply) {
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
    public static PeerMessage decode(GroupMessage frame) throws MalformedMessageException {
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
        RepairReply reply = frame.getRepairReply();
        EntryId committed = PeerCodec.entryId("committed", reply.getCommittedTerm(), reply.getCommittedIndex());
        return new PeerMessage.RepairReply(
                groupId,
                reply.getRound(),
                committed,
                PeerCodec.positive("first_index", reply.getFirstIndex()),
                entries(reply, committed));
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

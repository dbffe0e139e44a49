/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.seam;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import io.quorate.raft.message.Message;
import java.util.List;
import java.util.OptionalInt;

/** What one node says to another. */
public sealed interface PeerMessage {
    /** Of so many entries at a time a digest may be asked for: as many as a segment of 256 MiB holds at least. */
    int DIGEST_ENTRIES_MAX = 4 << 20;

    /**
     * From a replica of a group to another replica of the same group.
     *
     * @param fromStay which stay of the sender's node in the group is meant, see {@code MemberId}
     * @param toStay   the same of the receiver's
     */
    record ForGroup(long groupId, int fromStay, int toStay, Message message) implements PeerMessage {
        /** Between members of the first stay. */
        public ForGroup(long groupId, Message message) {
            this(groupId, 0, 0, message);
        }
    }

    /**
     * What a node tells about itself: on connection, on change, and every second.
     *
     * @param clientAddress where clients reach the sender, host:port
     * @param incarnation   of the sender's storage
     * @param leads         groups that the sender leads
     * @param complete      whether {@code leads} is the whole list
     * @param diskFull      whether the sender can store no records now
     * @param diskStalled   whether the sender's disk has not answered for too long
     * @param admission     how often storage of the sender has been readmitted; empty: its disk is empty and it asks
     * @param peerAddress   where peers reach the sender, host:port
     */
    record Status(
            String clientAddress,
            long incarnation,
            List<Leadership> leads,
            boolean complete,
            boolean diskFull,
            boolean diskStalled,
            OptionalInt admission,
            String peerAddress)
            implements PeerMessage {
        public Status {
            leads = List.copyOf(leads);
        }

        /** Of a member that has never lost its storage and whose disk answers. */
        public Status(
                String clientAddress, long incarnation, List<Leadership> leads, boolean complete, boolean diskFull) {
            this(clientAddress, incarnation, leads, complete, diskFull, false, OptionalInt.of(0), "");
        }
    }

    /**
     * To a node that has asked whether it belongs to the cluster: what the sender knows of it.
     *
     * @param incarnation      of the asking node's storage
     * @param admission        as which it is admitted, or the last one that is known
     * @param knownIncarnation if lost: the storage that the sender knows
     */
    record Standing(long incarnation, Verdict verdict, int admission, long knownIncarnation) implements PeerMessage {
        public enum Verdict {
            /** The sender knows no other storage of the node, and has made a durable note of this one. */
            FIRST,
            /** The registry has this storage. */
            ADMITTED,
            /** The sender knows other storage of this node. */
            LOST,
            /** The node was removed from the cluster. */
            REMOVED,
            /** The registry does not know the node. */
            UNKNOWN
        }
    }

    /** Between two replicas of a group that repair their logs, or look whether they must. */
    sealed interface Repair extends PeerMessage {
        long groupId();
    }

    /**
     * From a replica whose log is damaged, to another one of its group: it wants committed entries.
     *
     * @param round     handed back with the answer
     * @param term      the newest in which the sender may have voted or acknowledged anything
     * @param fromIndex first entry that is wanted
     * @param toIndex   last one
     * @param newTerm   only a newer term helps: who leads an older one is to hand over
     */
    record RepairRequest(long groupId, long round, long term, long fromIndex, long toIndex, boolean newTerm)
            implements Repair {}

    /**
     * The answer to a {@link RepairRequest}.
     *
     * @param committed  the last entry that the sender knows to be committed; {@link EntryId#NONE} if none
     * @param firstIndex where the sender's log begins
     * @param entries    as many of those asked for as are committed and fit, from the first one on
     */
    record RepairReply(long groupId, long round, EntryId committed, long firstIndex, List<LogEntry> entries)
            implements Repair {
        public RepairReply {
            entries = List.copyOf(entries);
        }
    }

    /**
     * From a replica whose log is damaged where the others have trimmed theirs: it wants a snapshot, piece by piece.
     *
     * @param round    handed back with the answer
     * @param snapshot of which a piece is wanted; {@link EntryId#NONE}: of any
     * @param position of the piece in the state, in bytes
     */
    record RepairSnapshotRequest(long groupId, long round, EntryId snapshot, long position) implements Repair {}

    /**
     * The answer to a {@link RepairSnapshotRequest}, from the beginning on if the sender has another snapshot meanwhile.
     *
     * @param snapshot   the last entry that is in it
     * @param nextOffset first offset after it
     * @param membership as of that entry
     * @param totalBytes of the state
     * @param position   of the piece in the state, in bytes
     * @param piece      may be empty only if the state is
     */
    record RepairSnapshotPiece(
            long groupId,
            long round,
            EntryId snapshot,
            long nextOffset,
            Payload membership,
            long totalBytes,
            long position,
            Payload piece)
            implements Repair {}

    /**
     * From a leader to another replica of its group: what digest have these entries there? At most {@link
     * #DIGEST_ENTRIES_MAX} of them.
     *
     * @param round handed back with the answer
     */
    record DigestRequest(long groupId, long round, long fromIndex, long toIndex) implements Repair {}

    /** The answer to a {@link DigestRequest}, from who has all these entries and has applied them. */
    record DigestReply(long groupId, long round, long digest) implements Repair {}

    /** To a replica of whose entries the digest is another one than that of most replicas, which is this one. */
    record DigestVerdict(long groupId, long fromIndex, long toIndex, long digest) implements Repair {}

    /**
     * @param placement that the group's members, committed, are those of, as the registry counts them; 0 if it was never
     *                  changed, or that is not known
     */
    record Leadership(long groupId, long generation, int placement) {
        public Leadership(long groupId, long generation) {
            this(groupId, generation, 0);
        }
    }
}

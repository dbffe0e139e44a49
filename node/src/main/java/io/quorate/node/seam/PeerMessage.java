/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.seam;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.message.Message;
import java.util.List;

/** What one node says to another. */
public sealed interface PeerMessage {
    /** From a replica of a group to another replica of the same group. */
    record ForGroup(long groupId, Message message) implements PeerMessage {}

    /**
     * What a node tells about itself: on connection, on change, and every second.
     *
     * @param clientAddress where clients reach the sender, host:port
     * @param incarnation   of the sender's storage
     * @param leads         groups that the sender leads
     * @param complete      whether {@code leads} is the whole list
     * @param diskFull      whether the sender can store no records now
     */
    record Status(String clientAddress, long incarnation, List<Leadership> leads, boolean complete, boolean diskFull)
            implements PeerMessage {
        public Status {
            leads = List.copyOf(leads);
        }
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
            implements PeerMessage {}

    /**
     * The answer to a {@link RepairRequest}.
     *
     * @param committed  the last entry that the sender knows to be committed; {@link EntryId#NONE} if none
     * @param firstIndex where the sender's log begins
     * @param entries    as many of those asked for as are committed and fit, from the first one on
     */
    record RepairReply(long groupId, long round, EntryId committed, long firstIndex, List<LogEntry> entries)
            implements PeerMessage {
        public RepairReply {
            entries = List.copyOf(entries);
        }
    }

    record Leadership(long groupId, long generation) {}
}

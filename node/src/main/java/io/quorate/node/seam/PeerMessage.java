/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.seam;

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

    record Leadership(long groupId, long generation) {}
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.check;

import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import java.util.Optional;

/** What would be found on a node's disk if its power failed at this very moment and nothing unforced survived. */
public interface DurableImages {
    /** One group's directory in such an image. */
    interface Image {
        HardState hardState();

        /** The first one that is kept. */
        default long firstIndex() {
            return 1;
        }

        /** 0 if the log is empty. */
        long lastIndex();

        Optional<LogEntry> entry(long index);
    }

    /** Empty if the member's node has never made the group durable. */
    Optional<Image> of(NodeId member, long groupId);
}

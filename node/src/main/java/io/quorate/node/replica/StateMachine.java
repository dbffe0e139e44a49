/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;

/** What a group's log means: the same entries lead to the same state on every replica. */
public interface StateMachine {
    /** Takes the next committed entry, whatever its type; called in the order of the log, without gaps. */
    void apply(LogEntry entry);

    /** First offset that no applied entry uses; 0 for a log without records. */
    long nextOffset();

    /** First offset whose record must stay readable; 0 for a log without records. */
    long lowWatermark();

    /** What a state machine had become once, however it went on. Immutable, for any thread. */
    interface Frozen {
        /** All that a replica needs to go on from there. Equal for replicas that had applied the same. */
        Payload encode();
    }

    /**
     * What a snapshot is to hold of this as it is now. Quick, for it is called on the event loop: what grows with the state
     * is done by {@link Frozen#encode}, which takes milliseconds, at the limits tens of them.
     */
    Frozen freeze();

    /**
     * Becomes what {@link Frozen#encode} told of, in place of whatever this is.
     *
     * @throws IllegalArgumentException if this version cannot read it: the replica must stop
     */
    void restore(GroupSnapshot snapshot);
}

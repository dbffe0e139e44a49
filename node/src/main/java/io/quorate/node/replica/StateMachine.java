/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.raft.log.LogEntry;

/** What a group's log means: the same entries lead to the same state on every replica. */
public interface StateMachine {
    /** Takes the next committed entry, whatever its type; called in the order of the log, without gaps. */
    void apply(LogEntry entry);
}

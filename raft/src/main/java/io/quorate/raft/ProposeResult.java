/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.NodeId;
import java.util.Optional;

/** What became of a proposal at the door. Refusals are certain: the entry is not in any log. */
public sealed interface ProposeResult {
    /**
     * In the leader's log; the outcome is known when {@code id.index()} is applied, or when leadership ends before that.
     *
     * @param id         where it will be if it commits
     * @param baseOffset offset of its first record if it commits
     */
    record Admitted(EntryId id, long baseOffset) implements ProposeResult {}

    /** @param leader who leads, as far as this member knows */
    record NotLeader(Optional<NodeId> leader) implements ProposeResult {}

    /**
     * This member leads, but hands over its leadership: a new leader is there soon, or this one goes on.
     *
     * @param target who is to lead
     */
    record Transferring(NodeId target) implements ProposeResult {}

    /** @param uncommittedBytes what waits to commit; at the configured limit */
    record Overloaded(long uncommittedBytes) implements ProposeResult {}
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.nio.ByteBuffer;

/**
 * The smallest state machine that notices any difference: a hash over all entries in order.
 *
 * @param last       the last entry that was applied
 * @param nextOffset after it
 * @param hash       over all of them
 */
record StateHash(EntryId last, long nextOffset, long hash) {
    static final StateHash EMPTY = new StateHash(EntryId.NONE, 0, 17);

    /** Most snapshots take several pieces, and some a single one. */
    private static final int PADDING = 700;

    StateHash after(LogEntry entry) {
        return new StateHash(entry.id(), entry.nextOffset(), 31 * hash + entry.hashCode());
    }

    GroupSnapshot toSnapshot(Membership membership) {
        byte[] bytes = new byte[Long.BYTES + (last.index() % 3 == 0 ? 0 : PADDING)];
        ByteBuffer.wrap(bytes).putLong(hash);
        return new GroupSnapshot(last, nextOffset, Payload.wrap(bytes), membership.encode());
    }

    static StateHash of(GroupSnapshot snapshot) {
        return new StateHash(
                snapshot.last(),
                snapshot.nextOffset(),
                snapshot.state().asReadOnlyBuffer().getLong());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.log;

import java.util.Objects;

/**
 * What a group's state machine has become by applying all entries up to {@code last}: it stands in for them.
 *
 * @param last       the last entry that is in it; not {@link EntryId#NONE}
 * @param nextOffset first offset after that entry
 * @param state      the state machine's, opaque
 * @param membership the group's as of that entry, encoded; empty for members that never changed
 */
public record GroupSnapshot(EntryId last, long nextOffset, Payload state, Payload membership) {
    public GroupSnapshot {
        Objects.requireNonNull(state, "state");
        Objects.requireNonNull(membership, "membership");
        if (last.index() < 1 || nextOffset < 0) {
            throw new IllegalArgumentException("a snapshot of entry " + last + ", next offset " + nextOffset);
        }
    }
}

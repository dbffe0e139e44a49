/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.Payload;
import java.util.Objects;

/**
 * What a state machine has become by applying all entries up to {@code last}: it stands in for them.
 *
 * @param last       the last entry that is in it; not {@link EntryId#NONE}
 * @param nextOffset first offset after that entry
 * @param state      the state machine's, opaque; up to {@value #MAX_PART_BYTES} bytes
 * @param membership the group's as of that entry, opaque; up to {@value #MAX_PART_BYTES} bytes
 */
public record Snapshot(EntryId last, long nextOffset, Payload state, Payload membership) {
    public static final int MAX_PART_BYTES = 256 << 20;

    public Snapshot {
        Objects.requireNonNull(last, "last");
        Objects.requireNonNull(state, "state");
        Objects.requireNonNull(membership, "membership");
        if (last.index() < 1
                || last.term() < 1
                || nextOffset < 0
                || state.size() > MAX_PART_BYTES
                || membership.size() > MAX_PART_BYTES) {
            throw new IllegalArgumentException("a snapshot of entry " + last + ", next offset " + nextOffset
                    + ", with state of " + state + " and membership of " + membership + "; " + MAX_PART_BYTES
                    + " are the most for each");
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.GroupSnapshot;
import java.util.Optional;

/**
 * The snapshots of one member: the newest one on its disk, one that arrives in pieces, and one that is on its way to the
 * disk and has to replace the state machine once it is there.
 */
final class Snapshots {
    private final SnapshotReceiver receiver = new SnapshotReceiver();
    private EntryId newest = EntryId.NONE;
    private Optional<GroupSnapshot> installing = Optional.empty();

    SnapshotReceiver receiver() {
        return receiver;
    }

    /** The last entry of the newest one that is durable here; {@link EntryId#NONE} if there is none. */
    EntryId newest() {
        return newest;
    }

    void taken(EntryId last) {
        if (last.index() > newest.index()) {
            newest = last;
        }
    }

    /** The log has been replaced by this one, which is handed to the disk with the next persist. */
    void install(GroupSnapshot snapshot) {
        receiver.forget();
        installing = Optional.of(snapshot);
    }

    /** The snapshot that has just become durable, if one has: the state machine must become it. */
    Optional<GroupSnapshot> becameDurable(long durableIndex) {
        Optional<GroupSnapshot> durable =
                installing.filter(snapshot -> snapshot.last().index() <= durableIndex);
        if (durable.isPresent()) {
            installing = Optional.empty();
            taken(durable.get().last());
        }
        return durable;
    }
}

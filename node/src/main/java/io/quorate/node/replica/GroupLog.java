/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.CorruptLogException;
import io.quorate.logstore.LogStore;
import io.quorate.logstore.Snapshot;
import io.quorate.logstore.StorageException;
import io.quorate.raft.Membership;
import io.quorate.raft.MembershipHistory;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import java.util.List;
import java.util.Optional;

/**
 * A group's log as it was found on the disk, and from where its replica can begin to apply it.
 *
 * @param snapshot    the newest good one: stands in for the entries up to its last one, which may be gone
 * @param memberships the entries behind the snapshot that changed the group's membership, in order
 */
public record GroupLog(LogStore store, Optional<Snapshot> snapshot, List<LogEntry> memberships) {
    public GroupLog {
        memberships = List.copyOf(memberships);
    }

    /**
     * Reads what there is in a log beside its entries. Of a damaged one the changes of membership are left out: it takes no
     * part as it is.
     *
     * @throws StorageException if the disk fails
     */
    static GroupLog of(LogStore store) {
        Optional<Snapshot> snapshot = store.latestSnapshot();
        long covered = snapshot.map(found -> found.last().index()).orElse(0L);
        return new GroupLog(store, snapshot, store.damage().isPresent() ? List.of() : memberships(store, covered + 1));
    }

    private static List<LogEntry> memberships(LogStore store, long fromIndex) {
        try {
            return store.entriesOfType(EntryType.MEMBERSHIP, fromIndex);
        } catch (CorruptLogException found) {
            if (store.damage().isPresent()) {
                return List.of();
            }
            throw found;
        }
    }

    /** The last entry that is in the snapshot; {@link EntryId#NONE} if there is none. */
    public EntryId snapshotEnd() {
        return snapshot.map(Snapshot::last).orElse(EntryId.NONE);
    }

    /** The snapshot as the state machine takes it. */
    public Optional<GroupSnapshot> state() {
        return snapshot.map(GroupLog::toGroup);
    }

    /**
     * Who the members are along this log.
     *
     * @param first from the beginning on, as long as neither a snapshot nor an entry says otherwise
     * @throws IllegalArgumentException if the log holds something else than memberships where they should be
     */
    public MembershipHistory membershipHistory(Membership first) {
        Membership base = snapshot.filter(found -> found.membership().size() > 0)
                .map(found -> Membership.decode(found.membership())
                        .orElseThrow(() -> new IllegalArgumentException(
                                "the snapshot of " + found.last() + " has something else than a membership")))
                .orElse(first);
        MembershipHistory history = new MembershipHistory(base);
        for (LogEntry entry : memberships) {
            history.add(
                    entry.index(),
                    Membership.decode(entry.payload())
                            .orElseThrow(() -> new IllegalArgumentException(
                                    "entry " + entry.id() + " has something else than a membership")));
        }
        return history;
    }

    static GroupSnapshot toGroup(Snapshot snapshot) {
        return new GroupSnapshot(snapshot.last(), snapshot.nextOffset(), snapshot.state(), snapshot.membership());
    }

    static Snapshot toStored(GroupSnapshot snapshot) {
        return new Snapshot(snapshot.last(), snapshot.nextOffset(), snapshot.state(), snapshot.membership());
    }
}

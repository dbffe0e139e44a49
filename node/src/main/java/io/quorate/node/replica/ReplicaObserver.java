/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.Damage;
import io.quorate.node.api.ClusterView.SpaceLevel;
import io.quorate.node.api.NodeEvent;
import io.quorate.node.api.Refusal;
import io.quorate.raft.Membership;
import io.quorate.raft.Persist;
import io.quorate.raft.RaftEvent;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;

/**
 * Watches what the replicas of one node do, without a say in it: logs, metrics and the simulator's checkers. Called on
 * the event loop; must not call back into the node.
 */
public interface ReplicaObserver {
    /** Watches nothing. */
    ReplicaObserver NONE = new ReplicaObserver() {};

    /**
     * The replica starts from what its log was found to hold, all of which is on its disk.
     *
     * @param member who it is in the group, see {@link MemberId}
     */
    default void onOpened(long groupId, NodeId member, Membership membership) {}

    /** The replica is about to write this; before any message of the same turn leaves. */
    default void onPersist(long groupId, Persist persist) {}

    /** Everything up to this persist is on the disk; before any message that waited for it leaves. */
    default void onPersisted(long groupId, long sequence) {}

    /** The state machine has applied this entry; in index order, from where it began on. */
    default void onApplied(long groupId, LogEntry entry) {}

    /**
     * An append was acknowledged by this node as the leader.
     *
     * @param records   in its batch
     * @param sizeBytes of its batch
     * @param nanos     from the request to the answer
     * @param duplicate it was in the log already
     */
    default void onAppendAnswered(long groupId, int records, int sizeBytes, long nanos, boolean duplicate) {}

    /** Batches were handed to a reader. */
    default void onReadAnswered(long groupId, int batches, long sizeBytes) {}

    /** A client's request was refused. @param groupId {@link NodeEvent#NO_GROUP} if it is for no replica of this node */
    default void onRefused(long groupId, Refusal refusal) {}

    /** The replica begins with this state, as if it had applied everything up to and including {@code last}. */
    default void onRestored(long groupId, EntryId last) {}

    /** What the state machine has become by applying everything up to {@code last}: equal on all replicas. */
    default void onSnapshot(long groupId, EntryId last, Payload state) {}

    /** So many logs were written and forced together. @param nanos from the first write to the last force */
    default void onFlushed(int groups, long sizeBytes, long nanos) {}

    /** Something happened in the replica's Raft core. */
    default void onRaftEvent(long groupId, RaftEvent event) {}

    /** The node's disk has not answered for too long, or answers again. */
    default void onDiskStalled(boolean stalled) {}

    /** The node's disk has come to hold more or less than one of its watermarks. */
    default void onSpaceLevel(SpaceLevel level) {}

    /**
     * The replica's log is damaged: it takes no part until it is repaired from its peers.
     *
     * @param member who it is in the group; it need not have been opened before
     */
    default void onQuarantined(long groupId, NodeId member, Damage damage) {}

    /** Its log is whole again; it is opened anew next. */
    default void onRepaired(long groupId) {}

    /** Sealed segments of a log were read again. */
    default void onScrubStep(long groupId, long sizeBytes) {}

    /** All logs of the node were read again. @param nanos from the beginning of the pass to its end */
    default void onScrubbed(int logs, long sizeBytes, long nanos) {}

    /** The replica takes no further part: its disk failed or its log cannot be opened. */
    default void onFailed(long groupId, Throwable cause) {}
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.events;

import io.quorate.logstore.Damage;
import io.quorate.node.api.ClusterView.SpaceLevel;
import io.quorate.node.api.Refusal;
import io.quorate.node.replica.ReplicaObserver;
import io.quorate.raft.Membership;
import io.quorate.raft.Persist;
import io.quorate.raft.RaftEvent;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;

/** Two observers as one, told in this order. Passes on everything there is; a test holds it to that. */
public record BothObservers(ReplicaObserver first, ReplicaObserver second) implements ReplicaObserver {
    @Override
    public void onOpened(long groupId, NodeId member, Membership membership) {
        first.onOpened(groupId, member, membership);
        second.onOpened(groupId, member, membership);
    }

    @Override
    public void onPersist(long groupId, Persist persist) {
        first.onPersist(groupId, persist);
        second.onPersist(groupId, persist);
    }

    @Override
    public void onPersisted(long groupId, long sequence) {
        first.onPersisted(groupId, sequence);
        second.onPersisted(groupId, sequence);
    }

    @Override
    public void onApplied(long groupId, LogEntry entry) {
        first.onApplied(groupId, entry);
        second.onApplied(groupId, entry);
    }

    @Override
    public void onRestored(long groupId, EntryId last) {
        first.onRestored(groupId, last);
        second.onRestored(groupId, last);
    }

    @Override
    public void onSnapshot(long groupId, EntryId last, Payload state) {
        first.onSnapshot(groupId, last, state);
        second.onSnapshot(groupId, last, state);
    }

    @Override
    public void onAppendAnswered(long groupId, int records, int sizeBytes, long nanos, boolean duplicate) {
        first.onAppendAnswered(groupId, records, sizeBytes, nanos, duplicate);
        second.onAppendAnswered(groupId, records, sizeBytes, nanos, duplicate);
    }

    @Override
    public void onReadAnswered(long groupId, int batches, long sizeBytes) {
        first.onReadAnswered(groupId, batches, sizeBytes);
        second.onReadAnswered(groupId, batches, sizeBytes);
    }

    @Override
    public void onRefused(long groupId, Refusal refusal) {
        first.onRefused(groupId, refusal);
        second.onRefused(groupId, refusal);
    }

    @Override
    public void onFlushed(int groups, long sizeBytes, long nanos) {
        first.onFlushed(groups, sizeBytes, nanos);
        second.onFlushed(groups, sizeBytes, nanos);
    }

    @Override
    public void onRaftEvent(long groupId, RaftEvent event) {
        first.onRaftEvent(groupId, event);
        second.onRaftEvent(groupId, event);
    }

    @Override
    public void onDiskStalled(boolean stalled) {
        first.onDiskStalled(stalled);
        second.onDiskStalled(stalled);
    }

    @Override
    public void onSpaceLevel(SpaceLevel level) {
        first.onSpaceLevel(level);
        second.onSpaceLevel(level);
    }

    @Override
    public void onQuarantined(long groupId, NodeId member, Damage damage) {
        first.onQuarantined(groupId, member, damage);
        second.onQuarantined(groupId, member, damage);
    }

    @Override
    public void onRepaired(long groupId) {
        first.onRepaired(groupId);
        second.onRepaired(groupId);
    }

    @Override
    public void onScrubStep(long groupId, long sizeBytes) {
        first.onScrubStep(groupId, sizeBytes);
        second.onScrubStep(groupId, sizeBytes);
    }

    @Override
    public void onScrubbed(int logs, long sizeBytes, long nanos) {
        first.onScrubbed(logs, sizeBytes, nanos);
        second.onScrubbed(logs, sizeBytes, nanos);
    }

    @Override
    public void onFailed(long groupId, Throwable cause) {
        first.onFailed(groupId, cause);
        second.onFailed(groupId, cause);
    }
}

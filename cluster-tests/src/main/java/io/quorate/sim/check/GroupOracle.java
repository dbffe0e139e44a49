/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.check;

import static io.quorate.sim.check.Violation.require;

import io.quorate.node.replica.MemberId;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The one log of a group: whoever applies an index first fixes its entry for ever, every other replica must apply the
 * same (paper §5.4.3, state machine safety).
 */
public final class GroupOracle {
    private final long groupId;
    private final List<LogEntry> committed = new ArrayList<>();
    private final List<LogEntry> records = new ArrayList<>();
    private final Map<NodeId, Long> appliedByNode = new TreeMap<>();
    private final Map<Long, Payload> snapshots = new TreeMap<>();

    private long trimmedTo;
    private long lowWatermark;

    GroupOracle(long groupId) {
        this.groupId = groupId;
    }

    /** The node begins anew: it will apply its log again. */
    void onNodeStarted(NodeId node) {
        appliedByNode.replaceAll((member, applied) -> MemberId.node(member).equals(node) ? 0L : applied);
    }

    /** The node begins with the state that all entries up to this one lead to. */
    void onRestored(NodeId node, EntryId last) {
        require(
                last.index() <= committed.size()
                        && (last.index() == 0
                                || committed.get((int) last.index() - 1).id().equals(last)),
                Invariant.STATE_MACHINE_SAFETY,
                "%s begins group %d with a snapshot of %s, which nobody has applied",
                node,
                groupId,
                last);
        appliedByNode.put(node, last.index());
    }

    /** Replicas that have applied the same entries must have come to the same. */
    void onSnapshot(NodeId node, EntryId last, Payload state) {
        Payload first = snapshots.putIfAbsent(last.index(), state);
        require(
                first == null || first.equals(state),
                Invariant.STATE_MACHINE_SAFETY,
                "%s has another state of group %d at %s than the first replica that made a snapshot there",
                node,
                groupId,
                last);
    }

    /** A snapshot takes the place of the node's log: of what comes before its end the node will have nothing. */
    void onInstalled(NodeId node, EntryId last) {
        require(
                last.index() <= committed.size()
                        && committed.get((int) last.index() - 1).nextOffset() <= lowWatermark,
                Invariant.KEPT_IS_EVERYWHERE,
                "%s of group %d gives its log up for a snapshot of %s, but kept are all records from offset %d on",
                node,
                groupId,
                last,
                lowWatermark);
    }

    /** Returns whether this index was applied for the first time anywhere. */
    boolean onApplied(NodeId node, LogEntry entry) {
        long expectedIndex = appliedByNode.getOrDefault(node, 0L) + 1;
        require(
                entry.index() == expectedIndex,
                Invariant.STATE_MACHINE_SAFETY,
                "%s applied index %d of group %d, but its next one is %d",
                node,
                entry.index(),
                groupId,
                expectedIndex);
        appliedByNode.put(node, entry.index());
        if (entry.index() <= committed.size()) {
            LogEntry first = committed.get((int) entry.index() - 1);
            require(
                    first.equals(entry),
                    Invariant.STATE_MACHINE_SAFETY,
                    "%s applied %s in group %d, but %s had been applied at that index",
                    node,
                    entry,
                    groupId,
                    first);
            return false;
        }
        extend(node, entry);
        return true;
    }

    private void extend(NodeId node, LogEntry entry) {
        long nextOffset = nextOffset();
        require(
                entry.baseOffset() == nextOffset,
                Invariant.OFFSETS_DENSE,
                "%s applied %s in group %d, but the next offset is %d",
                node,
                entry,
                groupId,
                nextOffset);
        if (!committed.isEmpty()) {
            LogEntry last = committed.get(committed.size() - 1);
            require(
                    entry.term() >= last.term(),
                    Invariant.GENERATION_MONOTONIC,
                    "%s applied %s in group %d after %s",
                    node,
                    entry,
                    groupId,
                    last);
        }
        committed.add(entry);
        if (entry.type() == EntryType.RECORDS) {
            records.add(entry);
        } else if (entry.type() == EntryType.COMMAND && groupId > 0) {
            // The command of a partition's log, as docs/formats.md has it: version, kind, low-water mark, first index.
            long trimmedFrom = entry.payload().asReadOnlyBuffer().getLong(2);
            lowWatermark = Math.max(lowWatermark, Math.min(trimmedFrom, nextOffset));
        }
    }

    public long groupId() {
        return groupId;
    }

    /** All that is committed, as far as anyone applied it; the entry of index i is at i - 1. */
    public List<LogEntry> committed() {
        return Collections.unmodifiableList(committed);
    }

    /** The record batches among {@link #committed()}. */
    public List<LogEntry> records() {
        return Collections.unmodifiableList(records);
    }

    public long lastIndex() {
        return committed.size();
    }

    /** The last of {@link #committed()}, which must not be empty. */
    public LogEntry last() {
        return committed.get(committed.size() - 1);
    }

    /** The first offset that is not taken. */
    public long nextOffset() {
        return committed.isEmpty() ? 0 : committed.get(committed.size() - 1).nextOffset();
    }

    /** A trim up to here is acknowledged: who asks from now on gets nothing below. */
    public void onTrimAcknowledged(long lowWatermark) {
        trimmedTo = Math.max(trimmedTo, lowWatermark);
    }

    /** The highest low-water mark that was acknowledged to whoever asked for it. */
    public long trimmedTo() {
        return trimmedTo;
    }

    /** What the node has applied since it started. */
    public long appliedBy(NodeId node) {
        return appliedByNode.getOrDefault(node, 0L);
    }

    /** Position in {@link #records()} of the batch that starts at this offset; negative if none does. */
    public int recordsPosition(long baseOffset) {
        int low = 0;
        int high = records.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            long found = records.get(middle).baseOffset();
            if (found == baseOffset) {
                return middle;
            }
            if (found < baseOffset) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }
}

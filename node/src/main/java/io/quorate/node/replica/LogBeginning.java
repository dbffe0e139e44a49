/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.SegmentInfo;
import io.quorate.node.api.Marks;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Result;
import io.quorate.raft.FollowerStatus;
import io.quorate.raft.Proposal;
import io.quorate.raft.ProposeResult;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.EntryType;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a partition's log begins, on this replica: the leader decides and says so in the log; every replica that has
 * applied it deletes what is below.
 *
 * <pre>
 *   leader:    retention or an operator ──► Trim(low-water mark, first index to keep) in the log
 *   everyone:  applied ──► readers below are refused ──► segments that snapshots stand in for deleted, one per step
 * </pre>
 *
 * <p>Segments are deleted on the reads' executor, so that every read that was handed out before is
 * done, and reads that come later know better. A follower that lags holds back the deletion of a few segments, not the
 * low-water mark; one that has been away for long holds back nothing, and is sent a snapshot when it comes back. Event
 * loop only.
 */
final class LogBeginning {
    private static final Logger LOG = LoggerFactory.getLogger(LogBeginning.class);

    /** How many election timeouts a follower is waited for that says nothing. */
    private static final int SILENT_ELECTION_TIMEOUTS = 10;

    private record Waiting(long index, Consumer<Result<Marks>> answer) {}

    private final ReplicaHost host;
    private final PartitionReplica partition;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private Retention retention;
    private long proposedUpTo;
    private boolean busy;

    LogBeginning(ReplicaHost host, PartitionReplica partition, Retention retention) {
        this.host = host;
        this.partition = partition;
        this.retention = retention;
    }

    void setRetention(Retention retention) {
        this.retention = retention;
    }

    /** To be called now and then while the replica runs. */
    void housekeep() {
        if (partition.replica().isReadyLeader()) {
            trimAsRetentionSays();
        }
        step();
    }

    // ---- the leader decides

    /** Trims to an offset that somebody has named. This member leads. */
    void trimTo(long offset, Consumer<Result<Marks>> answer) {
        PartitionStateMachine machine = partition.machine();
        if (offset > machine.nextOffset()) {
            answer.accept(new Result.Refused<>(Refusals.beyondTail(partition.name(), offset, machine.nextOffset())));
        } else if (offset <= machine.lowWatermark()) {
            answer.accept(new Result.Ok<>(partition.marks()));
        } else {
            propose(offset, answer);
        }
    }

    private void trimAsRetentionSays() {
        PartitionStateMachine machine = partition.machine();
        long applied = partition.replica().appliedIndex();
        if (proposedUpTo > applied) {
            return;
        }
        List<SegmentInfo> segments = partition.replica().store().segments();
        long lowWatermark = retention.lowWatermark(
                segments, applied, machine.lowWatermark(), host.loop().clock().currentTimeMillis());
        // One entry more may be the last trim itself: to drop that takes another one, and so on for ever.
        if (lowWatermark > machine.lowWatermark()
                || Retention.keepFromIndex(segments, applied, everywhere(), lowWatermark)
                        > machine.keepFromIndex() + 1) {
            propose(lowWatermark, ignored -> {});
        }
    }

    private void propose(long lowWatermark, Consumer<Result<Marks>> answer) {
        Replica replica = partition.replica();
        long keepFromIndex =
                Retention.keepFromIndex(replica.store().segments(), replica.appliedIndex(), everywhere(), lowWatermark);
        ProposeResult result = replica.propose(new Proposal(
                EntryType.COMMAND,
                0,
                host.loop().clock().currentTimeMillis(),
                PartitionCodec.encode(new Trim(lowWatermark, keepFromIndex))));
        if (result instanceof ProposeResult.Admitted admitted) {
            proposedUpTo = admitted.id().index();
            waiting.add(new Waiting(admitted.id().index(), answer));
        } else if (result instanceof ProposeResult.Overloaded overloaded) {
            answer.accept(new Result.Refused<>(
                    Refusals.partitionOverloaded(partition.name(), overloaded.uncommittedBytes())));
        } else {
            answer.accept(new Result.Refused<>(partition.notLeading()));
        }
    }

    /**
     * The last index that every replica is known to have on disk, but for those that have been silent for long; they get a
     * snapshot when they come back. A full disk waits for nobody.
     */
    private long everywhere() {
        RaftCore core = partition.replica().core();
        long least = core.durableIndex();
        if (host.disk().space().isFull()) {
            return least;
        }
        int patienceTicks = SILENT_ELECTION_TIMEOUTS * host.raft().electionTimeoutTicks();
        for (FollowerStatus follower : core.followers()) {
            if (follower.silentTicks() < patienceTicks) {
                least = Math.min(least, follower.matchIndex());
            }
        }
        return least;
    }

    // ---- every replica follows

    void onApplied(long appliedIndex) {
        boolean trimmed = false;
        while (!waiting.isEmpty() && waiting.peek().index() <= appliedIndex) {
            waiting.poll().answer().accept(new Result.Ok<>(partition.marks()));
            trimmed = true;
        }
        if (trimmed) {
            step();
        }
    }

    /** What was proposed may or may not be in the log. */
    void abandon(Refusal leadershipLost) {
        proposedUpTo = 0;
        while (!waiting.isEmpty()) {
            waiting.poll().answer().accept(new Result.Refused<>(leadershipLost));
        }
    }

    /** The deletion of one segment, if there is one that is not kept. */
    private void step() {
        Replica replica = partition.replica();
        long keepFromIndex = partition.machine().keepFromIndex();
        if (busy
                || !replica.isRunning()
                || replica.isBeingReplaced()
                || keepFromIndex <= replica.store().firstIndex()) {
            return;
        }
        busy = true;
        replica.trim(keepFromIndex, deleted -> {
            busy = false;
            if (deleted) {
                LOG.debug("{}: deleted a segment on {}", partition.name(), host.self());
                host.loop().execute(this::step);
            }
        });
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.raft.FollowerCause;
import io.quorate.raft.FollowerStatus;
import io.quorate.raft.RaftCore;
import io.quorate.raft.TransferResult;
import io.quorate.raft.log.NodeId;
import java.util.Optional;

/**
 * Keeps a replica from leading while somebody else would do better, as far as the node's disk goes.
 *
 * <pre>
 *   disk hangs   gives up leadership, does not campaign: nothing can be committed here that others could not commit
 *   disk full    gives up leadership once a majority of others has room and all that is committed; lets others campaign
 *                first. If nobody leads for long, the log is too new for them: it campaigns all the same, for a leader
 *                that refuses appends still serves readers and takes trims
 * </pre>
 *
 * <p>To give up means to hand over, if a follower with a fit disk has everything and nothing waits for this disk, which
 * costs the group a round trip; else, and if that comes to nothing, to step down, which costs it an election. Event loop
 * only.
 */
final class LeaderFitness {
    /** For how many minimum election timeouts others may campaign first. */
    private static final int PATIENCE = 4;

    private final DiskWatch disk;
    private final RaftCore core;
    private final boolean storesRecords;
    private final int electionTimeoutTicks;
    private int leaderlessTicks;
    /** The last term in which this member tried to hand over, or could not. */
    private long triedIn;

    /** @param storesRecords false for the registry of topics, which lives on what is reserved for it */
    LeaderFitness(DiskWatch disk, RaftCore core, boolean storesRecords, int electionTimeoutTicks) {
        this.disk = disk;
        this.core = core;
        this.storesRecords = storesRecords;
        this.electionTimeoutTicks = electionTimeoutTicks;
    }

    /** To be called before each tick of the core. */
    void tick() {
        boolean full = storesRecords && disk.space().isFull();
        // Who has to see to it that somebody else leads must count time.
        core.permitQuiescence(!disk.isStalled() && !full);
        if (disk.isStalled()) {
            core.holdBack(true);
            giveUp(FollowerCause.DISK_STALLED, "the disk has not answered for " + disk.stalledMillis() + " ms");
        } else if (full) {
            leaderlessTicks = core.leader().isPresent() ? 0 : leaderlessTicks + 1;
            core.holdBack(leaderlessTicks < PATIENCE * electionTimeoutTicks);
            if (othersCanTakeOver()) {
                giveUp(FollowerCause.DISK_FULL, "the disk is full, and others have room");
            }
        } else {
            leaderlessTicks = 0;
            core.holdBack(false);
        }
    }

    private void giveUp(FollowerCause cause, String why) {
        if (core.transferTarget().isPresent()) {
            return;
        }
        boolean handsOver = triedIn != core.term()
                && successor()
                        .filter(target -> core.transferLeadership(target) instanceof TransferResult.Started)
                        .isPresent();
        triedIn = core.term();
        if (!handsOver) {
            core.stepDown(cause, why);
        }
    }

    /** Who could take over within a round trip: nothing that it or this member still has to write stands in between. */
    private Optional<NodeId> successor() {
        if (core.durableIndex() < core.lastIndex() || core.commitIndex() < core.lastIndex()) {
            return Optional.empty();
        }
        return core.followers().stream()
                .filter(follower -> core.membership().voters().contains(follower.follower())
                        && disk.isFit(follower.follower())
                        && follower.replicating()
                        && follower.silentTicks() < electionTimeoutTicks
                        && follower.matchIndex() == core.lastIndex())
                .map(FollowerStatus::follower)
                .findFirst();
    }

    /** Of a leader: whether a majority without it is there, has room, and has everything that is committed. */
    private boolean othersCanTakeOver() {
        int ready = 0;
        for (FollowerStatus follower : core.followers()) {
            if (disk.isFit(follower.follower())
                    && follower.silentTicks() < electionTimeoutTicks
                    && follower.matchIndex() >= core.commitIndex()) {
                ready++;
            }
        }
        return ready > core.membership().voters().size() / 2;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.raft.FollowerStatus;
import io.quorate.raft.RaftCore;

/**
 * Keeps a replica from leading while somebody else would do better, as far as the node's disk goes.
 *
 * <pre>
 *   disk hangs   steps down, does not campaign: nothing can be committed here that others could not commit
 *   disk full    steps down once a majority of others has room and all that is committed; lets others campaign first.
 *                If nobody leads for long, the log is too new for them: it campaigns all the same, for a leader
 *                that refuses appends still serves readers and takes trims
 * </pre>
 *
 * Event loop only.
 */
final class LeaderFitness {
    /** For how many minimum election timeouts others may campaign first. */
    private static final int PATIENCE = 4;

    private final DiskWatch disk;
    private final RaftCore core;
    private final boolean storesRecords;
    private final int electionTimeoutTicks;
    private int leaderlessTicks;

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
            core.stepDown("the disk has not answered for " + disk.stalledMillis() + " ms");
        } else if (full) {
            leaderlessTicks = core.leader().isPresent() ? 0 : leaderlessTicks + 1;
            core.holdBack(leaderlessTicks < PATIENCE * electionTimeoutTicks);
            if (othersCanTakeOver()) {
                core.stepDown("the disk is full, and others have room");
            }
        } else {
            leaderlessTicks = 0;
            core.holdBack(false);
        }
    }

    /** Of a leader: whether a majority without it is there, has room, and has everything that is committed. */
    private boolean othersCanTakeOver() {
        int ready = 0;
        for (FollowerStatus follower : core.followers()) {
            if (disk.space().hasRoom(follower.follower())
                    && follower.silentTicks() < electionTimeoutTicks
                    && follower.matchIndex() >= core.commitIndex()) {
                ready++;
            }
        }
        return ready > core.membership().voters().size() / 2;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.seam.GuardedLoop;
import io.quorate.node.seam.Transport;
import io.quorate.raft.RaftConfig;
import io.quorate.raft.log.NodeId;
import java.util.concurrent.Executor;

/**
 * What all replicas of one node share.
 *
 * @param self         this node
 * @param loop         runs them
 * @param raft         limits of every group
 * @param turns        drains them
 * @param disk         tells whether the disk is fit for a leader
 * @param transport    takes their messages
 * @param readExecutor reads what is not in memory
 * @param backgroundExecutor housekeeping
 * @param whereabouts  knows the leaders
 * @param budget       of the appends under way
 * @param tails        of the entries that are kept in memory
 * @param snapshots    of the snapshots on their way to followers
 * @param repairs      lets damaged replicas take turns
 * @param scrubs       at what rate what is stored is read again
 * @param observer     watches them
 */
public record ReplicaHost(
        NodeId self,
        GuardedLoop loop,
        RaftConfig raft,
        TurnScheduler turns,
        DiskWatch disk,
        Transport transport,
        Executor readExecutor,
        Executor backgroundExecutor,
        Whereabouts whereabouts,
        InflightBudget budget,
        TailBudget tails,
        SnapshotBudget snapshots,
        RepairQueue repairs,
        ScrubPace scrubs,
        ReplicaObserver observer) {}

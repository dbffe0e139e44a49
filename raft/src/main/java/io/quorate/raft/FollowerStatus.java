/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;

/**
 * A leader's view of one follower, for metrics and displays.
 *
 * @param follower        who
 * @param replicating     whether appends are pipelined to it; else the leader still looks for the match, one message at
 *                        a time
 * @param installing      whether it is being sent a snapshot, because it needs what is in no log any more
 * @param matchIndex      highest index known durable there
 * @param nextIndex       first index not yet sent
 * @param inflightAppends un-acknowledged append messages
 * @param inflightBytes   their size
 * @param silentTicks     ticks since anything of this term was heard from it
 */
public record FollowerStatus(
        NodeId follower,
        boolean replicating,
        boolean installing,
        long matchIndex,
        long nextIndex,
        int inflightAppends,
        long inflightBytes,
        int silentTicks) {}

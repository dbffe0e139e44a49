/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.MessageHandler;
import java.util.Optional;

/**
 * What a member is in its term, with the state that only this role has: leaving the role drops it, so nothing of it can
 * outlive the term. The messages that arrive here are of the member's own term; {@link Reception} has dealt with
 * all others, except that a pre-vote names a term to come.
 *
 * <pre>
 *              time out                majority would vote           majority voted, own vote durable
 *   Follower ------------> PreCandidate -----------------> Candidate ------------------------> Leader
 *      ^                        |                               |                                |
 *      +---- leader heard ------+------- leader heard ----------+       no quorum heard from ----+
 *      +---- a higher term, from every role
 * </pre>
 */
sealed interface MemberRole extends MessageHandler permits Follower, PreCandidate, Candidate, Leader {
    RaftCore.Role kind();

    /** Who leads the term, as far as this member knows. */
    Optional<NodeId> leader();

    void onTick();

    /** Some persist completed. */
    void onPersisted();

    /** The connection to a peer broke. */
    void onDisconnected(NodeId peer);

    /** The driver has heard nothing at all of a peer for so many ticks. */
    void onSilent(NodeId peer, int ticks);

    /** Whether this member may only rest as long as the peer is there. */
    boolean reliesOn(NodeId peer);

    /**
     * This member had quiesced and counts time again.
     *
     * @param by whose message or loss has woken it; empty: something else
     */
    void onWoken(Optional<NodeId> by);

    /** The driver asks from which index on a read is safe; each such request gets a {@link ReadOutcome}. */
    void onReadIndex(long requestId);

    /** This role ends: whoever waits for it is told so. */
    void onLeave(Optional<NodeId> newLeader);

    /** What is still to be sent to somebody from memory, and everything after it; {@code Long.MAX_VALUE}: nothing. */
    default long firstIndexToKeep() {
        return Long.MAX_VALUE;
    }

    /** Whether {@link #beforeDrain} has something to add to the outputs. */
    boolean hasOutputs();

    /** Last call before the outputs of a turn are collected: what is better said once per turn is said here. */
    void beforeDrain();
}

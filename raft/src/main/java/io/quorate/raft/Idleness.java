/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import java.util.List;
import java.util.TreeSet;

/**
 * How a leader brings its group to rest.
 *
 * <pre>
 *   BUSY --idle for quiesceAfterTicks--> ASKING --all followers have quiesced--> the leader quiesces too
 *     ^                                    |
 *     +----- anything happens, a follower wakes
 * </pre>
 *
 * <p>While it asks, a leader does all that it does at other times; only its heartbeats ask. So it does not matter which of
 * the followers have agreed when it thinks better of it: the next heartbeat or append wakes them. And it does not matter
 * for safety who is wrong about whom, for nobody's votes, entries or marks depend on it: a follower that counts time while
 * the others rest asks for pre-votes when its time is up, which wakes the others; one that rests while the leader is gone is woken
 * by its driver. Belongs to one leadership.
 */
final class Idleness {
    private static final long NONE = 0;

    private final int afterTicks;
    private final TreeSet<NodeId> quiescent = new TreeSet<>();
    private int idleTicks;
    /** First of the rounds, without one that did not ask in between, that ask; answers to earlier ones are old news. */
    private long askingSince = NONE;

    /** @param afterTicks 0: never */
    Idleness(int afterTicks) {
        this.afterTicks = afterTicks;
    }

    void onTick(boolean idle) {
        if (idle) {
            idleTicks = Math.min(idleTicks + 1, afterTicks);
        } else {
            end();
        }
    }

    /** Something happens. */
    void end() {
        idleTicks = 0;
        askingSince = NONE;
        quiescent.clear();
    }

    /** Whether the group has been idle for long enough. */
    boolean isRipe() {
        return afterTicks > 0 && idleTicks >= afterTicks;
    }

    /** @param asks whether the round's heartbeats ask to quiesce */
    void roundLeaves(long round, boolean asks) {
        if (!asks) {
            askingSince = NONE;
            quiescent.clear();
        } else if (askingSince == NONE) {
            askingSince = round;
        }
    }

    void answered(NodeId follower, long round, boolean hasQuiesced) {
        if (!hasQuiesced) {
            quiescent.remove(follower);
        } else if (askingSince != NONE && round >= askingSince) {
            quiescent.add(follower);
        }
    }

    boolean haveQuiesced(List<NodeId> followers) {
        return isRipe() && quiescent.containsAll(followers);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import java.util.ArrayDeque;

/**
 * The time for which a leader may answer reads without asking (thesis §6.4.1): so long after a round of heartbeats that a
 * majority has answered, none of that majority votes for anybody else.
 *
 * <pre>
 *   leader     round leaves ------- leaseTicks ------->|           reads are answered at once
 *   follower          hears it ----- electionTimeoutTicks ----->|  neither votes nor campaigns
 * </pre>
 *
 * <p>That holds only as long as clocks keep what their drivers promise, see {@link RaftConfig#leaseTicks}. Belongs to one
 * leadership; off when the configuration says 0.
 */
final class LeaderLease {
    private final int leaseTicks;
    private final ArrayDeque<Round> unconfirmed = new ArrayDeque<>();
    private long now;
    private long heldUntil;
    private boolean givenUp;

    private record Round(long round, long leftAt) {}

    LeaderLease(int leaseTicks) {
        this.leaseTicks = leaseTicks;
    }

    void onTick() {
        now++;
        while (!unconfirmed.isEmpty() && unconfirmed.peekFirst().leftAt() + leaseTicks <= now) {
            unconfirmed.removeFirst();
        }
    }

    void roundLeaves(long round) {
        if (leaseTicks > 0) {
            unconfirmed.addLast(new Round(round, now));
        }
    }

    /** A majority has answered this round. */
    void confirmed(long round) {
        while (!unconfirmed.isEmpty() && unconfirmed.peekFirst().round() <= round) {
            heldUntil = unconfirmed.removeFirst().leftAt() + leaseTicks;
        }
    }

    boolean isHeld() {
        return !givenUp && now < heldUntil;
    }

    /** Until the next round is confirmed: the ticks are not counted any more. */
    void lapse() {
        unconfirmed.clear();
        heldUntil = now;
    }

    /** For the rest of this leadership: somebody was asked to campaign without waiting. */
    void giveUp() {
        givenUp = true;
    }
}

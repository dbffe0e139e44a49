/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.TimeoutNow;

/**
 * Hands leadership to a follower (thesis §3.10): takes no more proposals, waits until the follower has everything and the
 * own state machine has applied it, so that whoever waits for an outcome here has got it, and then asks it to campaign at
 * once. Gives up after a minimum election timeout, so that a group is not without a leader for longer than by a failure.
 *
 * <p>Until the follower's new term arrives this member leads as ever: it may still commit and confirm reads. Belongs to one
 * leadership.
 */
final class LeadershipTransfer {
    private final MemberCore core;
    private final FollowerProgress target;
    private int remainingTicks;
    private boolean asked;

    LeadershipTransfer(MemberCore core, FollowerProgress target) {
        this.core = core;
        this.target = target;
        this.remainingTicks = core.config().electionTimeoutTicks();
    }

    NodeId target() {
        return target.follower();
    }

    /** One tick passes; whether the time is up. */
    boolean expiresOnTick() {
        remainingTicks--;
        return remainingTicks <= 0;
    }

    /** Whether the target is still to be asked, and may be. */
    boolean canAsk() {
        long lastIndex = core.log().lastIndex();
        return !asked && target.matchIndex() == lastIndex && core.log().appliedIndex() == lastIndex;
    }

    void ask() {
        asked = true;
        core.sendNow(target.follower(), new TimeoutNow(core.term()));
    }

    /** The question may have been lost: it may be asked again. */
    void askAgain() {
        asked = false;
    }
}

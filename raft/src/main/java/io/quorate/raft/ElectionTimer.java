/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

/**
 * How long a member that does not lead still waits before it campaigns, in ticks. Drawn anew at each restart, so that
 * members that collided once part ways (paper §5.2).
 *
 * <pre>
 *   drawn from                  when
 *   [T, 2T)                     normally; T is the minimum election timeout
 *   [2, 8]                      haste: the group is fresh, so no leader can be disturbed
 *   [1, 2 × heartbeat]          haste: the connection to the leader broke
 *   heartbeat × [1, 1 + 2n)     campaign n in haste is under way, at most T
 *   1                           the member is the only voter
 * </pre>
 *
 * Members in haste have noticed the same event at the same time and may well split the votes, or ask one that has not
 * noticed yet. So they try again soon, each time with a wider spread, and after {@link #MAX_HASTY_CAMPAIGNS} campaigns
 * like any other. Nobody is disturbed by that: each campaign begins with pre-votes.
 */
final class ElectionTimer {
    private static final int FRESH_MIN_TICKS = 2;
    private static final int FRESH_SPREAD_TICKS = 7;

    /** Without haste. */
    static final int CALM = 0;

    private static final int MAX_HASTY_CAMPAIGNS = 3;

    private final RaftConfig config;
    private final Prng prng;
    private int remainingTicks;
    private boolean hasty;

    ElectionTimer(RaftConfig config, Prng prng) {
        this.config = config;
        this.prng = prng;
        restart();
    }

    void restart() {
        remainingTicks = config.electionTimeoutTicks() + prng.nextInt(config.electionTimeoutTicks());
        hasty = false;
    }

    void restartForFreshGroup() {
        remainingTicks = FRESH_MIN_TICKS + prng.nextInt(FRESH_SPREAD_TICKS);
        hasty = true;
    }

    void restartForOnlyVoter() {
        remainingTicks = 1;
        hasty = false;
    }

    /** The leader is probably gone: waits a short time at most. */
    void hurry() {
        remainingTicks = Math.min(remainingTicks, 1 + prng.nextInt(2 * config.heartbeatTicks()));
        hasty = true;
    }

    /**
     * A campaign has begun.
     *
     * @param haste 1 for the first in haste, 2 for the next, or {@link #CALM}
     */
    void restartForCampaign(int haste) {
        if (haste == CALM) {
            restart();
        } else {
            int heartbeat = config.heartbeatTicks();
            remainingTicks = Math.min(config.electionTimeoutTicks(), heartbeat + prng.nextInt(2 * haste * heartbeat));
            hasty = true;
        }
    }

    /** The haste of the first campaign when this timer expires. */
    int hasteOfCampaign() {
        return hasty ? 1 : CALM;
    }

    /** The haste of the campaign that follows on one that won nothing. */
    static int hasteAfter(int haste) {
        return haste == CALM || haste == MAX_HASTY_CAMPAIGNS ? CALM : haste + 1;
    }

    /**
     * Somebody else campaigns with a good chance: a member in haste stands back for a normal timeout, else all that
     * noticed the same event would split the votes. A timer that is not in haste runs on, so that a hopeless
     * campaigner cannot hold others back again and again.
     */
    void standBack() {
        if (hasty) {
            restart();
        }
    }

    /** So many ticks have passed at once; the time is up with the next one at the earliest. */
    void elapse(int ticks) {
        remainingTicks = Math.max(1, remainingTicks - ticks);
    }

    /** One tick passes; whether the time is up. */
    boolean expiresOnTick() {
        remainingTicks--;
        return remainingTicks <= 0;
    }
}

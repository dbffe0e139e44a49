/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.events;

import io.quorate.node.api.EventKind;
import io.quorate.node.replica.MemberId;
import io.quorate.node.seam.Clock;
import io.quorate.raft.FollowerStatus;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.NodeId;
import java.util.Iterator;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Since when the followers of this node's groups are behind: a follower lags if it does not have now what its leader had a
 * while ago. Looked at now and then, so that nothing has to be done per append. Event loop only.
 */
public final class FollowerLag {
    /** Between two looks. */
    public static final long INTERVAL_MILLIS = 1_000;
    /** A follower that is behind for less is not worth an event. */
    static final long TOLD_AFTER_MILLIS = 3_000;

    private static final class Follower {
        long lagsSinceNanos;
        boolean lags;
        boolean told;
    }

    private static final class Led {
        final long term;
        long lastIndex;
        final TreeMap<NodeId, Follower> followers = new TreeMap<>();
        boolean seen;

        Led(long term, long lastIndex) {
            this.term = term;
            this.lastIndex = lastIndex;
        }

        boolean nobodyLags() {
            for (Follower follower : followers.values()) {
                if (follower.lags) {
                    return false;
                }
            }
            return true;
        }
    }

    private final Clock clock;
    private final FlightRecorder recorder;
    private final TreeMap<Long, Led> groups = new TreeMap<>();

    public FollowerLag(Clock clock, FlightRecorder recorder) {
        this.clock = clock;
        this.recorder = recorder;
    }

    /** To be called for every replica that leads, then {@link #endOfRound}. */
    public void look(long groupId, RaftCore core) {
        Led led = groups.get(groupId);
        if (led == null || led.term != core.term()) {
            led = new Led(core.term(), core.commitIndex());
            groups.put(groupId, led);
        }
        led.seen = true;
        if (core.isQuiescent() && led.nobodyLags()) {
            return; // They have everything, or it would not rest.
        }
        for (FollowerStatus status : core.followers()) {
            Follower follower = led.followers.computeIfAbsent(status.follower(), node -> new Follower());
            look(groupId, led, follower, status, core.lastIndex());
        }
        led.lastIndex = core.lastIndex();
    }

    private void look(long groupId, Led led, Follower follower, FollowerStatus status, long lastIndex) {
        boolean lags = status.matchIndex() < led.lastIndex;
        if (lags && !follower.lags) {
            follower.lags = true;
            follower.lagsSinceNanos = clock.nanoTime();
        } else if (!lags) {
            if (follower.told) {
                tell(EventKind.FOLLOWER_CAUGHT_UP, groupId, led, status, "");
            }
            follower.lags = false;
            follower.told = false;
        }
        if (follower.lags && !follower.told && millisSince(follower) >= TOLD_AFTER_MILLIS) {
            follower.told = true;
            tell(
                    EventKind.FOLLOWER_LAGS,
                    groupId,
                    led,
                    status,
                    (lastIndex - status.matchIndex()) + " entries behind for " + millisSince(follower) + " ms");
        }
    }

    private void tell(EventKind kind, long groupId, Led led, FollowerStatus status, String detail) {
        recorder.record(
                kind, groupId, led.term, MemberId.node(status.follower()).value(), detail);
    }

    /** Forgets the groups that were not looked at since the last call. */
    public void endOfRound() {
        Iterator<Led> all = groups.values().iterator();
        while (all.hasNext()) {
            Led led = all.next();
            if (!led.seen) {
                all.remove();
            }
            led.seen = false;
        }
    }

    /** For how long a follower has been behind, in ms; empty if it is not. */
    public OptionalLong lagsForMillis(long groupId, NodeId follower) {
        Led led = groups.get(groupId);
        if (led != null) {
            for (Map.Entry<NodeId, Follower> each : led.followers.entrySet()) {
                if (MemberId.node(each.getKey()).equals(follower) && each.getValue().lags) {
                    return OptionalLong.of(millisSince(each.getValue()));
                }
            }
        }
        return OptionalLong.empty();
    }

    private long millisSince(Follower follower) {
        return (clock.nanoTime() - follower.lagsSinceNanos) / 1_000_000;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.events;

import io.quorate.node.api.EventKind;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.seam.EventLoop;
import io.quorate.node.seam.GuardedLoop;
import java.util.Comparator;
import java.util.TreeMap;

/**
 * Turns refused requests into events: at once for the first one of a partition and reason, then one for all that follow
 * within {@value #INTERVAL_MILLIS} ms. Event loop only.
 */
public final class RefusalCounts {
    static final long INTERVAL_MILLIS = 10_000;
    /** Pairs of partition and reason that are counted at a time; what is beyond that goes unrecorded. */
    private static final int MAX_KEYS = 256;

    private static final Comparator<Key> BY_GROUP =
            Comparator.comparingLong(Key::groupId).thenComparing(Key::reason);

    private record Key(long groupId, Reason reason) {}

    private static final class Count {
        long refusals;
        String lastMessage = "";
    }

    private final GuardedLoop loop;
    private final FlightRecorder recorder;
    private final TreeMap<Key, Count> counts = new TreeMap<>(BY_GROUP);
    private EventLoop.Timer timer = () -> {};
    private boolean timed;
    private boolean stopped;

    public RefusalCounts(GuardedLoop loop, FlightRecorder recorder) {
        this.loop = loop;
        this.recorder = recorder;
    }

    /** @param groupId of the partition; {@link io.quorate.node.api.NodeEvent#NO_GROUP} if the request names none */
    public void refused(long groupId, Refusal refusal) {
        if (stopped || !isTelling(refusal.reason())) {
            return;
        }
        Key key = new Key(groupId, refusal.reason());
        Count count = counts.get(key);
        if (count != null) {
            count.refusals++;
            count.lastMessage = refusal.message();
        } else if (counts.size() < MAX_KEYS) {
            counts.put(key, new Count());
            tell(key, 1, refusal.message());
            if (!timed) {
                timed = true;
                timer = loop.schedule(INTERVAL_MILLIS * 1_000_000, this::tellAll);
            }
        }
    }

    /** What tells nothing of the node's state: a client that asks the wrong node, or for what cannot be. */
    private static boolean isTelling(Reason reason) {
        return switch (reason) {
            case NOT_LEADER, INVALID_ARGUMENT, TOPIC_EXISTS, TRIMMED, BEYOND_TAIL -> false;
            default -> true;
        };
    }

    private void tellAll() {
        timed = false;
        counts.forEach((key, count) -> {
            if (count.refusals > 0) {
                tell(key, count.refusals, count.lastMessage);
            }
        });
        counts.clear();
    }

    private void tell(Key key, long refusals, String message) {
        recorder.record(
                EventKind.REQUESTS_REFUSED, key.groupId(), 0, 0, refusals + " × " + key.reason() + ": " + message);
    }

    /** Tells what was counted and counts no more. */
    public void stop() {
        stopped = true;
        timer.cancel();
        tellAll();
    }
}

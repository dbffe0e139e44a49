/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import io.quorate.node.seam.Clock;
import java.util.Comparator;
import java.util.PriorityQueue;

/** Time that passes only when nothing is left to do now; events of one instant run in the order they were planned. */
final class VirtualTime implements Clock {
    private static final class Event {
        final long atNanos;
        final long number;
        final Runnable task;
        boolean cancelled;

        Event(long atNanos, long number, Runnable task) {
            this.atNanos = atNanos;
            this.number = number;
            this.task = task;
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>(
            Comparator.comparingLong((Event event) -> event.atNanos).thenComparingLong(event -> event.number));
    private long nowNanos;
    private long planned;

    /** Returns what cancels it. */
    Runnable plan(long delayNanos, Runnable task) {
        Event event = new Event(nowNanos + Math.max(0, delayNanos), planned++, task);
        events.add(event);
        return () -> event.cancelled = true;
    }

    /** Runs the next event, if it is due by {@code untilNanos}. */
    boolean step(long untilNanos) {
        if (events.isEmpty() || events.peek().atNanos > untilNanos) {
            nowNanos = Math.max(nowNanos, untilNanos);
            return false;
        }
        Event event = events.poll();
        nowNanos = Math.max(nowNanos, event.atNanos);
        if (!event.cancelled) {
            event.task.run();
        }
        return true;
    }

    /** Time passes in which nothing runs, as when every process is stopped: what was due becomes late. */
    void skip(long nanos) {
        nowNanos += nanos;
    }

    @Override
    public long nanoTime() {
        return nowNanos;
    }

    @Override
    public long currentTimeMillis() {
        return 1_700_000_000_000L + nowNanos / 1_000_000;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import java.util.PriorityQueue;

/**
 * The only clock and the only queue of a simulation: events run one at a time, in order of (time, sequence), on the
 * calling thread. Nothing happens between two events.
 */
public final class VirtualTime {
    /** An event that was scheduled and may still be called off. */
    public static final class Event implements Comparable<Event> {
        private final long timeNanos;
        private final long sequence;
        private final String label;
        private Runnable action;

        private Event(long timeNanos, long sequence, String label, Runnable action) {
            this.timeNanos = timeNanos;
            this.sequence = sequence;
            this.label = label;
            this.action = action;
        }

        public void cancel() {
            action = null;
        }

        @Override
        public int compareTo(Event other) {
            return timeNanos != other.timeNanos
                    ? Long.compare(timeNanos, other.timeNanos)
                    : Long.compare(sequence, other.sequence);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final TraceHash trace;
    private long nowNanos;
    private long lastSequence;

    public VirtualTime(TraceHash trace) {
        this.trace = trace;
    }

    /** Since the simulation began. */
    public long nowNanos() {
        return nowNanos;
    }

    public long nowMillis() {
        return nowNanos / 1_000_000;
    }

    /**
     * @param delayNanos 0 or more; events of the same time run in the order in which they were scheduled
     * @param label      what kind of event this is; becomes part of the trace
     */
    public Event schedule(long delayNanos, String label, Runnable action) {
        Event event = new Event(nowNanos + Math.max(0, delayNanos), ++lastSequence, label, action);
        events.add(event);
        return event;
    }

    /** Runs the next event; false if there is none. */
    public boolean runNext() {
        Event event = events.poll();
        while (event != null && event.action == null) {
            event = events.poll();
        }
        if (event == null) {
            return false;
        }
        nowNanos = event.timeNanos;
        trace.fold(event.timeNanos);
        trace.fold(event.label);
        event.action.run();
        return true;
    }

    /** Whether {@link #runNext} would run an event no later than this. */
    public boolean hasEventUntil(long timeNanos) {
        while (!events.isEmpty() && events.peek().action == null) {
            events.remove();
        }
        return !events.isEmpty() && events.peek().timeNanos <= timeNanos;
    }

    /** Lets time pass in which nothing happens. */
    public void advanceTo(long timeNanos) {
        nowNanos = Math.max(nowNanos, timeNanos);
    }
}

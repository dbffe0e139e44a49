/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.raft.RaftCore;
import io.quorate.raft.ReadOutcome;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads that wait until this replica's state is known to hold all that was acknowledged before they began (promise P3).
 *
 * <pre>
 *   ask ──► CONFIRMING ──read index granted──► APPLYING ──index applied──► safe
 *               └─refused─────────────────────────┴─too late, replica ends──► refused
 * </pre>
 *
 * <p>The index of a follower's read comes from its leader, and may be one that this replica never gets: so a read waits for
 * that long only. How long the core waits for the index it says itself.
 *
 * <p>Whoever waits is told in a later part of the turn, never from within {@link #ask}. Event loop only.
 */
public final class ReadBarrier {
    /** Someone who wants to read. Exactly one of the two is called, once. */
    public interface Reader {
        void onSafe();

        /** Nothing has happened; it may ask again. */
        void onUnsafe();
    }

    private record Waiting(Reader reader, long atTick) {}

    private final RaftCore core;
    private final int patienceTicks;
    private final Map<Long, Reader> confirming = new LinkedHashMap<>();
    private final SortedMap<Long, List<Waiting>> applying = new TreeMap<>();
    private final List<Reader> refused = new ArrayList<>();
    private long lastRequestId;
    private long now;

    /** @param patienceTicks after which a read is refused whose index is known but not applied */
    ReadBarrier(RaftCore core, int patienceTicks) {
        this.core = core;
        this.patienceTicks = patienceTicks;
    }

    void ask(Reader reader) {
        lastRequestId++;
        confirming.put(lastRequestId, reader);
        core.readIndex(lastRequestId);
    }

    void onOutcome(ReadOutcome outcome) {
        Reader reader = confirming.remove(outcome.requestId());
        if (outcome instanceof ReadOutcome.Granted granted) {
            applying.computeIfAbsent(granted.index(), index -> new ArrayList<>())
                    .add(new Waiting(reader, now));
        } else {
            refused.add(reader);
        }
    }

    /** A tick passes. Returns whether somebody has waited for too long: {@link #release} tells them. */
    boolean tick() {
        now++;
        for (Iterator<List<Waiting>> all = applying.values().iterator(); all.hasNext(); ) {
            List<Waiting> waiting = all.next();
            waiting.removeIf(this::isTooLate);
            if (waiting.isEmpty()) {
                all.remove();
            }
        }
        return !refused.isEmpty();
    }

    private boolean isTooLate(Waiting read) {
        boolean late = now - read.atTick() >= patienceTicks;
        if (late) {
            refused.add(read.reader());
        }
        return late;
    }

    /** Lets those go whose time has come. */
    void release(long appliedIndex) {
        if (!refused.isEmpty()) {
            List<Reader> unsafe = List.copyOf(refused);
            refused.clear();
            unsafe.forEach(Reader::onUnsafe);
        }
        while (!applying.isEmpty() && applying.firstKey() <= appliedIndex) {
            applying.remove(applying.firstKey()).forEach(read -> read.reader().onSafe());
        }
    }

    /** The replica has failed or stops. */
    void abandon() {
        refused.addAll(confirming.values());
        confirming.clear();
        applying.values().forEach(waiting -> waiting.forEach(read -> refused.add(read.reader())));
        applying.clear();
        release(0);
    }
}

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
 *               └─refused─────────────────────────┴─replica ends──► refused
 * </pre>
 *
 * Whoever waits is told in a later part of the turn, never from within {@link #ask}. Event loop only.
 */
public final class ReadBarrier {
    /** Someone who wants to read. Exactly one of the two is called, once. */
    public interface Reader {
        void onSafe();

        /** Nothing has happened; it may ask again. */
        void onUnsafe();
    }

    private final RaftCore core;
    private final Map<Long, Reader> confirming = new LinkedHashMap<>();
    private final SortedMap<Long, List<Reader>> applying = new TreeMap<>();
    private final List<Reader> refused = new ArrayList<>();
    private long lastRequestId;

    ReadBarrier(RaftCore core) {
        this.core = core;
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
                    .add(reader);
        } else {
            refused.add(reader);
        }
    }

    /** Lets those go whose time has come. */
    void release(long appliedIndex) {
        if (!refused.isEmpty()) {
            List<Reader> unsafe = List.copyOf(refused);
            refused.clear();
            unsafe.forEach(Reader::onUnsafe);
        }
        while (!applying.isEmpty() && applying.firstKey() <= appliedIndex) {
            applying.remove(applying.firstKey()).forEach(Reader::onSafe);
        }
    }

    /** The replica has failed or stops. */
    void abandon() {
        refused.addAll(confirming.values());
        confirming.clear();
        for (Iterator<List<Reader>> all = applying.values().iterator(); all.hasNext(); all.remove()) {
            refused.addAll(all.next());
        }
        release(0);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.raft.Persist;
import java.util.ArrayDeque;

/**
 * Hands what a replica has to persist to the flush rounds, in order. What replaces the whole log, and all behind it, waits
 * until nobody looks at the log any more. Event loop only.
 */
final class PersistQueue {
    private final FlushRounds flushes;
    private final FlushRounds.Target target;
    private final LogAccess access;
    private final ArrayDeque<Persist> waiting = new ArrayDeque<>();

    PersistQueue(FlushRounds flushes, FlushRounds.Target target, LogAccess access) {
        this.flushes = flushes;
        this.target = target;
        this.access = access;
    }

    void add(Persist persist) {
        waiting.add(persist);
        if (persist.replacement().isPresent()) {
            access.close();
        }
        if (access.isOpen() || access.isQuiet()) {
            write();
        }
    }

    /** Nobody looks at the log any more. */
    void onLogQuiet() {
        write();
        flushes.kick();
    }

    private void write() {
        while (!waiting.isEmpty()) {
            flushes.add(target, waiting.poll());
        }
    }

    /** What waits is never written. */
    void discard() {
        waiting.clear();
    }
}

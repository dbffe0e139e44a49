/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import java.util.ArrayDeque;

/**
 * Lets one replica of the node after the other fetch what it lacks: what is fetched is held in memory, and a disk that rots
 * damages many logs at once. Event loop only.
 */
public final class RepairQueue {
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private boolean taken;

    /** Runs {@code turn} now or when those before it have left; who runs must {@link #leave}. */
    void enter(Runnable turn) {
        if (taken) {
            waiting.add(turn);
        } else {
            taken = true;
            turn.run();
        }
    }

    void leave() {
        Runnable next = waiting.poll();
        if (next == null) {
            taken = false;
        } else {
            next.run();
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import java.util.ArrayDeque;

/**
 * Appends that arrive while a partition is handed over: they wait until it is known who leads it, and are then refused with
 * that address, or taken here after all. Refused at once they would send their clients to look for a leader that there is not
 * yet. Event loop only.
 */
final class HeldAppends {
    static final int MAX_APPENDS = 1_024;
    static final long MAX_BYTES = 8 << 20;

    private final ArrayDeque<Runnable> held = new ArrayDeque<>();
    private long bytes;

    /**
     * Keeps an append, if there is room.
     *
     * @param append decides it anew
     */
    boolean hold(int sizeBytes, Runnable append) {
        if (held.size() == MAX_APPENDS || bytes + sizeBytes > MAX_BYTES) {
            return false;
        }
        held.addLast(append);
        bytes += sizeBytes;
        return true;
    }

    /** Decides them all, in the order in which they came. */
    void release() {
        bytes = 0;
        for (int count = held.size(); count > 0; count--) {
            held.removeFirst().run();
        }
    }
}

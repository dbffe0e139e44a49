/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import java.util.ArrayDeque;

/**
 * Appends that arrive while a partition changes hands. Those that come to the old leader wait until it is known who leads it,
 * and are then refused with that address, or taken here after all; refused at once they would send their clients to look for
 * a leader that there is not yet. Those that come to the new one wait until it has applied what it inherited. Event loop
 * only.
 */
final class HeldAppends {
    static final int MAX_APPENDS = 1_024;
    static final long MAX_BYTES = 8 << 20;

    private final ArrayDeque<Runnable> held = new ArrayDeque<>();
    private long bytes;

    boolean isEmpty() {
        return held.isEmpty();
    }

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

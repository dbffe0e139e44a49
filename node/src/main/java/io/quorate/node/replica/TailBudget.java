/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How much memory entries may take on this node that are kept for followers and readers, whatever the number of groups.
 * When it is too much, groups in which nothing happened for the longest time lose the older half of what they keep, one
 * after the other. Event loop only.
 */
public final class TailBudget {
    /** What a group keeps. */
    interface Tail {
        /** In memory now. */
        long tailBytes();

        /** Lets the oldest go until the others take no more than this. */
        void shrinkTail(long maxBytes);
    }

    private final long maxBytes;
    /** With what each has, in the order in which something happened to them. */
    private final LinkedHashMap<Tail, Long> tails = new LinkedHashMap<>();

    private long bytes;

    /** @param maxBytes for all together */
    public TailBudget(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Something happened to it: it may have more than before, or less. */
    void changed(Tail tail) {
        note(tail);
        while (bytes > maxBytes) {
            Map.Entry<Tail, Long> idlest = tails.entrySet().iterator().next();
            Tail other = idlest.getKey();
            other.shrinkTail(idlest.getValue() / 2);
            note(other);
        }
    }

    /** It is gone, with all that it had. */
    void forget(Tail tail) {
        Long had = tails.remove(tail);
        bytes -= had == null ? 0 : had;
    }

    private void note(Tail tail) {
        forget(tail);
        long has = tail.tailBytes();
        if (has > 0) {
            tails.put(tail, has);
            bytes += has;
        }
    }

    /** In memory now. */
    long bytes() {
        return bytes;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

/** Learns, once, on the event loop, what became of one batch. */
public interface AppendListener {
    /**
     * Committed: durable on a majority.
     *
     * @param baseOffset of the batch's first record
     * @param generation in which it was committed; for a duplicate the current one
     * @param duplicate  the batch was in the log already; {@code baseOffset} is the original one
     */
    void onCommitted(long baseOffset, long generation, boolean duplicate);

    /** Not appended, except for LEADERSHIP_LOST, where it may or may not be. */
    void onRefused(Refusal refusal);
}

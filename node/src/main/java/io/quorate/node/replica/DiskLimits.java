/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

/**
 * When a node's disk is considered unfit.
 *
 * @param stallTimeoutTicks Raft ticks for which one write or flush may be under way before the node's replicas give up
 *                          what they lead
 */
public record DiskLimits(int stallTimeoutTicks) {
    public DiskLimits {
        if (stallTimeoutTicks < 1) {
            throw new IllegalArgumentException("a stall timeout of " + stallTimeoutTicks + " ticks is not positive");
        }
    }
}

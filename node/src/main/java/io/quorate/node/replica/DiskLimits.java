/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

/**
 * When a node's disk is considered unfit.
 *
 * @param stallTimeoutTicks   Raft ticks for which one write or flush may be under way before the node's replicas give up
 *                            what they lead
 * @param lowFreeBytes        with less the node warns; at least {@code criticalFreeBytes}
 * @param criticalFreeBytes   with less the node takes no appends: what is left is for votes, the registry, trims and what
 *                            is under way. 0 turns both watermarks off
 * @param checkIntervalMillis between two looks at the free space; it is looked at earlier when much has been written
 */
public record DiskLimits(int stallTimeoutTicks, long lowFreeBytes, long criticalFreeBytes, int checkIntervalMillis) {
    public DiskLimits {
        if (stallTimeoutTicks < 1) {
            throw new IllegalArgumentException("a stall timeout of " + stallTimeoutTicks + " ticks is not positive");
        }
        if (criticalFreeBytes < 0 || lowFreeBytes < criticalFreeBytes) {
            throw new IllegalArgumentException("the low watermark of " + lowFreeBytes
                    + " bytes must not be below the critical one of " + criticalFreeBytes);
        }
        if (checkIntervalMillis < 1) {
            throw new IllegalArgumentException("an interval of " + checkIntervalMillis + " ms is not positive");
        }
    }
}

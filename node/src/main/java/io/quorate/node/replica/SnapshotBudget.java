/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

/**
 * How much memory snapshots on their way to followers may take on this node, whatever the number of groups: one is read
 * at a time, and no further one while those that are being sent hold too much. Who is refused asks again with the next
 * heartbeat. Event loop only.
 */
public final class SnapshotBudget {
    /** One more may come on top: the size of a snapshot is not known before it is read. */
    static final long MAX_BYTES = 32 << 20;

    private long bytes;
    private boolean reading;

    /** Whether a snapshot may be read now; if so, {@link #read} must follow. */
    boolean tryRead() {
        if (reading || bytes >= MAX_BYTES) {
            return false;
        }
        reading = true;
        return true;
    }

    /** The snapshot is in memory and takes so much, until it is released; 0 if it could not be read. */
    void read(long sizeBytes) {
        reading = false;
        bytes += sizeBytes;
    }

    void release(long sizeBytes) {
        bytes -= sizeBytes;
    }

    /** In memory now. */
    long bytes() {
        return bytes;
    }
}

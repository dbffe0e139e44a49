/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

/** Bytes of appends that a whole node has taken and not yet answered (promise P9). Event loop only. */
public final class InflightBudget {
    private final long limitBytes;
    private long usedBytes;

    public InflightBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** Whether {@code bytes} more may be taken. One append is always taken when nothing else is under way. */
    boolean admits(long bytes) {
        return usedBytes == 0 || usedBytes + bytes <= limitBytes;
    }

    void take(long bytes) {
        usedBytes += bytes;
    }

    void giveBack(long bytes) {
        usedBytes -= bytes;
        if (usedBytes < 0) {
            throw new IllegalStateException("gave back more in-flight bytes than were taken: " + usedBytes);
        }
    }

    public long usedBytes() {
        return usedBytes;
    }

    public long limitBytes() {
        return limitBytes;
    }
}

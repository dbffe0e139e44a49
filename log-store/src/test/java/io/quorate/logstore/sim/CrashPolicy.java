/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore.sim;

/** What of the unforced bytes and names a {@link SimulatedDisk} keeps when the power fails. */
public enum CrashPolicy {
    /** Any of the others, or anything between, as the seed says. */
    RANDOM(1),
    /** Nothing. */
    LOSE_ALL(1),
    /** Everything, though nobody forced it. */
    KEEP_ALL(1),
    /** Any sectors of 512 bytes, later ones without earlier ones, any size, any names. */
    TEAR_512(1),
    /** The same in sectors of 4096 bytes. */
    TEAR_4096(8),
    /** All bytes, but no creation, renaming or deletion. */
    LOSE_NAMES(1),
    /** All creations, renamings and deletions, but no bytes. */
    LOSE_BYTES(1);

    private final int sectorsAtOnce;

    CrashPolicy(int sectorsAtOnce) {
        this.sectorsAtOnce = sectorsAtOnce;
    }

    /** How many sectors of 512 bytes reach the medium together. */
    int sectorsAtOnce() {
        return sectorsAtOnce;
    }

    boolean isTorn() {
        return this == RANDOM || this == TEAR_512 || this == TEAR_4096;
    }

    boolean keepsBytes() {
        return this == KEEP_ALL || this == LOSE_NAMES;
    }

    boolean keepsNames() {
        return this == KEEP_ALL || this == LOSE_BYTES;
    }
}

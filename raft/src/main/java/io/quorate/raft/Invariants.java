/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

/** Assertions that are always on. The arguments are primitive, so that a check that holds allocates nothing. */
final class Invariants {
    private Invariants() {}

    /**
     * @param invariant what must hold, as a formula over {@code left} and {@code right}
     * @throws InvariantViolation if it does not
     */
    static void check(boolean holds, String invariant, long left, long right) {
        if (!holds) {
            throw new InvariantViolation("violated: " + invariant + " with " + left + ", " + right);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.check;

import java.util.Locale;

/** An invariant does not hold: the run stops at the event that showed it. */
public final class Violation extends AssertionError {
    private static final long serialVersionUID = 1L;

    private final Invariant invariant;

    public Violation(Invariant invariant, String detail) {
        super(invariant + ": " + detail);
        this.invariant = invariant;
    }

    public Violation(Invariant invariant, String detail, Throwable cause) {
        super(invariant + ": " + detail, cause);
        this.invariant = invariant;
    }

    public Invariant invariant() {
        return invariant;
    }

    public static void require(boolean holds, Invariant invariant, String format, Object... arguments) {
        if (!holds) {
            throw new Violation(invariant, String.format(Locale.ROOT, format, arguments));
        }
    }
}

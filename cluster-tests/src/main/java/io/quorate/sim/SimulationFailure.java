/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.sim.check.Invariant;
import io.quorate.sim.check.Violation;
import java.util.Locale;

/** A run that broke an invariant, with all that is needed to see it again. */
public final class SimulationFailure extends AssertionError {
    private static final long serialVersionUID = 1L;

    private final Invariant invariant;

    SimulationFailure(long seed, long virtualMillis, SimulationOptions options, Violation violation) {
        super(
                String.format(
                        Locale.ROOT,
                        "seed 0x%X, at %d ms of virtual time: %s%n"
                                + "  options: %s%n"
                                + "  replay:  mvn -pl cluster-tests -am test -Dtest=SimulationTest -Dsim.seed=0x%X"
                                + " -Dsurefire.failIfNoSpecifiedTests=false",
                        seed,
                        virtualMillis,
                        violation.getMessage(),
                        options,
                        seed),
                violation);
        this.invariant = violation.invariant();
    }

    public Invariant invariant() {
        return invariant;
    }
}

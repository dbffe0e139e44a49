/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.sim.check.Invariant;
import io.quorate.sim.check.Violation;
import java.util.List;
import java.util.Locale;

/** A run that broke an invariant, with all that is needed to see it again. */
public final class SimulationFailure extends AssertionError {
    private static final long serialVersionUID = 1L;

    private final transient Scenario scenario;
    private final transient SimulationOptions options;
    private final transient List<Fault> faults;
    private final long virtualNanos;
    private final Invariant invariant;

    SimulationFailure(
            Scenario scenario, long virtualNanos, SimulationOptions options, List<Fault> faults, Violation violation) {
        super(
                String.format(
                        Locale.ROOT,
                        "seed 0x%X, at %d ms of virtual time: %s%n"
                                + "  options: %s%n"
                                + "  replay:  mvn -pl cluster-tests -am test -Dtest=SimulationTest -Dsim.seed=0x%X"
                                + " -Dsurefire.failIfNoSpecifiedTests=false%n"
                                + "  shorter: the same with -Dsim.minimise=true",
                        scenario.seed(),
                        virtualNanos / 1_000_000,
                        violation.getMessage(),
                        options,
                        scenario.seed()),
                violation);
        this.scenario = scenario;
        this.virtualNanos = virtualNanos;
        this.options = options;
        this.faults = List.copyOf(faults);
        this.invariant = violation.invariant();
    }

    public Invariant invariant() {
        return invariant;
    }

    Scenario scenario() {
        return scenario;
    }

    /** How many nodes there were. */
    int nodes() {
        return options.nodes();
    }

    /** The faults up to the failure. */
    List<Fault> faults() {
        return faults;
    }

    /** When it failed. */
    long virtualNanos() {
        return virtualNanos;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.sim.check.Invariant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Makes a failing run shorter for as long as the same invariant fires: first without whole kinds of things, then with a
 * script of ever fewer faults, then in less time.
 */
final class Minimiser {
    private static final int FAULTY_MILLIS_MIN = 100;

    private final Invariant invariant;
    private int runsLeft;
    private SimulationFailure shortest;

    /** @param runs how many to spend at most */
    private Minimiser(SimulationFailure failure, int runs) {
        this.invariant = failure.invariant();
        this.shortest = failure;
        this.runsLeft = runs;
    }

    /** The failure of the shortest scenario that was found; the given one if nothing can be left out. */
    static SimulationFailure minimise(SimulationFailure failure, int runs) {
        Minimiser minimiser = new Minimiser(failure, runs);
        minimiser.reduce();
        // From here on the very faults that happened: what is left out does not change what others are drawn.
        minimiser.attempt(minimiser.shortest.scenario().withFaults(minimiser.shortest.faults()));
        minimiser.dropFaults();
        minimiser.reduce();
        minimiser.shorten();
        minimiser.dropFaults();
        return minimiser.shortest;
    }

    /** Whether the scenario fails alike; it is the shortest one then. */
    private boolean attempt(Scenario candidate) {
        if (runsLeft == 0) {
            return false;
        }
        runsLeft--;
        Optional<SimulationFailure> failure = failureOf(candidate);
        if (failure.isPresent() && failure.get().invariant() == invariant) {
            shortest = failure.get();
            return true;
        }
        return false;
    }

    static Optional<SimulationFailure> failureOf(Scenario scenario) {
        try {
            Simulation.run(scenario, new Timeline(false));
            return Optional.empty();
        } catch (SimulationFailure failure) {
            return Optional.of(failure);
        }
    }

    private void reduce() {
        for (Reduction reduction : Reduction.values()) {
            if (!shortest.scenario().reductions().contains(reduction)) {
                attempt(shortest.scenario().with(reduction));
            }
        }
    }

    /** Ever smaller parts of the script are left out, down to single faults. */
    private void dropFaults() {
        if (shortest.scenario().faults().isEmpty()) {
            return;
        }
        for (int part = Math.max(1, scripted().size() / 2); part >= 1; part /= 2) {
            for (int from = 0; from < scripted().size(); ) {
                List<Fault> fewer = new ArrayList<>(scripted());
                fewer.subList(from, Math.min(fewer.size(), from + part)).clear();
                if (!attempt(shortest.scenario().withFaults(fewer))) {
                    from += part;
                }
            }
        }
    }

    private List<Fault> scripted() {
        return shortest.scenario().faults().orElseThrow();
    }

    private void shorten() {
        boolean shorter = true;
        int millis = (int) (shortest.virtualNanos() / 1_000_000) + 1;
        while (shorter && millis >= FAULTY_MILLIS_MIN) {
            shorter = attempt(shortest.scenario().withFaultyMillis(millis));
            millis = millis * 3 / 4;
        }
    }
}

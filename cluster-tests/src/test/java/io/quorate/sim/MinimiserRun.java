/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import java.util.function.LongFunction;

/** Minimises a failing seed inside a mutant's world, see {@link io.quorate.sim.mutant.MutantHunt}. */
public final class MinimiserRun implements LongFunction<String> {
    private static final int RUNS = 150;

    /** {@code invariant>invariant of the replayed scenario>faults before>faults after}, then the timeline. */
    @Override
    public String apply(long seed) {
        SimulationFailure failure = Minimiser.failureOf(Scenario.ofSeed(seed)).orElseThrow();
        SimulationFailure shortest = Minimiser.minimise(failure, RUNS);
        Scenario written = Scenario.parse(shortest.scenario().toText());
        SimulationFailure replayed = Minimiser.failureOf(written).orElseThrow();
        return failure.invariant() + ">" + replayed.invariant() + ">"
                + failure.faults().size() + ">" + replayed.faults().size() + "\n"
                + shortest.scenario().toText() + SimulationMain.replay(written);
    }
}

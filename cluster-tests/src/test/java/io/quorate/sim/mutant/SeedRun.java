/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.mutant;

import io.quorate.sim.Simulation;
import io.quorate.sim.SimulationFailure;
import java.util.function.LongFunction;

/** One simulation inside a mutant's world; what comes out of it is a text, for no class of there is known outside. */
public final class SeedRun implements LongFunction<String> {
    /** The name of the invariant that fired, the failure itself if the simulator fell over, or nothing. */
    @Override
    public String apply(long seed) {
        try {
            Simulation.run(seed);
            return "";
        } catch (SimulationFailure failure) {
            return failure.invariant().name();
        } catch (RuntimeException | Error fellOver) {
            return fellOver.toString();
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

/** Runs single seeds from a shell: the arguments are seeds, decimal or 0x…; prints a report of each. */
public final class SimulationMain {
    private SimulationMain() {}

    /** Ends with the stack trace of the first {@link SimulationFailure}. */
    public static void main(String[] seeds) {
        for (String seed : seeds) {
            System.out.println(Simulation.run(Long.decode(seed)));
        }
    }
}

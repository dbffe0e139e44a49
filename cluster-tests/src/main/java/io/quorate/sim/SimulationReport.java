/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

/**
 * What a run that held all invariants was like.
 *
 * @param seed              that made it
 * @param traceHash         the same for the same seed, on every JVM
 * @param events            simulated events
 * @param virtualMillis     simulated time
 * @param messages          sent between nodes
 * @param committedEntries  over all groups
 * @param acknowledged      batches
 * @param convergenceMillis from the end of all faults to rest
 * @param sightings         rare states that were met
 */
public record SimulationReport(
        long seed,
        long traceHash,
        long events,
        long virtualMillis,
        long messages,
        long committedEntries,
        long acknowledged,
        long convergenceMillis,
        Sightings sightings) {}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.mutant;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongFunction;

/** Looks for the first seed that shows a mutant, several times from different seeds on. */
final class MutantHunt {
    /** Hunts of one mutant start this far apart. */
    private static final long SEEDS_APART = 1_000_000;

    private final Mutant mutant;
    private final LongFunction<String> world;
    private final List<Integer> seedsUntilKilled = new ArrayList<>();
    private final Map<String, Integer> fired = new TreeMap<>();
    private int survivedHunts;

    MutantHunt(Mutant mutant) {
        this.mutant = mutant;
        this.world = worldOf(mutant, mutant.by().className());
    }

    /** Something to be done with a seed where the mutant rules. */
    @SuppressWarnings("unchecked")
    static LongFunction<String> worldOf(Mutant mutant, String className) {
        ClassLoader loader = new MutantClassLoader(MutantCompiler.compile(mutant));
        try {
            return (LongFunction<String>)
                    loader.loadClass(className).getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * @param hunts how often to look, each time from another seed on
     * @param seeds how many to try each time; after a hunt in vain there is no other one
     */
    MutantHunt run(int hunts, int seeds) {
        for (int hunt = 0; hunt < hunts && survivedHunts == 0; hunt++) {
            hunt(1 + hunt * SEEDS_APART, seeds);
        }
        return this;
    }

    private void hunt(long firstSeed, int seeds) {
        for (int tried = 1; tried <= seeds; tried++) {
            String outcome = world.apply(firstSeed + tried - 1);
            if (!outcome.isEmpty()) {
                seedsUntilKilled.add(tried);
                fired.merge(outcome, 1, Integer::sum);
                return;
            }
        }
        survivedHunts++;
    }

    Mutant mutant() {
        return mutant;
    }

    boolean isKilled() {
        return survivedHunts == 0;
    }

    /** How often each invariant ended a hunt. */
    Map<String, Integer> fired() {
        return fired;
    }

    /** Whether each hunt ended with an invariant that the mutant is known to break. */
    boolean isKilledByItsInvariants() {
        return isKilled() && mutant.breaks().containsAll(fired.keySet());
    }

    /** The first seed of a hunt. */
    long killingSeed() {
        return seedsUntilKilled.get(0);
    }

    int medianSeeds() {
        return seedsUntilKilled.stream().sorted().toList().get(seedsUntilKilled.size() / 2);
    }

    int worstSeeds() {
        return seedsUntilKilled.stream().mapToInt(Integer::intValue).max().orElseThrow();
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A run: a seed, what it shall do without, and maybe the very faults instead of those that the seed draws. As text:
 *
 * <pre>
 *   # anything
 *   seed 0x21
 *   without NO_BLACKOUT ONE_TOPIC
 *   faulty-millis 1800
 *   fault 1234567890 CRASH node=2 down=300 recovery=-1
 *   no-faults                                              instead of a list that is empty
 * </pre>
 *
 * @param seed         draws all that is not said here
 * @param reductions   see {@link Reduction}
 * @param faultyMillis how long faults go on, in virtual time; empty: as drawn
 * @param faults       at their times; empty: as drawn
 */
public record Scenario(long seed, Set<Reduction> reductions, OptionalInt faultyMillis, Optional<List<Fault>> faults) {
    public Scenario {
        reductions = reductions.isEmpty() ? EnumSet.noneOf(Reduction.class) : EnumSet.copyOf(reductions);
        faults = faults.map(List::copyOf);
    }

    public static Scenario ofSeed(long seed) {
        return new Scenario(seed, EnumSet.noneOf(Reduction.class), OptionalInt.empty(), Optional.empty());
    }

    Scenario with(Reduction reduction) {
        Set<Reduction> more = EnumSet.of(reduction);
        more.addAll(reductions);
        return new Scenario(seed, more, faultyMillis, faults);
    }

    Scenario withFaults(List<Fault> scripted) {
        return new Scenario(seed, reductions, faultyMillis, Optional.of(scripted));
    }

    Scenario withFaultyMillis(int millis) {
        return new Scenario(seed, reductions, OptionalInt.of(millis), faults);
    }

    /**
     * Reads what {@link #toText} wrote.
     *
     * @throws IllegalArgumentException if a line says nothing known
     */
    public static Scenario parse(String text) {
        Scenario scenario = ofSeed(0);
        List<Fault> scripted = new ArrayList<>();
        boolean isScripted = false;
        for (String line : text.lines().map(String::strip).toList()) {
            String[] words = line.split("\\s+", 2);
            switch (words[0]) {
                case "", "#" -> {}
                case "seed" ->
                    scenario = new Scenario(
                            Long.decode(words[1]), scenario.reductions, scenario.faultyMillis, scenario.faults);
                case "without" -> {
                    for (String name : words[1].split("\\s+")) {
                        scenario = scenario.with(Reduction.valueOf(name));
                    }
                }
                case "faulty-millis" -> scenario = scenario.withFaultyMillis(Integer.parseInt(words[1]));
                case "fault" -> {
                    isScripted = true;
                    scripted.add(Fault.parse(words[1]));
                }
                case "no-faults" -> isScripted = true;
                default -> throw new IllegalArgumentException("not a line of a scenario: " + line);
            }
        }
        return isScripted ? scenario.withFaults(scripted) : scenario;
    }

    public String toText() {
        StringBuilder text = new StringBuilder("seed 0x" + Long.toHexString(seed) + "\n");
        if (!reductions.isEmpty()) {
            text.append("without");
            reductions.forEach(reduction -> text.append(' ').append(reduction));
            text.append('\n');
        }
        faultyMillis.ifPresent(
                millis -> text.append("faulty-millis ").append(millis).append('\n'));
        faults.ifPresent(list -> {
            if (list.isEmpty()) {
                text.append("no-faults\n");
            }
            list.forEach(fault -> text.append("fault ").append(fault).append('\n'));
        });
        return text.toString();
    }
}

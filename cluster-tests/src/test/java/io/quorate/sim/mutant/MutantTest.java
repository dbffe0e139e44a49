/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.mutant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.sim.MinimiserRun;
import io.quorate.sim.Reduction;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who tests the simulator: bugs that are put into the code on purpose. Here a few; {@link MutantTableTest} hunts all. */
@DisplayName("The simulator")
class MutantTest {
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"M01", "M03", "M05", "M24"})
    @DisplayName("finds a bug that was put into the code, and calls it by its name")
    void kills(String id) {
        MutantHunt hunt = new MutantHunt(Mutant.named(id)).run(1, 100);

        assertTrue(hunt.isKilledByItsInvariants(), () -> hunt.mutant() + " ended with " + hunt.fired());
    }

    @Test
    @DisplayName("makes a failing run shorter; what is left fails alike when it is read back, and has a timeline")
    void minimises() {
        // Any vote shows this one, in any run: so all can be left out that can be, whichever seed it is.
        Mutant mutant = Mutant.named("M01");
        long seed = new MutantHunt(mutant).run(1, 100).killingSeed();

        String outcome =
                MutantHunt.worldOf(mutant, MinimiserRun.class.getName()).apply(seed);

        String[] facts = outcome.lines().findFirst().orElseThrow().split(">");
        assertEquals(facts[0], facts[1], "invariants");
        assertEquals("0", facts[3], () -> "faults: " + outcome);
        assertTrue(outcome.lines().anyMatch("no-faults"::equals), outcome);
        String withoutAll =
                "without " + Arrays.stream(Reduction.values()).map(Enum::name).collect(Collectors.joining(" "));
        assertTrue(outcome.lines().anyMatch(withoutAll::equals), outcome);
        assertTrue(outcome.contains("VIOLATION " + facts[0]), outcome);
        assertTrue(outcome.contains("BecamePreCandidate"), outcome);
    }

    @Test
    @DisplayName("has nothing to say against code that was changed without harm")
    void sparesControl() {
        MutantHunt hunt = new MutantHunt(Mutant.named("C1")).run(1, 5);

        assertFalse(hunt.isKilled(), () -> "flagged as " + hunt.fired());
    }

    @TestFactory
    @DisplayName("can be given every mutant of the catalogue: its text is in the sources, exactly once")
    Stream<DynamicTest> mutantsDoNotRot() {
        return Mutant.all().stream()
                .map(mutant -> DynamicTest.dynamicTest(mutant.toString(), () -> {
                    Map<?, String> sources = MutantCompiler.sourcesOf(mutant);
                    assertEquals(mutant.isApplicable(), !sources.isEmpty());
                    assertTrue(
                            mutant.by().properties().containsAll(mutant.breaks()),
                            () -> "unknown to " + mutant.by() + ": " + mutant.breaks());
                    if (mutant.isApplicable()) {
                        assertFalse(MutantCompiler.compile(mutant).isEmpty());
                    }
                }));
    }

    @Test
    @DisplayName("is given mutants M01 to M30 and controls C1 to C4, none left out")
    void catalogueIsComplete() {
        List<String> ids = Mutant.all().stream().map(Mutant::id).toList();

        for (int number = 1; number <= 30; number++) {
            String id = String.format(Locale.ROOT, "M%02d", number);
            assertTrue(ids.contains(id), id);
        }
        assertTrue(ids.containsAll(List.of("C1", "C2", "C3", "C4")));
    }
}

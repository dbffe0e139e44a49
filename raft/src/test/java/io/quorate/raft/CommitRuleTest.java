/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.raft.log.HardState;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The commit rule (§5.3, §5.4.2)")
class CommitRuleTest {
    @ParameterizedTest(name = "log {0}, durable {1}, term {2}, committed {3}: {4}")
    @DisplayName("a majority has it durable, and it is of the leader's own term")
    @CsvSource({
        // by majority
        "1 1 1, 3 3 0, 1, 0, 3",
        "1 1 1, 3 2 0, 1, 0, 2",
        "1 1 1, 3 0 0, 1, 0, 0",
        "1 1 1, 3 3 0 0 0, 1, 0, 0",
        "1 1 1, 3 3 1 0 0, 1, 0, 1",
        "1, 1, 1, 0, 1",
        // an older term does not commit by counting ...
        "1 2, 2 2 2, 4, 0, 0",
        "1 2 4, 3 2 2 1 1, 4, 1, 1",
        // ... but as what precedes an entry of the own term
        "1 2 4, 3 3 3 1 1, 4, 1, 3",
        // never backwards
        "1 1 1, 3 1 1, 1, 2, 2",
        "1 1 1, 0 0 0, 1, 3, 3"
    })
    void table(String log, String durable, long term, long committed, long expected) {
        assertEquals(
                expected,
                CommitRule.advance(
                        committed,
                        numbers(durable),
                        term,
                        CoreFixture.recovered(HardState.INITIAL, numbers(log)).terms()));
    }

    private static long[] numbers(String text) {
        return Stream.of(text.split(" ")).mapToLong(Long::parseLong).toArray();
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.client.QuorateException;
import io.quorate.client.QuorateException.Outcome;
import io.quorate.v1.ErrorReason;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The exit code")
class ExitCodeTest {
    private static final String PREFIX = "ERROR_REASON_";

    @Test
    @DisplayName("of every reason that a server may give is as documented")
    void ofEveryReason() {
        Map<String, Integer> expected = new TreeMap<>(Map.ofEntries(
                Map.entry("INVALID_ARGUMENT", 2),
                Map.entry("UNKNOWN_TOPIC", 4),
                Map.entry("UNKNOWN_PARTITION", 4),
                Map.entry("TOPIC_RECREATED", 4),
                Map.entry("UNKNOWN_NODE", 4),
                Map.entry("FENCED", 5),
                Map.entry("PRODUCER_FENCED", 5),
                Map.entry("OUT_OF_SEQUENCE", 5),
                Map.entry("UNKNOWN_PRODUCER", 5),
                Map.entry("TOPIC_EXISTS", 5),
                Map.entry("TRIMMED", 5),
                Map.entry("BEYOND_TAIL", 5),
                Map.entry("NOT_ENOUGH_NODES", 5),
                Map.entry("CHANGE_REFUSED", 5),
                Map.entry("NOT_LEADER", 6),
                Map.entry("NO_LEADER", 6),
                Map.entry("LEADERSHIP_LOST", 6),
                Map.entry("OVERLOADED", 6),
                Map.entry("DISK_FULL", 6),
                Map.entry("SHUTTING_DOWN", 6),
                Map.entry("REPLICA_FAILED", 6),
                Map.entry("NO_QUORUM", 6),
                Map.entry("DEADLINE_EXCEEDED", 6),
                Map.entry("RECORD_TOO_LARGE", 1),
                Map.entry("CORRUPT_BATCH", 1),
                Map.entry("CORRUPT_REPLICA", 1),
                Map.entry("INTERNAL", 1),
                Map.entry("UNSPECIFIED", 1)));

        Map<String, Integer> actual = Arrays.stream(ErrorReason.values())
                .filter(reason -> reason != ErrorReason.UNRECOGNIZED)
                .map(reason -> reason.name().substring(PREFIX.length()))
                .collect(Collectors.toMap(reason -> reason, ExitCode::ofReason, (a, b) -> a, TreeMap::new));

        assertEquals(expected, actual);
    }

    @ParameterizedTest
    @CsvSource({"UNAVAILABLE,6", "SOMETHING_NEW,1"})
    @DisplayName("of reasons that are not a server's")
    void ofOtherReasons(String reason, int expected) {
        assertEquals(expected, ExitCode.ofReason(reason));
    }

    @Test
    @DisplayName("goes with reason, message and a hint when the client library fails")
    void ofClientError() {
        CliException error = CliException.of(
                new QuorateException("UNKNOWN_TOPIC", "no topic nope", false, Outcome.NOT_APPLIED, null));

        assertEquals(ExitCode.NOT_FOUND, error.exitCode());
        assertEquals("UNKNOWN_TOPIC", error.reason());
        assertEquals("no topic nope", error.getMessage());
        assertTrue(error.hint().contains("quorate topic list"), error.hint());
    }
}

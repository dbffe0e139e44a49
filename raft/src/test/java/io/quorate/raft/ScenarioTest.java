/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Replays {@code src/test/resources/scenarios/*.txt}. A file is a story in blocks: comment lines ({@code #}), commands
 * ({@link Scenario}), a line {@code ----}, and what happened. {@code -Dscenario.rewrite=true} writes the transcripts
 * anew; commit only a difference that you can explain.
 */
@DisplayName("Scenarios")
class ScenarioTest {
    private static final Path DIRECTORY = Path.of("src/test/resources/scenarios");
    private static final String SEPARATOR = "----";

    @TestFactory
    Stream<DynamicTest> scenarios() throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.list(DIRECTORY)) {
            files = found.filter(file -> file.toString().endsWith(".txt"))
                    .sorted()
                    .toList();
        }
        assertTrue(files.size() >= 12, () -> "only " + files);
        return files.stream().map(file -> DynamicTest.dynamicTest(titleOf(file), () -> replay(file)));
    }

    private static String titleOf(Path file) {
        try {
            return file.getFileName() + ": " + Files.readAllLines(file).get(0).replaceFirst("^# *", "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void replay(Path file) throws IOException {
        List<String> actual = new ArrayList<>();
        List<String> expected = Files.readAllLines(file);
        List<String> happened = new ArrayList<>();
        Scenario scenario = new Scenario();
        boolean inTranscript = false;
        for (String line : expected) {
            if (inTranscript) {
                // The old transcript ends at an empty line.
                inTranscript = !line.isBlank();
                if (!inTranscript) {
                    actual.add(line);
                }
                continue;
            }
            actual.add(line);
            if (line.equals(SEPARATOR)) {
                actual.addAll(happened);
                happened.clear();
                inTranscript = true;
            } else if (!line.isBlank() && !line.startsWith("#")) {
                happened.addAll(scenario.run(line));
            }
        }
        assertTrue(happened.isEmpty(), () -> "commands after the last transcript: " + happened);
        if (Boolean.getBoolean("scenario.rewrite")) {
            Files.write(file, actual);
        } else {
            assertEquals(String.join("\n", expected), String.join("\n", actual), file.toString());
        }
    }
}

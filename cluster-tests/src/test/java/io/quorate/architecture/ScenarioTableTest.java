/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Keeps the table of scenarios in {@code docs/testing.md} true: what it names exists, and carries the scenario's number. */
@DisplayName("Scenarios of failures")
class ScenarioTableTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern NAME = Pattern.compile("`([A-Za-z_0-9]+(?:\\.txt)?)`");
    private static final int LAST = 40;

    @TestFactory
    @DisplayName("RF-00 to RF-40 each have a row, whose tests exist and of which one has the number in its name")
    Stream<DynamicTest> rows() throws IOException {
        Map<String, List<Path>> files = filesByName();
        List<String> lines = Files.readAllLines(ROOT.resolve(Path.of("docs", "testing.md")));
        return IntStream.rangeClosed(0, LAST)
                .mapToObj(number -> String.format(Locale.ROOT, "RF-%02d", number))
                .map(scenario -> DynamicTest.dynamicTest(scenario, () -> check(scenario, lines, files)));
    }

    private static void check(String scenario, List<String> lines, Map<String, List<Path>> files) {
        List<String> rows = lines.stream()
                .filter(line -> line.startsWith("| " + scenario + " "))
                .toList();
        assertEquals(1, rows.size(), () -> scenario + " has rows " + rows);
        List<String> names =
                NAME.matcher(rows.get(0)).results().map(found -> found.group(1)).toList();
        for (String name : names) {
            assertTrue(files.containsKey(name), () -> scenario + " names " + name + ", which is nowhere");
        }
        assertTrue(
                names.stream().flatMap(name -> files.get(name).stream()).anyMatch(file -> isNamed(file, scenario)),
                () -> "none of " + names + " has a test that is called " + scenario);
    }

    /** In a display name of a test, or in the title of a scenario file. */
    private static boolean isNamed(Path file, String scenario) {
        try {
            String text = Files.readString(file);
            if (file.toString().endsWith(".txt")) {
                return text.startsWith("# " + scenario);
            }
            return Pattern.compile("@DisplayName\\(\\s*\"([^\"]*)\"")
                    .matcher(text)
                    .results()
                    .map(MatchResult::group)
                    .anyMatch(name -> name.contains(scenario));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Tests, what they use, and scenario files of all modules. */
    private static Map<String, List<Path>> filesByName() throws IOException {
        Map<String, List<Path>> files = new TreeMap<>();
        List<Path> modules;
        try (Stream<Path> found = Files.list(ROOT)) {
            modules =
                    found.filter(path -> Files.exists(path.resolve("pom.xml"))).toList();
        }
        for (Path module : modules) {
            for (String sources : List.of("src/test", "src/main/java")) {
                Path directory = module.resolve(sources);
                if (Files.isDirectory(directory)) {
                    try (Stream<Path> found = Files.walk(directory)) {
                        found.filter(Files::isRegularFile).forEach(file -> files.computeIfAbsent(
                                        file.getFileName().toString().replace(".java", ""),
                                        ignored -> new ArrayList<>())
                                .add(file));
                    }
                }
            }
        }
        return files;
    }
}

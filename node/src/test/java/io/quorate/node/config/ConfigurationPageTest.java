/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("docs/configuration.md")
class ConfigurationPageTest {
    private static final Path PAGE = Path.of("..", "docs", "configuration.md");

    @Test
    @DisplayName("shows exactly the keys, defaults, ranges and descriptions of the code")
    void table() throws IOException {
        List<String> shown = Files.readAllLines(PAGE).stream()
                .filter(line -> line.startsWith("| `"))
                .toList();

        assertEquals(
                String.join("\n", ConfigKeys.all().stream().map(this::row).toList()),
                String.join("\n", shown),
                "replace the table's rows by the expected ones");
    }

    @Test
    @DisplayName("stays small enough to know: 40 keys at most")
    void fewKeys() {
        assertTrue(ConfigKeys.all().size() <= 40);
    }

    private String row(ConfigKey<?> key) {
        return "| `%s` | %s | %s | %s |".formatted(key.name(), key.defaultText(), key.range(), key.description());
    }
}

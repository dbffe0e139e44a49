/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.base;

import io.quorate.cli.output.Terminal;
import java.nio.file.Path;
import java.util.Map;

/** The surroundings of a command. */
public record CliContext(Terminal terminal, Map<String, String> environment, Path workingDirectory) {
    public static CliContext ofProcess() {
        return new CliContext(Terminal.ofProcess(), System.getenv(), Path.of("").toAbsolutePath());
    }
}

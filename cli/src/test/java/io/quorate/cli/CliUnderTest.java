/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.output.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** Runs commands in this process, with streams that can be looked at. */
final class CliUnderTest {
    private final Path workingDirectory;
    private final Map<String, String> environment;
    private byte[] input = new byte[0];
    private boolean onTerminal;

    CliUnderTest(Path workingDirectory, Map<String, String> environment) {
        this.workingDirectory = workingDirectory;
        this.environment = environment;
    }

    /** What a command did. */
    record Ran(int exitCode, String out, String err) {}

    CliUnderTest withInput(String text) {
        input = text.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    CliUnderTest onTerminal() {
        onTerminal = true;
        return this;
    }

    Ran run(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        return run(out, arguments);
    }

    /** As if whoever reads the output had gone away before the first byte. */
    Ran runWithoutReader(String... arguments) {
        OutputStream gone = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        return run(gone, arguments);
    }

    private Ran run(OutputStream out, String... arguments) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = new Terminal(
                new ByteArrayInputStream(input),
                out,
                new PrintStream(err, true, StandardCharsets.UTF_8),
                onTerminal,
                false,
                false);
        int exitCode = Main.run(new CliContext(terminal, environment, workingDirectory), arguments);
        return new Ran(exitCode, printed(out), err.toString(StandardCharsets.UTF_8));
    }

    private static String printed(OutputStream out) {
        return out instanceof ByteArrayOutputStream bytes ? bytes.toString(StandardCharsets.UTF_8) : "";
    }
}

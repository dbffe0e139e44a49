/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.cli.CliUnderTest.Ran;
import io.quorate.cli.base.CliContext;
import io.quorate.cli.output.Terminal;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The command")
class CommandTreeTest {
    @TempDir
    Path directory;

    private CliUnderTest cli;

    @BeforeEach
    void setUp() {
        // Port 1 of the loopback interface refuses at once.
        cli = new CliUnderTest(directory, Map.of("QUORATE_BOOTSTRAP", "127.0.0.1:1"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nope",
                "topic",
                "topic nope",
                "cluster",
                "append",
                "read",
                "bench",
                "bench --rate x demo",
                "read demo/x",
                "read demo --from middle",
                "read demo@3 --from end",
                "tail demo@3",
                "read demo --replica nearest",
                "read demo --replica 0",
                "tail demo --may-lag",
                "read demo --limit -1",
                "append demo@3",
                "append demo/1 --partition 2",
                "append demo --key-separator=",
                "topic create",
                "topic alter demo",
                "completion fish",
                "cluster status -o xml",
                "cluster status --timeout 5",
                "cluster status -b nowhere",
                "bench demo --record-bytes 15",
                "bench demo --in-flight 0",
                "bench disk . --files 0",
                "bench disk . --writes sideways",
                "dev --nodes 0",
                "dev --port 99999",
                "dev --topic demo:x",
                "dev kill",
                "server --config missing.yaml",
                "server --set nonsense=1",
                "log",
                "log inspect",
                "log dump --cluster x .",
                "explain",
                "explain demo@3",
                "events demo@3",
                "events --limit 0",
                "events --since yesterday",
                "events --data-dir . --follow",
                "health nowhere"
            })
    @DisplayName("answers what it does not understand with one error, one hint and exit code 2")
    void usageErrors(String line) {
        Ran ran = cli.run(line.isEmpty() ? new String[0] : line.split(" "));

        assertEquals(2, ran.exitCode(), ran.err());
        assertEquals("", ran.out());
        String[] lines = ran.err().split("\n");
        assertEquals(2, lines.length, ran.err());
        assertTrue(lines[0].matches("error\\[(USAGE|CONFIG)]: \\S.*"), ran.err());
        assertTrue(lines[1].matches("hint: \\S.*"), ran.err());
    }

    @ParameterizedTest
    @CsvSource({
        "cluster status,6,UNAVAILABLE",
        "health 127.0.0.1:1,6,UNAVAILABLE",
        "append demo missing.txt,4,NO_SUCH_FILE",
        "log inspect .,4,NO_LOG",
        "log verify missing,4,NO_LOG",
        "explain demo,6,UNAVAILABLE",
        "events,6,UNAVAILABLE",
        "events --data-dir .,4,NO_EVENTS",
        "dev status,4,NO_DEV_CLUSTER",
        "dev stop,4,NO_DEV_CLUSTER",
        "dev kill leader,4,NO_DEV_CLUSTER",
        "dev restart 1,4,NO_DEV_CLUSTER"
    })
    @DisplayName("tells what is missing by reason and exit code, in one line and without a stack trace")
    void failures(String line, int exitCode, String reason) {
        Ran ran = cli.run(line.split(" "));

        assertEquals(exitCode, ran.exitCode(), ran.err());
        assertTrue(ran.err().startsWith("error[" + reason + "]: "), ran.err());
        assertTrue(ran.err().lines().count() <= 2, ran.err());
    }

    @Test
    @DisplayName("shows the stack trace when asked for it")
    void verbose() {
        Ran ran = cli.run("cluster", "status", "--verbose");
        assertTrue(ran.err().contains("\tat io.quorate.cli."), ran.err());
        assertEquals(6, ran.exitCode());
    }

    @Test
    @DisplayName("suggests a verb that is spelled almost like it")
    void suggestion() {
        assertTrue(cli.run("topc").err().contains("topic"), cli.run("topc").err());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "server ",
                "dev ",
                "dev kill ",
                "append ",
                "read ",
                "tail ",
                "bench ",
                "bench disk ",
                "topic ",
                "topic create ",
                "cluster status ",
                "explain ",
                "events ",
                "completion ",
                "log ",
                "log inspect ",
                "log verify ",
                "log dump ",
                "version ",
                "health "
            })
    @DisplayName("explains every verb on standard output")
    void help(String verb) {
        Ran ran = cli.run((verb + "--help").split(" "));

        assertEquals(0, ran.exitCode());
        assertEquals("", ran.err());
        assertTrue(ran.out().contains("Usage: quorate " + verb.strip()), ran.out());
        assertTrue(ran.out().lines().allMatch(line -> line.length() <= 100), ran.out());
    }

    @Test
    @DisplayName("does not show what only the build uses")
    void hidesTraining() {
        assertEquals(false, cli.run("--help").out().contains("training"));
    }

    @Test
    @DisplayName("knows its version")
    void version() {
        assertTrue(cli.run("version").out().matches("quorate \\d+\\.\\d+\\.\\d+\\S* · Java \\S+\n"));
        assertTrue(cli.run("version", "-o", "json").out().matches("\\{\"version\":\"[^\"]+\",\"java\":\"[^\"]+\"}\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh"})
    @DisplayName("completes its verbs and options in the shell")
    void completion(String shell) {
        Ran ran = cli.run("completion", shell);

        assertEquals(0, ran.exitCode());
        assertTrue(ran.out().contains("complete -F"), "registers the function");
        assertTrue(ran.out().contains("--in-flight"), "knows options");
        assertTrue(ran.out().contains("isolate"), "knows verbs of verbs");
        assertEquals(shell.equals("zsh"), ran.out().startsWith("autoload"));
    }

    @Test
    @DisplayName("ends quietly when whoever reads its output has gone away")
    void brokenPipe() {
        assertEquals(new Ran(0, "", ""), cli.runWithoutReader("completion", "bash"));
    }

    @Test
    @DisplayName("fails when its output cannot be written for another reason")
    void failedWrite() {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };
        StringBuilder errors = new StringBuilder();
        PrintStream err = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8) {
            @Override
            public void println(String line) {
                errors.append(line);
            }
        };
        Terminal terminal = new Terminal(InputStream.nullInputStream(), full, err, false, false, false);

        assertEquals(1, Main.run(new CliContext(terminal, Map.of(), directory), "version"));
        assertTrue(errors.toString().contains("No space left on device"), errors.toString());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.base;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.cli.local.DevState;
import io.quorate.cli.local.ProcessRef;
import io.quorate.cli.output.Terminal;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The cluster to talk to")
class BootstrapTest {
    @TempDir
    Path directory;

    @Test
    @DisplayName("is that of the flag before anything else")
    void flagFirst() throws IOException {
        devCluster(ProcessRef.of(ProcessHandle.current()));
        assertEquals(
                List.of("flag:1"), Bootstrap.resolve("flag:1", context("env:1")).addresses());
    }

    @Test
    @DisplayName("is else that of QUORATE_BOOTSTRAP")
    void thenEnvironment() throws IOException {
        devCluster(ProcessRef.of(ProcessHandle.current()));
        assertEquals(List.of("env:1"), Bootstrap.resolve(null, context("env:1")).addresses());
    }

    @Test
    @DisplayName("is else the dev cluster that runs in ./quorate-dev, its living nodes first")
    void thenDevCluster() throws IOException {
        devCluster(ProcessRef.of(ProcessHandle.current()));
        assertEquals(
                List.of("dev:2", "dev:1"), Bootstrap.resolve(null, context(" ")).addresses());
    }

    @Test
    @DisplayName("is else the three nodes on 127.0.0.1:7400 to 7402, also when a dev cluster left its state behind")
    void thenDefault() throws IOException {
        assertEquals(
                List.of("127.0.0.1:7400", "127.0.0.1:7401", "127.0.0.1:7402"),
                Bootstrap.resolve(null, context("")).addresses());
        devCluster(ProcessRef.NONE);
        assertEquals(
                List.of("127.0.0.1:7400", "127.0.0.1:7401", "127.0.0.1:7402"),
                Bootstrap.resolve(null, context("")).addresses());
    }

    private void devCluster(ProcessRef processOfNode2) throws IOException {
        Path home = Files.createDirectories(directory.resolve("quorate-dev"));
        new DevState(
                        "dev-1",
                        ProcessRef.NONE,
                        List.of(
                                new DevState.Node(1, "dev:1", "dev:101", ProcessRef.NONE),
                                new DevState.Node(2, "dev:2", "dev:102", processOfNode2)))
                .write(home);
    }

    private CliContext context(String environment) {
        Terminal terminal = new Terminal(
                InputStream.nullInputStream(),
                OutputStream.nullOutputStream(),
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
                false,
                false,
                false);
        return new CliContext(terminal, Map.of(Bootstrap.ENVIRONMENT_KEY, environment), directory);
    }
}

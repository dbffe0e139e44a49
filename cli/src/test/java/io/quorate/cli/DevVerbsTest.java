/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.cli.CliUnderTest.Ran;
import io.quorate.cli.local.DevState;
import io.quorate.cli.local.ProcessRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The verbs that hurt and mend a dev cluster")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class DevVerbsTest {
    @TempDir
    Path directory;

    private CliUnderTest cli;
    private Process process;
    private ProcessRef node;

    /** Node 1 is a process that answers nothing, node 2 is down. */
    @BeforeEach
    void start() throws IOException {
        process = new ProcessBuilder("sleep", "600").start();
        node = ProcessRef.of(process.toHandle());
        Path root = Files.createDirectory(directory.resolve(DevState.DEFAULT_DIRECTORY));
        new DevState(
                        "dev-1",
                        ProcessRef.NONE,
                        List.of(
                                new DevState.Node(1, "127.0.0.1:1", "127.0.0.1:1", node),
                                new DevState.Node(2, "127.0.0.1:1", "127.0.0.1:1", ProcessRef.NONE)))
                .write(root);
        cli = new CliUnderTest(directory, Map.of());
    }

    @AfterEach
    void end() {
        process.destroyForcibly();
    }

    private String json(String... arguments) {
        Ran ran = cli.run(arguments);
        assertEquals(0, ran.exitCode(), ran.err());
        return ran.out();
    }

    @Test
    @DisplayName("say what they did in one JSON document, if asked for it")
    void asJson() throws InterruptedException {
        assertEquals("{\"paused\":1,\"pid\":" + process.pid() + "}\n", json("dev", "pause", "1", "-o", "json"));
        while (!node.isPaused()) {
            Thread.onSpinWait();
        }
        assertEquals("{\"isolated\":null,\"notTold\":[1,2]}\n", json("dev", "heal", "-o", "json"));
        assertEquals("{\"isolated\":1,\"notTold\":[1,2]}\n", json("dev", "isolate", "1", "-o", "json"));
        assertEquals("{\"resumed\":1,\"pid\":" + process.pid() + "}\n", json("dev", "resume", "1", "-o", "json"));
        assertEquals(
                "{\"killed\":[{\"nodeId\":1,\"pid\":" + process.pid()
                        + ",\"led\":[]}],\"elected\":[],\"withoutQuorum\":[],\"leaderless\":[]}\n",
                json("dev", "kill", "1", "-o", "json"));
        assertTrue(process.waitFor(10, TimeUnit.SECONDS), "it was killed");
    }

    @Test
    @DisplayName("say it in words otherwise")
    void inWords() {
        assertEquals("killed node 1 (pid " + process.pid() + "), which led nothing\n", json("dev", "kill", "all"));
    }

    @Test
    @DisplayName("stop what runs, and say how long it took")
    void stop() {
        String out = json("dev", "stop", "-o", "json");

        assertTrue(out.matches("\\{\"stopped\":\"dev-1\",\"elapsedMs\":[0-9.]+}\n"), out);
        assertFalse(node.isAlive());
    }
}

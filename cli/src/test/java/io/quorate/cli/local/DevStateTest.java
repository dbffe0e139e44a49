/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The state file of a dev cluster")
class DevStateTest {
    private static final ProcessRef THIS = ProcessRef.of(ProcessHandle.current());

    @TempDir
    Path directory;

    private final DevState state = new DevState(
            "dev-0123abcd",
            THIS,
            List.of(
                    new DevState.Node(1, "127.0.0.1:7400", "127.0.0.1:7500", new ProcessRef(123, 456)),
                    new DevState.Node(2, "127.0.0.1:7401", "127.0.0.1:7501", ProcessRef.NONE)));

    @Test
    @DisplayName("says what was written")
    void roundTrip() {
        state.write(directory);
        assertEquals(Optional.of(state), DevState.readIfPresent(directory));
    }

    @Test
    @DisplayName("is replaced as a whole, and can be deleted")
    void replaced() {
        state.write(directory);
        DevState changed = state.with(state.nodes().get(1).with(new ProcessRef(7, 8)));
        changed.write(directory);
        assertEquals(Optional.of(changed), DevState.readIfPresent(directory));
        DevState.delete(directory);
        assertEquals(Optional.empty(), DevState.readIfPresent(directory));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nodes=three", "nodes=0", "nodes=1000000", "nodes=1\ncluster.id=a"})
    @DisplayName("names itself when it is damaged")
    void damaged(String content) throws IOException {
        Files.writeString(directory.resolve("dev.properties"), content);
        IllegalStateException error =
                assertThrows(IllegalStateException.class, () -> DevState.readIfPresent(directory));
        assertTrue(error.getMessage().contains("dev.properties is damaged"), error.getMessage());
    }

    @Test
    @DisplayName("counts as running while its supervisor or any node lives")
    void running() {
        assertTrue(state.isRunning());
        assertFalse(new DevState("a", ProcessRef.NONE, state.nodes()).isRunning());
    }

    @Test
    @DisplayName("does not take another process with the same number for its own")
    void reusedNumber() {
        assertTrue(THIS.isAlive());
        assertFalse(new ProcessRef(THIS.pid(), THIS.startMillis() - 60_000).isAlive());
        assertFalse(ProcessRef.NONE.isAlive());
    }
}

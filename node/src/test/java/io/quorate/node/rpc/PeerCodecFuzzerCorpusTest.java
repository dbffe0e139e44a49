/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Keeps what {@code tools/fuzz} found out: an input for each way through the code, and for each mistake it ever found. */
@DisplayName("Messages of peers that a fuzzer made")
class PeerCodecFuzzerCorpusTest {
    static List<Path> inputs() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("src", "test", "resources", "fuzz"))) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("inputs")
    @DisplayName("are taken or refused, as they were when they were found")
    void areTakenOrRefused(Path input) throws IOException {
        byte[] bytes = Files.readAllBytes(input);
        assertDoesNotThrow(() -> PeerCodecFuzzer.fuzzerTestOneInput(bytes));
    }
}

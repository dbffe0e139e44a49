/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.cli.bench.DiskBaseline.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("What the disk alone can do")
class DiskBaselineTest {
    @TempDir
    Path directory;

    @Test
    @DisplayName("is measured with the same bytes in every way that the file system has, and leaves no file behind")
    void takesTurns() throws IOException {
        List<Result> results =
                new DiskBaseline(directory, 2, 5000).run(List.of(RawWrite.values()), 10_000, Long.MAX_VALUE);

        assertTrue(results.size() == 4 || results.size() == 2, "direct ones only where there are direct writes");
        for (Result result : results) {
            assertEquals(2, result.chunks(), result.line());
            assertEquals(2 * result.files(), result.forceMicros().getTotalCount());
            assertEquals(result.write().isDirect(), result.chunkBytes() != 5000, "direct writes are whole blocks");
            assertTrue(result.bytesPerFile() >= 10_000, result.line());
            assertTrue(result.megabytesPerSecond() > 0, result.line());
        }
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    @DisplayName("is measured with one chunk at least, however little time there is")
    void oneChunk() {
        List<Result> results =
                new DiskBaseline(directory, 1, 100).run(List.of(RawWrite.CACHED_GROWING), Long.MAX_VALUE, 0);

        assertEquals(1, results.size());
        assertEquals(1, results.get(0).chunks());
        assertTrue(
                results.get(0).line().startsWith("through the cache, growing file: "),
                results.get(0).line());
    }
}

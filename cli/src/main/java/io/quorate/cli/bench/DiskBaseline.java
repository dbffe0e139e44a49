/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import io.quorate.cli.output.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What the disk alone can do with the writes of a replicated log: each chunk is written to every file, and each file
 * forced (fdatasync), one after the other. The files are filled with zeros first, as a log's segments are.
 */
final class DiskBaseline {
    private static final int FILE_BYTES = 64 << 20;
    private static final long HIGHEST_MICROS = 120_000_000L;

    private final Path directory;
    private final int files;
    private final int chunkBytes;

    /**
     * @param chunks        written to every file
     * @param bytesPerFile  of each file
     * @param elapsedNanos  for all of them
     * @param forceMicros   of one write and force of one file
     */
    record Result(int files, int chunkBytes, long chunks, long bytesPerFile, long elapsedNanos, Histogram forceMicros) {
        double megabytesPerSecond() {
            return elapsedNanos == 0 ? 0 : bytesPerFile * 1e3 / elapsedNanos;
        }

        String line() {
            return String.format(
                    Locale.ROOT,
                    "%.1f MB/s to each of %d files · %,d chunks of %,d bytes · write and fdatasync p50 %.2f ms, p99 %.2f ms",
                    megabytesPerSecond(),
                    files,
                    chunks,
                    chunkBytes,
                    forceMicros.getValueAtPercentile(50) / 1e3,
                    forceMicros.getValueAtPercentile(99) / 1e3);
        }

        Map<String, Object> json() {
            return Json.object(
                    "files",
                    files,
                    "chunkBytes",
                    chunkBytes,
                    "chunks",
                    chunks,
                    "bytesPerFile",
                    bytesPerFile,
                    "elapsedMs",
                    elapsedNanos / 1e6,
                    "megabytesPerSecond",
                    megabytesPerSecond(),
                    "forceP50Ms",
                    forceMicros.getValueAtPercentile(50) / 1e3,
                    "forceP99Ms",
                    forceMicros.getValueAtPercentile(99) / 1e3);
        }
    }

    /** @param chunkBytes 1 to 64 MiB */
    DiskBaseline(Path directory, int files, int chunkBytes) {
        this.directory = directory;
        this.files = files;
        this.chunkBytes = chunkBytes;
    }

    /** Ends after {@code maxBytes} to each file or {@code maxNanos}, whatever comes first, after one chunk at least. */
    Result run(long maxBytes, long maxNanos) {
        List<Path> paths = new ArrayList<>();
        List<FileChannel> channels = new ArrayList<>();
        try {
            Files.createDirectories(directory);
            for (int i = 0; i < files; i++) {
                Path path = Files.createTempFile(directory, "quorate-bench-", ".raw");
                paths.add(path);
                channels.add(FileChannel.open(path, StandardOpenOption.WRITE));
                fillWithZeros(channels.get(i));
            }
            return measure(channels, maxBytes, maxNanos);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            close(channels, paths);
        }
    }

    private Result measure(List<FileChannel> channels, long maxBytes, long maxNanos) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocateDirect(chunkBytes);
        chunk.put(new BenchRecord(1, Math.max(chunkBytes, BenchRecord.MIN_BYTES)).encode(1), 0, chunkBytes);
        Histogram forceMicros = new Histogram(HIGHEST_MICROS, 3);
        long begin = System.nanoTime();
        long chunks = 0;
        long now = begin;
        do {
            long position = chunks * chunkBytes % (FILE_BYTES - chunkBytes + 1L);
            for (FileChannel channel : channels) {
                long before = System.nanoTime();
                writeFully(channel, chunk.clear(), position);
                channel.force(false);
                now = System.nanoTime();
                forceMicros.recordValue(Math.min(HIGHEST_MICROS, (now - before) / 1_000));
            }
            chunks++;
        } while (chunks * chunkBytes < maxBytes && now - begin < maxNanos);
        return new Result(files, chunkBytes, chunks, chunks * chunkBytes, now - begin, forceMicros);
    }

    private static void fillWithZeros(FileChannel channel) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
        for (long position = 0; position < FILE_BYTES; position += zeros.capacity()) {
            writeFully(channel, zeros.clear(), position);
        }
        channel.force(true);
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    private static void close(List<FileChannel> channels, List<Path> paths) {
        try {
            for (FileChannel channel : channels) {
                channel.close();
            }
            for (Path path : paths) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

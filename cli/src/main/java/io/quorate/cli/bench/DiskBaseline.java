/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import com.sun.nio.file.ExtendedOpenOption;
import io.quorate.cli.output.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What the disk alone can do with the writes of a replicated log: each chunk is written to every file, and each file
 * forced (fdatasync), one after the other. Several ways of writing take turns, chunk by chunk, so that whatever else the
 * disk does meets all of them alike. Direct writes are whole blocks of the file system.
 */
final class DiskBaseline {
    private static final long WRITTEN_FILE_BYTES = 64L << 20;
    private static final long GROWING_FILE_BYTES = 256L << 20;
    private static final int MAX_BLOCK_BYTES = 64 << 10;
    private static final long HIGHEST_MICROS = 120_000_000L;

    private final Path directory;
    private final int files;
    private final int chunkBytes;

    /**
     * @param chunkBytes    what was written to a file before it was forced
     * @param chunks        written to every file
     * @param bytesPerFile  of each file
     * @param elapsedNanos  for all of them
     * @param forceMicros   of one write and force of one file
     */
    record Result(
            RawWrite write,
            int files,
            int chunkBytes,
            long chunks,
            long bytesPerFile,
            long elapsedNanos,
            Histogram forceMicros) {
        double megabytesPerSecond() {
            return elapsedNanos == 0 ? 0 : bytesPerFile * 1e3 / elapsedNanos;
        }

        String line() {
            return String.format(
                    Locale.ROOT,
                    "%s: %.1f MB/s to each of %d files · %,d chunks of %,d bytes · write and fdatasync p50 %.2f ms, p99 %.2f ms",
                    write.description(),
                    megabytesPerSecond(),
                    files,
                    chunks,
                    chunkBytes,
                    forceMicros.getValueAtPercentile(50) / 1e3,
                    forceMicros.getValueAtPercentile(99) / 1e3);
        }

        Map<String, Object> json() {
            return Json.object(
                    "write",
                    write.toString(),
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

    /**
     * Ends after {@code maxBytes} to each file or {@code maxNanos} in each way, whatever comes first, after one chunk at
     * least.
     *
     * @param writes not empty; direct ones are left out where the file system has no such thing
     * @return one result for each way that the file system has, in the order of {@code writes}
     */
    List<Result> run(List<RawWrite> writes, long maxBytes, long maxNanos) {
        List<Lane> lanes = new ArrayList<>();
        try {
            Files.createDirectories(directory);
            int blockBytes = directBlockBytes();
            for (RawWrite write : writes) {
                if (!write.isDirect() || blockBytes > 0) {
                    lanes.add(new Lane(write, blockBytes));
                }
            }
            for (Lane lane : lanes) {
                lane.open();
            }
            for (boolean more = true; more; ) {
                more = false;
                for (Lane lane : lanes) {
                    more |= lane.writeChunk(maxBytes, maxNanos);
                }
            }
            return lanes.stream().map(Lane::result).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            close(lanes);
        }
    }

    private static void close(List<Lane> lanes) {
        try {
            for (Lane lane : lanes) {
                lane.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Unit of direct writes, 0 if the file system has none: found out by trying. */
    private int directBlockBytes() throws IOException {
        long blockBytes = Files.getFileStore(directory).getBlockSize();
        if (blockBytes < 1 || blockBytes > MAX_BLOCK_BYTES || Long.bitCount(blockBytes) != 1) {
            return 0;
        }
        Path probe = Files.createTempFile(directory, "quorate-bench-", ".raw");
        try (FileChannel channel = FileChannel.open(probe, options(true))) {
            writeFully(channel, aligned((int) blockBytes, (int) blockBytes), 0);
            return (int) blockBytes;
        } catch (IOException | UnsupportedOperationException e) {
            return 0;
        } finally {
            Files.delete(probe);
        }
    }

    private static OpenOption[] options(boolean direct) {
        return direct
                ? new OpenOption[] {StandardOpenOption.WRITE, ExtendedOpenOption.DIRECT}
                : new OpenOption[] {StandardOpenOption.WRITE};
    }

    private static ByteBuffer aligned(int bytes, int blockBytes) {
        return ByteBuffer.allocateDirect(bytes + blockBytes)
                .alignedSlice(blockBytes)
                .slice(0, bytes);
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    /** The files of one way of writing. */
    private final class Lane {
        private final RawWrite write;
        private final ByteBuffer chunk;
        private final List<Path> paths = new ArrayList<>();
        private final List<FileChannel> channels = new ArrayList<>();
        private final Histogram forceMicros = new Histogram(HIGHEST_MICROS, 3);
        private long chunks;
        private long position;
        private long elapsedNanos;

        Lane(RawWrite write, int blockBytes) {
            this.write = write;
            int unit = write.isDirect() ? blockBytes : 1;
            int bytes = (int) Math.min(Integer.MAX_VALUE & -unit, chunkBytes + unit - 1L & -unit);
            chunk = aligned(bytes, Math.max(1, unit));
            chunk.put(new BenchRecord(1, Math.max(bytes, BenchRecord.MIN_BYTES)).encode(1), 0, bytes);
        }

        void open() throws IOException {
            for (int i = 0; i < files; i++) {
                Path path = Files.createTempFile(directory, "quorate-bench-", ".raw");
                paths.add(path);
                if (!write.isGrowing()) {
                    fillWithZeros(path);
                }
                channels.add(FileChannel.open(path, options(write.isDirect())));
            }
        }

        private void fillWithZeros(Path path) throws IOException {
            try (FileChannel channel = FileChannel.open(path, options(false))) {
                ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
                for (long at = 0; at < WRITTEN_FILE_BYTES; at += zeros.capacity()) {
                    writeFully(channel, zeros.clear(), at);
                }
                channel.force(true);
            }
        }

        /** Writes and forces one chunk in every file; returns whether more is to come. */
        boolean writeChunk(long maxBytes, long maxNanos) throws IOException {
            if (chunks > 0 && isDone(maxBytes, maxNanos)) {
                return false;
            }
            makeRoom();
            for (FileChannel channel : channels) {
                long before = System.nanoTime();
                writeFully(channel, chunk.clear(), position);
                channel.force(false);
                long nanos = System.nanoTime() - before;
                elapsedNanos += nanos;
                forceMicros.recordValue(Math.min(HIGHEST_MICROS, nanos / 1_000));
            }
            position += chunk.capacity();
            chunks++;
            return !isDone(maxBytes, maxNanos);
        }

        private boolean isDone(long maxBytes, long maxNanos) {
            return chunks * chunk.capacity() >= maxBytes || elapsedNanos >= maxNanos;
        }

        /** Off the clock: goes back to the beginning, of an empty file if it is to grow. */
        private void makeRoom() throws IOException {
            long end = position + chunk.capacity();
            if (write.isGrowing() && end > GROWING_FILE_BYTES && position > 0) {
                close();
                open();
                position = 0;
            } else if (!write.isGrowing() && end > WRITTEN_FILE_BYTES) {
                position = 0;
            }
        }

        Result result() {
            return new Result(
                    write, files, chunk.capacity(), chunks, chunks * chunk.capacity(), elapsedNanos, forceMicros);
        }

        void close() throws IOException {
            for (FileChannel channel : channels) {
                channel.close();
            }
            channels.clear();
            for (Path path : paths) {
                Files.deleteIfExists(path);
            }
            paths.clear();
        }
    }
}

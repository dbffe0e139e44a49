/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small ext4 file system in a file, mounted somewhere: a real disk that a test can fill. Needs root. */
final class LoopDisk implements AutoCloseable {
    private static final int PIECE_BYTES = 1 << 20;

    private final Path mountPoint;
    private final Path ballast;

    private LoopDisk(Path mountPoint) {
        this.mountPoint = mountPoint;
        this.ballast = mountPoint.resolve("ballast");
    }

    /** Ends the test as skipped, with the reason, where file systems cannot be made or mounted. */
    static LoopDisk mount(Path image, Path mountPoint, long bytes) {
        try {
            Files.createDirectories(mountPoint);
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(bytes);
            }
            String trouble = trouble("mkfs.ext4", "-q", "-F", "-m", "0", image.toString());
            if (trouble.isEmpty()) {
                trouble = trouble("mount", "-o", "loop", image.toString(), mountPoint.toString());
            }
            assumeTrue(trouble.isEmpty(), "cannot mount a file system of " + bytes + " bytes: " + trouble);
            Files.delete(mountPoint.resolve("lost+found"));
            return new LoopDisk(mountPoint);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Somebody else takes the space, all but so much of it. */
    void leaveFree(long bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(ballast.toFile(), "rw")) {
            file.seek(file.length());
            byte[] piece = new byte[PIECE_BYTES];
            for (long excess = freeBytes() - bytes; excess > 0; excess = freeBytes() - bytes) {
                file.write(piece, 0, (int) Math.min(PIECE_BYTES, excess));
                file.getFD().sync();
            }
        }
    }

    void free() throws IOException {
        Files.deleteIfExists(ballast);
    }

    long freeBytes() throws IOException {
        return Files.getFileStore(mountPoint).getUsableSpace();
    }

    @Override
    public void close() {
        String trouble = trouble("umount", "-l", mountPoint.toString());
        if (!trouble.isEmpty()) {
            throw new AssertionError(trouble);
        }
    }

    /** What the command says if it fails; empty if it succeeds. */
    private static String trouble(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int exit = process.waitFor();
            return exit == 0 ? "" : String.join(" ", command) + " ended with " + exit + ": " + output.strip();
        } catch (IOException notThere) {
            return notThere.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}

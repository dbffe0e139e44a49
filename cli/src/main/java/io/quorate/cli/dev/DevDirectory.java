/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.local.DevState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;

/**
 * A dev cluster's directory.
 * <pre>
 * dev.properties       what runs: {@link DevState}; only while it does
 * dev.lock             held by the process that started it
 * restart-N            somebody asks that process to start node N again
 * logs/node-N.log      what node N prints
 * data/ or ephemeral/  cluster.txt (id, number of nodes), node-N.yaml, node-N/ (its data)
 * </pre>
 */
record DevDirectory(Path root) {
    private static final String KEPT = "data";
    private static final String EPHEMERAL = "ephemeral";

    Path log(int node) {
        return root.resolve("logs").resolve("node-" + node + ".log");
    }

    Path home(boolean ephemeral) {
        return root.resolve(ephemeral ? EPHEMERAL : KEPT);
    }

    Path restartRequest(int node) {
        return root.resolve("restart-" + node);
    }

    /** @throws CliException if no cluster runs here */
    DevState running() {
        Optional<DevState> state = DevState.readIfPresent(root);
        if (state.isEmpty() || !state.get().isRunning()) {
            throw new CliException(
                    ExitCode.NOT_FOUND,
                    "NO_DEV_CLUSTER",
                    "no dev cluster runs in " + root,
                    "quorate dev starts one; --dir names another directory",
                    null);
        }
        return state.get();
    }

    /** Makes the directory and takes its lock, until the process ends. @throws CliException if another has it */
    void lock() {
        try {
            Files.createDirectories(root.resolve("logs"));
            FileChannel channel =
                    FileChannel.open(root.resolve("dev.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                throw alreadyRunning();
            }
        } catch (OverlappingFileLockException e) {
            throw alreadyRunning();
        } catch (IOException e) {
            throw new CliException(
                    ExitCode.FAILED, "IO", "cannot use the directory " + root + ": " + e, "--dir names another", e);
        }
    }

    CliException alreadyRunning() {
        return new CliException(
                ExitCode.PRECONDITION,
                "ALREADY_RUNNING",
                "a dev cluster already runs in " + root,
                "quorate dev status shows it, quorate dev stop ends it, --dir names another directory",
                null);
    }

    /**
     * The id of the cluster whose data is in {@code home}, a new one if there is none.
     *
     * @throws CliException if it was made with another number of nodes
     */
    String clusterId(Path home, int nodes) {
        Path file = home.resolve("cluster.txt");
        try {
            if (Files.exists(file)) {
                String[] words = Files.readString(file).strip().split(" ");
                if (words.length != 2 || !words[1].equals(String.valueOf(nodes))) {
                    throw new CliException(
                            ExitCode.PRECONDITION,
                            "OTHER_CLUSTER",
                            "the cluster in " + home + " was made with " + words[words.length - 1] + " nodes, not "
                                    + nodes,
                            "start it with as many, or use another --dir, or delete that directory",
                            null);
                }
                return words[0];
            }
            byte[] random = new byte[4];
            new SecureRandom().nextBytes(random);
            String clusterId = "dev-" + HexFormat.of().formatHex(random);
            Files.createDirectories(home);
            Files.writeString(file, clusterId + " " + nodes + "\n");
            return clusterId;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Deletes the data of a cluster that was not meant to be kept. */
    void deleteEphemeral() {
        Path home = home(true);
        if (!Files.exists(home)) {
            return;
        }
        try {
            Files.walkFileTree(home, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, IOException e) throws IOException {
                    if (e != null) {
                        throw e;
                    }
                    Files.delete(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

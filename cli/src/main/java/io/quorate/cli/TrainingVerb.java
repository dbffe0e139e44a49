/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli;

import io.quorate.cli.base.Bootstrap;
import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.base.LoopbackPorts;
import io.quorate.cli.base.Verb;
import io.quorate.cli.output.Terminal;
import io.quorate.node.config.NodeConfig;
import io.quorate.node.config.NodeConfigLoader;
import io.quorate.node.server.QuorateServer;
import io.quorate.node.server.ServerOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/**
 * Runs three nodes and the daily verbs in this one process, so that the JVM sees the classes that servers and client
 * verbs load: what it then archives lets each of them start in about half the time. Run by the build.
 */
@Command(name = "training", hidden = true, header = "Exercise everything once, for the class-data archive.")
final class TrainingVerb extends Verb {
    private static final int NODES = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    TrainingVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        List<QuorateServer> servers = new ArrayList<>();
        Path directory = temporaryDirectory();
        try {
            List<Integer> ports = LoopbackPorts.check(Collections.nCopies(2 * NODES, 0));
            for (int node = 1; node <= NODES; node++) {
                servers.add(QuorateServer.start(ServerOptions.of(config(node, ports, directory), failure -> {})));
            }
            for (QuorateServer server : servers) {
                if (!server.awaitReady(PATIENCE)) {
                    throw CliException.failed("NOT_READY", "the nodes are not ready after " + PATIENCE, "");
                }
            }
            String bootstrap =
                    servers.stream().map(QuorateServer::clientAddress).collect(Collectors.joining(","));
            exerciseVerbs(bootstrap, directory);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            servers.forEach(QuorateServer::close);
            delete(directory);
        }
        return ExitCode.OK;
    }

    private static NodeConfig config(int node, List<Integer> ports, Path directory) {
        List<String> peers = new ArrayList<>();
        for (int peer = 1; peer <= NODES; peer++) {
            peers.add(peer + "@" + LoopbackPorts.HOST + ":" + ports.get(NODES + peer - 1));
        }
        // From a file, as nodes are started, so that the parser is in the archive too.
        Path file = directory.resolve("node-" + node + ".yaml");
        try {
            Files.write(
                    file,
                    List.of(
                            "cluster.id: training",
                            "cluster.nodes: \"" + String.join(",", peers) + "\"",
                            "node.id: " + node,
                            "client.listen: " + LoopbackPorts.HOST + ":" + ports.get(node - 1),
                            "log.zero_ahead_bytes: 64KiB"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return NodeConfigLoader.load(
                Optional.of(file), Map.of(), List.of("data.dir=" + directory.resolve("node-" + node)));
    }

    private static void exerciseVerbs(String bootstrap, Path directory) {
        byte[] input = "one\ntwo\n".getBytes(StandardCharsets.UTF_8);
        Terminal silent = new Terminal(
                new ByteArrayInputStream(input),
                OutputStream.nullOutputStream(),
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
                true,
                false,
                false);
        CliContext context = new CliContext(silent, Map.of(Bootstrap.ENVIRONMENT_KEY, bootstrap), directory);
        List<String[]> commands = List.of(
                new String[] {"--help"},
                new String[] {"version"},
                new String[] {"topic", "create", "training", "--partitions", "3"},
                new String[] {"append", "training"},
                new String[] {"read", "training"},
                new String[] {"read", "training", "-o", "json"},
                new String[] {"topic", "list"},
                new String[] {"topic", "describe", "training"},
                new String[] {"cluster", "status"},
                new String[] {"bench", "training", "--records", "100", "--warmup", "0s", "--verify"},
                new String[] {"topic", "describe", "refused"},
                new String[] {"dev", "status"},
                new String[] {"topic", "delete", "training"});
        for (String[] command : commands) {
            int exitCode = Main.run(context, command);
            if (exitCode != ExitCode.OK && exitCode != ExitCode.NOT_FOUND) {
                throw CliException.failed(
                        "TRAINING", "quorate " + String.join(" ", command) + " ended with " + exitCode, "");
            }
        }
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("quorate-training-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

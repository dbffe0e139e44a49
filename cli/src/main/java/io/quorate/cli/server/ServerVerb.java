/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.server;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.Durations;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.base.Verb;
import io.quorate.logstore.StorageException;
import io.quorate.node.config.ConfigException;
import io.quorate.node.config.NodeConfig;
import io.quorate.node.config.NodeConfigLoader;
import io.quorate.node.server.QuorateServer;
import io.quorate.node.server.ServerOptions;
import io.quorate.node.server.ServerStartException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "server",
        header = "Run one node until SIGTERM.",
        description = {
            "Configuration: --set over QUORATE_SECTION_KEY over the file over the defaults; see docs/configuration.md.",
            "SIGTERM and SIGINT stop it gracefully; the exit code is 0 then. One that cannot start or go on exits with",
            "1, with 2 if its configuration is wrong, with 5 if the data directory is in use or of another node."
        })
public final class ServerVerb extends Verb {
    private static final Duration READY_PATIENCE = Duration.ofMinutes(1);

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "YAML. Without it, everything comes from the environment and --set.")
    private Path file;

    @Option(
            names = {"-s", "--set"},
            paramLabel = "KEY=VALUE",
            description = "Set one key; as often as needed.")
    private List<String> overrides = new ArrayList<>();

    @Option(names = "--show-config", description = "Print every key, its value and where that comes from, and exit.")
    private boolean showConfig;

    @Option(
            names = "--grace",
            paramLabel = "DURATION",
            defaultValue = "5s",
            description = "How long requests under way may take to end at a stop. Default: ${DEFAULT-VALUE}.")
    private Duration grace;

    public ServerVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        Optional<Path> config = Optional.ofNullable(file).map(context.workingDirectory()::resolve);
        config.filter(path -> !Files.isReadable(path)).ifPresent(path -> {
            throw new CliException(
                    ExitCode.USAGE,
                    "CONFIG",
                    "cannot read the configuration " + path,
                    "--config names a YAML file",
                    null);
        });
        try {
            if (showConfig) {
                terminal()
                        .println(NodeConfigLoader.effective(config, context.environment(), overrides)
                                .render()
                                .stripTrailing());
                return ExitCode.OK;
            }
            run(NodeConfigLoader.load(config, context.environment(), overrides));
            return ExitCode.OK;
        } catch (ConfigException e) {
            throw new CliException(
                    ExitCode.USAGE,
                    "CONFIG",
                    String.join("; ", e.problems()),
                    "docs/configuration.md has every key; --show-config shows where values come from",
                    e);
        }
    }

    private void run(NodeConfig config) {
        long begin = System.nanoTime();
        CompletableFuture<Void> ended = new CompletableFuture<>();
        QuorateServer server = start(config, ended);
        // The JVM would exit with 143 after its hooks; to be told to stop is how a server ends well.
        Thread onSignal = new Thread(
                () -> {
                    server.stop(grace);
                    if (!ended.isCompletedExceptionally()) {
                        Runtime.getRuntime().halt(ExitCode.OK);
                    }
                },
                "quorate-stop");
        Runtime.getRuntime().addShutdownHook(onSignal);
        terminal()
                .println("node " + config.nodeId().value() + " of " + config.clusterId() + " is up: clients "
                        + server.clientAddress() + ", peers port " + server.peerPort() + ", data "
                        + config.dataDirectory() + ", after " + Durations.format(System.nanoTime() - begin));
        terminal().flush();
        tidyUp(server);
        try {
            ended.join();
        } catch (CompletionException e) {
            throw CliException.failed(
                    "FATAL", "the node cannot go on: " + e.getCause(), "the log above says why; it stopped on purpose");
        }
    }

    /**
     * What a server has loaded it keeps. The first collection under load would copy it, for tens of milliseconds in which
     * writers may wait; now, as a node that leads little yet, it costs nobody anything.
     */
    private static void tidyUp(QuorateServer server) {
        try {
            if (server.awaitReady(READY_PATIENCE)) {
                System.gc();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private QuorateServer start(NodeConfig config, CompletableFuture<Void> ended) {
        try {
            return QuorateServer.start(ServerOptions.of(config, ended::completeExceptionally));
        } catch (ServerStartException e) {
            throw new CliException(
                    ExitCode.FAILED, "CANNOT_LISTEN", e.getMessage(), "is another node running on this port?", e);
        } catch (StorageException e) {
            throw new CliException(
                    ExitCode.PRECONDITION,
                    "DATA_DIRECTORY",
                    e.getMessage(),
                    "every node needs a data.dir of its own, and one that only this node has used",
                    e);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.base.Verb;
import io.quorate.cli.local.DevState;
import io.quorate.cli.output.Json;
import io.quorate.cli.output.OutputFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** A verb about a dev cluster that runs. */
abstract class RunningDevVerb extends Verb {
    @Option(
            names = {"-d", "--dir"},
            paramLabel = "DIR",
            defaultValue = "./" + DevState.DEFAULT_DIRECTORY,
            description = "The directory that the cluster was started with. Default: ${DEFAULT-VALUE}.")
    private Path directory;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "table, plain or json. Default: table on a terminal, else plain.")
    private OutputFormat format;

    RunningDevVerb(CliContext context) {
        super(context);
    }

    final DevDirectory directory() {
        return new DevDirectory(context.workingDirectory().resolve(directory).normalize());
    }

    final OutputFormat format() {
        return format != null ? format : terminal().outIsTty() ? OutputFormat.TABLE : OutputFormat.PLAIN;
    }

    final boolean isJson() {
        return format == OutputFormat.JSON;
    }

    /** What was done: as sentences, or as one JSON object. */
    final void report(List<String> sentences, Map<String, Object> object) {
        if (isJson()) {
            terminal().println(Json.write(object));
        } else {
            sentences.forEach(terminal()::println);
        }
    }

    static double millis(long nanos) {
        return Math.round(nanos / 1e3) / 1e3;
    }

    static DevState.Node node(DevState state, int id) {
        return state.node(id)
                .orElseThrow(() -> new CliException(
                        ExitCode.NOT_FOUND,
                        "UNKNOWN_NODE",
                        "there is no node " + id,
                        "nodes are 1 to " + state.nodes().size(),
                        null));
    }

    static DevState.Node liveNode(DevState state, int id) {
        DevState.Node node = node(state, id);
        if (!node.isAlive()) {
            throw new CliException(
                    ExitCode.PRECONDITION,
                    "NODE_DEAD",
                    "node " + id + " does not run",
                    "quorate dev restart " + id + " starts it",
                    null);
        }
        return node;
    }

    static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw CliException.failed("INTERRUPTED", "interrupted", "");
        }
    }
}

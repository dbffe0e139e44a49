/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.Durations;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.cluster.ClusterProbe;
import io.quorate.cli.local.DevState;
import io.quorate.cli.local.ProcessRef;
import io.quorate.cli.output.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "restart",
        header = "Start a node again; one that runs is stopped first.",
        description = "The process that runs quorate dev does it, so that Ctrl-C there still stops every node.")
final class RestartVerb extends RunningDevVerb {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final long POLL_MILLIS = 20;

    @Parameters(paramLabel = "NODE")
    private int id;

    RestartVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        long begin = System.nanoTime();
        DevDirectory directory = directory();
        DevState state = directory.running();
        DevState.Node before = node(state, id);
        if (!state.supervisor().isAlive()) {
            throw new CliException(
                    ExitCode.PRECONDITION,
                    "NO_SUPERVISOR",
                    "the process that ran quorate dev is gone, and only it starts nodes",
                    "quorate dev stop, then quorate dev",
                    null);
        }
        try {
            Files.writeString(directory.restartRequest(id), "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        long deadline = begin + LIMIT.toNanos();
        ProcessRef process = awaitProcess(directory, before, deadline);
        try (ClusterProbe probe = new ClusterProbe()) {
            while (!probe.ask(List.of(before.clientAddress()), PATIENCE).containsKey(id)) {
                checkDeadline(deadline, "does not answer");
                if (!process.isAlive()) {
                    throw CliException.failed(
                            "NODE_FAILED", "node " + id + " ended at once", "its log is " + directory.log(id));
                }
                sleep(POLL_MILLIS);
            }
        }
        long elapsed = System.nanoTime() - begin;
        report(
                List.of("node " + id + " runs again (pid " + process.pid() + ") after " + Durations.format(elapsed)),
                Json.object("restarted", id, "pid", process.pid(), "elapsedMs", millis(elapsed)));
        return ExitCode.OK;
    }

    private ProcessRef awaitProcess(DevDirectory directory, DevState.Node before, long deadline) {
        while (true) {
            ProcessRef now = node(directory.running(), id).process();
            if (!now.equals(before.process())) {
                return now;
            }
            checkDeadline(deadline, "was not started");
            sleep(POLL_MILLIS);
        }
    }

    private void checkDeadline(long deadline, String what) {
        if (System.nanoTime() > deadline) {
            throw new CliException(
                    ExitCode.UNAVAILABLE,
                    "NOT_READY",
                    "node " + id + " " + what + " within " + LIMIT.toSeconds() + " s",
                    "its log is " + directory().log(id),
                    null);
        }
    }
}

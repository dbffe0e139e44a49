/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.Durations;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.local.DevState;
import io.quorate.cli.local.ProcessRef;
import io.quorate.cli.output.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

@Command(name = "stop", header = "Stop the dev cluster from another terminal.")
final class StopVerb extends RunningDevVerb {
    private static final Duration GRACE = Duration.ofSeconds(6);
    private static final long POLL_MILLIS = 20;

    StopVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        long begin = System.nanoTime();
        DevDirectory directory = directory();
        DevState state = directory.running();
        List<ProcessRef> nodes =
                state.nodes().stream().map(DevState.Node::process).toList();
        List<ProcessRef> all = new ArrayList<>(nodes);
        all.add(state.supervisor());
        if (state.supervisor().isAlive()) {
            terminate(List.of(state.supervisor())); // and it stops its nodes
        } else {
            terminate(nodes);
        }
        long deadline = begin + GRACE.toNanos();
        while (all.stream().anyMatch(ProcessRef::isAlive)) {
            if (System.nanoTime() > deadline) {
                all.forEach(process -> process.handle().ifPresent(ProcessHandle::destroyForcibly));
                deadline = Long.MAX_VALUE;
            }
            sleep(POLL_MILLIS);
        }
        DevState.delete(directory.root());
        long elapsed = System.nanoTime() - begin;
        report(
                List.of("stopped in " + Durations.format(elapsed)),
                Json.object("stopped", state.clusterId(), "elapsedMs", millis(elapsed)));
        return ExitCode.OK;
    }

    private static void terminate(List<ProcessRef> processes) {
        processes.forEach(process -> process.handle().ifPresent(ProcessHandle::destroy));
        try {
            Signals.resume(processes.stream()
                    .filter(ProcessRef::isPaused)
                    .map(ProcessRef::pid)
                    .toList());
        } catch (CliException e) {
            // Ended meanwhile.
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.local.DevState;
import io.quorate.cli.output.Json;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "resume", header = "Let a paused node go on (SIGCONT).")
final class ResumeVerb extends RunningDevVerb {
    @Parameters(paramLabel = "NODE")
    private int id;

    ResumeVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        DevState.Node node = liveNode(directory().running(), id);
        Signals.resume(List.of(node.process().pid()));
        report(
                List.of("node " + id + " goes on"),
                Json.object("resumed", id, "pid", node.process().pid()));
        return ExitCode.OK;
    }
}

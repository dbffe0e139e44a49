/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.local.DevState;
import io.quorate.cli.output.Json;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "pause",
        header = "Stop a node in its tracks (SIGSTOP), as a long collector pause or a stalled disk would.")
final class PauseVerb extends RunningDevVerb {
    @Parameters(paramLabel = "NODE")
    private int id;

    PauseVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        DevState.Node node = liveNode(directory().running(), id);
        Signals.pause(List.of(node.process().pid()));
        report(
                List.of("paused node " + id + "; quorate dev resume " + id + " lets it go on"),
                Json.object("paused", id, "pid", node.process().pid()));
        return ExitCode.OK;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.local.DevState;
import io.quorate.cli.output.Json;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "isolate",
        header = "Cut one node off from all others, in both directions.",
        description = "Clients still reach it: what they see is a leader that has lost its majority. One at a time.")
final class IsolateVerb extends RunningDevVerb {
    @Parameters(paramLabel = "NODE")
    private int id;

    IsolateVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        DevState state = directory().running();
        liveNode(state, id);
        List<Integer> unreached = Isolation.set(state, id);
        List<String> sentences = new ArrayList<>();
        sentences.add("node " + id + " is cut off; quorate dev heal joins all nodes again");
        if (!unreached.isEmpty()) {
            sentences.add("not told, since they do not run: " + unreached);
        }
        report(sentences, Json.object("isolated", id, "notTold", unreached));
        return ExitCode.OK;
    }
}

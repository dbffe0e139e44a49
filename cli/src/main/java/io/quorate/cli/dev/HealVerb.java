/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ExitCode;
import java.util.List;
import picocli.CommandLine.Command;

@Command(name = "heal", header = "Join all nodes again.")
final class HealVerb extends RunningDevVerb {
    HealVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        List<Integer> unreached = Isolation.set(directory().running(), 0);
        terminal().println("all nodes are joined");
        if (!unreached.isEmpty()) {
            terminal().println("not told, since they do not run: " + unreached);
        }
        return ExitCode.OK;
    }
}

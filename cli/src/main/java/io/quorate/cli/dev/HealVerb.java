/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.output.Json;
import java.util.ArrayList;
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
        List<String> sentences = new ArrayList<>();
        sentences.add("all nodes are joined");
        if (!unreached.isEmpty()) {
            sentences.add("not told, since they do not run: " + unreached);
        }
        report(sentences, Json.object("isolated", null, "notTold", unreached));
        return ExitCode.OK;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.cluster;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.Verb;
import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(name = "cluster", header = "Look at the cluster.", synopsisSubcommandLabel = "VERB")
public final class ClusterVerb extends Verb {
    private ClusterVerb(CliContext context) {
        super(context);
    }

    public static CommandLine create(CliContext context) {
        return new CommandLine(new ClusterVerb(context)).addSubcommand(new StatusVerb(context));
    }

    @Override
    public Integer call() {
        throw CliException.usage("no verb given", "quorate cluster status shows nodes, leaders and health");
    }
}

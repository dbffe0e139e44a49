/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.nodes;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.Verb;
import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(
        name = "node",
        header = "Add, remove, replace and readmit nodes of the cluster.",
        description = "Each begins a change; quorate cluster status shows how far it is.",
        synopsisSubcommandLabel = "VERB")
public final class NodeVerb extends Verb {
    private NodeVerb(CliContext context) {
        super(context);
    }

    public static CommandLine create(CliContext context) {
        return new CommandLine(new NodeVerb(context))
                .addSubcommand(new NodeAddVerb(context))
                .addSubcommand(new NodeRemoveVerb(context))
                .addSubcommand(new NodeReplaceVerb(context))
                .addSubcommand(new NodeReadmitVerb(context));
    }

    @Override
    public Integer call() {
        throw CliException.usage("no verb given", "quorate node --help lists them");
    }
}

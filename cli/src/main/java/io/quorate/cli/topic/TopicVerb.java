/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.topic;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.Verb;
import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(
        name = "topic",
        header = "Create, list, describe, alter, move and delete topics.",
        synopsisSubcommandLabel = "VERB")
public final class TopicVerb extends Verb {
    private TopicVerb(CliContext context) {
        super(context);
    }

    public static CommandLine create(CliContext context) {
        return new CommandLine(new TopicVerb(context))
                .addSubcommand(new CreateVerb(context))
                .addSubcommand(new ListVerb(context))
                .addSubcommand(new DescribeVerb(context))
                .addSubcommand(new AlterVerb(context))
                .addSubcommand(new TrimVerb(context))
                .addSubcommand(new MoveVerb(context))
                .addSubcommand(new DeleteVerb(context));
    }

    @Override
    public Integer call() {
        throw CliException.usage("no verb given", "quorate topic --help lists them");
    }
}

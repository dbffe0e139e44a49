/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.log;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.Verb;
import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(
        name = "log",
        header = "Look into the files of a stopped node; nothing is changed.",
        synopsisSubcommandLabel = "VERB")
public final class LogVerb extends Verb {
    private LogVerb(CliContext context) {
        super(context);
    }

    public static CommandLine create(CliContext context) {
        return new CommandLine(new LogVerb(context))
                .addSubcommand(new InspectVerb(context))
                .addSubcommand(new VerifyVerb(context))
                .addSubcommand(new DumpVerb(context));
    }

    @Override
    public Integer call() {
        throw CliException.usage("no verb given", "quorate log inspect DIR shows what a data directory holds");
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.base.Verb;
import io.quorate.cli.base.Version;
import io.quorate.cli.output.Json;
import io.quorate.cli.output.OutputFormat;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "version", header = "Show the versions of this command and of the Java that runs it.")
final class VersionVerb extends Verb {
    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "PLAIN",
            description = "plain or json.")
    private OutputFormat format;

    VersionVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        String java = Runtime.version().toString();
        if (format == OutputFormat.JSON) {
            terminal().println(Json.write(Json.object("version", Version.current(), "java", java)));
        } else {
            terminal().println("quorate " + Version.current() + " · Java " + java);
        }
        return ExitCode.OK;
    }
}

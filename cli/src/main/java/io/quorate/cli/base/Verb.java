/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.base;

import io.quorate.cli.output.Terminal;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/** Something that the command can do. Returns an {@link ExitCode} or throws a {@link CliException}. */
public abstract class Verb implements Callable<Integer> {
    protected final CliContext context;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    private boolean help;

    @Option(
            names = {"-v", "--verbose"},
            description = "Show the log, and the stack traces of errors, on standard error.")
    private boolean verbose;

    protected Verb(CliContext context) {
        this.context = context;
    }

    protected final Terminal terminal() {
        return context.terminal();
    }

    public final boolean verbose() {
        return verbose;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli;

import io.quorate.cli.base.CliContext;
import java.util.Arrays;
import java.util.List;

/** The {@code quorate} command. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        Logging.prepare(List.of(arguments));
        System.exit(run(CliContext.ofProcess(), arguments));
    }

    /** Runs one command and returns its exit code; everything that it prints goes to the context's terminal. */
    public static int run(CliContext context, String... arguments) {
        CommandTree tree = new CommandTree(context, Arrays.asList(arguments));
        return tree.run();
    }
}

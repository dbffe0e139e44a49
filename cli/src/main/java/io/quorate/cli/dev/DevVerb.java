/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.Verb;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "dev",
        header = "Run a whole cluster on this machine, and break it.",
        description = {
            "Without a verb: start. Every node is a process of its own, listening on 127.0.0.1 only.",
            "The other verbs talk to a cluster that runs, from another terminal."
        })
public final class DevVerb extends Verb {
    @Mixin
    private final StartOptions options = new StartOptions();

    private DevVerb(CliContext context) {
        super(context);
    }

    public static CommandLine create(CliContext context) {
        return new CommandLine(new DevVerb(context))
                .addSubcommand(new StartVerb(context))
                .addSubcommand(new DevStatusVerb(context))
                .addSubcommand(new KillVerb(context))
                .addSubcommand(new RestartVerb(context))
                .addSubcommand(new PauseVerb(context))
                .addSubcommand(new ResumeVerb(context))
                .addSubcommand(new IsolateVerb(context))
                .addSubcommand(new HealVerb(context))
                .addSubcommand(new StopVerb(context));
    }

    @Override
    public Integer call() {
        return new DevCluster(context, options).run();
    }

    @Command(name = "start", header = "Start the cluster and stay until Ctrl-C.")
    private static final class StartVerb extends Verb {
        @Mixin
        private final StartOptions options = new StartOptions();

        StartVerb(CliContext context) {
            super(context);
        }

        @Override
        public Integer call() {
            return new DevCluster(context, options).run();
        }
    }
}

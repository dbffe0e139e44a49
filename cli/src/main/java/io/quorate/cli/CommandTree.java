/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.Durations;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.base.Verb;
import io.quorate.cli.bench.BenchVerb;
import io.quorate.cli.cluster.ClusterVerb;
import io.quorate.cli.cluster.HealthVerb;
import io.quorate.cli.data.AppendVerb;
import io.quorate.cli.data.ReadVerb;
import io.quorate.cli.data.TailVerb;
import io.quorate.cli.dev.DevVerb;
import io.quorate.cli.events.EventsVerb;
import io.quorate.cli.explain.ExplainVerb;
import io.quorate.cli.log.LogVerb;
import io.quorate.cli.nodes.NodeVerb;
import io.quorate.cli.nodes.RebalanceVerb;
import io.quorate.cli.output.Terminal;
import io.quorate.cli.output.Terminal.ReaderGoneException;
import io.quorate.cli.server.ServerVerb;
import io.quorate.cli.topic.TopicVerb;
import io.quorate.client.QuorateException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** All verbs, and what happens to the errors of any of them. */
final class CommandTree {
    private final Terminal terminal;
    private final CommandLine root;
    private final List<String> arguments;

    CommandTree(CliContext context, List<String> arguments) {
        this.terminal = context.terminal();
        this.arguments = arguments;
        this.root = build(context);
    }

    static CommandLine build(CliContext context) {
        CommandLine root = new CommandLine(new QuorateCommand(context));
        root.addSubcommand(new ServerVerb(context));
        root.addSubcommand(DevVerb.create(context));
        root.addSubcommand(new AppendVerb(context));
        root.addSubcommand(new ReadVerb(context));
        root.addSubcommand(new TailVerb(context));
        root.addSubcommand(BenchVerb.create(context));
        root.addSubcommand(TopicVerb.create(context));
        root.addSubcommand(ClusterVerb.create(context));
        root.addSubcommand(NodeVerb.create(context));
        root.addSubcommand(new RebalanceVerb(context));
        root.addSubcommand(LogVerb.create(context));
        root.addSubcommand(new ExplainVerb(context));
        root.addSubcommand(new EventsVerb(context));
        root.addSubcommand(new HealthVerb(context));
        root.addSubcommand(new VersionVerb(context));
        root.addSubcommand(new CompletionVerb(context));
        root.addSubcommand(new TrainingVerb(context));
        root.registerConverter(Duration.class, new Durations());
        root.setCaseInsensitiveEnumValuesAllowed(true);
        root.setAbbreviatedOptionsAllowed(false);
        root.setUsageHelpAutoWidth(false);
        root.setUsageHelpWidth(100);
        root.setColorScheme(
                CommandLine.Help.defaultColorScheme(context.terminal().colour() ? Ansi.ON : Ansi.OFF));
        return root;
    }

    int run() {
        StringWriter usage = new StringWriter();
        root.setOut(new PrintWriter(usage));
        root.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
        root.setParameterExceptionHandler((e, args) -> usageError(e));
        root.setExecutionExceptionHandler((e, line, result) -> failure(e, line));
        root.setExitCodeExceptionMapper(e -> ExitCode.FAILED);
        try {
            int exitCode = root.execute(arguments.toArray(String[]::new));
            byte[] text = usage.toString().getBytes(StandardCharsets.UTF_8);
            terminal.write(text, 0, text.length);
            terminal.flush();
            return exitCode;
        } catch (ReaderGoneException e) {
            return ExitCode.OK;
        } catch (UncheckedIOException e) {
            return print("OUTPUT", "cannot write the output: " + e.getCause().getMessage(), "", ExitCode.FAILED);
        }
    }

    private int usageError(ParameterException e) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName(" ");
        String suggestion = "";
        if (e instanceof UnmatchedArgumentException unmatched) {
            List<String> suggestions = unmatched.getSuggestions();
            suggestion = suggestions.isEmpty() ? "" : "did you mean " + String.join(" or ", suggestions) + "? ";
        }
        return print("USAGE", e.getMessage(), suggestion + command + " --help shows how", ExitCode.USAGE);
    }

    private int failure(Exception e, CommandLine line) {
        if (e instanceof ReaderGoneException) {
            return ExitCode.OK;
        }
        flushQuietly();
        if (line.getCommand() instanceof Verb verb && verb.verbose()) {
            e.printStackTrace(terminal.err());
        }
        if (e instanceof CliException known) {
            return print(known.reason(), known.getMessage(), known.hint(), known.exitCode());
        }
        if (e instanceof QuorateException refused) {
            CliException known = CliException.of(refused);
            return print(known.reason(), known.getMessage(), known.hint(), known.exitCode());
        }
        if (e instanceof UncheckedIOException io) {
            return print("IO", io.getCause().toString(), "", ExitCode.FAILED);
        }
        return print("INTERNAL", e.toString(), "this is a bug; --verbose shows where", ExitCode.FAILED);
    }

    /** What was printed before an error belongs before it. */
    private void flushQuietly() {
        try {
            terminal.flush();
        } catch (ReaderGoneException | UncheckedIOException e) {
            // The error that is about to be printed is the one that matters.
        }
    }

    private int print(String reason, String message, String hint, int exitCode) {
        terminal.error("error[" + reason + "]: " + singleLine(message));
        if (!hint.isEmpty()) {
            terminal.error("hint: " + hint);
        }
        return exitCode;
    }

    private static String singleLine(String message) {
        return message == null ? "" : message.strip().replaceAll("\\s*\\R\\s*", " · ");
    }

    @Command(
            name = "quorate",
            synopsisSubcommandLabel = "VERB",
            header = "A durable, replicated log.",
            description =
                    "Verbs ask the cluster of --bootstrap, $QUORATE_BOOTSTRAP, ./quorate-dev or 127.0.0.1:7400 to 7402.",
            footer = {
                "",
                "Begin with: quorate dev",
                "Exit codes: 0 ok · 1 failed · 2 usage · 3 unhealthy · 4 not found · 5 precondition or fenced",
                "            6 unavailable or deadline · 130 interrupted"
            })
    static final class QuorateCommand extends Verb {
        QuorateCommand(CliContext context) {
            super(context);
        }

        @Override
        public Integer call() {
            throw CliException.usage("no verb given", "quorate --help lists them; quorate dev starts a cluster");
        }
    }
}

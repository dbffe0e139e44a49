/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.base.Verb;
import java.nio.charset.StandardCharsets;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "completion",
        header = "Print a completion script for your shell.",
        footer = {"", "bash: source <(quorate completion bash)", "zsh:  source <(quorate completion zsh)"})
final class CompletionVerb extends Verb {
    enum Shell {
        BASH,
        ZSH
    }

    @Parameters(paramLabel = "bash|zsh")
    private Shell shell;

    CompletionVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        String script = AutoComplete.bash("quorate", CommandTree.build(context));
        if (shell == Shell.ZSH) {
            script = "autoload -Uz compinit bashcompinit && compinit && bashcompinit\n" + script;
        }
        byte[] bytes = script.getBytes(StandardCharsets.UTF_8);
        terminal().write(bytes, 0, bytes.length);
        return ExitCode.OK;
    }
}

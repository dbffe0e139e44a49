/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.nodes;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.client.QuorateClient;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "add",
        header = "Let a new node join.",
        description =
                "Start it with node.join=true on an empty directory; cluster.nodes there names it and some others.")
final class NodeAddVerb extends ClientVerb {
    private static final Pattern FORM = Pattern.compile("([1-9][0-9]{0,4})=(.+)");

    @Parameters(paramLabel = "ID=HOST:PORT", description = "Its id, and where its peers reach it.")
    private String node;

    @Mixin
    private ChangeOutput output = new ChangeOutput();

    NodeAddVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        Matcher matcher = FORM.matcher(node);
        if (!matcher.matches()) {
            throw CliException.usage("\"" + node + "\" is not ID=HOST:PORT", "for example 4=10.0.0.4:7500");
        }
        try (QuorateClient client = connect()) {
            output.print(terminal(), client.admin().addNode(Integer.parseInt(matcher.group(1)), matcher.group(2)));
        } catch (IllegalArgumentException malformed) {
            throw CliException.usage(malformed.getMessage(), "for example 4=10.0.0.4:7500");
        }
        return ExitCode.OK;
    }
}

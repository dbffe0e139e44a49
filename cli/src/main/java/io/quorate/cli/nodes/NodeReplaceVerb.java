/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.nodes;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.client.QuorateClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "replace", header = "Move what a node holds to another one, and let it leave.")
final class NodeReplaceVerb extends ClientVerb {
    @Parameters(paramLabel = "ID")
    private int node;

    @Option(names = "--with", required = true, paramLabel = "ID", description = "A node that has joined.")
    private int by;

    @Mixin
    private ChangeOutput output = new ChangeOutput();

    NodeReplaceVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        try (QuorateClient client = connect()) {
            output.print(terminal(), client.admin().replaceNode(node, by));
        }
        return ExitCode.OK;
    }
}

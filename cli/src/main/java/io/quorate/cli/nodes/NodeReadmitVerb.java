/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.nodes;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.client.QuorateClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "readmit",
        header = "Let a node that has lost its disk take part again, as a new member.",
        description = "Make sure that its old disk does not come back: two machines must not have one id.")
final class NodeReadmitVerb extends ClientVerb {
    @Parameters(paramLabel = "ID")
    private int node;

    @Mixin
    private ChangeOutput output = new ChangeOutput();

    NodeReadmitVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        try (QuorateClient client = connect()) {
            output.print(terminal(), client.admin().readmitNode(node));
        }
        return ExitCode.OK;
    }
}

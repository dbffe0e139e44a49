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
        name = "remove",
        header = "Move what a node holds to others, and let it leave.",
        description =
                "Stop its process when it is gone from quorate cluster status; a dead node can be removed as well.")
final class NodeRemoveVerb extends ClientVerb {
    @Parameters(paramLabel = "ID")
    private int node;

    @Mixin
    private ChangeOutput output = new ChangeOutput();

    NodeRemoveVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        try (QuorateClient client = connect()) {
            output.print(terminal(), client.admin().removeNode(node));
        }
        return ExitCode.OK;
    }
}

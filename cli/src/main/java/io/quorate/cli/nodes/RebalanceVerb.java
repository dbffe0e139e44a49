/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.nodes;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.client.QuorateClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "rebalance",
        header = "Spread replicas and leaders evenly over the nodes, some at a time.",
        description = "If the metadata leader changes meanwhile, what is left is not moved: run it again.")
public final class RebalanceVerb extends ClientVerb {
    @Option(names = "--dry-run", description = "Only print the moves.")
    private boolean dryRun;

    @Mixin
    private ChangeOutput output = new ChangeOutput();

    public RebalanceVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        try (QuorateClient client = connect()) {
            output.print(terminal(), client.admin().rebalance(dryRun));
        }
        return ExitCode.OK;
    }
}

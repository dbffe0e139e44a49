/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.topic;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.data.PartitionTarget;
import io.quorate.cli.nodes.ChangeOutput;
import io.quorate.client.QuorateClient;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "move",
        header = "Move the replicas of a partition to other nodes.",
        description = "They are copied first; a replica goes only when the new ones are members. See topic describe.")
final class MoveVerb extends ClientVerb {
    @Parameters(paramLabel = "TOPIC[/PARTITION]", description = "For example orders/3.")
    private String target;

    @Option(
            names = "--replicas",
            required = true,
            split = ",",
            paramLabel = "ID",
            description = "Nodes, as many as there are now; the first one is preferred as leader.")
    private List<Integer> replicas;

    @Mixin
    private ChangeOutput output = new ChangeOutput();

    MoveVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        PartitionTarget partition = PartitionTarget.parseWithoutOffset(target);
        try (QuorateClient client = connect()) {
            output.print(
                    terminal(),
                    client.admin()
                            .movePartition(
                                    partition.topic(), partition.partition().orElse(0), replicas));
        }
        return ExitCode.OK;
    }
}

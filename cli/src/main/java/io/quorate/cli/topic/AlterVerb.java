/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.topic;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.base.Sizes;
import io.quorate.client.Admin.TopicInfo;
import io.quorate.client.QuorateClient;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "alter", header = "Give a topic more partitions, or other limits.")
final class AlterVerb extends ClientVerb {
    @Parameters(paramLabel = "NAME")
    private String name;

    @Option(
            names = {"-p", "--partitions"},
            paramLabel = "N",
            defaultValue = "0",
            description = "The new number; it can only grow.")
    private int partitions;

    @Option(
            names = "--max-batch-bytes",
            paramLabel = "SIZE",
            converter = Sizes.class,
            description = "Largest record batch that the topic takes; 0: the cluster's limit.")
    private Integer maxBatchBytes;

    @Mixin
    private TopicOutput output = new TopicOutput();

    AlterVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        if (partitions == 0 && maxBatchBytes == null) {
            throw CliException.usage("nothing to alter", "name --partitions or --max-batch-bytes");
        }
        try (QuorateClient client = connect()) {
            OptionalInt limit = maxBatchBytes == null ? OptionalInt.empty() : OptionalInt.of(maxBatchBytes);
            TopicInfo topic = client.admin().alterTopic(name, partitions, limit);
            output.printChange(
                    terminal(),
                    "altered topic " + topic.name() + ": " + topic.partitions().size()
                            + " partitions, batches of at most " + topic.maxBatchBytes() + " bytes",
                    topic);
        }
        return ExitCode.OK;
    }
}

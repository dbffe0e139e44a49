/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.topic;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.client.Admin.TopicInfo;
import io.quorate.client.QuorateClient;
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

    @Mixin
    private RetentionOptions settings = new RetentionOptions();

    @Mixin
    private TopicOutput output = new TopicOutput();

    AlterVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        if (partitions == 0 && !settings.areGiven()) {
            throw CliException.usage(
                    "nothing to alter", "name --partitions, --max-batch-bytes, --retention or --retention-bytes");
        }
        try (QuorateClient client = connect()) {
            TopicInfo topic = client.admin().alterTopic(name, partitions, settings.options());
            output.printChange(
                    terminal(),
                    "altered topic " + topic.name() + ": " + topic.partitions().size()
                            + " partitions, batches of at most " + topic.maxBatchBytes() + " bytes, "
                            + TopicOutput.retention(topic),
                    topic);
        }
        return ExitCode.OK;
    }
}

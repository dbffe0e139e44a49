/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.topic;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.data.PartitionTarget;
import io.quorate.cli.output.Json;
import io.quorate.client.Admin.TailInfo;
import io.quorate.client.QuorateClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "trim",
        header = "Delete the records of a partition below an offset, for ever and without asking.",
        description = "Readers are refused below it at once; disk space comes back a segment of the log at a time.")
final class TrimVerb extends ClientVerb {
    @Parameters(
            paramLabel = "TOPIC[/PARTITION]@OFFSET",
            description = "The first offset to keep, for example orders/3@1200.")
    private String target;

    @Mixin
    private TopicOutput output = new TopicOutput();

    TrimVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        PartitionTarget partition = PartitionTarget.parse(target);
        if (partition.offset().isEmpty()) {
            throw CliException.usage(
                    "\"" + target + "\" names no offset",
                    "name the first one to keep, for example " + target + "@1200");
        }
        int number = partition.partition().orElse(0);
        TailInfo marks;
        try (QuorateClient client = connect()) {
            marks = client.admin()
                    .trim(partition.topic(), number, partition.offset().getAsLong());
        }
        terminal()
                .println(
                        output.isJson()
                                ? Json.write(Json.object(
                                        "topic", partition.topic(),
                                        "partition", number,
                                        "lowWatermark", marks.lowWatermark(),
                                        "highWatermark", marks.highWatermark()))
                                : "trimmed " + partition.topic() + "/" + number + ": offsets " + marks.lowWatermark()
                                        + " to " + marks.highWatermark() + " are kept");
        return ExitCode.OK;
    }
}

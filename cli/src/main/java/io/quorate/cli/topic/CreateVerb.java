/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.topic;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.client.Admin.TopicInfo;
import io.quorate.client.QuorateClient;
import io.quorate.client.QuorateException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "create", header = "Create a topic.")
final class CreateVerb extends ClientVerb {
    @Parameters(paramLabel = "NAME", description = "1 to 200 characters of [A-Za-z0-9._-].")
    private String name;

    @Option(
            names = {"-p", "--partitions"},
            paramLabel = "N",
            defaultValue = "1",
            description = "1 to 1000. Default: ${DEFAULT-VALUE}.")
    private int partitions;

    @Option(
            names = {"-r", "--replicas", "--replication-factor"},
            paramLabel = "N",
            defaultValue = "0",
            description = "Copies of each partition, an odd number. Default: 3, or all nodes if there are fewer.")
    private int replicas;

    @Option(names = "--if-missing", description = "Exit with 0 when the topic is already there.")
    private boolean ifMissing;

    @Mixin
    private RetentionOptions settings = new RetentionOptions();

    @Mixin
    private TopicOutput output = new TopicOutput();

    CreateVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        try (QuorateClient client = connect()) {
            TopicInfo topic;
            String done = "created topic ";
            try {
                topic = client.admin().createTopic(name, partitions, replicas, settings.options());
            } catch (QuorateException e) {
                if (!ifMissing || !e.reason().equals("TOPIC_EXISTS")) {
                    throw e;
                }
                topic = client.admin().describeTopic(name);
                done = "there already is topic ";
            }
            int count = topic.partitions().size();
            output.printChange(
                    terminal(),
                    done + topic.name() + ": " + count + (count == 1 ? " partition × " : " partitions × ")
                            + topic.replicationFactor() + (topic.replicationFactor() == 1 ? " replica" : " replicas"),
                    topic);
        }
        return ExitCode.OK;
    }
}

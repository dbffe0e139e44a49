/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.topic;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.client.QuorateClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "describe", header = "Show a topic's partitions: leaders, generations and replicas.")
final class DescribeVerb extends ClientVerb {
    @Parameters(paramLabel = "NAME")
    private String name;

    @Mixin
    private TopicOutput output = new TopicOutput();

    DescribeVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        try (QuorateClient client = connect()) {
            output.printTopic(terminal(), client.admin().describeTopic(name));
        }
        return ExitCode.OK;
    }
}

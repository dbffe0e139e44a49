/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.topic;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.client.QuorateClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(name = "list", header = "List all topics.")
final class ListVerb extends ClientVerb {
    @Mixin
    private TopicOutput output = new TopicOutput();

    ListVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        try (QuorateClient client = connect()) {
            output.printTopics(terminal(), client.admin().listTopics());
        }
        return ExitCode.OK;
    }
}

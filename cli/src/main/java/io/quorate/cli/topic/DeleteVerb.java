/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.topic;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.output.Json;
import io.quorate.client.QuorateClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "delete", header = "Delete a topic and all its records, for ever and without asking.")
final class DeleteVerb extends ClientVerb {
    @Parameters(paramLabel = "NAME")
    private String name;

    @Mixin
    private TopicOutput output = new TopicOutput();

    DeleteVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        try (QuorateClient client = connect()) {
            client.admin().deleteTopic(name);
        }
        terminal().println(output.isJson() ? Json.write(Json.object("deleted", name)) : "deleted topic " + name);
        return ExitCode.OK;
    }
}

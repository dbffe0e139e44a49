/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.base;

import io.quorate.client.ClientConfig;
import io.quorate.client.QuorateClient;
import java.time.Duration;
import picocli.CommandLine.Option;

/** A verb that talks to a cluster. */
public abstract class ClientVerb extends Verb {
    @Option(
            names = {"-b", "--bootstrap"},
            paramLabel = "HOST:PORT[,...]",
            description =
                    "Nodes to ask first. Default: $QUORATE_BOOTSTRAP, else the dev cluster of ./quorate-dev, else "
                            + Bootstrap.DEFAULT_ADDRESS + " to 7402.")
    private String bootstrap;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "10s",
            description = "How long one request may take. Default: ${DEFAULT-VALUE}.")
    private Duration timeout;

    protected ClientVerb(CliContext context) {
        super(context);
    }

    protected final Bootstrap bootstrap() {
        return Bootstrap.resolve(bootstrap, context);
    }

    protected final Duration timeout() {
        return timeout;
    }

    protected final QuorateClient connect() {
        ClientConfig defaults = ClientConfig.of(bootstrap().addresses());
        return QuorateClient.connect(
                new ClientConfig(defaults.bootstrap(), timeout, defaults.initialBackoff(), defaults.maxBackoff()));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.cluster;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.quorate.cli.base.Bootstrap;
import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.base.LoopbackPorts;
import io.quorate.cli.base.Verb;
import io.quorate.v1.LogServiceGrpc;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "health",
        header = "Ask one node whether clients may be sent to it.",
        description = {
            "For health checks of containers and service managers: exit code 0 if so, 3 if it is up but not ready,",
            "6 if it does not answer. The state of the whole cluster: quorate cluster status."
        })
public final class HealthVerb extends Verb {
    private static final String LISTEN_KEY = "QUORATE_CLIENT_LISTEN";

    @Parameters(
            arity = "0..1",
            paramLabel = "HOST:PORT",
            description = "Default: this machine, at the port of $" + LISTEN_KEY + ", else 7400.")
    private String address;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "5s",
            description = "Default: ${DEFAULT-VALUE}.")
    private Duration timeout;

    public HealthVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        String node = Bootstrap.parse(address == null ? ownAddress() : address).get(0);
        ServingStatus status = ask(node);
        if (status != ServingStatus.SERVING) {
            terminal().println(node + " is up, and not ready: it knows no leader, or is shutting down");
            return ExitCode.UNHEALTHY;
        }
        terminal().println(node + " is ready");
        return ExitCode.OK;
    }

    private String ownAddress() {
        String listen = context.environment().get(LISTEN_KEY);
        if (listen == null || listen.isBlank()) {
            return Bootstrap.DEFAULT_ADDRESS;
        }
        return LoopbackPorts.HOST + listen.substring(Math.max(0, listen.lastIndexOf(':')));
    }

    private ServingStatus ask(String node) {
        ManagedChannel channel = Grpc.newChannelBuilder(node, InsecureChannelCredentials.create())
                .directExecutor()
                .disableServiceConfigLookUp()
                .build();
        try {
            return HealthGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS)
                    .check(HealthCheckRequest.newBuilder()
                            .setService(LogServiceGrpc.SERVICE_NAME)
                            .build())
                    .getStatus();
        } catch (StatusRuntimeException e) {
            throw new CliException(
                    ExitCode.UNAVAILABLE,
                    "UNAVAILABLE",
                    node + " does not answer: " + e.getStatus().getCode(),
                    "is the node running?",
                    e);
        } finally {
            channel.shutdownNow();
        }
    }
}

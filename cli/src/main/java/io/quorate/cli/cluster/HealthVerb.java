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
import io.quorate.cli.base.Verb;
import io.quorate.v1.LogServiceGrpc;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "health",
        header = "Ask one node whether clients may be sent to it.",
        description = {
            "For the health checks of containers and load balancers: asks grpc.health.v1 of this node alone.",
            "Exit code 0 if it is ready, 3 if it is not, 6 if it does not answer. A node without a quorum is not ready,",
            "which is no reason to restart it."
        })
public final class HealthVerb extends Verb {
    private static final String LISTEN_VARIABLE = "QUORATE_CLIENT_LISTEN";

    @Option(
            names = "--node",
            paramLabel = "HOST:PORT",
            description = "Default: the port of $" + LISTEN_VARIABLE + " on this machine, else "
                    + Bootstrap.DEFAULT_ADDRESS + ".")
    private String node;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "3s",
            description = "How long to wait for the answer. Default: ${DEFAULT-VALUE}.")
    private Duration timeout;

    public HealthVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        String address = Bootstrap.parse(node != null ? node : ownAddress()).get(0);
        ManagedChannel channel = Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
                .directExecutor()
                .disableServiceConfigLookUp()
                .build();
        try {
            ServingStatus status = HealthGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS)
                    .check(HealthCheckRequest.newBuilder()
                            .setService(LogServiceGrpc.SERVICE_NAME)
                            .build())
                    .getStatus();
            boolean ready = status == ServingStatus.SERVING;
            terminal().println(address + (ready ? " is ready" : " is not ready"));
            return ready ? ExitCode.OK : ExitCode.UNHEALTHY;
        } catch (StatusRuntimeException e) {
            throw new CliException(
                    ExitCode.UNAVAILABLE, "UNAVAILABLE", address + " does not answer: " + e.getStatus(), "", e);
        } finally {
            channel.shutdownNow();
        }
    }

    /** In a container this is run beside the node, with the node's environment. */
    private String ownAddress() {
        String listen = context.environment().get(LISTEN_VARIABLE);
        if (listen == null) {
            return Bootstrap.DEFAULT_ADDRESS;
        }
        int colon = listen.lastIndexOf(':');
        boolean wildcard = listen.startsWith("0.0.0.0:") || listen.startsWith("[::]:");
        return wildcard ? "127.0.0.1" + listen.substring(colon) : listen;
    }
}

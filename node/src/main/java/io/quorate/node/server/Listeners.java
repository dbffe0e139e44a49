/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.quorate.node.api.NodeApi;
import io.quorate.node.rpc.CallGate;
import io.quorate.node.rpc.ClusterGrpcService;
import io.quorate.node.rpc.GrpcServers;
import io.quorate.node.rpc.GrpcTransport;
import io.quorate.node.rpc.LogGrpcService;
import io.quorate.node.rpc.TopicGrpcService;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.function.Supplier;

/** The two ports of a node and what is served on them. */
final class Listeners {
    private Listeners() {}

    /** Opens the client port: log, topics, cluster, health and reflection. */
    static Server openForClients(
            ServerOptions options,
            NettyEventLoop loop,
            CallGate gate,
            HealthReporter health,
            LogGrpcService log,
            Supplier<NodeApi> api) {
        InetSocketAddress address = options.clientListen();
        NettyServerBuilder server =
                GrpcServers.forClients(address, loop, options.settings().maxBatchBytes());
        server.addService(ServerInterceptors.intercept(log, gate));
        server.addService(ServerInterceptors.intercept(new TopicGrpcService(api), gate));
        server.addService(ServerInterceptors.intercept(new ClusterGrpcService(api, ServerVersion.current()), gate));
        server.addService(health.service());
        server.addService(ProtoReflectionServiceV1.newInstance());
        return open(server, address, "clients");
    }

    /** Opens the peer port: peers and, if asked for, fault injection. */
    static Server openForPeers(ServerOptions options, NettyEventLoop loop, CallGate gate, GrpcTransport transport) {
        InetSocketAddress address = options.peerListen();
        NettyServerBuilder server =
                GrpcServers.forPeers(address, loop, options.settings().maxBatchBytes());
        server.addService(ServerInterceptors.intercept(transport.service(), gate));
        if (options.faultInjection()) {
            server.addService(ServerInterceptors.intercept(transport.faultService(), gate));
        }
        return open(server, address, "peers");
    }

    private static Server open(NettyServerBuilder builder, InetSocketAddress address, String whom) {
        try {
            return builder.build().start();
        } catch (IOException failure) {
            String where = address.getHostString() + ":" + address.getPort();
            String why = hasCause(failure, BindException.class)
                    ? "the port is in use or the address is not one of this machine"
                    : String.valueOf(failure.getMessage());
            throw new ServerStartException(
                    "cannot listen on " + where + " for " + whom + ": " + why
                            + "; stop what uses it or configure another address",
                    failure);
        }
    }

    private static boolean hasCause(Throwable failure, Class<? extends Throwable> type) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }
}

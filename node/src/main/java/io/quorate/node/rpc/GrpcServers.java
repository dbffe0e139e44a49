/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * The settings of a node's two gRPC servers, chosen so that one client can neither exhaust memory nor linger half-open
 * (promise P9). Callbacks run on the event loop itself.
 */
public final class GrpcServers {
    static final int FLOW_CONTROL_WINDOW_BYTES = 8 << 20;
    static final int MAX_METADATA_BYTES = 8 << 10;

    /** What a message may have beside the one batch it carries; also lets somewhat too large batches be named as such. */
    static final int MESSAGE_MARGIN_BYTES = 1 << 20;

    private static final int MAX_CALLS_PER_CONNECTION = 1024;
    private static final int MAX_PEER_CALLS_PER_CONNECTION = 16;
    private static final int MAX_RESETS_PER_WINDOW = 200;
    private static final int RESET_WINDOW_SECONDS = 30;

    private GrpcServers() {}

    /** @param maxBatchBytes largest record batch taken from a client */
    public static NettyServerBuilder forClients(SocketAddress address, NetworkThread network, int maxBatchBytes) {
        return common(address, network)
                .maxInboundMessageSize(Math.addExact(maxBatchBytes, MESSAGE_MARGIN_BYTES))
                .permitKeepAliveTime(10, TimeUnit.SECONDS)
                .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION);
    }

    /** @param maxBatchBytes largest record batch of the cluster */
    public static NettyServerBuilder forPeers(SocketAddress address, NetworkThread network, int maxBatchBytes) {
        return common(address, network)
                .maxInboundMessageSize(
                        Math.addExact(Math.max(maxBatchBytes, PeerLink.MAX_FRAME_BYTES), MESSAGE_MARGIN_BYTES))
                // Half of what peers keep to, since their clock is not this one's.
                .permitKeepAliveTime(5, TimeUnit.SECONDS)
                .maxConcurrentCallsPerConnection(MAX_PEER_CALLS_PER_CONNECTION);
    }

    private static NettyServerBuilder common(SocketAddress address, NetworkThread network) {
        return network.memory()
                .giveTo(NettyServerBuilder.forAddress(address))
                .bossEventLoopGroup(network.group())
                .workerEventLoopGroup(network.group())
                .channelType(network.serverChannelType())
                .directExecutor()
                .flowControlWindow(FLOW_CONTROL_WINDOW_BYTES)
                .maxInboundMetadataSize(MAX_METADATA_BYTES)
                .maxRstFramesPerWindow(MAX_RESETS_PER_WINDOW, RESET_WINDOW_SECONDS)
                .handshakeTimeout(5, TimeUnit.SECONDS)
                .keepAliveTime(30, TimeUnit.SECONDS)
                .keepAliveTimeout(10, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true);
    }
}

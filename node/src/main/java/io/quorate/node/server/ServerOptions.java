/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import io.quorate.node.NodeSettings;
import io.quorate.node.config.HostPort;
import io.quorate.node.config.NodeConfig;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.Security;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a server is started with.
 *
 * @param settings       of the node; a port 0 in its own client or peer address becomes the port that was given
 * @param dataDirectory  this node's own
 * @param clientListen   where clients are accepted; port 0: any free one
 * @param peerListen     where peers are accepted; port 0: any free one, for clusters of one node
 * @param metricsListen  where metrics are served, port 0: any free one; empty: nowhere
 * @param faultInjection whether the peer port offers the fault service: never in production
 * @param onFatal        told, once and on a thread of its own, that the server has stopped because it cannot go on; the
 *                       process should then exit with an error
 */
public record ServerOptions(
        NodeSettings settings,
        Path dataDirectory,
        InetSocketAddress clientListen,
        InetSocketAddress peerListen,
        Optional<InetSocketAddress> metricsListen,
        boolean faultInjection,
        Consumer<Throwable> onFatal) {
    static {
        // Java remembers for 10 s that a name could not be found and for 30 s where it led. Nodes start in any order
        // and
        // come back elsewhere; effective as this runs before the process has looked up any name.
        Security.setProperty("networkaddress.cache.negative.ttl", "1");
        Security.setProperty("networkaddress.cache.ttl", "5");
    }

    public ServerOptions {
        Objects.requireNonNull(settings, "settings");
        Objects.requireNonNull(dataDirectory, "dataDirectory");
        Objects.requireNonNull(clientListen, "clientListen");
        Objects.requireNonNull(peerListen, "peerListen");
        Objects.requireNonNull(metricsListen, "metricsListen");
        Objects.requireNonNull(onFatal, "onFatal");
    }

    /** As configured. Resolves the names of the addresses to listen on. */
    public static ServerOptions of(NodeConfig config, Consumer<Throwable> onFatal) {
        return new ServerOptions(
                config.toSettings(),
                config.dataDirectory(),
                resolve(config.clientListen()),
                resolve(config.peerListen()),
                config.metricsListen().map(ServerOptions::resolve),
                config.faultInjection(),
                onFatal);
    }

    private static InetSocketAddress resolve(HostPort address) {
        return new InetSocketAddress(address.host(), address.port());
    }
}

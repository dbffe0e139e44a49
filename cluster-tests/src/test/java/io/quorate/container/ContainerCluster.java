/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.container;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.utility.DockerImageName;

/**
 * Three nodes in containers, with two networks: one for clients, which carries the published ports, and one for peers.
 * A node that is cut off from its peers can thus still be reached by clients, which is the more dangerous half of a
 * partition: it may believe that it leads.
 */
final class ContainerCluster implements AutoCloseable {
    static final int NODES = 3;
    private static final int PEER_PORT = 7500;

    private final DockerClient docker = DockerClientFactory.instance().client();
    private final Network clients = Network.newNetwork();
    // Internal, so that published ports never belong to it and survive when a node leaves it.
    private final Network peers = Network.builder()
            .createNetworkCmdModifier(command -> command.withInternal(true))
            .build();
    private final List<Integer> ports = new ArrayList<>();
    private final List<GenericContainer<?>> nodes = new ArrayList<>();

    ContainerCluster(DockerImageName image) {
        for (int node = 1; node <= NODES; node++) {
            ports.add(freePort());
            nodes.add(container(image, node));
        }
    }

    /** Returns when Docker calls every container healthy, which is what the image's HEALTHCHECK says. */
    void start() {
        Startables.deepStart(nodes).join();
        // An engine takes one network when it creates a container; health needs the peers.
        for (int node = 1; node <= NODES; node++) {
            joinPeers(node);
        }
        nodes.forEach(node ->
                Wait.forHealthcheck().withStartupTimeout(Duration.ofMinutes(3)).waitUntilReady(node));
    }

    String bootstrapUri() {
        return ports.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(",", "quorate://", ""));
    }

    /** Where a client of this machine reaches the node. */
    int port(int node) {
        return ports.get(node - 1);
    }

    void cutOffFromPeers(int node) {
        docker.disconnectFromNetworkCmd()
                .withNetworkId(peers.getId())
                .withContainerId(id(node))
                .withForce(true)
                .exec();
    }

    void joinPeers(int node) {
        docker.connectToNetworkCmd()
                .withNetworkId(peers.getId())
                .withContainerId(id(node))
                .withContainerNetwork(new ContainerNetwork().withAliases(name(node)))
                .exec();
    }

    void pause(int node) {
        docker.pauseContainerCmd(id(node)).exec();
    }

    void unpause(int node) {
        docker.unpauseContainerCmd(id(node)).exec();
    }

    @Override
    public void close() {
        nodes.forEach(GenericContainer::stop);
        peers.close();
        clients.close();
    }

    private String id(int node) {
        return nodes.get(node - 1).getContainerId();
    }

    private static String name(int node) {
        return "n" + node;
    }

    private GenericContainer<?> container(DockerImageName image, int node) {
        int port = port(node);
        String everyNode = Stream.iterate(1, n -> n <= NODES, n -> n + 1)
                .map(n -> n + "@" + name(n) + ":" + PEER_PORT)
                .collect(Collectors.joining(","));
        return new GenericContainer<>(image)
                .withNetwork(clients)
                .withEnv("QUORATE_CLUSTER_ID", "container-test")
                .withEnv("QUORATE_CLUSTER_NODES", everyNode)
                .withEnv("QUORATE_NODE_ID", String.valueOf(node))
                .withEnv("QUORATE_PEER_LISTEN", "0.0.0.0:" + PEER_PORT)
                .withEnv("QUORATE_CLIENT_LISTEN", "0.0.0.0:" + port)
                .withEnv("QUORATE_CLIENT_ADVERTISE", "127.0.0.1:" + port)
                .withCreateContainerCmdModifier(command -> {
                    // The same port inside and outside: what the node advertises must be where clients find it.
                    ExposedPort inside = ExposedPort.tcp(port);
                    command.withExposedPorts(inside)
                            .getHostConfig()
                            .withPortBindings(new PortBinding(Ports.Binding.bindIpAndPort("127.0.0.1", port), inside));
                })
                .waitingFor(new Started());
    }

    /** Healthy is waited for later, when all nodes have their networks. */
    private static final class Started extends AbstractWaitStrategy {
        @Override
        protected void waitUntilReady() {
            // Docker has started it, or start() would have failed.
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException("no free port", e);
        }
    }
}

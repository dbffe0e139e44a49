/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import io.quorate.client.Admin.PartitionInfo;
import io.quorate.client.ClientConfig;
import io.quorate.client.QuorateClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/** Some nodes as processes of their own on this machine, on ports that were free, in directories of their own. */
final class LiveCluster implements AutoCloseable {
    /**
     * Below the ports that systems give to outgoing connections: who dials a node that is not up yet, on such a port, may be
     * given that very port, is connected with itself, and the node cannot have it any more.
     */
    private static final int FIRST_PORT = 10_000;

    private static final int PORTS = 20_000;
    private static final int TRIES = 100;

    static final Duration START_LIMIT = Duration.ofSeconds(60);
    static final Duration FAILOVER_LIMIT = Duration.ofSeconds(30);

    private final Path directory;
    private final Map<String, String> settings;
    private final List<Node> nodes = new ArrayList<>();

    /** One machine's worth: addresses and a directory that stay, a process that comes and goes. */
    final class Node {
        private final int id;
        private final int clientPort;
        private final int peerPort;
        private final Path data;
        private final Path log;
        private final boolean joins;
        private QuorateProcess process;

        private Node(int id, int clientPort, int peerPort, boolean joins) {
            this.id = id;
            this.joins = joins;
            this.clientPort = clientPort;
            this.peerPort = peerPort;
            this.data = dataOf(directory, id);
            this.log = directory.resolve("node-" + id + ".log");
        }

        int id() {
            return id;
        }

        String clientAddress() {
            return "127.0.0.1:" + clientPort;
        }

        int clientPort() {
            return clientPort;
        }

        int peerPort() {
            return peerPort;
        }

        Path data() {
            return data;
        }

        String log() {
            try {
                return Files.exists(log) ? Files.readString(log) : "";
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        QuorateProcess process() {
            return process;
        }

        /** What this node is told by its environment. */
        Map<String, String> environment() {
            Map<String, String> environment = new TreeMap<>();
            environment.put("QUORATE_CLUSTER_ID", "live-test");
            environment.put(
                    "QUORATE_CLUSTER_NODES",
                    nodes.stream()
                            .map(node -> node.id + "@127.0.0.1:" + node.peerPort)
                            .collect(Collectors.joining(",")));
            environment.put("QUORATE_NODE_ID", Integer.toString(id));
            environment.put("QUORATE_CLIENT_LISTEN", clientAddress());
            environment.put("QUORATE_DATA_DIR", data.toString());
            environment.put("QUORATE_NODE_JOIN", Boolean.toString(joins));
            environment.put("QUORATE_LOG_SEGMENT_BYTES", "4MiB");
            environment.put("QUORATE_LOG_ZERO_AHEAD_BYTES", "1MiB");
            environment.putAll(settings);
            return environment;
        }

        void start() {
            process = QuorateProcess.start(environment(), log, log, "server");
        }
    }

    private LiveCluster(Path directory, Map<String, String> settings) {
        this.directory = directory;
        this.settings = settings;
    }

    /** Starts the nodes and waits until they can be used. */
    static LiveCluster start(Path directory, int size) {
        return start(directory, size, Map.of());
    }

    /** The same with settings beside the usual ones, as environment variables. */
    static LiveCluster start(Path directory, int size, Map<String, String> settings) {
        LiveCluster cluster = new LiveCluster(directory, settings);
        List<Integer> ports = freePorts(2 * size);
        for (int i = 0; i < size; i++) {
            cluster.nodes.add(cluster.new Node(i + 1, ports.get(2 * i), ports.get(2 * i + 1), false));
        }
        cluster.nodes.forEach(Node::start);
        try (QuorateClient client = cluster.connect(Duration.ofSeconds(2))) {
            Await.until("all nodes see each other and the registry has a leader", START_LIMIT, () -> {
                var seen = client.admin().describeCluster();
                return seen.metadata().leaderId() != 0 && seen.nodes().stream().allMatch(node -> node.up());
            });
        } catch (AssertionError failure) {
            cluster.close();
            throw new AssertionError(failure.getMessage() + cluster.logs(), failure);
        }
        return cluster;
    }

    /** One more machine, for a node that is to join; not started. */
    Node prepare() {
        List<Integer> ports = freePorts(2);
        Node node = new Node(nodes.size() + 1, ports.get(0), ports.get(1), true);
        nodes.add(node);
        return node;
    }

    /** Where a node keeps its data; a test may mount something there before it starts. */
    static Path dataOf(Path directory, int node) {
        return directory.resolve("node-" + node);
    }

    List<Node> nodes() {
        return nodes;
    }

    Node node(int id) {
        return nodes.get(id - 1);
    }

    List<String> bootstrap() {
        return nodes.stream().map(Node::clientAddress).toList();
    }

    QuorateClient connect(Duration requestTimeout) {
        return QuorateClient.connect(
                new ClientConfig(bootstrap(), requestTimeout, Duration.ofMillis(20), Duration.ofMillis(500)));
    }

    /** Runs a client verb against this cluster. */
    QuorateProcess.Outcome quorate(String... arguments) {
        return QuorateProcess.run(
                directory,
                Map.of("QUORATE_BOOTSTRAP", String.join(",", bootstrap())),
                Duration.ofSeconds(30),
                arguments);
    }

    /** Who leads a partition in a generation of at least this, as soon as somebody does. */
    PartitionInfo awaitLeader(QuorateClient client, String topic, int partition, long leastGeneration) {
        return Await.value(
                "somebody leads " + topic + "/" + partition + " in generation " + leastGeneration + " or later",
                FAILOVER_LIMIT,
                () -> Optional.of(
                                client.admin().describeTopic(topic).partitions().get(partition))
                        .filter(info -> info.leaderId() != 0 && info.generation() >= leastGeneration));
    }

    /** The end of every node's log, for the message of a failure. */
    String logs() {
        StringBuilder text = new StringBuilder();
        for (Node node : nodes) {
            String log = node.log();
            text.append("\n--- node ").append(node.id).append(":\n");
            text.append(log.substring(Math.max(0, log.length() - 4_000)));
        }
        return text.toString();
    }

    @Override
    public void close() {
        for (Node node : nodes) {
            if (node.process != null) {
                node.process.kill();
            }
        }
    }

    /** Held open together, so that none is given twice. */
    static List<Integer> freePorts(int count) {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(bind());
            }
            return sockets.stream().map(ServerSocket::getLocalPort).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            for (ServerSocket socket : sockets) {
                try {
                    socket.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private static ServerSocket bind() throws IOException {
        for (int tries = 1; ; tries++) {
            int port = FIRST_PORT + ThreadLocalRandom.current().nextInt(PORTS);
            try {
                return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
            } catch (BindException taken) {
                if (tries == TRIES) {
                    throw taken;
                }
            }
        }
    }
}

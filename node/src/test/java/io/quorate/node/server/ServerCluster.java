/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.node.NodeSettings;
import io.quorate.node.replica.DiskLimits;
import io.quorate.node.testing.Await;
import io.quorate.node.testing.FreePorts;
import io.quorate.raft.RaftConfig;
import io.quorate.raft.log.NodeId;
import io.quorate.v1.ClusterServiceGrpc;
import io.quorate.v1.CreateTopicRequest;
import io.quorate.v1.DescribeClusterRequest;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.Partition;
import io.quorate.v1.Topic;
import io.quorate.v1.TopicServiceGrpc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;

/** Servers in this JVM on the loopback interface: real sockets, real files. */
final class ServerCluster implements AutoCloseable {
    static final String CLUSTER_ID = "test-cluster";
    static final int MAX_BATCH_BYTES = 1 << 20;

    /** Long enough that a machine which is busy with something else does not cost a leader its place. */
    private static final int TICK_MILLIS = 50;

    /** Ends what would hang; that long a start never takes. */
    private static final Duration START_LIMIT = Duration.ofSeconds(120);

    private final Path root;
    private final SortedMap<NodeId, String> peerAddresses = new TreeMap<>();
    private final SortedMap<Integer, QuorateServer> servers = new TreeMap<>();
    private final SortedMap<Integer, ManagedChannel> channels = new TreeMap<>();
    final AtomicReference<Throwable> fatal = new AtomicReference<>();

    /** Of {@code size} nodes, none of which runs. */
    ServerCluster(Path root, int size) throws IOException {
        this.root = root;
        List<Integer> ports = FreePorts.take(size);
        for (int node = 1; node <= size; node++) {
            peerAddresses.put(new NodeId(node), "127.0.0.1:" + ports.get(node - 1));
        }
    }

    ServerOptions options(int node) {
        return options(node, CLUSTER_ID, root.resolve("node-" + node));
    }

    ServerOptions options(int node, String clusterId, Path dataDirectory) {
        String peerAddress = peerAddresses.get(new NodeId(node));
        int peerPort = Integer.parseInt(peerAddress.substring(peerAddress.lastIndexOf(':') + 1));
        return new ServerOptions(
                new NodeSettings(
                        clusterId,
                        new NodeId(node),
                        peerAddresses,
                        "127.0.0.1:0",
                        TICK_MILLIS,
                        new RaftConfig(20, 3, 1 << 20, 8 << 20, 256, 32 << 20, 8 << 20),
                        new LogStoreConfig(16 << 20, 1 << 20, 16 << 10),
                        new DiskLimits(1_000, 0, 0, 1_000),
                        1_000,
                        MAX_BATCH_BYTES,
                        64 << 20),
                dataDirectory,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), peerPort),
                Optional.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                true,
                fatal::set);
    }

    QuorateServer start(int node) {
        QuorateServer server = QuorateServer.start(options(node));
        servers.put(node, server);
        channels.put(node, connect(server.clientPort()));
        return server;
    }

    void startAll() throws InterruptedException {
        for (NodeId node : peerAddresses.keySet()) {
            start(node.value());
        }
        for (QuorateServer server : servers.values()) {
            if (!server.awaitReady(START_LIMIT)) {
                throw new AssertionError("not ready: " + server.clientAddress());
            }
        }
    }

    void stop(int node) {
        channels.remove(node).shutdownNow();
        servers.remove(node).stop(Duration.ofSeconds(1));
    }

    QuorateServer server(int node) {
        return servers.get(node);
    }

    ManagedChannel channel(int node) {
        return channels.get(node);
    }

    int peerPort(int node) {
        return servers.get(node).peerPort();
    }

    DescribeClusterResponse describe(int node) {
        return ClusterServiceGrpc.newBlockingStub(channel(node))
                .describeCluster(DescribeClusterRequest.getDefaultInstance());
    }

    /** Through the metadata leader; returns when every running node knows a leader of each partition. */
    Topic createTopic(String name, int partitions) {
        Await.until("a metadata leader", () -> metadataLeader() != 0);
        Topic created = TopicServiceGrpc.newBlockingStub(channel(metadataLeader()))
                .createTopic(CreateTopicRequest.newBuilder()
                        .setTopic(name)
                        .setPartitions(partitions)
                        .build())
                .getTopic();
        Await.until("leaders of " + name, () -> servers.keySet().stream()
                .allMatch(node -> describe(node).getTopicsList().stream()
                                .filter(topic -> topic.getName().equals(name))
                                .flatMap(topic -> topic.getPartitionsList().stream())
                                .filter(partition -> servers.containsKey(partition.getLeaderId()))
                                .count()
                        == partitions));
        return created;
    }

    int leaderOf(String topic, int partition) {
        int anyNode = servers.firstKey();
        return describe(anyNode).getTopicsList().stream()
                .filter(candidate -> candidate.getName().equals(topic))
                .flatMap(found -> found.getPartitionsList().stream())
                .filter(found -> found.getPartition() == partition)
                .mapToInt(Partition::getLeaderId)
                .findFirst()
                .orElse(0);
    }

    private int metadataLeader() {
        int leader = describe(servers.firstKey()).getMetadata().getLeaderId();
        return servers.containsKey(leader) ? leader : 0;
    }

    static ManagedChannel connect(int port) {
        return NettyChannelBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .usePlaintext()
                .maxInboundMessageSize(16 << 20)
                .build();
    }

    @Override
    public void close() {
        channels.values().forEach(ManagedChannel::shutdownNow);
        servers.values().forEach(server -> server.stop(Duration.ZERO));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.quorate.internal.v1.FaultServiceGrpc;
import io.quorate.internal.v1.SetIsolationRequest;
import io.quorate.logstore.StorageException;
import io.quorate.node.testing.Await;
import io.quorate.v1.LogServiceGrpc;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Servers of one cluster")
@Timeout(90)
class QuorateServerTest {
    private static final String TOPIC = "orders";

    @TempDir
    private Path root;

    private ServerCluster cluster;

    @AfterEach
    void stop() {
        if (cluster != null) {
            cluster.close();
            assertNull(cluster.fatal.get());
        }
    }

    private TestLog startWithTopic(int nodes) throws Exception {
        cluster = new ServerCluster(root, nodes);
        cluster.startAll();
        cluster.createTopic(TOPIC, 1);
        return new TestLog(cluster, TOPIC);
    }

    private int leaderSeenBy(int node) {
        return cluster.describe(node).getTopics(0).getPartitions(0).getLeaderId();
    }

    @Test
    @DisplayName("elect another leader when theirs stops, and lose nothing that was acknowledged")
    void failover() throws Exception {
        TestLog log = startWithTopic(3);
        log.append("a");
        int oldLeader = cluster.leaderOf(TOPIC, 0);

        cluster.stop(oldLeader);

        assertEquals(1, log.append("b").getBaseOffset());
        cluster.start(oldLeader);
        assertEquals(2, log.readAll().size());
    }

    @Test
    @DisplayName("keep their records over a restart of all of them")
    void restart() throws Exception {
        TestLog log = startWithTopic(3);
        log.append("a", "b");
        IntStream.rangeClosed(1, 3).forEach(cluster::stop);

        cluster.startAll();

        assertEquals(2, log.append("c").getBaseOffset());
    }

    @Test
    @DisplayName("cut a leader off on request, go on without it, and take it back")
    void isolation() throws Exception {
        startWithTopic(3);
        int isolated = cluster.leaderOf(TOPIC, 0);
        int other = isolated == 1 ? 2 : 1;
        ManagedChannel peerChannel = ServerCluster.connect(cluster.peerPort(isolated));
        try {
            FaultServiceGrpc.FaultServiceBlockingStub faults = FaultServiceGrpc.newBlockingStub(peerChannel);
            SetIsolationRequest.Builder all = SetIsolationRequest.newBuilder();
            IntStream.rangeClosed(1, 3).filter(node -> node != isolated).forEach(all::addCutPeers);

            faults.setIsolation(all.build());
            Await.until("another leader", () -> leaderSeenBy(other) != isolated && leaderSeenBy(other) != 0);
            faults.setIsolation(SetIsolationRequest.getDefaultInstance());

            Await.until("the old leader to follow", () -> leaderSeenBy(isolated) == leaderSeenBy(other));
        } finally {
            peerChannel.shutdownNow();
        }
    }

    @Test
    @DisplayName("do not accept a node of another cluster")
    void otherCluster() throws Exception {
        cluster = new ServerCluster(root, 3);
        cluster.start(1);
        try (QuorateServer stranger =
                QuorateServer.start(cluster.options(2, "another-cluster", root.resolve("stranger")))) {
            assertFalse(stranger.awaitReady(Duration.ofSeconds(2)));
        }
        cluster.start(2);
        cluster.start(3);

        assertTrue(cluster.server(1).awaitReady(Duration.ofSeconds(20)));
    }

    @Test
    @DisplayName("are alive at once, and ready when there is a metadata leader")
    void health() throws Exception {
        cluster = new ServerCluster(root, 3);
        cluster.start(1);

        assertEquals(ServingStatus.SERVING, health(1, ""));
        assertEquals(ServingStatus.NOT_SERVING, health(1, LogServiceGrpc.SERVICE_NAME));

        cluster.start(2);
        cluster.start(3);
        assertTrue(cluster.server(1).awaitReady(Duration.ofSeconds(20)));
        Await.until("readiness", () -> health(1, LogServiceGrpc.SERVICE_NAME) == ServingStatus.SERVING);
    }

    private ServingStatus health(int node, String service) {
        return HealthGrpc.newBlockingStub(cluster.channel(node))
                .check(HealthCheckRequest.newBuilder().setService(service).build())
                .getStatus();
    }

    @Test
    @DisplayName("survive garbage on their ports")
    void garbage() throws Exception {
        TestLog log = startWithTopic(1);
        byte[] garbage = new byte[100_000];
        Arrays.fill(garbage, (byte) 0xA5);
        for (int port :
                new int[] {cluster.server(1).clientPort(), cluster.server(1).peerPort()}) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.getOutputStream().write(garbage);
            } catch (java.net.SocketException resetByServer) {
                assertTrue(resetByServer.getMessage() != null);
            }
        }

        assertEquals(0, log.append("a").getBaseOffset());
    }

    @Test
    @DisplayName("refuse to start on a port in use, naming it, and leave no thread behind")
    void portInUse() throws Exception {
        cluster = new ServerCluster(root, 1);
        cluster.start(1);
        ServerOptions options = cluster.options(1, ServerCluster.CLUSTER_ID, root.resolve("another"));

        ServerStartException refused = assertThrows(ServerStartException.class, () -> QuorateServer.start(options));

        assertTrue(refused.getMessage().contains("127.0.0.1:" + cluster.peerPort(1)), refused.getMessage());
        Await.until("one loop to be left", () -> threadsNamed("quorate-n1-loop") == 1);
    }

    private static long threadsNamed(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(name))
                .count();
    }

    @Test
    @DisplayName("refuse to start on a data directory in use")
    void directoryInUse() throws Exception {
        cluster = new ServerCluster(root, 1);
        cluster.start(1);
        ServerOptions sameDirectory = new ServerCluster(root, 1).options(1);

        StorageException refused = assertThrows(StorageException.class, () -> QuorateServer.start(sameDirectory));

        assertTrue(refused.getMessage().contains("node-1"), refused.getMessage());
    }

    @Test
    @DisplayName("refuse new calls while they stop, and end their threads")
    void stopEndsThreads() throws Exception {
        TestLog log = startWithTopic(1);
        log.append("a");
        ManagedChannel channel = cluster.channel(1);

        cluster.server(1).stop(Duration.ofSeconds(1));

        assertThrows(StatusRuntimeException.class, () -> HealthGrpc.newBlockingStub(channel)
                .check(HealthCheckRequest.getDefaultInstance()));
        for (String thread : new String[] {"loop", "flush", "read", "background"}) {
            Await.until(thread + " to end", () -> threadsNamed("quorate-n1-" + thread) == 0);
        }
    }

    @Test
    @DisplayName("tell the ports that they were given when any would do")
    void anyPort() throws Exception {
        TestLog log = startWithTopic(1);

        assertEquals(0, log.append("a").getBaseOffset());
        assertEquals(
                "127.0.0.1:" + cluster.server(1).clientPort(), cluster.server(1).clientAddress());
        assertEquals(
                cluster.server(1).clientAddress(),
                cluster.describe(1).getNodes(0).getClientAddress());
    }
}

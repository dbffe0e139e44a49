/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What people get wrong, on a real node and through the real command: it is refused in words, and nothing breaks. */
@DisplayName("A running node")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class BadInputLiveTest {
    private static final Duration COMMAND_LIMIT = Duration.ofSeconds(60);
    private static final int OVERSIZE_BYTES = 5 << 20;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private static Path directory;

    private static LiveCluster cluster;
    private static Path small;

    @BeforeAll
    static void startNode() throws IOException {
        small = Files.writeString(directory.resolve("small.txt"), "hello\n");
        cluster = LiveCluster.start(directory, 1);
        QuorateProcess.Outcome created = cluster.quorate("topic", "create", "orders");
        assertEquals(0, created.exitCode(), created.toString());
    }

    @AfterAll
    static void stopNode() {
        cluster.close();
    }

    static Stream<Arguments> verbs() throws IOException {
        Path oversize = Files.write(directory.resolve("oversize.txt"), new byte[OVERSIZE_BYTES]);
        return Stream.of(
                arguments("an unknown topic", 4, "UNKNOWN_TOPIC", new String[] {"append", "nope", small.toString()}),
                arguments("reading an unknown topic", 4, "UNKNOWN_TOPIC", new String[] {"read", "nope"}),
                arguments("an unknown partition", 4, "UNKNOWN_PARTITION", new String[] {"read", "orders/7"}),
                arguments("a name that is a path", 2, "INVALID_ARGUMENT", new String[] {"topic", "create", "../x"}),
                arguments("a name that is too long", 2, "INVALID_ARGUMENT", new String[] {
                    "topic", "create", "x".repeat(201)
                }),
                arguments("a topic that exists", 5, "TOPIC_EXISTS", new String[] {"topic", "create", "orders"}),
                arguments("more replicas than nodes", 5, "NOT_ENOUGH_NODES", new String[] {
                    "topic", "create", "wide", "--replicas", "3"
                }),
                arguments("a record above the limit", 1, "RECORD_TOO_LARGE", new String[] {
                    "append", "orders", oversize.toString()
                }),
                arguments("an unknown verb", 2, "USAGE", new String[] {"apend", "orders"}),
                arguments("an unknown option", 2, "USAGE", new String[] {"append", "orders", "--fast"}));
    }

    @ParameterizedTest(name = "{0}: exit code {1}, {2}")
    @MethodSource("verbs")
    @DisplayName("refuses a request with its reason and its exit code:")
    void refusesRequests(String what, int exitCode, String reason, String[] arguments) {
        QuorateProcess.Outcome outcome = cluster.quorate(arguments);

        assertAll(
                () -> assertEquals(exitCode, outcome.exitCode(), outcome.toString()),
                () -> assertTrue(outcome.errors().startsWith("error[" + reason + "]: "), outcome.toString()));
    }

    static Stream<Arguments> servers() {
        LiveCluster.Node running = cluster.nodes().get(0);
        String elsewhere = directory.resolve("elsewhere").toString();
        List<Integer> freePorts = LiveCluster.freePorts(2);
        return Stream.of(
                arguments(
                        "an unknown key",
                        2,
                        "CONFIG",
                        "raft.tik_ms",
                        Map.of("QUORATE_DATA_DIR", elsewhere),
                        new String[] {"server", "--set", "raft.tik_ms=5"}),
                arguments(
                        "a value out of range",
                        2,
                        "CONFIG",
                        "raft.tick_ms",
                        Map.of("QUORATE_DATA_DIR", elsewhere, "QUORATE_RAFT_TICK_MS", "0"),
                        new String[] {"server"}),
                arguments(
                        "ports that are in use",
                        1,
                        "CANNOT_LISTEN",
                        running.clientAddress(),
                        Map.of("QUORATE_DATA_DIR", elsewhere),
                        new String[] {"server"}),
                arguments(
                        "a data directory in use",
                        5,
                        "DATA_DIRECTORY",
                        running.data().toString(),
                        Map.of(
                                "QUORATE_CLIENT_LISTEN",
                                "127.0.0.1:" + freePorts.get(0),
                                "QUORATE_PEER_LISTEN",
                                "127.0.0.1:" + freePorts.get(1)),
                        new String[] {"server"}));
    }

    @ParameterizedTest(name = "{0}: exit code {1}, {2}")
    @MethodSource("servers")
    @DisplayName("is not disturbed by another one that cannot start and says why:")
    void refusesToStart(
            String what, int exitCode, String reason, String named, Map<String, String> changes, String[] arguments) {
        Map<String, String> environment = new TreeMap<>(cluster.nodes().get(0).environment());
        environment.putAll(changes);

        QuorateProcess.Outcome outcome = QuorateProcess.run(directory, environment, COMMAND_LIMIT, arguments);

        assertAll(
                () -> assertEquals(exitCode, outcome.exitCode(), outcome.toString()),
                () -> assertTrue(outcome.errors().contains("error[" + reason + "]: "), outcome.toString()),
                () -> assertTrue(outcome.errors().contains(named), outcome.toString()));
        assertServes();
    }

    @Test
    @DisplayName("leaves a data directory alone that belongs to another cluster")
    void refusesForeignDirectory() {
        Path data = directory.resolve("foreign");
        List<Integer> freePorts = LiveCluster.freePorts(2);
        Map<String, String> environment = new TreeMap<>();
        environment.put("QUORATE_CLUSTER_NODES", "1@127.0.0.1:" + freePorts.get(0));
        environment.put("QUORATE_NODE_ID", "1");
        environment.put("QUORATE_CLIENT_LISTEN", "127.0.0.1:" + freePorts.get(1));
        environment.put("QUORATE_DATA_DIR", data.toString());
        environment.put("QUORATE_CLUSTER_ID", "theirs");
        Path log = directory.resolve("foreign.log");
        QuorateProcess owner = QuorateProcess.start(environment, log, log, "server");
        try {
            Await.until("the directory has an owner", LiveCluster.START_LIMIT, () -> Files.readString(log)
                    .contains(" is up: "));
        } finally {
            owner.kill();
        }

        environment.put("QUORATE_CLUSTER_ID", "ours");
        QuorateProcess.Outcome outcome = QuorateProcess.run(directory, environment, COMMAND_LIMIT, "server");

        assertAll(
                () -> assertEquals(5, outcome.exitCode(), outcome.toString()),
                () -> assertTrue(outcome.errors().contains("error[DATA_DIRECTORY]: "), outcome.toString()),
                () -> assertTrue(outcome.errors().contains("theirs"), outcome.toString()));
    }

    static Stream<Arguments> garbage() {
        byte[] zeros = new byte[64 << 10];
        byte[] preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        byte[] prefaceAndNonsense = new byte[preface.length + 9];
        System.arraycopy(preface, 0, prefaceAndNonsense, 0, preface.length);
        Arrays.fill(prefaceAndNonsense, preface.length, prefaceAndNonsense.length, (byte) 0xFF);
        return Stream.of(
                arguments("zeros", zeros),
                arguments("HTTP/1.1", "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII)),
                arguments("a TLS hello", new byte[] {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, (byte) 0xfc}),
                arguments("HTTP/2 and then a frame of 16 MiB", prefaceAndNonsense));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("garbage")
    @DisplayName("survives bytes on both its ports that no client and no peer sends:")
    void survivesGarbage(String what, byte[] bytes) throws IOException {
        LiveCluster.Node node = cluster.nodes().get(0);

        for (int port : new int[] {node.clientPort(), node.peerPort()}) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                OutputStream out = socket.getOutputStream();
                out.write(bytes);
                out.flush();
            }
        }

        assertServes();
        assertTrue(node.process().isAlive());
    }

    /** A write and a read go through. */
    private static void assertServes() {
        QuorateProcess.Outcome appended = cluster.quorate("append", "orders", small.toString());
        assertEquals(0, appended.exitCode(), appended.toString());
    }
}

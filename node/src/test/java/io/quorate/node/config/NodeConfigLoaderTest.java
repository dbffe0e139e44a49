/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.config;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.LogStoreConfig;
import io.quorate.node.NodeSettings;
import io.quorate.node.replica.DiskLimits;
import io.quorate.raft.RaftConfig;
import io.quorate.raft.log.NodeId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A node's configuration")
class NodeConfigLoaderTest {
    private static final String MINIMAL = """
            cluster:
              id: demo
              nodes: 1@n1:7500,2@n2:7500,3@n3:7500
            node:
              id: 2
            data:
              dir: /var/lib/quorate
            """;

    @TempDir
    private Path directory;

    @Test
    @DisplayName("needs the cluster, the node and the data directory, and has defaults for the rest")
    void defaults() {
        NodeConfig config = load(MINIMAL, Map.of());

        assertAll(
                () -> assertEquals(new HostPort("127.0.0.1", 7400), config.clientListen()),
                () -> assertEquals(new HostPort("127.0.0.1", 7400), config.clientAdvertise()),
                () -> assertEquals(new HostPort("n2", 7500), config.peerListen(), "its own address in cluster.nodes"),
                () -> assertEquals(Path.of("/var/lib/quorate"), config.dataDirectory()),
                () -> assertFalse(config.faultInjection()));
    }

    @Test
    @DisplayName("becomes the settings of the runtime")
    void settings() {
        NodeSettings settings =
                load(MINIMAL, Map.of(), "client.advertise=log-2.example:17400").toSettings();

        assertEquals(
                new NodeSettings(
                        "demo",
                        new NodeId(2),
                        new TreeMap<>(
                                Map.of(new NodeId(1), "n1:7500", new NodeId(2), "n2:7500", new NodeId(3), "n3:7500")),
                        "log-2.example:17400",
                        20,
                        new RaftConfig(20, 3, 1 << 20, 8 << 20, 256, 32 << 20, 16 << 20).quiescingAfter(50),
                        LogStoreConfig.DEFAULT,
                        new DiskLimits(40, 1L << 30, 256L << 20, 1_000),
                        5_000,
                        4 << 20,
                        64L << 20),
                settings);
    }

    @Nested
    @DisplayName("takes each value from the strongest source that has it:")
    class Precedence {
        private final Map<String, String> environment = Map.of("QUORATE_RAFT_TICK_MS", "40");

        @Test
        @DisplayName("the file over the default")
        void file() {
            assertEquals(30, load(MINIMAL + "raft: {tick_ms: 30}", Map.of()).tickMillis());
        }

        @Test
        @DisplayName("the environment over the file")
        void environment() {
            assertEquals(40, load(MINIMAL + "raft: {tick_ms: 30}", environment).tickMillis());
        }

        @Test
        @DisplayName("a flag over the environment, the last flag over the others")
        void flag() {
            assertEquals(
                    60,
                    load(MINIMAL, environment, "raft.tick_ms=50", "raft.tick_ms=60")
                            .tickMillis());
        }

        @Test
        @DisplayName("no file at all is fine when the others say everything")
        void noFile() {
            NodeConfig config = NodeConfigLoader.load(
                    Optional.empty(),
                    Map.of(
                            "QUORATE_CLUSTER_ID", "demo",
                            "QUORATE_CLUSTER_NODES", "1@a:1",
                            "QUORATE_NODE_ID", "1",
                            "PATH", "/usr/bin",
                            "QUORATE_JAVA_OPTS", "belongs to the launcher"),
                    List.of("data.dir=here"));

            assertEquals(new NodeId(1), config.nodeId());
        }

        @Test
        @DisplayName("and can say which one that was")
        void origins() {
            String rendered = NodeConfigLoader.effective(
                            Optional.of(written(MINIMAL)), environment, List.of("raft.tail_bytes=32768KiB"))
                    .render();

            assertTrue(rendered.matches("(?s).*cluster\\.id = demo +# file .*quorate\\.yaml\\n.*"), rendered);
            assertTrue(
                    rendered.matches("(?s).*raft\\.tick_ms = 40 +# environment variable QUORATE_RAFT_TICK_MS\\n.*"),
                    rendered);
            assertTrue(rendered.matches("(?s).*raft\\.tail_bytes = 32MiB +# flag --set\\n.*"), rendered);
            assertTrue(rendered.matches("(?s).*raft\\.heartbeat_ticks = 3 +# default\\n.*"), rendered);
            assertEquals(ConfigKeys.all().size(), rendered.lines().count());
        }
    }

    @Nested
    @DisplayName("is refused")
    class Refused {
        @Test
        @DisplayName("with everything that is missing, and how to set it")
        void missing() {
            ConfigException refused = assertThrows(
                    ConfigException.class, () -> NodeConfigLoader.load(Optional.empty(), Map.of(), List.of()));

            assertEquals(
                    List.of("cluster.id", "cluster.nodes", "node.id", "data.dir"),
                    refused.problems().stream()
                            .map(p -> p.substring(0, p.indexOf(' ')))
                            .toList());
            assertTrue(refused.problems().get(2).contains("QUORATE_NODE_ID or with --set node.id=…"));
        }

        @Test
        @DisplayName("with all problems at once, the unknown keys among them with what was probably meant")
        void allAtOnce() {
            List<String> problems = problems(
                    MINIMAL + "raft: {tick: 30, heartbeat_tick: 2}", Map.of("QUORATE_LOG_SEGMENT_SIZE", "1"), "oops");

            assertEquals(
                    List.of(
                            "unknown key \"raft.heartbeat_tick\" (file F); did you mean \"raft.heartbeat_ticks\"?",
                            "unknown key \"raft.tick\" (file F); did you mean \"raft.tick_ms\"?",
                            "environment variable QUORATE_LOG_SEGMENT_SIZE sets no known key;"
                                    + " did you mean \"QUORATE_LOG_SEGMENT_BYTES\"?",
                            "\"oops\" (flag --set): expected section.key=value"),
                    problems);
        }

        @Test
        @DisplayName("with an unknown key that resembles none, without a guess")
        void noGuess() {
            assertEquals(
                    List.of("unknown key \"replication\" (flag --set)"), problems(MINIMAL, Map.of(), "replication=3"));
        }

        @ParameterizedTest(name = "{0}")
        @CsvSource(delimiter = '|', textBlock = """
                raft.tick_ms=0                    | raft.tick_ms = "0" (flag --set): must be 1 to 1000
                raft.tick_ms=99999999999999999999 | raft.tick_ms = "99999999999999999999" (flag --set): expected a whole number, 1 to 1000
                raft.tick_ms=1.5                  | raft.tick_ms = "1.5" (flag --set): expected a whole number, 1 to 1000
                raft.tick_ms=                     | raft.tick_ms = "" (flag --set): expected a whole number, 1 to 1000
                raft.tail_bytes=2GiB              | raft.tail_bytes = "2GiB" (flag --set): must be 0 to 1GiB
                raft.tail_bytes=999999999999GiB   | raft.tail_bytes = "999999999999GiB" (flag --set): must be 0 to 1GiB
                raft.tail_bytes=5MB               | raft.tail_bytes = "5MB" (flag --set): expected a number of bytes such as 65536, 64KiB, 4MiB or 1GiB, 0 to 1GiB
                raft.tail_bytes=-1                | raft.tail_bytes = "-1" (flag --set): expected a number of bytes such as 65536, 64KiB, 4MiB or 1GiB, 0 to 1GiB
                limits.max_batch_bytes=17MiB      | limits.max_batch_bytes = "17MiB" (flag --set): must be 1KiB to 16MiB
                unsafe.fault_injection=yes        | unsafe.fault_injection = "yes" (flag --set): expected true or false
                cluster.id=a/b                    | cluster.id = "a/b" (flag --set): expected 1 to 64 characters of [A-Za-z0-9._-]
                client.listen=7400                | client.listen = "7400" (flag --set): expected host:port or [ipv6]:port
                client.listen=h:0                 | client.listen = "h:0" (flag --set): port 0 is not within 1 to 65535
                cluster.nodes=1@h:1,1@i:1         | cluster.nodes = "1@h:1,1@i:1" (flag --set): node 1 is listed twice
                cluster.nodes=1@h:1,2@h:1         | cluster.nodes = "1@h:1,2@h:1" (flag --set): two nodes have the address h:1
                cluster.nodes=1@h:1,h:2           | cluster.nodes = "1@h:1,h:2" (flag --set): expected 1@host:port,2@host:port,… but one part is "h:2"
                cluster.nodes=0@h:1               | cluster.nodes = "0@h:1" (flag --set): expected 1@host:port,2@host:port,… but one part is "0@h:1"
                cluster.nodes=1@h:70000           | cluster.nodes = "1@h:70000" (flag --set): address of node 1: port 70000 is not within 1 to 65535
                cluster.nodes=1@0.0.0.0:1         | cluster.nodes = "1@0.0.0.0:1" (flag --set): address of node 1: 0.0.0.0 is not an address that its peers can connect to
                """)
        @DisplayName("with a value out of its range, which the message names")
        void outOfRange(String override, String problem) {
            assertEquals(List.of(problem), problems(MINIMAL, Map.of(), override));
        }

        @ParameterizedTest(name = "{0}")
        @CsvSource(delimiter = '|', textBlock = """
                node.id=4                      | node.id = 4 (flag --set): no such node in cluster.nodes = 1@n1:7500,2@n2:7500,3@n3:7500 (file F)
                client.listen=0.0.0.0:7400     | client.listen = 0.0.0.0:7400 (flag --set): clients cannot connect to a wildcard; set client.advertise to where they reach this node
                client.advertise=[::]:7400     | client.advertise = [::]:7400 (flag --set): clients cannot connect to a wildcard
                raft.heartbeat_ticks=11        | raft.election_timeout_ticks = 20 (default): must be at least twice raft.heartbeat_ticks = 11 (flag --set)
                raft.max_append_bytes=16MiB    | raft.max_inflight_bytes = 8MiB (default): must be at least raft.max_append_bytes = 16MiB (flag --set)
                raft.max_uncommitted_bytes=1MiB| raft.max_uncommitted_bytes = 1MiB (flag --set): must be at least limits.max_batch_bytes = 4MiB (default)
                limits.max_inflight_bytes=1MiB | limits.max_inflight_bytes = 1MiB (flag --set): must be at least limits.max_batch_bytes = 4MiB (default)
                log.segment_bytes=8MiB         | log.segment_bytes = 8MiB (flag --set): must be at least log.zero_ahead_bytes = 16MiB (default)
                """)
        @DisplayName("with values that do not agree with each other, both of which the message names")
        void disagreement(String override, String problem) {
            assertEquals(List.of(problem), problems(MINIMAL, Map.of(), override));
        }
    }

    @Nested
    @DisplayName("as a YAML file")
    class YamlFile {
        @Test
        @DisplayName("may list its nodes, nest its sections or write whole keys, and quote what it likes")
        void shapes() {
            NodeConfig config = load("""
                    # one node
                    cluster.id: "010"
                    cluster:
                      nodes:
                        - 1@[fd00::1]:7500
                        - "2@10.0.0.2:7500"
                    node: {id: 1}
                    data: {dir: ./data}
                    limits:
                      max_batch_bytes: 512 KiB
                    """, Map.of());

            assertEquals("010", config.clusterId());
            assertEquals(
                    Map.of(
                            new NodeId(1), new HostPort("fd00::1", 7500),
                            new NodeId(2), new HostPort("10.0.0.2", 7500)),
                    config.nodes());
            assertEquals("[fd00::1]:7500", config.toSettings().peerAddresses().get(new NodeId(1)));
            assertEquals(512 << 10, config.maxBatchBytes());
        }

        @ParameterizedTest(name = "{1}")
        @CsvSource(delimiter = '|', textBlock = """
                'raft: {tick_ms: [1, 2]}'                     | raft.tick_ms (file F): expected one value, not a list
                'raft: {tick_ms: {a: 1}}'                     | raft.tick_ms (file F): expected one value or a list of values
                'raft: {tick_ms: 5}\nraft.tick_ms: 6'         | raft.tick_ms (file F): set twice
                '- a'                                         | configuration file F must be a mapping of sections to keys
                'just text'                                   | configuration file F must be a mapping of sections to keys
                """)
        @DisplayName("is refused when it has another shape")
        void otherShapes(String yaml, String problem) {
            assertEquals(List.of(problem), problems(yaml.replace("\\n", "\n"), Map.of()));
        }

        @ParameterizedTest(name = "{0}")
        @CsvSource(delimiter = '|', textBlock = """
                'node: {id: 1, id: 2}'        | found duplicate key
                'node: {id: [1'               | not valid YAML
                'a: &x {b: c}\nd: *x'         | not valid YAML
                'a: !!javax.script.Engine x'  | not valid YAML
                'a: !!int 5'                  | not valid YAML
                '--- a: 1\n--- b: 2'          | not valid YAML
                """)
        @DisplayName("is refused with duplicates, aliases, foreign tags or broken syntax")
        void invalid(String yaml, String message) {
            ConfigException refused =
                    assertThrows(ConfigException.class, () -> load(yaml.replace("\\n", "\n"), Map.of()));

            assertTrue(refused.getMessage().contains(message), refused.getMessage());
        }

        @Test
        @DisplayName("is refused when it is larger than any configuration, before it is parsed")
        void tooLarge() {
            ConfigException refused =
                    assertThrows(ConfigException.class, () -> load("#".repeat(YamlSource.MAX_BYTES + 1), Map.of()));

            assertTrue(refused.getMessage().endsWith("is larger than 65536 bytes"), refused.getMessage());
        }

        @Test
        @DisplayName("is refused when it is not there or is no text")
        void unreadable() throws IOException {
            Path binary = Files.write(directory.resolve("binary"), new byte[] {(byte) 0xff, (byte) 0xfe});
            Path absent = directory.resolve("absent");

            assertEquals(
                    "configuration file " + absent + " does not exist",
                    assertThrows(ConfigException.class, () -> loadFile(absent)).getMessage());
            assertEquals(
                    "configuration file " + binary + " is not UTF-8",
                    assertThrows(ConfigException.class, () -> loadFile(binary)).getMessage());
            assertTrue(assertThrows(ConfigException.class, () -> loadFile(directory))
                    .getMessage()
                    .contains("cannot be read"));
        }

        @Test
        @DisplayName("may be empty, which sets nothing")
        void empty() {
            assertEquals(4, problems("", Map.of()).size());
            assertEquals(4, problems("# nothing\n", Map.of()).size());
        }

        private void loadFile(Path file) {
            NodeConfigLoader.load(Optional.of(file), Map.of(), List.of());
        }
    }

    private NodeConfig load(String yaml, Map<String, String> environment, String... overrides) {
        return NodeConfigLoader.load(Optional.of(written(yaml)), environment, List.of(overrides));
    }

    /** What is wrong, with the name of the temporary file replaced by F. */
    private List<String> problems(String yaml, Map<String, String> environment, String... overrides) {
        Path file = written(yaml);
        ConfigException refused = assertThrows(
                ConfigException.class, () -> NodeConfigLoader.load(Optional.of(file), environment, List.of(overrides)));
        List<String> problems = new ArrayList<>();
        refused.problems().forEach(problem -> problems.add(problem.replace(file.toString(), "F")));
        return problems;
    }

    private Path written(String yaml) {
        try {
            return Files.writeString(directory.resolve("quorate.yaml"), yaml, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}

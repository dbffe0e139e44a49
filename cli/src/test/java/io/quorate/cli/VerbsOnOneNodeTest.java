/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.cli.CliUnderTest.Ran;
import io.quorate.cli.base.LoopbackPorts;
import io.quorate.node.config.NodeConfigLoader;
import io.quorate.node.server.QuorateServer;
import io.quorate.node.server.ServerOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("On a node that runs, the verbs")
@Timeout(300)
class VerbsOnOneNodeTest {
    @TempDir
    static Path directory;

    private static QuorateServer server;

    @BeforeAll
    static void startNode() throws InterruptedException {
        List<Integer> ports = LoopbackPorts.check(List.of(0, 0));
        server = QuorateServer.start(ServerOptions.of(
                NodeConfigLoader.load(
                        Optional.empty(),
                        Map.of(),
                        List.of(
                                "cluster.id=verbs",
                                "cluster.nodes=1@127.0.0.1:" + ports.get(0),
                                "node.id=1",
                                "client.listen=127.0.0.1:" + ports.get(1),
                                "data.dir=" + directory.resolve("node-1"),
                                "log.zero_ahead_bytes=64KiB")),
                failure -> {}));
        assertTrue(server.awaitReady(Duration.ofSeconds(120)));
    }

    @AfterAll
    static void stopNode() {
        server.close();
    }

    private static CliUnderTest cli() {
        return new CliUnderTest(directory, Map.of("QUORATE_BOOTSTRAP", server.clientAddress()));
    }

    @Test
    @DisplayName("create, list, describe, alter and delete topics")
    void topics() {
        assertEquals(
                new Ran(0, "created topic t1: 2 partitions × 1 replica\n", ""),
                cli().run("topic", "create", "t1", "-p", "2"));
        assertEquals(5, cli().run("topic", "create", "t1").exitCode());
        assertEquals(
                "there already is topic t1: 2 partitions × 1 replica\n",
                cli().run("topic", "create", "t1", "--if-missing").out());
        assertTrue(cli().run("topic", "list").out().contains("t1\t2\t1\t"));
        assertTrue(cli().onTerminal().run("topic", "list").out().startsWith("TOPIC "));
        assertEquals(2, cli().run("topic", "describe", "t1").out().lines().count());
        assertTrue(cli().run("topic", "alter", "t1", "-p", "3").out().startsWith("altered topic t1: 3 partitions"));
        assertTrue(cli().run("topic", "describe", "t1", "-o", "json").out().startsWith("{\"name\":\"t1\","));
        assertEquals(new Ran(0, "deleted topic t1\n", ""), cli().run("topic", "delete", "t1"));
        Ran gone = cli().run("topic", "describe", "t1");
        assertEquals(4, gone.exitCode());
        assertTrue(gone.err().startsWith("error[UNKNOWN_TOPIC]"), gone.err());
        assertEquals(2, cli().run("topic", "create", "no/slash").exitCode());
    }

    @Test
    @DisplayName("append lines and read the same bytes back")
    void appendAndRead() throws IOException {
        cli().run("topic", "create", "t2");
        String lines = "one\n\nthree\r\n größe \nlast";

        Ran appended = cli().withInput(lines).run("append", "t2");
        assertEquals(0, appended.exitCode(), appended.err());
        assertTrue(appended.out().startsWith("acknowledged 5 records in "), appended.out());
        assertTrue(appended.out().contains("t2/0 @0..4  generation "), appended.out());

        assertEquals(new Ran(0, lines, ""), cli().run("read", "t2"));
        assertEquals(
                "three\r\n größe \n", cli().run("read", "t2@2", "--limit", "2").out());
        assertEquals("last", cli().run("read", "t2/0", "--from", "4").out());
        assertEquals("", cli().run("read", "t2", "--from", "end").out());
        assertEquals(lines, cli().run("read", "t2", "--from", "1h").out());
        assertEquals("", cli().run("read", "t2", "--from", "2200-01-01T00:00Z").out());
        assertEquals(
                "one\n\n", cli().run("read", "t2", "--follow", "--limit", "2").out());
        assertEquals(lines, cli().run("read", "t2", "--replica", "any").out());
        assertEquals(
                lines, cli().run("read", "t2", "--replica", "1", "--may-lag").out());

        Path file = Files.write(directory.resolve("more.txt"), "k:v\n".getBytes(StandardCharsets.UTF_8));
        assertEquals(new Ran(0, "", ""), cli().run("append", "t2", file.toString(), "--key-separator", ":", "--quiet"));
        assertEquals("v\n", cli().run("read", "t2@5").out());
        assertEquals("last\nv\n", cli().run("read", "t2@4").out());
        assertEquals("k=v\n", cli().run("read", "t2@5", "-k", "=").out());
        assertTrue(cli().run("read", "t2@5", "-o", "json")
                .out()
                .matches("\\{\"topic\":\"t2\",\"partition\":0,\"offset\":5,\"generation\":\\d+,\"timestampMs\":\\d+,"
                        + "\"key\":\"k\",\"value\":\"v\"}\n"));
    }

    @Test
    @DisplayName("read all partitions when none is named, unless an offset is")
    void allPartitions() {
        cli().run("topic", "create", "t3", "-p", "3");
        for (int partition = 0; partition < 3; partition++) {
            cli().withInput("in " + partition + "\n").run("append", "t3/" + partition);
        }
        assertEquals("in 0\nin 1\nin 2\n", cli().run("read", "t3").out());
        assertEquals("in 0\nin 1\n", cli().run("read", "t3", "--limit", "2").out());
        assertEquals("in 1\n", cli().run("read", "t3", "--partition", "1").out());
        assertEquals(
                3,
                cli().run("read", "t3", "--follow", "--limit", "3")
                        .out()
                        .lines()
                        .count());
        assertEquals(2, cli().run("read", "t3@0").exitCode());
    }

    @Test
    @DisplayName("fail for topics, partitions and offsets that are not there, before any input is taken")
    void missing() {
        assertEquals(4, cli().withInput("x\n").run("append", "missing").exitCode());
        assertEquals(4, cli().run("read", "missing").exitCode());
        cli().run("topic", "create", "t4");
        assertEquals(4, cli().withInput("x\n").run("append", "t4/7").exitCode());
        assertEquals(4, cli().run("read", "t4/7").exitCode());
        assertEquals(5, cli().run("read", "t4@100").exitCode());
    }

    @Test
    @DisplayName("end quietly in the middle of a partition when nobody reads any more")
    void brokenPipe() {
        cli().run("topic", "create", "t7");
        cli().withInput("x".repeat(200_000) + "\ny\n").run("append", "t7");
        assertEquals(new Ran(0, "", ""), cli().runWithoutReader("read", "t7"));
    }

    @Test
    @DisplayName("show a healthy cluster")
    void status() {
        cli().run("topic", "create", "t5");
        // Acknowledged once the new partition has a leader.
        assertEquals(0, cli().withInput("x\n").run("append", "t5").exitCode());
        Ran table = cli().onTerminal().run("cluster", "status");
        assertEquals(0, table.exitCode(), table.out());
        assertTrue(table.out().contains("healthy: the only node is up"), table.out());
        assertTrue(table.out().contains("t5/0"), table.out());
        assertTrue(table.out().matches("(?s).*SCRUB *\\n1 .* not yet *\\n.*"), table.out());
        Ran json = cli().run("cluster", "status", "-o", "json");
        assertTrue(json.out().startsWith("{\"clusterId\":\"verbs\","), json.out());
        assertTrue(json.out().contains("\"health\":\"healthy\""), json.out());
        assertEquals(
                new Ran(0, server.clientAddress() + " is ready\n", ""), cli().run("health", server.clientAddress()));
    }

    @Test
    @DisplayName("tell what has happened, from the running node and from its files")
    void events() {
        cli().run("topic", "create", "t8");
        assertEquals(0, cli().withInput("x\n").run("append", "t8").exitCode());

        Ran table = cli().onTerminal().run("events", "t8");
        assertEquals(0, table.exitCode(), table.err());
        assertTrue(table.out().startsWith("TIME "), table.out());
        assertTrue(table.out().contains("became the leader"), table.out());
        assertTrue(table.out().contains("t8/0"), table.out());
        assertTrue(cli().run("events", "t8/0", "--node", "1", "--since", "1h", "-o", "json")
                .out()
                .contains("\"event\":\"became-leader\",\"groupId\":"));
        assertEquals(1, cli().run("events", "-n", "1").out().lines().count());
        String files = cli().run("events", "t8", "--data-dir", "node-1").out();
        assertTrue(files.contains("t8/0") && files.contains("became-leader"), files);

        assertEquals(4, cli().run("events", "missing").exitCode());
        assertEquals(4, cli().run("events", "--node", "9").exitCode());
    }

    @Test
    @DisplayName("explain how a topic is, and that there is none")
    void explain() {
        cli().run("topic", "create", "t9", "-p", "2");
        for (int partition = 0; partition < 2; partition++) {
            assertEquals(
                    0, cli().withInput("x\n").run("append", "t9/" + partition).exitCode());
        }

        Ran both = cli().run("explain", "t9");
        assertEquals(0, both.exitCode(), both.out());
        assertTrue(both.out().contains("t9/1 is led by node 1 in generation "), both.out());
        assertEquals(2, both.out().lines().count(), both.out());
        String json = cli().run("explain", "t9/0", "-o", "json").out();
        assertTrue(json.startsWith("{\"topic\":\"t9\",\"explanations\":[{\"subject\":\"t9/0\",\"well\":true,"), json);

        cli().run("topic", "delete", "t9");
        Ran gone = cli().run("explain", "t9");
        assertEquals(4, gone.exitCode(), gone.out());
        assertTrue(gone.out().startsWith("topic t9 was deleted.\n"), gone.out());
        assertEquals(4, cli().run("explain", "missing").exitCode());
    }

    @Test
    @DisplayName("measure, and verify every record")
    void bench() {
        Ran ran = cli().run("bench", "t6", "--records", "2000", "--warmup", "0s", "--verify", "-o", "json");
        assertEquals(0, ran.exitCode(), ran.err());
        assertTrue(ran.out().contains("\"acknowledged\":2000,"), ran.out());
        assertTrue(
                ran.out()
                        .contains("\"verification\":{\"read\":2000,\"lost\":0,\"duplicated\":0,\"reordered\":0,"
                                + "\"moved\":0,\"corrupted\":0,\"unacknowledged\":0}"),
                ran.out());
        Ran open = cli().run("bench", "t6/0", "--rate", "500", "--for", "200ms", "--warmup", "0s", "--verify");
        assertEquals(0, open.exitCode(), open.err());
        assertTrue(open.out().contains("open loop, 500 records/s"), open.out());
        assertTrue(open.out().contains("acked 100 · read 100 · lost 0"), open.out());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.cli.CliUnderTest.Ran;
import io.quorate.logstore.DataDirectory;
import io.quorate.logstore.LogStore;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.StoreIdentity;
import io.quorate.logstore.WriteBuffer;
import io.quorate.logstore.io.NioDisk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.wire.RecordBatchBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("quorate log, on the directory of a stopped node")
class LogVerbsTest {
    private static final int ENTRIES = 20;
    private static final int SEGMENT_HEADER_BYTES = 4096;

    @TempDir
    Path directory;

    private final NioDisk disk = new NioDisk();
    private CliUnderTest cli;
    private Path partition;

    /** Two groups; in group 3 a no-op and batches of two records. */
    @BeforeEach
    void write() {
        cli = new CliUnderTest(directory, Map.of());
        try (DataDirectory data = DataDirectory.open(disk, directory.resolve("node"), "demo", 2, 0xabc)) {
            partition = data.groupDirectory(3);
            try (LogStore metadata = open(data, 0);
                    LogStore store = open(data, 3)) {
                metadata.putHardState(new HardState(1, Optional.empty()));
                metadata.force();
                store.putHardState(new HardState(4, Optional.of(new NodeId(1))));
                store.append(List.of(new LogEntry(new EntryId(4, 1), EntryType.NO_OP, 0, 0, 1_000, Payload.EMPTY)));
                store.force();
                for (int i = 2; i <= ENTRIES; i++) {
                    store.append(List.of(batch(i)));
                    store.force();
                }
            }
        }
    }

    private LogStore open(DataDirectory data, long group) {
        return LogStore.open(
                disk,
                data.groupDirectory(group),
                new StoreIdentity("demo", 2, group),
                new LogStoreConfig(8192, 0, 1024, false),
                Runnable::run,
                new WriteBuffer(4096));
    }

    private static LogEntry batch(int index) {
        RecordBatchBuilder batch = new RecordBatchBuilder(1024);
        batch.append(1_000L * index, bytes("k" + index), bytes("v\t" + index));
        batch.append(1_000L * index, null, new byte[] {(byte) 0xFF, (byte) index});
        Payload payload = Payload.wrap(batch.build(0xbeef, 0, 2L * (index - 2)));
        return new LogEntry(new EntryId(4, index), EntryType.RECORDS, 2L * (index - 2), 2, 1_000L * index, payload);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void damagePayloadOfFirstBatch() throws IOException {
        Path segment = partition.resolve("00000000000000000001.log");
        byte[] bytes = Files.readAllBytes(segment);
        bytes[SEGMENT_HEADER_BYTES + 56 + 56 + 60] ^= 1;
        Files.write(segment, bytes);
    }

    @Test
    @DisplayName("inspect shows owner, term, vote and segments of every group")
    void inspect() {
        Ran ran = cli.run("log", "inspect", "node");

        assertEquals(0, ran.exitCode(), ran.out() + ran.err());
        assertTrue(ran.out().contains("node 2 of cluster demo, incarnation abc"), ran.out());
        assertTrue(ran.out().contains("group 0 (metadata) · term 1, voted for nobody"), ran.out());
        assertTrue(ran.out().contains("group 3 · term 4, voted for node 1"), ran.out());
        assertTrue(ran.out().contains("00000000000000000001.log\t1\t"), ran.out());
        assertTrue(ran.out().endsWith("2 groups, no damage\n"), ran.out());
    }

    @Test
    @DisplayName("inspect -o json gives one document, for one group if asked")
    void inspectJson() {
        Ran ran = cli.run("log", "inspect", "node", "--group", "3", "-o", "json");

        assertEquals(0, ran.exitCode(), ran.err());
        assertEquals(1, ran.out().lines().count());
        assertTrue(ran.out().contains("\"clusterId\":\"demo\",\"nodeId\":2,\"incarnation\":\"abc\""), ran.out());
        assertTrue(ran.out().contains("\"group\":3,"), ran.out());
        assertTrue(ran.out().contains("\"term\":4,\"votedFor\":1"), ran.out());
        assertTrue(ran.out().contains("\"lastIndex\":" + ENTRIES), ran.out());
    }

    @Test
    @DisplayName("verify ends with 0 if all is well, and with 3 and the place if a byte has changed")
    void verify() throws IOException {
        assertEquals(0, cli.run("log", "verify", "node").exitCode());
        damagePayloadOfFirstBatch();

        Ran ran = cli.run("log", "verify", "node/groups/3");

        assertEquals(3, ran.exitCode(), ran.out());
        assertTrue(ran.out().contains("00000000000000000001.log · position 4152, index 2 · ROT"), ran.out());
        assertTrue(ran.out().endsWith("1 of 1 group damaged\n"), ran.out());
        Ran json = cli.run("log", "verify", "node", "-o", "json");
        assertEquals(3, json.exitCode());
        assertTrue(json.out().contains("\"severity\":\"damage\""), json.out());
    }

    @Test
    @DisplayName("dump prints one line per entry, from and to where it is told")
    void dump() {
        Ran ran = cli.run("log", "dump", "node", "-g", "3", "--from", "2", "--to", "9", "--limit", "3");

        assertEquals(0, ran.exitCode(), ran.err());
        List<String> lines = ran.out().lines().toList();
        assertEquals(3, lines.size());
        assertTrue(lines.get(0).startsWith("2\t4\tRECORDS\t0\t2\t1970-01-01T00:00:02Z\t4152\t"), ran.out());
        assertTrue(lines.get(0).endsWith("\tunverified,flush-start"), ran.out());
    }

    @Test
    @DisplayName("dump --records shows what is in batches, control characters escaped and other bytes in base64")
    void dumpRecords() {
        Ran ran = cli.run("log", "dump", "node/groups/3", "--from", "2", "--to", "2", "--records");

        assertEquals(0, ran.exitCode(), ran.err());
        assertTrue(ran.out().contains("\tproducer beef, epoch 0, sequence from 0\n"), ran.out());
        assertTrue(ran.out().contains("\t0\t1970-01-01T00:00:02Z\tkey \"k2\"\tvalue \"v\\t2\"\n"), ran.out());
        assertTrue(ran.out().contains("\t1\t1970-01-01T00:00:02Z\tvalue base64:/wI=\n"), ran.out());
        Ran json = cli.run("log", "dump", "node/groups/3", "--limit", "2", "--records", "-o", "json");
        assertTrue(json.out().contains("\"key\":\"k2\",\"value\":\"v\\t2\""), json.out());
        assertTrue(json.out().contains("\"valueBase64\":\"/wI=\""), json.out());
    }

    @Test
    @DisplayName("dump shows a damaged entry as damaged, what is behind it all the same, and ends with 3")
    void dumpDamaged() throws IOException {
        damagePayloadOfFirstBatch();

        Ran ran = cli.run("log", "dump", "node/groups/3", "--records");

        assertEquals(3, ran.exitCode());
        assertTrue(ran.out().contains("\tdamaged,flush-start\n"), ran.out());
        assertTrue(ran.out().contains("\n" + ENTRIES + "\t4\tRECORDS\t"), ran.out());
    }

    @Test
    @DisplayName("dump wants to know which group")
    void dumpOfWhich() {
        Ran ran = cli.run("log", "dump", "node");

        assertEquals(2, ran.exitCode());
        assertTrue(ran.err().contains("holds groups [0, 3]"), ran.err());
        assertEquals(4, cli.run("log", "dump", "node", "--group", "9").exitCode());
    }

    @Test
    @DisplayName("a directory that a node uses is refused")
    void running() {
        try (DataDirectory data = DataDirectory.open(disk, directory.resolve("node"), "demo", 2, 0xabc)) {
            for (String verb : List.of("inspect", "verify", "dump")) {
                Ran ran = cli.run("log", verb, data.root().toString(), "-g", "3");
                assertEquals(5, ran.exitCode(), verb);
                assertTrue(ran.err().contains("a node is running on this directory"), ran.err());
            }
        }
    }

    @Test
    @DisplayName("without IDENTITY it says so, and goes on if it is told whose directory it is")
    void lostIdentity() throws IOException {
        Files.delete(directory.resolve("node/IDENTITY"));

        Ran unknown = cli.run("log", "verify", "node");
        assertEquals(3, unknown.exitCode());
        assertTrue(unknown.out().contains("the identity is missing"), unknown.out());
        assertEquals(5, cli.run("log", "dump", "node", "-g", "3").exitCode());

        Ran told = cli.run("log", "verify", "node", "--cluster", "demo", "--node", "2");
        assertEquals(3, told.exitCode());
        assertTrue(told.out().endsWith("2 groups, no damage\n"), told.out());
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The files of one small log as a release would leave them, kept as resources. A change of a format must show here: then the
 * version rises, a new set of files joins this one, and this one must still be read. {@code -Dfixtures.rewrite=DIR} writes
 * a set anew.
 */
@DisplayName("The formats on disk")
class FormatFixtureTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(4096 + 700, 0, 256, false);
    private static final HardState STATE = new HardState(3, Optional.of(new NodeId(2)));
    private static final List<String> FILES = List.of(
            "00000000000000000001.index",
            "00000000000000000001.log",
            "00000000000000000008.index",
            "00000000000000000008.log",
            "00000000000000000009.snapshot",
            "00000000000000000015.log",
            "hardstate");

    private static List<LogEntry> entries() {
        List<LogEntry> entries = new ArrayList<>(Logs.entries(EntryId.NONE, 0, 2, 9, 60));
        LogEntry last = entries.get(8);
        entries.addAll(Logs.entries(last.id(), last.nextOffset(), 3, 7, 60));
        return entries;
    }

    private static Snapshot snapshot() {
        LogEntry last = entries().get(8);
        return new Snapshot(
                last.id(), last.nextOffset(), Payload.utf8("state of the machine"), Payload.utf8("members 1, 2, 3"));
    }

    private static Map<String, byte[]> written() {
        SimulatedDisk disk = new SimulatedDisk(0);
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            store.putHardState(STATE);
            for (LogEntry entry : entries()) {
                store.append(List.of(entry));
                if (entry.index() % 2 == 0) {
                    store.force();
                }
            }
            store.saveSnapshot(snapshot());
        }
        Map<String, byte[]> files = new TreeMap<>();
        disk.list(DIRECTORY).forEach(name -> files.put(name, disk.contents(DIRECTORY.resolve(name))));
        return files;
    }

    private static byte[] fixture(String name) {
        try (InputStream resource = FormatFixtureTest.class.getResourceAsStream("/fixtures/version-2/" + name)) {
            return resource.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @DisplayName("are written byte for byte as they were")
    void areWrittenAsBefore() throws IOException {
        Map<String, byte[]> written = written();
        String rewrite = System.getProperty("fixtures.rewrite", "");
        if (!rewrite.isEmpty()) {
            for (Map.Entry<String, byte[]> file : written.entrySet()) {
                Files.write(Path.of(rewrite).resolve(file.getKey()), file.getValue());
            }
        }
        assertEquals(FILES, List.copyOf(written.keySet()));
        written.forEach((name, bytes) -> assertArrayEquals(fixture(name), bytes, name));
    }

    @Test
    @DisplayName("of version 2 are read")
    void areRead() {
        SimulatedDisk disk = new SimulatedDisk(0);
        FILES.forEach(name -> disk.plant(DIRECTORY.resolve(name), fixture(name)));
        try (LogStore store = Logs.open(disk, DIRECTORY, CONFIG)) {
            assertEquals(Optional.empty(), store.damage());
            assertEquals(STATE, store.recovered().hardState());
            assertEquals(entries(), store.read(1, Long.MAX_VALUE, Integer.MAX_VALUE));
            assertEquals(Optional.of(snapshot()), store.latestSnapshot());
            assertEquals(0, store.recoveryReport().rebuiltIndexes());
            assertTrue(store.segments().size() > 2);
        }
    }
}

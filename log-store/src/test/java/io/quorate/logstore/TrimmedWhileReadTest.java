/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.logstore.sim.SimulatedDisk.Operation;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A segment that is given up by one thread while another one reads it")
class TrimmedWhileReadTest {
    private static final Path DIRECTORY = Path.of("/data/groups/7");
    private static final LogStoreConfig CONFIG = new LogStoreConfig(8192, 2048, 256);
    private static final int COUNT = 120;

    private final SimulatedDisk disk = new SimulatedDisk(0);
    private final List<LogEntry> entries = Logs.entries(EntryId.NONE, 0, 1, COUNT, 400);
    private LogStore store;

    @BeforeEach
    void write() {
        LogStore written = Logs.open(disk, DIRECTORY, CONFIG);
        written.putHardState(new HardState(1, Optional.of(new NodeId(2))));
        written.append(entries);
        written.force();
        for (int index : new int[] {100, 101}) {
            LogEntry last = entries.get(index - 1);
            written.saveSnapshot(new Snapshot(last.id(), last.nextOffset(), Payload.utf8("state"), Payload.EMPTY));
        }
        written.close();
        store = Logs.open(disk, DIRECTORY, CONFIG);
    }

    private Path segment(int number) {
        return DIRECTORY.resolve(Segment.fileName(store.segments().get(number).baseIndex()));
    }

    /** Does something as soon as a file is opened, or read, and only once. */
    private void when(Operation operation, Path file, Runnable action) {
        boolean[] done = {false};
        disk.inject(operation, path -> {
            if (path.equals(file) && !done[0]) {
                done[0] = true;
                action.run();
            }
            return false;
        });
    }

    private void trim() {
        assertTrue(store.trimPrefix(50));
    }

    private int verifiedInOnePass() {
        Scrub scrub = store.newScrub();
        int verified = 0;
        for (ScrubStep step = scrub.step(1 << 20); !step.passDone(); step = scrub.step(1 << 20)) {
            verified += step.verified().isPresent() ? 1 : 0;
        }
        return verified;
    }

    @ParameterizedTest
    @EnumSource(names = {"OPEN", "READ"})
    @DisplayName("is passed over when the log is verified, and the others are verified")
    void verified(Operation operation) {
        int sealed = store.segments().size() - 1;
        when(operation, segment(0), this::trim);

        int verified = verifiedInOnePass();

        assertTrue(verified >= sealed - 1, verified + " of " + sealed);
        assertEquals(Optional.empty(), store.damage());
    }

    @Test
    @DisplayName("is not part of the log any more for who takes a digest of it")
    void digest() {
        when(Operation.OPEN, segment(0), this::trim);

        assertEquals(Optional.empty(), store.digest(1, 30, LogStore.DIGEST_OF_NOTHING, 1 << 20));
        assertTrue(store.digest(store.firstIndex(), 30).isPresent());
    }

    @Test
    @DisplayName("has no entries any more that could be set aside")
    void setAside() {
        long last = store.segments().get(0).lastIndex();
        when(Operation.OPEN, segment(0), this::trim);

        store.setAside(1, last);
        store.setAside(1, last);

        assertEquals(Optional.empty(), store.damage());
    }

    @Test
    @DisplayName("is not missed if what is found then is that it was damaged")
    void damagedOne() {
        disk.corrupt(segment(0), SegmentHeader.BYTES + 40, 1);
        when(Operation.READ, segment(0), this::trim);

        verifiedInOnePass();

        assertEquals(Optional.empty(), store.damage());
        assertTrue(store.trimPrefix(50), "the next one");
    }

    @Test
    @DisplayName("is kept if it is found to be damaged before it is trimmed")
    void foundInTime() {
        disk.corrupt(segment(0), SegmentHeader.BYTES + 40, 1);
        verifiedInOnePass();
        assertTrue(store.damage().isPresent());

        assertThrows(CorruptLogException.class, () -> store.trimPrefix(50));
        assertEquals(1, store.firstIndex());
    }

    @Test
    @DisplayName("is not missed if it is cut off, whatever is left of it")
    void cutOff() {
        int last = store.segments().size() - 2;
        long base = store.segments().get(last).baseIndex();
        disk.corrupt(segment(last), SegmentHeader.BYTES + 40, 1);
        when(Operation.READ, segment(last), () -> store.truncateSuffix(base));

        verifiedInOnePass();

        assertEquals(Optional.empty(), store.damage());
        assertFalse(store.segments().stream().anyMatch(segment -> segment.lastIndex() >= base));
        store.append(entries.subList((int) base - 1, COUNT));
        store.force();
        assertEquals(entries.subList((int) base - 1, COUNT), store.read(base, COUNT, Integer.MAX_VALUE));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.StorageException;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.logstore.sim.SimulatedDisk.Operation;
import io.quorate.node.api.EventKind;
import io.quorate.node.api.NodeEvent;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The files of the flight recorder")
class EventRingTest {
    private static final Path DATA = Path.of("/data");
    private static final Path FIRST_FILE = DATA.resolve("events/00000000000000000001.events");
    private static final int HEADER_BYTES = 16;

    private final SimulatedDisk disk = new SimulatedDisk(7);

    private EventRing open() {
        return EventRing.open(disk, DATA, EventRing.MIN_BYTES);
    }

    private List<NodeEvent> read() {
        List<NodeEvent> events = new ArrayList<>();
        EventRing.read(disk, DATA, events::add);
        return events;
    }

    private static NodeEvent event(long sequence) {
        return new NodeEvent(sequence, 1_000 + sequence, EventKind.VOTE_REFUSED, 5, 9, 2, "größer " + sequence);
    }

    private static List<NodeEvent> events(long from, long to) {
        return LongStream.rangeClosed(from, to).mapToObj(EventRingTest::event).toList();
    }

    @ParameterizedTest
    @EnumSource(EventKind.class)
    @DisplayName("give back every kind of event as it was written")
    void roundTrip(EventKind kind) {
        NodeEvent node = new NodeEvent(1, 2, kind, NodeEvent.NO_GROUP, 0, 0, "");
        NodeEvent group = new NodeEvent(2, Long.MAX_VALUE, kind, 77, Long.MAX_VALUE, 3, "—".repeat(256));
        open().append(List.of(node, group));

        assertEquals(List.of(node, group), read());
    }

    @Test
    @DisplayName("never give the code of one kind to another")
    void codes() {
        Set<Short> codes = new HashSet<>();
        Arrays.stream(EventKind.values()).forEach(kind -> assertTrue(codes.add(kind.code()), kind::name));
    }

    @Test
    @DisplayName("go on, after a start, where the last process has ended")
    void resume() {
        EventRing before = open();
        before.append(events(1, 3));
        before.close();

        EventRing after = open();
        assertEquals(3, after.lastSequence());
        after.append(events(4, 5));

        assertEquals(events(1, 5), read());
        assertEquals(1, disk.list(DATA.resolve("events")).size());
    }

    @Test
    @DisplayName("keep within their size, whatever is written, and forget the oldest first")
    void bounded() {
        EventRing ring = open();
        for (long sequence = 1; sequence <= 5_000; sequence++) {
            ring.append(List.of(event(sequence)));
        }

        List<String> files = disk.list(DATA.resolve("events"));
        long bytes = files.stream()
                .mapToLong(name -> disk.contents(DATA.resolve("events").resolve(name)).length)
                .sum();
        assertTrue(bytes <= EventRing.MIN_BYTES, "has " + bytes);
        assertEquals(EventRing.FILES, files.size());
        List<NodeEvent> kept = read();
        assertTrue(kept.size() > 500, "keeps " + kept.size());
        assertEquals(events(5_001 - kept.size(), 5_000), kept);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 44, 50})
    @DisplayName("end, for readers and for the next process, before an event of which the end is missing")
    void tornTail(int missingBytes) {
        EventRing ring = open();
        ring.append(events(1, 3));
        ring.close();
        byte[] whole = disk.contents(FIRST_FILE);
        disk.plant(FIRST_FILE, Arrays.copyOf(whole, whole.length - missingBytes));

        assertEquals(events(1, 2), read());
        EventRing next = open();
        assertEquals(2, next.lastSequence());
        next.append(List.of(event(3), event(4)));
        assertEquals(events(1, 4), read());
    }

    @Test
    @DisplayName("give nothing of an event whose bytes have changed")
    void damage() {
        EventRing ring = open();
        ring.append(events(1, 3));
        int sizeOfFirst = EventFrame.encode(event(1)).remaining();
        disk.corrupt(FIRST_FILE, HEADER_BYTES + sizeOfFirst + 30, 1);

        assertEquals(events(1, 1), read());
    }

    @Test
    @DisplayName("are begun anew where not even the header was written")
    void newborn() {
        EventRing ring = open();
        ring.append(events(1, 1));
        ring.close();
        disk.plant(FIRST_FILE, new byte[0]);

        EventRing next = open();
        assertEquals(0, next.lastSequence());
        next.append(events(1, 1));
        assertEquals(events(1, 1), read());
    }

    @Test
    @DisplayName("skip events of a kind that only a later release knows")
    void laterRelease() {
        EventRing ring = open();
        ring.append(events(1, 1));
        ring.close();
        ByteBuffer unknown = EventFrame.encode(event(2));
        unknown.putShort(6, (short) 999);
        java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        crc.update(unknown.array(), 4, unknown.capacity() - 4);
        unknown.putInt(0, (int) crc.getValue());
        ByteBuffer third = EventFrame.encode(event(3));
        byte[] first = disk.contents(FIRST_FILE);
        byte[] all = Arrays.copyOf(first, first.length + unknown.capacity() + third.capacity());
        System.arraycopy(unknown.array(), 0, all, first.length, unknown.capacity());
        System.arraycopy(third.array(), 0, all, first.length + unknown.capacity(), third.capacity());
        disk.plant(FIRST_FILE, all);

        assertEquals(List.of(event(1), event(3)), read());
        assertEquals(3, open().lastSequence());
    }

    @Test
    @DisplayName("lose what the disk does not take, and go on when it takes something again")
    void failingDisk() {
        EventRing ring = open();
        ring.append(events(1, 1));
        disk.inject(Operation.WRITE, path -> true);
        assertThrows(StorageException.class, () -> ring.append(List.of(event(2))));

        disk.heal();
        ring.append(List.of(event(3)));

        assertEquals(List.of(event(1), event(3)), read());
    }

    @Test
    @DisplayName("cut a detail that is too long instead of refusing it")
    void longDetail() {
        NodeEvent cut = new NodeEvent(1, 1, EventKind.RAFT, 1, 1, 0, "x".repeat(300));

        assertEquals(256, cut.detail().length());
        assertTrue(cut.detail().endsWith("x…"), cut.detail());
    }
}

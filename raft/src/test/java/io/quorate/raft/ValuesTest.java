/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.raft.log.RecoveredLog;
import io.quorate.raft.log.SnapshotId;
import io.quorate.raft.log.TermStarts;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("Values")
class ValuesTest {
    @Test
    @DisplayName("a seed means the same on every JDK: SplitMix64, by its published first numbers")
    void prngIsPinned() {
        Prng prng = new Prng(1234567);
        assertEquals(6457827717110365317L, prng.nextLong());
        assertEquals(3203168211198807973L, prng.nextLong());
        assertEquals(Long.parseUnsignedLong("9817491932198370423"), prng.nextLong());
    }

    @Test
    @DisplayName("bounded numbers stay in their bounds, and a split generator goes its own way")
    void prngBounds() {
        Prng prng = new Prng(1);
        for (int i = 0; i < 1000; i++) {
            int number = prng.nextInt(7);
            assertTrue(number >= 0 && number < 7);
            double fraction = prng.nextDouble();
            assertTrue(fraction >= 0 && fraction < 1);
        }
        assertThrows(IllegalArgumentException.class, () -> prng.nextInt(0));
        Prng one = new Prng(5);
        Prng split = one.split();
        assertFalse(one.nextLong() == split.nextLong());
    }

    @ParameterizedTest(name = "election {0}, heartbeat {1}, append {2}, window {3} in {4}, uncommitted {5}, tail {6}")
    @DisplayName("limits that cannot work are refused")
    @CsvSource({
        "10, 0, 1, 1, 1, 1, 1",
        "3, 2, 1, 1, 1, 1, 1",
        "10, 2, 0, 1, 1, 1, 1",
        "10, 2, 1, 0, 1, 1, 1",
        "10, 2, 1, 1, 0, 1, 1",
        "10, 2, 1, 1, 1, 0, 1",
        "10, 2, 1, 1, 1, 1, -1"
    })
    void badConfig(int election, int heartbeat, int append, int bytes, int appends, int uncommitted, int tail) {
        assertThrows(
                IllegalArgumentException.class,
                () -> new RaftConfig(election, heartbeat, append, bytes, appends, uncommitted, tail));
    }

    @Test
    @DisplayName("a membership is sorted and free of doubles, and never empty")
    void membership() {
        Membership membership = new Membership(List.of(new NodeId(3), new NodeId(1), new NodeId(3), new NodeId(2)));
        assertEquals(List.of(new NodeId(1), new NodeId(2), new NodeId(3)), membership.voters());
        assertEquals(2, membership.quorum());
        assertFalse(membership.isVoter(new NodeId(4)));
        assertThrows(IllegalArgumentException.class, () -> new Membership(List.of()));
    }

    @ParameterizedTest(name = "{0} against {1}: {2}")
    @DisplayName("§5.4.1 logs are compared by last term, then by length")
    @CsvSource({"1, 1, 1, 1, true", "1, 2, 1, 1, true", "1, 1, 1, 2, false", "2, 1, 1, 9, true", "1, 9, 2, 1, false"})
    void upToDate(long term, long index, long otherTerm, long otherIndex, boolean expected) {
        assertEquals(expected, new EntryId(term, index).isAtLeastAsUpToDateAs(new EntryId(otherTerm, otherIndex)));
    }

    @ParameterizedTest
    @EnumSource(EntryType.class)
    @DisplayName("the code of an entry type means that type")
    void entryTypeCodes(EntryType type) {
        assertEquals(type, EntryType.ofCode(type.code()));
        assertThrows(IllegalArgumentException.class, () -> EntryType.ofCode(type.code() + 100));
    }

    @Test
    @DisplayName("impossible values cannot be made")
    void impossibleValues() {
        assertThrows(IllegalArgumentException.class, () -> new NodeId(0));
        assertThrows(IllegalArgumentException.class, () -> new EntryId(-1, 1));
        assertThrows(IllegalArgumentException.class, () -> new HardState(0, Optional.of(new NodeId(1))));
        EntryId id = new EntryId(1, 1);
        assertThrows(IllegalArgumentException.class, () -> new LogEntry(id, EntryType.RECORDS, 0, 0, 0, Payload.EMPTY));
        assertThrows(IllegalArgumentException.class, () -> new LogEntry(id, EntryType.COMMAND, 0, 1, 0, Payload.EMPTY));
        assertThrows(
                IllegalArgumentException.class, () -> new LogEntry(id, EntryType.COMMAND, -1, 0, 0, Payload.EMPTY));
        assertThrows(IndexOutOfBoundsException.class, () -> Payload.wrap(new byte[3], 2, 2));
    }

    @Test
    @DisplayName("payloads are compared by content, and do not show it")
    void payloads() {
        Payload payload = Payload.wrap(new byte[] {9, 1, 2, 9}, 1, 2);
        assertEquals(Payload.wrap(new byte[] {1, 2}), payload);
        assertEquals(Payload.wrap(new byte[] {1, 2}).hashCode(), payload.hashCode());
        assertFalse(payload.equals(Payload.wrap(new byte[] {1, 3})));
        assertEquals("2 bytes", payload.toString());
        assertEquals(2, payload.asReadOnlyBuffer().remaining());
    }

    @Test
    @DisplayName("bounds belong to what is possible")
    void bounds() {
        EntryId id = new EntryId(1, 1);
        assertEquals(0, new LogEntry(id, EntryType.COMMAND, 0, 0, 0, Payload.EMPTY).baseOffset());
        assertThrows(
                IllegalArgumentException.class, () -> new LogEntry(id, EntryType.RECORDS, 0, -1, 0, Payload.EMPTY));
        assertThrows(IllegalArgumentException.class, () -> new EntryId(1, -1));
        assertThrows(IllegalArgumentException.class, () -> new HardState(-1, Optional.empty()));
        assertEquals(0, new HardState(0, Optional.empty()).term());
        assertEquals(0, RecoveredLog.empty().nextOffset());
        TermStarts none = new TermStarts(EntryId.NONE);
        assertThrows(IllegalArgumentException.class, () -> new RecoveredLog(HardState.INITIAL, none, -1));
        assertThrows(IllegalArgumentException.class, () -> new SnapshotId(EntryId.NONE, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new SnapshotId(id, -1, 0));
        assertEquals(0, new SnapshotId(id, 0, 0).totalBytes());
        assertThrows(
                IllegalArgumentException.class, () -> new GroupSnapshot(EntryId.NONE, 0, Payload.EMPTY, Payload.EMPTY));
        assertThrows(IllegalArgumentException.class, () -> new GroupSnapshot(id, -1, Payload.EMPTY, Payload.EMPTY));
        assertEquals(0, new GroupSnapshot(id, 0, Payload.EMPTY, Payload.EMPTY).nextOffset());
        assertEquals(0, new RaftConfig(4, 2, 1, 1, 1, 1, 0).tailBytes());
        assertEquals(1, new RaftConfig(2, 1, 1, 1, 1, 1, 0).heartbeatTicks());
        assertThrows(IllegalArgumentException.class, () -> new RaftConfig(4, 2, 1, 1, 1, 1, 0).quiescingAfter(-1));
        assertEquals(2, new RaftConfig(4, 2, 1, 1, 1, 1, 0, 2, 5).leaseTicks());
        assertEquals(5, new RaftConfig(4, 2, 1, 1, 1, 1, 0).quiescingAfter(5).quiesceAfterTicks());
        assertEquals(2, new RaftConfig(4, 2, 1, 1, 1, 1, 0).withLeases(2).leaseTicks());
    }

    @Test
    @DisplayName("a payload is as much of its array as it says, for whoever reads or copies it")
    void views() {
        byte[] array = {9, 1, 2, 9};
        Payload payload = Payload.wrap(array, 1, 2);
        assertArrayEquals(new byte[] {1, 2}, payload.toByteArray());
        ByteBuffer target = ByteBuffer.allocate(4);
        payload.copyTo(target);
        assertEquals(2, target.position());
        assertArrayEquals(new byte[] {1, 2, 0, 0}, target.array());
        ByteBuffer view = payload.asReadOnlyBuffer();
        assertEquals(0x0102, view.getShort());
        assertTrue(view.isReadOnly());
        assertSame(array, payload.array());
        assertEquals(1, payload.arrayOffset());
        assertEquals(Payload.EMPTY, Payload.wrap(array, 4, 0));
        assertEquals(2, Payload.wrap(array, 2, 2).size());
        assertThrows(IndexOutOfBoundsException.class, () -> Payload.wrap(array, -1, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> Payload.wrap(array, 1, -1));
        assertNotEquals(Payload.utf8("ab").hashCode(), Payload.utf8("ba").hashCode());
        assertNotEquals(Payload.EMPTY.hashCode(), Payload.utf8("a").hashCode());
        assertNotEquals(payload, "12");
    }

    @Test
    @DisplayName("a persist is empty only if nothing of any kind is to be written; its size is that of its entries")
    void persists() {
        LogEntry entry = new LogEntry(new EntryId(1, 1), EntryType.COMMAND, 0, 0, 0, Payload.utf8("abc"));
        GroupSnapshot snapshot = new GroupSnapshot(new EntryId(1, 1), 0, Payload.EMPTY, Payload.EMPTY);
        HardState state = new HardState(1, Optional.empty());
        Persist nothing = new Persist(7, Optional.empty(), OptionalLong.empty(), List.of());
        assertTrue(nothing.isEmpty());
        assertEquals(0, nothing.sizeBytes());
        assertFalse(new Persist(7, Optional.of(state), OptionalLong.empty(), List.of()).isEmpty());
        assertFalse(new Persist(7, Optional.empty(), OptionalLong.of(1), List.of()).isEmpty());
        assertFalse(new Persist(7, Optional.empty(), Optional.of(snapshot), OptionalLong.empty(), List.of()).isEmpty());
        Persist two = new Persist(7, Optional.empty(), OptionalLong.empty(), List.of(entry, entry));
        assertFalse(two.isEmpty());
        assertEquals(2 * (3 + LogEntry.OVERHEAD_BYTES), two.sizeBytes());
    }

    @Test
    @DisplayName("fractions spread over the whole of their range")
    void fractions() {
        Prng prng = new Prng(3);
        int[] tenths = new int[10];
        for (int i = 0; i < 1000; i++) {
            tenths[(int) (prng.nextDouble() * 10)]++;
        }
        for (int count : tenths) {
            assertTrue(count > 50, () -> Arrays.toString(tenths));
        }
    }

    @Test
    @DisplayName("a snapshot's checksum is CRC-32C, by its published check value, of no more than the payload")
    void checksums() {
        assertEquals(0xE3069283, SnapshotId.checksumOf(Payload.utf8("123456789")));
        byte[] within = "x123456789y".getBytes(StandardCharsets.US_ASCII);
        assertEquals(0xE3069283, SnapshotId.checksumOf(Payload.wrap(within, 1, 9)));
    }
}

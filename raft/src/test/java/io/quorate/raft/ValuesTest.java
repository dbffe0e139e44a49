/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.util.List;
import java.util.Optional;
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
}

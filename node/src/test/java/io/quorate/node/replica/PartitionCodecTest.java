/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.Payload;
import io.quorate.wire.BatchHeader;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A partition's commands and state as bytes")
class PartitionCodecTest {
    private static BatchHeader batch(long producer, int epoch, long sequence, int count) {
        return new BatchHeader(100, 0, count, producer, epoch, sequence, 0, 0);
    }

    private static ProducerTable table() {
        ProducerTable table = new ProducerTable();
        table.append(batch(-5, 2, 0, 10), 100);
        table.append(batch(7, 0, 0, 1), 110);
        table.append(batch(-5, 2, 10, 5), 111);
        return table;
    }

    private static byte[] bytes(Payload payload) {
        return Arrays.copyOfRange(payload.array(), payload.arrayOffset(), payload.arrayOffset() + payload.size());
    }

    @Test
    @DisplayName("a trim is read back as it was written")
    void trim() {
        Trim trim = new Trim(1L << 40, 77);

        assertEquals(trim, PartitionCodec.decodeTrim(PartitionCodec.encode(trim)));
    }

    @Test
    @DisplayName("a state is read back with every producer, its ranges, and the order in which they will be forgotten")
    void state() {
        Payload written = PartitionCodec.encode(new Trim(12, 3), table().view());
        ProducerTable read = new ProducerTable();

        assertEquals(new Trim(12, 3), PartitionCodec.decodeState(written, read));

        assertEquals(2, read.size());
        assertEquals(new ProducerVerdict.Duplicate(113), read.check(batch(-5, 2, 12, 3)));
        assertEquals(ProducerVerdict.New.INSTANCE, read.check(batch(7, 0, 1, 1)));
        assertEquals(written, PartitionCodec.encode(new Trim(12, 3), read.view()));
    }

    @Test
    @DisplayName("a command of another version, kind or length stops the replica")
    void unknownCommands() {
        byte[] good = bytes(PartitionCodec.encode(new Trim(1, 1)));
        for (int at = 0; at < 2; at++) {
            byte[] other = good.clone();
            other[at]++;
            assertThrows(IllegalArgumentException.class, () -> PartitionCodec.decodeTrim(Payload.wrap(other)));
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> PartitionCodec.decodeTrim(Payload.wrap(Arrays.copyOf(good, good.length + 1))));
        assertThrows(IllegalArgumentException.class, () -> PartitionCodec.decodeTrim(Payload.EMPTY));
    }

    @Test
    @DisplayName("a state that is cut off, too long or of a hostile size is refused without much ado")
    void badStates() {
        byte[] good = bytes(PartitionCodec.encode(new Trim(1, 1), table().view()));
        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> PartitionCodec.decodeState(Payload.wrap(cut), new ProducerTable()));
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> PartitionCodec.decodeState(
                        Payload.wrap(Arrays.copyOf(good, good.length + 1)), new ProducerTable()));
        for (int at = 0; at < good.length; at++) {
            byte[] bent = good.clone();
            bent[at] = (byte) 0xff;
            try {
                PartitionCodec.decodeState(Payload.wrap(bent), new ProducerTable());
            } catch (IllegalArgumentException refused) {
                assertTrue(refused.getMessage().length() > 0);
            }
        }
    }
}

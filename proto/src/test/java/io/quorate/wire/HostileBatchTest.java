/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A sender that knows the format can sum any nonsense correctly, so the checksum protects from nothing here. */
@DisplayName("A batch with a right checksum over wrong bytes")
class HostileBatchTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            no records                    | 12 | 00000000
            a negative number of records  | 12 | ffffffff
            more records than could fit   | 12 | 00000003
            a negative epoch              | 24 | ffffffff
            a reserved field in use       | 28 | 00000001
            a negative sequence           | 32 | ffffffffffffffff
            a sequence that overflows     | 32 | 7fffffffffffffff
            a negative timestamp          | 40 | ffffffffffffffff
            a latest before the first     | 48 | 0000000000000001
            """)
    @DisplayName("is refused by its header:")
    void header(String name, int at, String hex) {
        byte[] batch = batch("0500000001" + "00" + "0600000002" + "6100");
        byte[] field = HexFormat.of().parseHex(hex);
        System.arraycopy(field, 0, batch, at, field.length);

        assertThrows(InvalidBatchException.class, () -> BatchHeader.verify(seal(batch), 0, batch.length));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            a body longer than the batch            | 7f 00 00 00 00 00
            a body of 4 GiB                         | ff ff ff ff 0f 00 00 00 00
            an endless varint                       | ff ff ff ff ff ff ff ff ff ff
            a padded varint                         | 86 00 00 00 00 00 00
            an empty body                           | 00 00 00 00 00 00
            unknown attributes                      | 05 01 00 00 00 00
            a timestamp beyond the latest           | 05 00 02 00 00 00
            a timestamp below 0                     | 06 00 ff 7f 00 00 00
            a timestamp that overflows              | 0e 00 fe ff ff ff ff ff ff ff ff 01 00 00 00
            a timestamp of more than 64 bits        | 0e 00 ff ff ff ff ff ff ff ff ff 02 00 00 00
            a key longer than the body              | 05 00 00 05 00 00
            a key of 2 GiB                          | 09 00 00 ff ff ff ff 0f 00 00
            a value longer than the body            | 05 00 00 00 02 00
            a value of 4 GiB                        | 09 00 00 00 ff ff ff ff 0f 00
            a header that is not there              | 05 00 00 00 00 01
            4 billion headers                       | 09 00 00 00 00 ff ff ff ff 0f
            a header name longer than the body      | 06 00 00 00 00 01 05
            a header value longer than the body     | 07 00 00 00 00 01 00 05
            bytes behind the last header            | 07 00 00 00 00 00 00 00
            bytes behind the last record            | 05 00 00 00 00 00 00
            a second record that is not counted     | 05 00 00 00 00 00 05 00 00 00 00 00
            """)
    @DisplayName("is refused when its records are read:")
    void records(String name, String hex) throws InvalidBatchException {
        byte[] batch = batch(hex.replace(" ", ""));

        RecordCursor cursor = RecordBatch.of(batch, 0, batch.length).cursor();

        InvalidBatchException refusal = assertThrows(InvalidBatchException.class, () -> readAll(cursor));
        assertNotNull(refusal.getMessage());
    }

    @Test
    @DisplayName("is refused when it has fewer records than it says")
    void tooFewRecords() throws InvalidBatchException {
        byte[] batch = batch("0500000000000500000000" + "00");
        ByteBuffer.wrap(batch).putInt(12, 2);
        seal(batch);
        assertEquals(2, readAll(RecordBatch.of(batch, 0, batch.length).cursor()));

        byte[] one = batch("0b000000076162636465666700");
        ByteBuffer.wrap(one).putInt(12, 2);
        seal(one);
        RecordCursor cursor = RecordBatch.of(one, 0, one.length).cursor();
        assertThrows(InvalidBatchException.class, () -> readAll(cursor));
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16})
    @DisplayName("never breaks out of its bytes, whatever they are")
    void fuzz(long seed) {
        Random random = new Random(seed);
        int refused = 0;
        for (int round = 0; round < 20_000; round++) {
            RecordBatchBuilder builder = new RecordBatchBuilder(0);
            int count = 1 + random.nextInt(4);
            for (int i = 0; i < count; i++) {
                builder.append(
                        i, random.nextBoolean() ? null : new byte[random.nextInt(5)], new byte[random.nextInt(9)]);
            }
            byte[] batch = builder.build(1, 0, 0);
            int damages = 1 + random.nextInt(4);
            for (int i = 0; i < damages; i++) {
                batch[BatchHeader.BYTES + random.nextInt(batch.length - BatchHeader.BYTES)] = (byte) random.nextInt();
            }
            seal(batch);
            try {
                readAll(RecordBatch.of(batch, 0, batch.length).cursor());
            } catch (InvalidBatchException e) {
                refused++;
            }
        }
        assertTrue(refused > 1_000, refused + " refused");
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22})
    @DisplayName("of random bytes is refused")
    void noise(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 20_000; round++) {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            assertThrows(InvalidBatchException.class, () -> BatchHeader.verify(noise, 0, noise.length));
        }
    }

    private static int readAll(RecordCursor cursor) throws InvalidBatchException {
        int records = 0;
        while (cursor.next()) {
            records++;
            cursor.key();
            cursor.value();
            cursor.headers();
        }
        return records;
    }

    /** One record, base timestamp 2, latest timestamp 2. */
    private static byte[] batch(String recordsHex) {
        byte[] records = HexFormat.of().parseHex(recordsHex);
        ByteBuffer batch = ByteBuffer.allocate(BatchHeader.BYTES + records.length);
        batch.putInt(0, batch.capacity()).put(4, BatchHeader.VERSION).putInt(12, 1);
        batch.putLong(40, 2).putLong(48, 2);
        batch.position(BatchHeader.BYTES);
        batch.put(records);
        return seal(batch.array());
    }

    private static byte[] seal(byte[] batch) {
        CRC32C crc = new CRC32C();
        crc.update(batch, 12, batch.length - 12);
        ByteBuffer.wrap(batch).putInt(8, (int) crc.getValue());
        return batch;
    }
}

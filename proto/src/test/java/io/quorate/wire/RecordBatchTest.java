/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A record batch")
class RecordBatchTest {
    /** The format as it was first released. A change here is a new version of the format, never an edit. */
    private static final String GOLDEN = "00000064" + "01" + "00" + "0000" // size, version, attributes, reserved
            + "11cce4f2" // checksum
            + "00000003" // records
            + "0123456789abcdef" + "00000002" + "00000000" // producer id, epoch, reserved
            + "0000000000000064" // base sequence
            + "0000018bcfe56800" + "0000018bcfe56fd0" // base and latest timestamp
            + "0a" + "00" + "00" + "02" + "6b" + "04" + "61c3a962" + "00" // key "k", value "aéb"
            + "1a" + "00" + "a01f" + "00" + "05" + "68656c6c6f" + "02" // no key, "hello", + 2000 ms, two headers
            + "01" + "78" + "03" + "010203" + "07" + "747261636565" + "64" + "00"
            + "05" + "00" + "01" + "01" + "00" + "00"; // empty key, empty value, - 1 ms

    private static byte[] golden() {
        RecordBatchBuilder builder = new RecordBatchBuilder(0);
        builder.append(1_700_000_000_000L, bytes("k"), bytes("aéb"));
        builder.append(
                1_700_000_002_000L,
                null,
                bytes("hello"),
                List.of(new RecordHeader("x", new byte[] {1, 2, 3}), new RecordHeader("traceed", new byte[0])));
        builder.append(1_699_999_999_999L, new byte[0], new byte[0]);
        return builder.build(0x0123456789abcdefL, 2, 100);
    }

    @Test
    @DisplayName("has the bytes that the format document shows")
    void goldenBytes() {
        assertEquals(GOLDEN, HexFormat.of().formatHex(golden()));
    }

    @Test
    @DisplayName("is read back as it was written, wherever it lies in an array")
    void roundTrip() throws InvalidBatchException {
        byte[] batch = golden();
        byte[] larger = new byte[batch.length + 20];
        System.arraycopy(batch, 0, larger, 7, batch.length);

        RecordBatch read = RecordBatch.of(larger, 7, batch.length);

        assertEquals(
                new BatchHeader(
                        batch.length, 0, 3, 0x0123456789abcdefL, 2, 100, 1_700_000_000_000L, 1_700_000_002_000L),
                read.header());
        RecordCursor cursor = read.cursor();
        assertTrue(cursor.next());
        assertEquals("0 1700000000000 k=aéb []", show(cursor));
        assertTrue(cursor.next());
        assertEquals("1 1700000002000 hello [x=010203, traceed=]", show(cursor));
        assertTrue(cursor.next());
        assertEquals("2 1699999999999 = []", show(cursor));
        assertFalse(cursor.next());
    }

    @Test
    @DisplayName("is the same whether its bytes are copied or viewed")
    void viewEqualsCopy() {
        RecordBatchBuilder builder = new RecordBatchBuilder(10_000);
        builder.append(5, null, bytes("value"));
        RecordBatchBuilder same = new RecordBatchBuilder(0);
        same.append(5, null, bytes("value"));

        assertArrayEquals(builder.build(7, 0, 1), same.buildView(7, 0, 1).toByteArray());
    }

    @Test
    @DisplayName("can be numbered anew; what was given out before keeps its bytes")
    void rebuild() {
        RecordBatchBuilder builder = new RecordBatchBuilder(0);
        assertThrows(IllegalStateException.class, () -> builder.rebuildView(1, 0, 0));
        builder.append(5, null, bytes("value"));
        ByteString first = builder.buildView(7, 0, 1);
        byte[] before = first.toByteArray();
        RecordBatchBuilder same = new RecordBatchBuilder(0);
        same.append(5, null, bytes("value"));

        ByteString second = builder.rebuildView(8, 1, 0);

        assertArrayEquals(before, first.toByteArray());
        assertArrayEquals(same.build(8, 1, 0), second.toByteArray());
    }

    @Test
    @DisplayName("of one record has the size that is foretold")
    void sizeOfOne() {
        for (int length : new int[] {0, 1, 110, 119, 120, 127, 128, 16_370, 16_384, 20_000}) {
            List<RecordHeader> headers = List.of(new RecordHeader("näme", new byte[length]));
            RecordBatchBuilder builder = new RecordBatchBuilder(0);
            builder.append(5, new byte[3], new byte[length], headers);
            assertEquals(builder.sizeBytes(), RecordBatchBuilder.batchBytes(new byte[3], new byte[length], headers));
        }
    }

    @Test
    @DisplayName("with any single bit flipped is refused")
    void everyFlippedBitIsFound() {
        byte[] batch = golden();
        for (int bit = 0; bit < batch.length * 8; bit++) {
            byte[] damaged = batch.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            assertThrows(
                    InvalidBatchException.class,
                    () -> BatchHeader.verify(damaged, 0, damaged.length),
                    "flip of bit " + bit);
        }
    }

    @Test
    @DisplayName("that is cut short or has bytes behind it is refused")
    void everyOtherLengthIsRefused() {
        byte[] batch = golden();
        byte[] longer = Arrays.copyOf(batch, batch.length + 8);
        for (int size = 0; size <= longer.length; size++) {
            int length = size;
            if (length != batch.length) {
                assertThrows(InvalidBatchException.class, () -> BatchHeader.verify(longer, 0, length), "size " + size);
            }
        }
    }

    @Test
    @DisplayName("outside its array is a bug of the caller, not of the batch")
    void rangeOutsideArray() {
        byte[] batch = golden();
        assertThrows(IndexOutOfBoundsException.class, () -> BatchHeader.verify(batch, 1, batch.length));
        assertThrows(IndexOutOfBoundsException.class, () -> BatchHeader.verify(batch, -1, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> BatchHeader.verify(batch, 0, -1));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    @DisplayName("of random records is read back record by record, and never larger than was estimated")
    void randomRoundTrips(long seed) throws InvalidBatchException {
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            RecordBatchBuilder builder = new RecordBatchBuilder(random.nextInt(200));
            List<String> written = new ArrayList<>();
            int count = 1 + random.nextInt(40);
            for (int i = 0; i < count; i++) {
                long timestamp = random.nextInt(5) == 0 ? random.nextLong() >>> 1 : 1_700_000_000_000L + i;
                byte[] key = random.nextBoolean() ? null : randomBytes(random, 300);
                byte[] value = randomBytes(random, 1000);
                List<RecordHeader> headers =
                        Collections.nCopies(random.nextInt(3), new RecordHeader("ключ" + i, randomBytes(random, 20)));
                int before = builder.sizeBytes();
                builder.append(timestamp, key, value, headers);
                assertTrue(builder.sizeBytes() - before
                        <= RecordBatchBuilder.maxRecordBytes(key == null ? -1 : key.length, value.length, headers));
                written.add(i + " " + timestamp + " " + (key == null ? "" : text(key) + "=") + text(value) + " "
                        + show(headers));
            }

            byte[] batch = builder.build(random.nextLong(), 0, random.nextInt(1000));

            List<String> read = new ArrayList<>();
            RecordCursor cursor = RecordBatch.of(batch, 0, batch.length).cursor();
            while (cursor.next()) {
                read.add(show(cursor));
            }
            assertEquals(written, read);
        }
    }

    @Test
    @DisplayName("refuses what the format cannot hold, and is then as before")
    void limits() {
        RecordBatchBuilder builder = new RecordBatchBuilder(0);
        builder.append(0, null, bytes("a"));
        int size = builder.sizeBytes();

        List<RecordHeader> tooMany =
                Collections.nCopies(RecordBatch.MAX_HEADERS + 1, new RecordHeader("h", new byte[0]));
        byte[] tooLarge = new byte[RecordBatch.MAX_BYTES - size];
        assertThrows(IllegalArgumentException.class, () -> builder.append(0, null, bytes("b"), tooMany));
        assertThrows(IllegalArgumentException.class, () -> builder.append(0, null, tooLarge));
        assertThrows(IllegalArgumentException.class, () -> builder.append(-1, null, bytes("b")));

        assertEquals(size, builder.sizeBytes());
        assertEquals(1, builder.recordCount());
    }

    @Test
    @DisplayName("needs a record, and is built once")
    void lifecycle() {
        RecordBatchBuilder builder = new RecordBatchBuilder(0);
        assertThrows(IllegalStateException.class, () -> builder.build(1, 0, 0));
        builder.append(0, null, bytes("a"));
        assertThrows(IllegalArgumentException.class, () -> builder.build(1, -1, 0));
        assertThrows(IllegalArgumentException.class, () -> builder.build(1, 0, -1));
        builder.build(1, 0, 0);
        assertThrows(IllegalStateException.class, () -> builder.build(1, 0, 0));
        assertThrows(IllegalStateException.class, () -> builder.append(0, null, bytes("b")));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static byte[] randomBytes(Random random, int bound) {
        byte[] bytes = new byte[random.nextInt(bound)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ('a' + random.nextInt(26));
        }
        return bytes;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, UTF_8);
    }

    private static String show(RecordCursor cursor) {
        return cursor.index() + " " + cursor.timestamp() + " " + (cursor.hasKey() ? text(cursor.key()) + "=" : "")
                + text(cursor.value()) + " " + show(cursor.headers());
    }

    private static String show(List<RecordHeader> headers) {
        List<String> shown = new ArrayList<>();
        for (RecordHeader header : headers) {
            shown.add(header.name() + "=" + HexFormat.of().formatHex(header.value()));
        }
        return shown.toString();
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.wire;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Lets a coverage-guided fuzzer send batches: as they are, and with size and checksum made right. */
public final class RecordBatchFuzzer {
    private static final int CHECKSUM_AT = 8;

    private RecordBatchFuzzer() {}

    /** What the fuzzer calls. */
    public static void fuzzerTestOneInput(byte[] input) {
        read(input);
        if (input.length >= BatchHeader.BYTES) {
            read(seal(input.clone()));
        }
    }

    private static byte[] seal(byte[] batch) {
        CRC32C crc = new CRC32C();
        crc.update(batch, CHECKSUM_AT + 4, batch.length - CHECKSUM_AT - 4);
        ByteBuffer.wrap(batch).putInt(CHECKSUM_AT, (int) crc.getValue());
        return batch;
    }

    private static void read(byte[] batch) {
        try {
            RecordBatch found = RecordBatch.of(batch, 0, batch.length);
            RecordCursor cursor = found.cursor();
            int records = 0;
            while (cursor.next()) {
                records++;
                cursor.key();
                cursor.value();
                cursor.headers();
            }
            if (records != found.header().recordCount()) {
                throw new AssertionError(records + " records, not what the header says");
            }
        } catch (InvalidBatchException refused) {
            return;
        }
    }
}

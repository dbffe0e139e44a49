/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.client.ReceivedRecord;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Verification of a run")
class VerificationTest {
    private final BenchRecord form = new BenchRecord(42, 100);
    private final AckBook book = new AckBook();
    private final Verification verification = new Verification(form, book);

    @Test
    @DisplayName("finds nothing wrong when everything acknowledged is where it was acknowledged to be")
    void clean() {
        acked(0, 0, 10);
        acked(1, 1, 20);
        acked(2, 0, 11);
        read(0, 10, 0);
        read(0, 11, 2);
        read(1, 20, 1);
        assertEquals(new Verification.Result(3, 0, 0, 0, 0, 0, 0), verification.result());
        assertTrue(verification.result().isClean());
    }

    @Test
    @DisplayName("counts what was acknowledged and is not there as lost")
    void lost() {
        acked(0, 0, 0);
        acked(1, 0, 1);
        read(0, 0, 0);
        assertEquals(1, verification.result().lost());
        assertFalse(verification.result().isClean());
    }

    @Test
    @DisplayName("counts every further occurrence as duplicated")
    void duplicated() {
        acked(0, 0, 0);
        read(0, 0, 0);
        read(0, 1, 0);
        read(0, 2, 0);
        assertEquals(2, verification.result().duplicated());
    }

    @Test
    @DisplayName("counts a record behind a later one of its partition as reordered; partitions are independent")
    void reordered() {
        acked(0, 0, 1);
        acked(1, 0, 0);
        acked(2, 1, 0);
        read(0, 0, 1);
        read(0, 1, 0);
        read(1, 0, 2);
        assertEquals(new Verification.Result(3, 0, 0, 1, 0, 0, 0), verification.result());
    }

    @Test
    @DisplayName("counts a record at another offset or partition as moved")
    void moved() {
        acked(0, 0, 0);
        acked(1, 0, 1);
        read(0, 5, 0);
        read(1, 1, 1);
        assertEquals(2, verification.result().moved());
    }

    @Test
    @DisplayName("counts other bytes than were sent as corrupted")
    void corrupted() {
        acked(0, 0, 0);
        byte[] value = form.encode(0);
        value[99] ^= 1;
        verification.onRecord(record(0, 0, value));
        assertEquals(1, verification.result().corrupted());
    }

    @Test
    @DisplayName("takes a record without acknowledgement as no fault: the acknowledgement may have been lost")
    void unacknowledged() {
        acked(1, 0, 1);
        read(0, 0, 0);
        read(0, 1, 1);
        assertEquals(new Verification.Result(2, 0, 0, 0, 0, 0, 1), verification.result());
        assertTrue(verification.result().isClean());
    }

    @Test
    @DisplayName("leaves out the records of others")
    void others() {
        verification.onRecord(record(0, 0, new byte[3]));
        verification.onRecord(record(0, 1, new BenchRecord(43, 100).encode(0)));
        assertEquals(0, verification.result().read());
    }

    @Test
    @DisplayName("keeps book of more records than fit one page")
    void manyRecords() {
        acked(200_000, 3, 999);
        assertEquals(999, book.offset(200_000));
        assertEquals(3, book.partition(200_000));
        assertEquals(AckBook.NOT_ACKNOWLEDGED, book.offset(199_999));
        assertEquals(AckBook.NOT_ACKNOWLEDGED, book.offset(200_001));
        assertEquals(200_001, book.size());
    }

    private void acked(long sequence, int partition, long offset) {
        book.put(sequence, partition, offset);
    }

    private void read(int partition, long offset, long sequence) {
        verification.onRecord(record(partition, offset, form.encode(sequence)));
    }

    private static ReceivedRecord record(int partition, long offset, byte[] value) {
        return new ReceivedRecord(partition, offset, 1, 0, Optional.empty(), value, List.of());
    }
}

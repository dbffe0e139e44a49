/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.cli.output.Json;
import io.quorate.client.AppendResult;
import io.quorate.client.QuorateException;
import io.quorate.client.QuorateException.Outcome;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The summary of an append")
class AckLedgerTest {
    private static final long MS = 1_000_000;

    private final AtomicLong now = new AtomicLong(77 * MS);
    private final AckLedger ledger = new AckLedger("demo", now::get);

    @Test
    @DisplayName("of one record says where it is and how long it took")
    void oneRecord() {
        ack(3, 1, 0, 1);
        assertEquals(List.of("acknowledged 1 record in 3.0 ms", "demo/1 @0  generation 1"), ledger.summary());
    }

    @Test
    @DisplayName("of many says how fast, the longest pause, and the offsets of each partition")
    void manyRecords() {
        ack(10, 0, 5, 1);
        ack(10, 0, 6, 1);
        ack(480, 2, 9, 3);
        assertEquals(
                List.of(
                        "acknowledged 3 records in 500 ms · 6 records/s · longest pause between acknowledgements 480 ms",
                        "demo/0 @5..6  generation 1",
                        "demo/2 @9  generation 3"),
                ledger.summary());
    }

    @Test
    @DisplayName("says when records of others lie between one's own")
    void othersBetween() {
        ack(1, 0, 5, 1);
        ack(1, 0, 9, 1);
        assertEquals(
                "demo/0 @5..9  generation 1  (2 records, others between them)",
                ledger.summary().get(1));
    }

    @Test
    @DisplayName("tells records that are surely not in the log from those that may be, unanswered ones included")
    void failures() {
        ack(1, 0, 0, 1);
        fail(Outcome.NOT_APPLIED);
        fail(Outcome.UNKNOWN);
        ledger.onSend();
        assertEquals(
                List.of(
                        "acknowledged 1 record in 1.0 ms",
                        "not acknowledged 3: surely not in the log 1, unknown 2",
                        "demo/0 @0  generation 1"),
                ledger.summary());
    }

    @Test
    @DisplayName("as JSON has these fields")
    void json() {
        ack(10, 0, 5, 1);
        ack(40, 0, 6, 2);
        fail(Outcome.UNKNOWN);
        assertEquals(
                "{\"topic\":\"demo\",\"sent\":3,\"acknowledged\":2,\"notApplied\":0,\"unknown\":1,\"elapsedMs\":50.0,"
                        + "\"recordsPerSecond\":40,\"longestPauseMs\":40.0,\"partitions\":[{\"partition\":0,"
                        + "\"records\":2,\"firstOffset\":5,\"lastOffset\":6,\"generation\":2}]}",
                Json.write(ledger.json()));
    }

    private void ack(long afterMillis, int partition, long offset, long generation) {
        ledger.onSend();
        now.addAndGet(afterMillis * MS);
        ledger.onCompletion(new AppendResult(partition, offset, generation), null);
    }

    private void fail(Outcome outcome) {
        ledger.onSend();
        ledger.onCompletion(null, new QuorateException("NO_LEADER", "nobody leads", true, outcome, null));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import io.quorate.client.ReceivedRecord;
import java.util.BitSet;

/**
 * Compares what was read back with what was acknowledged. Partitions one after the other, each in offset order. A record
 * that was read without having been acknowledged is no fault: its acknowledgement may have been lost.
 */
final class Verification {
    private static final int NO_PARTITION = -1;

    private final BenchRecord form;
    private final AckBook acknowledged;
    private final BitSet seen = new BitSet();
    private int partition = NO_PARTITION;
    private long highestSequence;
    private long read;
    private long duplicated;
    private long reordered;
    private long moved;
    private long corrupted;
    private long unacknowledged;

    /**
     * @param read           records of this run
     * @param lost           acknowledged, and not there
     * @param duplicated     there more than once
     * @param reordered      behind one that was sent after them to the same partition
     * @param moved          acknowledged at another offset or partition than they are at
     * @param corrupted      with other bytes than were sent
     * @param unacknowledged there, though their acknowledgement never came
     */
    record Result(
            long read, long lost, long duplicated, long reordered, long moved, long corrupted, long unacknowledged) {
        boolean isClean() {
            return lost == 0 && duplicated == 0 && reordered == 0 && moved == 0 && corrupted == 0;
        }
    }

    Verification(BenchRecord form, AckBook acknowledged) {
        this.form = form;
        this.acknowledged = acknowledged;
    }

    void onRecord(ReceivedRecord record) {
        if (!form.isOfThisRun(record.value())) {
            return;
        }
        if (record.partition() != partition) {
            partition = record.partition();
            highestSequence = -1;
        }
        read++;
        if (!form.isIntact(record.value())) {
            corrupted++;
        }
        long sequence = form.sequence(record.value());
        if (sequence < 0 || sequence > Integer.MAX_VALUE) {
            return; // damaged, and counted as that
        }
        if (seen.get((int) sequence)) {
            duplicated++;
            return;
        }
        seen.set((int) sequence);
        if (sequence < highestSequence) {
            reordered++;
        }
        highestSequence = Math.max(highestSequence, sequence);
        long offset = acknowledged.offset(sequence);
        if (offset == AckBook.NOT_ACKNOWLEDGED) {
            unacknowledged++;
        } else if (offset != record.offset() || acknowledged.partition(sequence) != record.partition()) {
            moved++;
        }
    }

    Result result() {
        long lost = 0;
        for (long sequence = 0; sequence < acknowledged.size(); sequence++) {
            if (acknowledged.offset(sequence) != AckBook.NOT_ACKNOWLEDGED && !seen.get((int) sequence)) {
                lost++;
            }
        }
        return new Result(read, lost, duplicated, reordered, moved, corrupted, unacknowledged);
    }
}

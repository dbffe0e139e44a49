/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.check;

import static io.quorate.sim.check.Violation.require;

import io.quorate.raft.log.LogEntry;
import java.util.List;

/** One reader of one partition: what it is given must be the committed batches in order, none left out. */
public final class ReadChecker {
    private final GroupOracle oracle;
    private final String reader;
    private long position;

    /** @param position the offset that the reader asked for */
    public ReadChecker(GroupOracle oracle, String reader, long position) {
        this.oracle = oracle;
        this.reader = reader;
        this.position = position;
    }

    /** The reader is told that the log begins behind its position, and goes on there. */
    public void onTrimmed(long lowWatermark) {
        require(
                lowWatermark > position && lowWatermark <= oracle.nextOffset(),
                Invariant.READS_ARE_COMMITTED_PREFIX,
                "%s of group %d was refused at offset %d because %d is the first that is kept; committed is up to %d",
                reader,
                oracle.groupId(),
                position,
                lowWatermark,
                oracle.nextOffset());
        position = lowWatermark;
    }

    /** The offset of the next record. */
    public long position() {
        return position;
    }

    public void onEntries(List<LogEntry> entries) {
        for (LogEntry entry : entries) {
            int at = oracle.recordsPosition(entry.baseOffset());
            require(
                    at >= 0 && oracle.records().get(at).equals(entry),
                    Invariant.READS_ARE_COMMITTED_PREFIX,
                    "%s of group %d was given %s, but committed is %s",
                    reader,
                    oracle.groupId(),
                    entry,
                    at >= 0 ? oracle.records().get(at) : "nothing at that offset");
            require(
                    entry.baseOffset() <= position && entry.nextOffset() > position,
                    Invariant.READS_ARE_COMMITTED_PREFIX,
                    "%s of group %d expected offset %d and was given %s",
                    reader,
                    oracle.groupId(),
                    position,
                    entry);
            position = entry.nextOffset();
        }
    }

    /** The reader is told where the log ends. */
    public void onHighWatermark(long highWatermark) {
        require(
                highWatermark <= oracle.nextOffset(),
                Invariant.READS_ARE_COMMITTED_PREFIX,
                "%s of group %d was told of a high-water mark of %d, but committed is up to %d",
                reader,
                oracle.groupId(),
                highWatermark,
                oracle.nextOffset());
    }

    /**
     * The reader asked when everything up to {@code acknowledged} had been acknowledged, and is told that the log ends at
     * {@code highWatermark}.
     */
    public void onLinearizableEnd(long highWatermark, long acknowledged) {
        onHighWatermark(highWatermark);
        require(
                highWatermark >= acknowledged,
                Invariant.READS_SEE_ACKNOWLEDGED,
                "%s of group %d asked when everything up to offset %d was acknowledged, and was told that the log ends at %d",
                reader,
                oracle.groupId(),
                acknowledged,
                highWatermark);
    }
}

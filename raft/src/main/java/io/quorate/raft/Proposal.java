/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.Payload;

/**
 * What a client of the group wants in its log. The core gives it an id and a base offset.
 *
 * @param type            RECORDS or COMMAND
 * @param recordCount     offsets it takes: positive for RECORDS, else 0
 * @param timestampMillis the leader's wall clock, ms since 1970
 * @param payload         the bytes
 */
public record Proposal(EntryType type, int recordCount, long timestampMillis, Payload payload) {
    public Proposal {
        if (type != EntryType.RECORDS && type != EntryType.COMMAND) {
            throw new IllegalArgumentException("only RECORDS and COMMAND are proposed, was " + type);
        }
        if ((type == EntryType.RECORDS) != (recordCount > 0)) {
            throw new IllegalArgumentException(type + " with " + recordCount + " records");
        }
    }
}

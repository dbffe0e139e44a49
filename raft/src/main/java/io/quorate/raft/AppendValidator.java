/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.message.AppendRequest;
import java.util.Optional;

/** Whether an append can be of a correct leader at all, before anything of it is believed. */
final class AppendValidator {
    private AppendValidator() {}

    /** What is wrong with the request in itself; empty if nothing is. */
    static Optional<String> flawOf(AppendRequest request) {
        long term = request.previous().term();
        long index = request.previous().index();
        if (term > request.term() || (term == 0) != (index == 0)) {
            return Optional.of("append of term " + request.term() + " after " + request.previous());
        }
        long offset = -1;
        for (LogEntry entry : request.entries()) {
            index++;
            if (entry.index() != index || entry.term() < Math.max(term, 1) || entry.term() > request.term()) {
                return Optional.of("entry " + entry.id() + " cannot be at index " + index + " after term " + term
                        + " in an append of term " + request.term());
            }
            if (offset >= 0 && entry.baseOffset() != offset) {
                return Optional.of("entry " + entry.id() + " at offset " + entry.baseOffset() + ", not " + offset);
            }
            if (entry.type() == EntryType.MEMBERSHIP
                    && Membership.decode(entry.payload()).isEmpty()) {
                return Optional.of("entry " + entry.id() + " is no membership");
            }
            term = entry.term();
            offset = entry.nextOffset();
        }
        return Optional.empty();
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.log;

/**
 * Identity of a log entry. Two logs that hold the same id hold the same entry and the same prefix (Raft paper §5.3).
 *
 * @param term  the term of the leader that created the entry; 0 only in {@link #NONE}
 * @param index its place in the log, from 1; 0 only in {@link #NONE}
 */
public record EntryId(long term, long index) {
    /** The place before the first entry of a log that never held one. */
    public static final EntryId NONE = new EntryId(0, 0);

    public EntryId {
        if (term < 0 || index < 0) {
            throw new IllegalArgumentException("negative term or index: " + term + "/" + index);
        }
    }

    /** Whether a log that ends here may lead a voter whose log ends at {@code other} (paper §5.4.1). */
    public boolean isAtLeastAsUpToDateAs(EntryId other) {
        return term != other.term ? term > other.term : index >= other.index;
    }

    @Override
    public String toString() {
        return term + "/" + index;
    }
}

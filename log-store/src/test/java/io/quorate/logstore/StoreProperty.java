/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

/** What must hold of a log's files whatever befell them; the names that mutants are killed by. */
public enum StoreProperty {
    /** What was forced before a power failure is there, and nothing that was never written. */
    FORCED_IS_RECOVERED,
    /** Term and vote are those that were put last, or of a put that the power failure interrupted. */
    VOTE_IS_RECOVERED,
    /** A log begins at its first entry, or after a snapshot that is there. */
    TRIMMED_IS_IN_SNAPSHOT,
    /** What a power failure leaves is neither refused nor called damaged. */
    CRASH_IS_NOT_DAMAGE,
    /** What was forced and has rotted since is never silently missing. */
    ROT_IS_NEVER_CUT,
    /** No entry, vote or snapshot is read that was not written there. */
    NO_WRONG_DATA
}

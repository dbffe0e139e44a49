/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

/** Why a vote or a pre-vote was refused: the kind, of which there are few; events have the details. */
public enum VoteRefusal {
    /** The candidate is in an older term than this member, or would campaign in its present one. */
    STALE_TERM,
    /** This member leads, or hears a leader. */
    HEARS_LEADER,
    /** The term that the candidate is in has its leader already. */
    TERM_HAS_LEADER,
    /** A leader may hold a lease that counts on this member. */
    LEASE,
    /** The vote of this term was given to somebody else. */
    VOTED_FOR_OTHER,
    /** The candidate's log may lack something that is committed. */
    LOG_BEHIND
}

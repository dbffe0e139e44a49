/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

/** Why a member has become a follower: the kind, of which there are few; events have the details. */
public enum FollowerCause {
    /** A message showed a newer term. */
    NEWER_TERM,
    /** It campaigned, and the term has a leader. */
    LEADER_FOUND,
    /** It campaigned, and supports somebody else now. */
    VOTED_FOR_OTHER,
    /** It led and has not heard from a majority for a minimum election timeout. */
    NO_QUORUM,
    /** The members have changed, and it is not among the voters. */
    NOT_A_VOTER,
    /** It would campaign, but its driver holds it back. */
    HELD_BACK,
    /** It led, and its driver finds the disk too slow for that. */
    DISK_STALLED,
    /** It led, and its driver finds the disk too full for that. */
    DISK_FULL,
    /** It led, and its driver wants somebody else to, for another reason. */
    ASKED_TO
}

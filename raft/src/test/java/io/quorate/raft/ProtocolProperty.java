/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

/** What must hold at every step of a group, whatever failed; the names that mutants are killed by. */
public enum ProtocolProperty {
    /** Paper §5.2. */
    ONE_LEADER_PER_TERM,
    /** Over restarts too. */
    ONE_VOTE_PER_TERM,
    /** A leader was voted for by a quorum of the membership of its log's end (paper §5.2, §6). */
    ELECTED_BY_QUORUM,
    TERM_DURABLE_BEFORE_SENT,
    VOTE_DURABLE_BEFORE_SENT,
    ACCEPTED_IS_DURABLE,
    /** What a member has acknowledged in a term it keeps at least as long as it is in that term. */
    ACCEPTED_IS_KEPT,
    /** Who has something committed on its disk keeps it, whatever the term. */
    COMMITTED_IS_KEPT,
    /** What a member takes for durable is on its disk. */
    DURABLE_IS_ON_DISK,
    /** What a leader believes that a follower has, is on that follower's disk, unless a newer term has cut it. */
    MATCH_IS_ON_DISK,
    /** Paper §5.3. */
    LOG_MATCHING,
    LEADER_SENDS_ITS_LOG,
    /** Paper §5.4.3. */
    LEADER_COMPLETENESS,
    COMMITTED_IS_QUORUM_DURABLE,
    /** Nobody commits, by counting, what is of an older term (paper §5.4.2). */
    COMMITS_OWN_TERM_BY_COUNTING,
    OFFSETS_DENSE,
    STATE_MACHINE_SAFETY,
    APPLIED_IS_DURABLE,
    /**
     * A leader changes the membership only when the change before is committed and so is an entry of its own term, and
     * only to one whose quorums all meet all quorums of the one before (thesis §4.1, paper §6).
     */
    MEMBERSHIP_CHANGES_SAFELY,
    /** The membership in force is the last one in the log, or that of the snapshot before it (thesis §4.1). */
    MEMBERSHIP_IS_THE_LOGS,
    ONE_OUTCOME_PER_READ,
    /** A read's index is at least all that was committed before it was asked for (thesis §6.4). */
    READS_SEE_COMMITTED,
    READS_ARE_COMMITTED,
    /** A leader answers a read only when a quorum has confirmed it since, or less than a lease ago (thesis §6.4). */
    READS_ARE_CONFIRMED,
    /** What is handed out was announced, and all of it is handed out. */
    OUTPUTS_ARE_ANNOUNCED,
    /** A member never contradicts itself: its own checks hold. */
    SELF_CHECKS_HOLD,
    /** A healed group agrees and makes progress. */
    CONVERGENCE
}

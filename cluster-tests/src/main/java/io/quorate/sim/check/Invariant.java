/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.check;

/** What must hold in every run, whatever failed. P1 to P10 are the promises of the README. */
public enum Invariant {
    /** In one group and term, one node at most sends what only a leader sends (paper §5.2). */
    ONE_LEADER_PER_TERM,
    /** A node grants its vote of a term to one candidate, over restarts (paper §5.2). */
    ONE_VOTE_PER_TERM,
    /** A vote request or a granted vote leaves only when term and vote are on disk. */
    VOTE_DURABLE_BEFORE_SENT,
    /** A node's own term never falls, over restarts. */
    TERM_MONOTONIC,
    /** Two logs that hold the same id hold the same entry and the same predecessor (paper §5.3). */
    LOG_MATCHING,
    /** A leader commits what nobody knew to be committed only with an entry of its own term (paper §5.4.2). */
    COMMITS_OWN_TERM_BY_COUNTING,
    /** What a follower acknowledges is on its disk. */
    ACCEPTED_IS_DURABLE,
    /** What a follower acknowledges is what the leader of that term has there. */
    ACCEPTED_IS_THE_LEADERS,
    /** A member goes on after a restart with what it had made durable, and nothing that it had not begun to. */
    RECOVERS_WHAT_WAS_DURABLE,
    /** P8: a repaired log has all that was accepted with it and may be committed. */
    REPAIR_KEEPS_WHAT_WAS_ACCEPTED,
    /** P10: who has lost its disk says nothing under its former name, nor under a new one before it is readmitted. */
    VOTES_ONLY_WITH_ITS_MEMORY,
    /** Nobody campaigns without the pre-votes of a quorum: who cannot win disturbs nobody (thesis §9.6). */
    ASKED_BEFORE_CAMPAIGN,
    /** A vote goes to a candidate whose log is at least as up to date as the voter's (paper §5.4.1). */
    VOTES_FOR_COMPLETE_LOGS,
    /** A leader has the votes of a quorum (paper §5.2). */
    ELECTED_BY_QUORUM,
    /** A leader's log holds all that is committed in earlier terms (paper §5.4.3). */
    LEADER_COMPLETENESS,
    /** A leader never cuts its own log (paper §5.3). */
    LEADER_APPENDS_ONLY,
    /** A leader sends what is in its log. */
    LEADER_SENDS_ITS_LOG,
    /** Nobody cuts what is committed. */
    CHOSEN_IS_KEPT,
    /** Nobody commits or applies what no quorum has accepted in its leader's own term (paper §5.4.2). */
    COMMITS_WHAT_IS_CHOSEN,
    /** A snapshot stands for what is committed (paper §7). */
    SNAPSHOT_IS_OF_CHOSEN,
    /** The members change one step at a time: the former step is committed before the next one is taken (paper §6). */
    ONE_MEMBERSHIP_AT_A_TIME,
    /** A member goes by the latest membership in its log, also after a restart, a cut or a snapshot (thesis §4.1). */
    MEMBERSHIP_IS_THE_LOGS,
    /** A member applies only what is on its own disk too. */
    APPLIED_IS_DURABLE,
    /** A node whose disk does not answer for too long leads nothing. */
    STALLED_DISK_LEADS_NOTHING,
    /** P8: what a loss of power leaves at its worst is taken back without complaint. */
    FORCED_IS_RECOVERABLE,
    /** All replicas apply the same entries in the same order, each once per start (paper §5.4.3). */
    STATE_MACHINE_SAFETY,
    /** P2: the offsets of a partition's entries are dense. */
    OFFSETS_DENSE,
    /** P2: no snapshot takes the place of records that are kept: they are on the disk of every replica. */
    KEPT_IS_EVERYWHERE,
    /** P5: generations do not fall along a log. */
    GENERATION_MONOTONIC,
    /** P5: a batch is acknowledged in the generation in which it was appended, or as a duplicate. */
    ACKNOWLEDGED_IN_ITS_GENERATION,
    /** P1: what is acknowledged is on the disks of a quorum. */
    ACKNOWLEDGED_IS_QUORUM_DURABLE,
    /** P2: an acknowledged batch is in the log, at its offset, byte for byte. */
    ACKNOWLEDGED_IS_IN_LOG,
    /** P4: an idempotent batch is in the log once, and a producer's sequences are in order without gaps. */
    EXACTLY_ONCE,
    /** P4: every acknowledgement of one batch names one offset. */
    DUPLICATE_NAMES_ORIGINAL_OFFSET,
    /** A batch that was refused as surely not appended is not in the log. */
    REFUSED_IS_NOT_IN_LOG,
    /** What is in the log was sent by a client. */
    NOTHING_FROM_NOWHERE,
    /** P3: a batch that was sent after another one had been acknowledged comes after it. */
    REAL_TIME_ORDER,
    /** P2, P3: readers see committed records only, in order, without gaps. */
    READS_ARE_COMMITTED_PREFIX,
    /** P3: a default read, or a question where the log ends, sees everything acknowledged before it was asked. */
    READS_SEE_ACKNOWLEDGED,
    /** Who reads from where the records of a time begin misses none of them, however clocks are set. */
    FOUND_TIME_MISSES_NOTHING,
    /** A request that can never be answered so under the promises: the answer itself is wrong. */
    ANSWER_PLAUSIBLE,
    /** Nodes do not fail by themselves, and no start is refused. */
    NODE_STAYS_UP,
    /** When all faults are over, everything comes to rest: leaders, equal logs, answers. */
    CONVERGENCE
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

/** What a good set of seeds must have met at least once: a fault that never bites tests nothing. */
public enum RareState {
    NODE_CRASHED,
    NODE_CRASHED_AMID_DISK_OPERATIONS,
    NODE_CRASHED_WHILE_RECOVERING,
    ALL_NODES_DOWN,
    NODE_STOPPED,
    NODE_PAUSED,
    FORCE_FAILED,
    DISK_STALLED,
    DISK_FULL,
    LINK_CUT,
    MESSAGE_OUTLIVED_ITS_CONNECTION,
    STORED_BYTES_ROTTED,
    REPLICA_QUARANTINED,
    LEADER_QUARANTINED,
    REPLICA_REPAIRED,
    DISK_LOST,
    /** A node that had been readmitted, maybe not yet with all it should hold. */
    DISK_LOST_AGAIN(2_000),
    /** A node that has lost its disk has been told so, and stays out. */
    NODE_WITHOUT_MEMORY_BARRED,
    NODE_READMITTED,
    FOREIGN_DISK_REFUSED,
    NODE_ADDED,
    NODE_ADDED_AGAIN(2_000),
    NODE_JOINED,
    NODE_REMOVED,
    CLOCK_WENT_BACK,
    FOUND_BY_TIME,
    STARTED_FROM_SNAPSHOT,
    /** A replica lacked what its peers had deleted. */
    SNAPSHOT_INSTALLED,
    TRIMMED,
    SEGMENTS_DELETED,
    READER_OVERTAKEN_BY_TRIM,
    LEADER_CHANGED,
    GROUP_RESTED,
    NODE_LOST_AT_REST,
    WOKEN_BY_SILENCE,
    WOKEN_BY_DISCONNECTION,
    /** Its leader's node told that it leads something else. */
    WOKEN_BY_DRIVER,
    LOG_TRUNCATED,
    APPEND_LOST_WITH_LEADERSHIP,
    /** Over a session of an earlier leadership, at a node that leads again. */
    APPEND_OF_EARLIER_LEADERSHIP_ARRIVED,
    APPEND_REFUSED_BY_FOLLOWER,
    APPEND_REFUSED_AS_OVERLOADED,
    APPEND_REFUSED_AS_DISK_FULL,
    APPEND_REFUSED_AS_FENCED,
    APPEND_REFUSED_OUT_OF_SEQUENCE,
    DUPLICATE_ACKNOWLEDGED,
    READER_MOVED,
    LEADERSHIP_NOT_CONFIRMED,
    /** It got an index from its leader, and got there. */
    FOLLOWER_READ_LINEARIZABLY,
    READ_INDEX_NOT_GOT,
    TOPIC_DELETED,
    /** A request for a topic that was created again came to a node that knew the former one only. */
    NODE_KNEW_FORMER_TOPIC_ONLY,
    MAJORITY_DOWN,
    LEADER_CRASHED,
    LEADER_CRASHED_WITH_UNCOMMITTED_TAIL,
    CRASHED_WHILE_WRITING,
    RECOVERED_UNCONFIRMED_ENTRIES,
    RECOVERED_PART_OF_A_WRITE,
    LOST_UNCONFIRMED_ENTRIES,
    RECOVERED_UNCONFIRMED_VOTE_OR_TERM,
    RESTARTED_IN_TERM_THAT_IT_LED,
    LEADER_PAUSED,
    /** A process that was stopped goes on believing that it leads, while somebody else leads a later term. */
    RESUMED_AS_FORMER_LEADER,
    ONE_WAY_CUT,
    /** A leader can hear or reach no majority. */
    LEADER_CUT_OFF,
    TWO_CANDIDATES_IN_ONE_TERM,
    TERM_WITHOUT_LEADER,
    VOTE_REFUSED_AS_GIVEN,
    VOTE_REFUSED_FOR_LOG_OR_TERM,
    PRE_VOTE_REFUSED,
    CANDIDATE_STEPPED_DOWN,
    ELECTED_BESIDE_FORMER_LEADER,
    /** What it inherits may be on a quorum already or on no other disk: neither is known to it. */
    ELECTED_WITH_UNCOMMITTED_TAIL,
    /** Somebody has more entries, of an older term, and will have to cut them. */
    ELECTED_WITH_SHORTER_LOG,
    LEADER_DEPOSED,
    LEADER_GAVE_UP_WITHIN_ITS_TERM,
    /** By stepping down: it could not hand over, for it had something to write. */
    LEADER_GAVE_UP_FOR_ITS_DISK,
    LEADER_DEPOSED_WITH_UNCOMMITTED_TAIL,
    /** As in figure 8 of the paper: a quorum has accepted an entry of an older term, which does not make it committed. */
    INHERITED_ENTRY_ON_QUORUM,
    INHERITED_ENTRIES_COMMITTED,
    COMMITTED_BEFORE_ON_LEADERS_DISK,
    ASKED_FOR_SECOND_VOTE_AFTER_RESTART,
    OLD_ACKNOWLEDGEMENT_AT_LEADER,
    OLD_VOTE_AT_CANDIDATE,
    APPEND_OF_FORMER_LEADER_ARRIVED,
    APPEND_REJECTED,
    BACKED_OFF_TWICE,
    TRUNCATED_OWN_ENTRIES,
    TRUNCATED_ENTRIES_OF_TWO_TERMS(2_000),
    /** Not all that is cut has reached the disk yet: the write and the cut follow each other through the queue. */
    TRUNCATED_WHILE_WRITING(2_000),
    TRUNCATED_ACROSS_SEGMENTS,
    THREE_ENTRIES_AT_ONE_INDEX(10_000),
    TRANSFER_STARTED,
    LEADERSHIP_TRANSFERRED,
    TRANSFER_ABORTED,
    TRANSFER_DECLINED(10_000),
    /** A batch was answered with "leadership lost", and is in the log. */
    LOST_APPEND_WAS_COMMITTED,
    DUPLICATE_ACKNOWLEDGED_BY_LATER_LEADER,
    FENCED_APPEND_ACKNOWLEDGED_ELSEWHERE,
    FOLLOWER_NEEDED_SNAPSHOT,
    PARTITION_MOVED,
    MEMBERSHIP_CHANGED,
    MEMBERSHIP_JOINT,
    MEMBER_OF_LATER_STAY,
    ELECTED_IN_JOINT_MEMBERSHIP(2_000),
    LEADER_CRASHED_IN_JOINT_MEMBERSHIP(2_000),
    TRUNCATED_MEMBERSHIP(10_000),
    SNAPSHOT_IN_PIECES,
    SNAPSHOT_RESUMED_BY_NEXT_LEADER(10_000),
    SNAPSHOT_OVER_SHORTER_LOG,
    SNAPSHOT_OVER_UNCOMMITTED_TAIL(10_000);

    private final int surelyMetBy;

    RareState() {
        this(200);
    }

    RareState(int surelyMetBy) {
        this.surelyMetBy = surelyMetBy;
    }

    /** So many seeds have met it at least once, unless the simulator does not test it any more. */
    int surelyMetBy() {
        return surelyMetBy;
    }
}

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
    APPEND_REFUSED_BY_FOLLOWER,
    APPEND_REFUSED_AS_OVERLOADED,
    APPEND_REFUSED_AS_DISK_FULL,
    APPEND_REFUSED_AS_FENCED,
    APPEND_REFUSED_OUT_OF_SEQUENCE,
    DUPLICATE_ACKNOWLEDGED,
    READER_MOVED,
    LEADERSHIP_NOT_CONFIRMED,
    TOPIC_DELETED,
    /** A request for a topic that was created again came to a node that knew the former one only. */
    NODE_KNEW_FORMER_TOPIC_ONLY
}

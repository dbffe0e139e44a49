/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

import java.util.Optional;

/**
 * What can happen to a node that its flight recorder keeps. The same names as quorate.v1.EventKind.
 *
 * <p>The code is what stands on disk (docs/formats.md): it is never given to another kind.
 */
public enum EventKind {
    NODE_STARTED(1),
    NODE_STOPPING(2),
    PEER_CONNECTED(3),
    PEER_DISCONNECTED(4),
    /** The detail names the partition, so that a node's files can be read without its registry. */
    REPLICA_OPENED(10),
    /** Its disk failed, or its log cannot be opened: it takes no further part. */
    REPLICA_FAILED(11),
    TOPIC_DELETED(12),
    /** Its log is damaged: it takes no part until it has been repaired from its peers. */
    REPLICA_QUARANTINED(13),
    /** Its log is whole again. */
    REPLICA_REPAIRED(14),
    /** What was stored long ago has been read again; what was damaged of it has an event of its own. */
    SCRUBBED(15),
    /** Asks the others whether they would vote for it; nobody's generation changes by that. */
    PRE_VOTE_STARTED(20),
    ELECTION_STARTED(21),
    BECAME_LEADER(22),
    LEADERSHIP_LOST(23),
    BECAME_FOLLOWER(24),
    FOLLOWS_LEADER(25),
    VOTE_GRANTED(26),
    VOTE_REFUSED(27),
    /** Uncommitted entries of a former leader were dropped. */
    LOG_TRUNCATED(28),
    /** A peer sent what no correct peer sends. */
    MESSAGE_DROPPED(29),
    /** Something else that the Raft core tells, as it tells it. */
    RAFT(30),
    /** Asked by one that would campaign. */
    PRE_VOTE_REFUSED(31),
    DISK_STALLED(40),
    DISK_ANSWERS(41),
    DISK_LOW(42),
    DISK_FULL(43),
    DISK_HAS_ROOM(44),
    /** Counted: one event for many refusals of one reason. */
    REQUESTS_REFUSED(50),
    FOLLOWER_LAGS(51),
    FOLLOWER_CAUGHT_UP(52),
    /** So many events happened at once that some were not recorded. */
    EVENTS_DROPPED(60);

    private final short code;

    EventKind(int code) {
        this.code = (short) code;
    }

    public short code() {
        return code;
    }

    /** Empty for a kind of a later release. */
    public static Optional<EventKind> of(short code) {
        for (EventKind kind : values()) {
            if (kind.code == code) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }
}

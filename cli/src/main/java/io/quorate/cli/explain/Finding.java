/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.explain;

import java.util.List;

/**
 * One thing that is worth knowing of a partition.
 *
 * @param cause    stable, for programs
 * @param severity how bad it is for whoever uses the partition
 * @param sentence what is the case, for people, without a full stop
 * @param evidence facts that show it: who says so, and since when
 * @param next     what to do about it; empty if nothing
 */
record Finding(Cause cause, Severity severity, String sentence, List<String> evidence, String next) {
    enum Severity {
        /** Good to know. */
        INFO,
        /** Everything is served; something that should be there is not. */
        WARNING,
        /** Appends or default reads are not served. */
        OUTAGE
    }

    /** Names in lower case and with hyphens are part of the interface (docs/cli.md). */
    enum Cause {
        UNKNOWN_TOPIC,
        UNKNOWN_PARTITION,
        TOPIC_DELETED,
        TOPIC_RECREATED,
        NO_QUORUM,
        LEADER_WITHOUT_MAJORITY,
        ELECTION,
        NO_LEADER,
        LEADER_RECOVERING,
        FORMER_LEADER,
        DISK_FULL,
        DISK_LOW,
        DISK_STALLED,
        REPLICA_FAILED,
        REPLICA_QUARANTINED,
        REPLICA_NOT_OPEN,
        NODE_LOST_ITS_DISK,
        NODE_DOWN,
        NODE_CUT_OFF,
        NODE_SILENT,
        FOLLOWER_LAGS,
        REGISTRY_WITHOUT_LEADER,
        REQUESTS_REFUSED
    }

    Finding {
        evidence = List.copyOf(evidence);
    }
}

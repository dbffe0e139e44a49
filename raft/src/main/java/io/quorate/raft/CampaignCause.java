/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

/** Why a member campaigns: the kind, of which there are few; events have the details. */
public enum CampaignCause {
    /** It knows no leader of its term. */
    NO_LEADER,
    /** The leader was not heard for an election timeout. */
    LEADER_SILENT,
    /** The connection to the leader broke. */
    LEADER_DISCONNECTED,
    /** It has campaigned before and did not get a majority in time. */
    LOST_BEFORE
}

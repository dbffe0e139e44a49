/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

/** What wakes a member that had quiesced. */
public enum WakeReason {
    /** A message that is not about quiescing. */
    MESSAGE,
    PROPOSAL,
    /** Somebody reads. */
    READ,
    /** A transfer of leadership, or a change of members. */
    CHANGE,
    /** The connection to a peer on which this member relied broke. */
    PEER_DISCONNECTED,
    /** Nothing was heard of such a peer's node for long. */
    PEER_SILENT,
    /** The driver knows why. */
    DRIVER
}

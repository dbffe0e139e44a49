/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.NodeId;

/**
 * What happened inside a member, with its reason: the cause for machines, the sentence for people. Logs, metrics and tests
 * subscribe; the protocol does not.
 */
public sealed interface RaftEvent {
    /** The term in which it happened. */
    long term();

    record BecameFollower(long term, FollowerCause cause, String reason) implements RaftEvent {}

    record BecamePreCandidate(long term, CampaignCause cause, String reason) implements RaftEvent {}

    record BecameCandidate(long term) implements RaftEvent {}

    record BecameLeader(long term, long lastIndex) implements RaftEvent {}

    /** Nothing has happened in the group for long: this member counts no time until something wakes it. */
    record Quiesced(long term) implements RaftEvent {}

    /** A member that had quiesced counts time again. */
    record Woken(long term, WakeReason reason) implements RaftEvent {}

    /** A follower learnt who leads its term. */
    record FollowsLeader(long term, NodeId leader) implements RaftEvent {}

    record VoteGranted(long term, NodeId candidate) implements RaftEvent {}

    record VoteRefused(long term, NodeId candidate, VoteRefusal cause, String reason) implements RaftEvent {}

    /** A member that would campaign has asked for support and does not get it; nobody's term changes by that. */
    record PreVoteRefused(long term, NodeId candidate, VoteRefusal cause, String reason) implements RaftEvent {}

    /** A leader has begun to hand over to {@code target}. */
    record TransferStarted(long term, NodeId target) implements RaftEvent {}

    /** A leader goes on to lead. */
    record TransferAborted(long term, NodeId target, TransferFailure cause, String reason) implements RaftEvent {}

    /** A leader has asked this member to take over, but it does not campaign. */
    record TransferDeclined(long term, NodeId leader, TransferFailure cause, String reason) implements RaftEvent {}

    /** The members are others from the entry at {@code index} on; by an entry, by the loss of one, or by a snapshot. */
    record MembershipChanged(long term, long index, Membership membership) implements RaftEvent {}

    /** A follower lacks entries from {@code lacksFrom} on, and this leader's log begins at {@code firstIndex}. */
    record FollowerNeedsSnapshot(long term, NodeId follower, long lacksFrom, long firstIndex) implements RaftEvent {}

    /** A snapshot of the leader takes the place of this member's whole log. */
    record SnapshotInstalled(long term, EntryId last) implements RaftEvent {}

    /** An entry of an older leader was replaced: everything from {@code fromIndex} was uncommitted. */
    record LogTruncated(long term, long fromIndex) implements RaftEvent {}

    /** A peer sent what no correct peer sends; it changed nothing. */
    record MessageDropped(long term, NodeId from, String reason) implements RaftEvent {}
}

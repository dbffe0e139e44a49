/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.events;

import io.quorate.logstore.Damage;
import io.quorate.node.api.ClusterView.SpaceLevel;
import io.quorate.node.api.EventKind;
import io.quorate.node.api.Refusal;
import io.quorate.node.replica.MemberId;
import io.quorate.node.replica.ReplicaObserver;
import io.quorate.raft.Membership;
import io.quorate.raft.RaftEvent;
import io.quorate.raft.log.NodeId;
import java.util.TreeMap;
import java.util.function.LongFunction;

/** Tells the flight recorder what the replicas of the node do. Event loop only. */
public final class EventObserver implements ReplicaObserver {
    private final FlightRecorder recorder;
    private final RefusalCounts refusals;
    private final LongFunction<String> names;
    /** Groups that this node leads, and in which generation. */
    private final TreeMap<Long, Long> led = new TreeMap<>();
    /** How often groups have asked for support in a row; those that did not since are not in it. */
    private final TreeMap<Long, Long> preVotes = new TreeMap<>();

    /** The same for requests of others that this node has refused. */
    private final TreeMap<Long, Long> refusedPreVotes = new TreeMap<>();

    /** @param names of groups, for people */
    public EventObserver(FlightRecorder recorder, RefusalCounts refusals, LongFunction<String> names) {
        this.recorder = recorder;
        this.refusals = refusals;
        this.names = names;
    }

    @Override
    public void onOpened(long groupId, NodeId member, Membership membership) {
        recorder.record(
                EventKind.REPLICA_OPENED, groupId, 0, 0, names.apply(groupId) + ", voters " + membership.voters());
    }

    @Override
    public void onRaftEvent(long groupId, RaftEvent event) {
        if (event instanceof RaftEvent.Quiesced || event instanceof RaftEvent.Woken) {
            return; // Far too many on a node with idle groups, and nobody has to do anything about it.
        }
        if (event instanceof RaftEvent.BecameCandidate
                || event instanceof RaftEvent.BecameLeader
                || event instanceof RaftEvent.FollowsLeader) {
            preVotes.remove(groupId);
            refusedPreVotes.remove(groupId);
        }
        if (event instanceof RaftEvent.BecameLeader leader) {
            led.put(groupId, leader.term());
            record(EventKind.BECAME_LEADER, groupId, event, 0, "log ends at index " + leader.lastIndex());
        } else if (event instanceof RaftEvent.BecameFollower follower) {
            Long lost = led.remove(groupId);
            if (lost != null) {
                recorder.record(EventKind.LEADERSHIP_LOST, groupId, lost, 0, follower.reason());
            } else {
                record(EventKind.BECAME_FOLLOWER, groupId, event, 0, follower.reason());
            }
        } else if (event instanceof RaftEvent.FollowsLeader follows) {
            record(EventKind.FOLLOWS_LEADER, groupId, event, follows.leader().value(), "");
        } else if (event instanceof RaftEvent.BecamePreCandidate candidate) {
            onPreVote(groupId, candidate);
        } else if (event instanceof RaftEvent.BecameCandidate) {
            record(EventKind.ELECTION_STARTED, groupId, event, 0, "");
        } else if (event instanceof RaftEvent.VoteGranted granted) {
            record(EventKind.VOTE_GRANTED, groupId, event, granted.candidate().value(), "");
        } else if (event instanceof RaftEvent.VoteRefused refused) {
            record(EventKind.VOTE_REFUSED, groupId, event, refused.candidate().value(), refused.reason());
        } else if (event instanceof RaftEvent.PreVoteRefused refused) {
            onPreVoteRefused(groupId, refused);
        } else if (event instanceof RaftEvent.LogTruncated truncated) {
            record(EventKind.LOG_TRUNCATED, groupId, event, 0, "from index " + truncated.fromIndex());
        } else if (event instanceof RaftEvent.MessageDropped message) {
            record(EventKind.MESSAGE_DROPPED, groupId, event, message.from().value(), message.reason());
        } else if (event instanceof RaftEvent.TransferStarted transfer) {
            record(EventKind.RAFT, groupId, event, transfer.target().value(), "hands its leadership over");
        } else if (event instanceof RaftEvent.TransferAborted transfer) {
            record(
                    EventKind.RAFT,
                    groupId,
                    event,
                    transfer.target().value(),
                    "goes on to lead instead of handing over: " + transfer.reason());
        } else if (event instanceof RaftEvent.MembershipChanged change) {
            record(EventKind.RAFT, groupId, event, 0, "members are now " + change.membership());
        } else if (event instanceof RaftEvent.SnapshotInstalled snapshot) {
            record(EventKind.RAFT, groupId, event, 0, "installed a snapshot that ends with entry " + snapshot.last());
        } else if (event instanceof RaftEvent.FollowerNeedsSnapshot needs) {
            record(
                    EventKind.RAFT,
                    groupId,
                    event,
                    needs.follower().value(),
                    "lacks entries from index " + needs.lacksFrom() + ", the log begins at " + needs.firstIndex());
        } else {
            record(EventKind.RAFT, groupId, event, 0, event.toString());
        }
    }

    /** A minority asks again and again for as long as it is one: told are the first time, the tenth, the hundredth. */
    private void onPreVote(long groupId, RaftEvent.BecamePreCandidate candidate) {
        long times = preVotes.merge(groupId, 1L, Long::sum);
        if (times == 1) {
            record(EventKind.PRE_VOTE_STARTED, groupId, candidate, 0, candidate.reason());
        } else if (isPowerOfTen(times)) {
            record(
                    EventKind.PRE_VOTE_STARTED,
                    groupId,
                    candidate,
                    0,
                    candidate.reason() + ", for the " + times + "th time in a row");
        }
    }

    private void onPreVoteRefused(long groupId, RaftEvent.PreVoteRefused refused) {
        long times = refusedPreVotes.merge(groupId, 1L, Long::sum);
        if (isPowerOfTen(times)) {
            String again = times == 1 ? "" : ", for the " + times + "th time";
            record(
                    EventKind.PRE_VOTE_REFUSED,
                    groupId,
                    refused,
                    refused.candidate().value(),
                    refused.reason() + again);
        }
    }

    private static boolean isPowerOfTen(long number) {
        long rest = number;
        while (rest % 10 == 0) {
            rest /= 10;
        }
        return rest == 1;
    }

    private void record(EventKind kind, long groupId, RaftEvent event, int peer, String detail) {
        // Ids of Raft's members: people know nodes.
        int node = peer == 0 ? 0 : MemberId.node(new NodeId(peer)).value();
        recorder.record(kind, groupId, event.term(), node, detail);
    }

    @Override
    public void onRefused(long groupId, Refusal refusal) {
        refusals.refused(groupId, refusal);
    }

    @Override
    public void onDiskStalled(boolean stalled) {
        recorder.record(stalled ? EventKind.DISK_STALLED : EventKind.DISK_ANSWERS, 0, "");
    }

    @Override
    public void onSpaceLevel(SpaceLevel level) {
        EventKind kind =
                switch (level) {
                    case PLENTY -> EventKind.DISK_HAS_ROOM;
                    case LOW -> EventKind.DISK_LOW;
                    case FULL -> EventKind.DISK_FULL;
                };
        recorder.record(kind, 0, "");
    }

    @Override
    public void onQuarantined(long groupId, NodeId member, Damage damage) {
        Long lost = led.remove(groupId);
        if (lost != null) {
            recorder.record(EventKind.LEADERSHIP_LOST, groupId, lost, 0, "the log is damaged");
        }
        recorder.record(
                EventKind.REPLICA_QUARANTINED,
                groupId,
                0,
                0,
                damage.asException().getMessage());
    }

    @Override
    public void onRepaired(long groupId) {
        recorder.record(EventKind.REPLICA_REPAIRED, groupId, 0, 0, "");
    }

    @Override
    public void onScrubbed(int logs, long sizeBytes, long nanos) {
        recorder.record(
                EventKind.SCRUBBED,
                0,
                "read " + sizeBytes + " bytes of " + logs + " logs again in " + nanos / 1_000_000_000 + " s");
    }

    @Override
    public void onFailed(long groupId, Throwable cause) {
        Long lost = led.remove(groupId);
        if (lost != null) {
            recorder.record(EventKind.LEADERSHIP_LOST, groupId, lost, 0, "the replica has failed");
        }
        recorder.record(EventKind.REPLICA_FAILED, groupId, 0, 0, String.valueOf(cause.getMessage()));
    }

    /** A topic was deleted: once per partition. */
    public void onDeleted(long groupId, String partition) {
        led.remove(groupId);
        preVotes.remove(groupId);
        refusedPreVotes.remove(groupId);
        recorder.record(EventKind.TOPIC_DELETED, groupId, 0, 0, partition);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRejected;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.MessageHandler;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.ReadIndexRequest;
import io.quorate.raft.message.ReadIndexResponse;
import io.quorate.raft.message.SnapshotReceived;
import io.quorate.raft.message.TimeoutNow;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** How scenarios write down what they see: one line per happening, ids as term/index. */
final class Transcript {
    private Transcript() {}

    static String of(NodeId from, Envelope envelope) {
        return from + "->" + envelope.to() + " " + of(envelope.message());
    }

    private static String of(Message message) {
        Describer describer = new Describer();
        // The sender does not matter for the text.
        message.deliverTo(new NodeId(1), describer);
        return describer.text;
    }

    static String of(RaftEvent event) {
        if (event instanceof RaftEvent.BecameFollower e) {
            return "follower in t" + e.term() + ": " + e.reason();
        } else if (event instanceof RaftEvent.BecamePreCandidate e) {
            return "pre-candidate in t" + e.term() + ": " + e.reason();
        } else if (event instanceof RaftEvent.BecameCandidate e) {
            return "candidate in t" + e.term();
        } else if (event instanceof RaftEvent.BecameLeader e) {
            return "LEADER of t" + e.term() + ", no-op at " + e.lastIndex();
        } else if (event instanceof RaftEvent.FollowsLeader e) {
            return "follows " + e.leader() + " in t" + e.term();
        } else if (event instanceof RaftEvent.VoteGranted e) {
            return "votes for " + e.candidate() + " in t" + e.term();
        } else if (event instanceof RaftEvent.VoteRefused e) {
            return "refuses " + e.candidate() + " its vote in t" + e.term() + ": " + e.reason();
        } else if (event instanceof RaftEvent.PreVoteRefused e) {
            return "supports not " + e.candidate() + " in t" + e.term() + ": " + e.reason();
        } else if (event instanceof RaftEvent.Quiesced e) {
            return "rests in t" + e.term();
        } else if (event instanceof RaftEvent.Woken e) {
            return "wakes in t" + e.term() + ": " + e.reason();
        } else if (event instanceof RaftEvent.LogTruncated e) {
            return "truncates its log from " + e.fromIndex();
        } else if (event instanceof RaftEvent.FollowerNeedsSnapshot e) {
            return "finds that " + e.follower() + " needs a snapshot: it lacks " + e.lacksFrom()
                    + ", the log begins at " + e.firstIndex();
        } else if (event instanceof RaftEvent.MembershipChanged e) {
            return "counts " + of(e.membership()) + " from " + e.index() + " on";
        } else if (event instanceof RaftEvent.SnapshotInstalled e) {
            return "becomes the snapshot of " + e.last();
        } else if (event instanceof RaftEvent.TransferStarted e) {
            return "hands over to " + e.target();
        } else if (event instanceof RaftEvent.TransferAborted e) {
            return "does not hand over to " + e.target() + ": " + e.reason();
        } else if (event instanceof RaftEvent.TransferDeclined e) {
            return "does not take over from " + e.leader() + ": " + e.reason();
        } else if (event instanceof RaftEvent.MessageDropped e) {
            return "drops a message of " + e.from() + ": " + e.reason();
        }
        throw new AssertionError("unknown event " + event);
    }

    static String of(ProposeResult result) {
        if (result instanceof ProposeResult.Admitted admitted) {
            return "admits " + admitted.id() + " at offset " + admitted.baseOffset();
        } else if (result instanceof ProposeResult.NotLeader notLeader) {
            return "does not lead, "
                    + notLeader.leader().map(leader -> leader + " does").orElse("nobody does");
        } else if (result instanceof ProposeResult.Transferring transferring) {
            return "refuses: it hands over to " + transferring.target();
        } else if (result instanceof ProposeResult.Overloaded overloaded) {
            return "is overloaded with " + overloaded.uncommittedBytes() + " uncommitted bytes";
        }
        throw new AssertionError("unknown result " + result);
    }

    private static String of(Membership membership) {
        return membership.voters()
                + (membership.isJoint() ? " and " + membership.outgoing() : "")
                + (membership.learners().isEmpty() ? "" : " learners " + membership.learners());
    }

    static String of(ReadOutcome outcome) {
        if (outcome instanceof ReadOutcome.Granted granted) {
            return "may serve read " + granted.requestId() + " from index " + granted.index();
        } else if (outcome instanceof ReadOutcome.Refused refused) {
            return "refuses read " + refused.requestId() + ": " + refused.reason()
                    + refused.leader().map(leader -> ", " + leader + " leads").orElse("");
        }
        throw new AssertionError("unknown outcome " + outcome);
    }

    static String of(Persist persist) {
        StringBuilder text = new StringBuilder("write #" + persist.sequence());
        persist.hardState().ifPresent(hardState -> text.append(' ').append(of(hardState)));
        persist.replacement().ifPresent(snapshot -> text.append(" snapshot ").append(snapshot.last()));
        persist.truncateFrom().ifPresent(from -> text.append(" cut from ").append(from));
        if (!persist.entries().isEmpty()) {
            text.append(' ').append(ids(persist.entries()));
        }
        return text.toString();
    }

    /** One line of marks: the log as the terms of its entries, with | after the commit index. */
    static String of(SimMember member) {
        if (!member.isUp()) {
            return member + " down, on disk " + of(member.disk().hardState()) + " "
                    + terms(member.disk().entries(), 0);
        }
        RaftCore core = member.core();
        return member + " " + core.role().name().toLowerCase(Locale.ROOT).replace('_', '-') + " t" + core.term()
                + " log " + terms(member, core.commitIndex()) + " durable " + core.durableIndex()
                + " applied " + member.appliedIndex();
    }

    static String of(FollowerStatus follower) {
        return "  " + follower.follower()
                + (follower.replicating() ? " replicate" : follower.installing() ? " snapshot" : " probe") + " match "
                + follower.matchIndex() + " next " + follower.nextIndex() + " in flight "
                + follower.inflightAppends();
    }

    private static String of(HardState hardState) {
        return "t" + hardState.term()
                + hardState.votedFor().map(vote -> " vote " + vote).orElse("");
    }

    private static String terms(SimMember member, long commitIndex) {
        String terms = terms(member.log(), commitIndex);
        return member.before().index() == 0 ? terms : "(" + member.before() + ") " + terms;
    }

    private static String terms(List<LogEntry> entries, long commitIndex) {
        StringBuilder text = new StringBuilder("[");
        for (LogEntry entry : entries) {
            text.append(text.length() == 1 ? "" : " ").append(entry.term());
            text.append(entry.index() == commitIndex ? " |" : "");
        }
        return text.append(']').toString();
    }

    private static String ids(List<LogEntry> entries) {
        String text = entries.size() <= 4
                ? entries.stream().map(entry -> entry.id().toString()).collect(Collectors.joining(" "))
                : entries.get(0).id() + " .. " + entries.get(entries.size() - 1).id();
        return "[" + text + "]";
    }

    private static final class Describer implements MessageHandler {
        private String text;

        @Override
        public void onPreVoteRequest(NodeId from, PreVoteRequest request) {
            text = "PreVote t" + request.term() + " last " + request.lastEntry();
        }

        @Override
        public void onPreVoteResponse(NodeId from, PreVoteResponse response) {
            text = "PreVote t" + response.term() + (response.granted() ? " yes" : " no");
        }

        @Override
        public void onVoteRequest(NodeId from, VoteRequest request) {
            text = "Vote t" + request.term() + " last " + request.lastEntry()
                    + (request.transfer() ? " by transfer" : "");
        }

        @Override
        public void onVoteResponse(NodeId from, VoteResponse response) {
            text = "Vote t" + response.term() + (response.granted() ? " granted" : " refused");
        }

        @Override
        public void onAppendRequest(NodeId from, AppendRequest request) {
            text = "Append t" + request.term() + " after " + request.previous() + " " + ids(request.entries())
                    + " commit " + request.commitIndex();
        }

        @Override
        public void onAppendAccepted(NodeId from, AppendAccepted response) {
            text = "Accepted t" + response.term() + " match " + response.matchIndex();
        }

        @Override
        public void onAppendRejected(NodeId from, AppendRejected response) {
            text = "Rejected t" + response.term() + " at " + response.rejectedIndex() + " hint " + response.hint();
        }

        @Override
        public void onHeartbeat(NodeId from, Heartbeat heartbeat) {
            text = "Heartbeat t" + heartbeat.term() + " commit " + heartbeat.commitIndex() + " round "
                    + heartbeat.round();
        }

        @Override
        public void onHeartbeatResponse(NodeId from, HeartbeatResponse response) {
            text = "HeartbeatResponse t" + response.term() + " round " + response.round();
        }

        @Override
        public void onReadIndexRequest(NodeId from, ReadIndexRequest request) {
            // Question ids are random.
            text = "ReadIndex t" + request.term();
        }

        @Override
        public void onReadIndexResponse(NodeId from, ReadIndexResponse response) {
            text = "ReadIndexResponse t" + response.term()
                    + (response.granted() ? " from " + response.index() : " refused");
        }

        @Override
        public void onTimeoutNow(NodeId from, TimeoutNow request) {
            text = "TimeoutNow t" + request.term();
        }

        @Override
        public void onInstallSnapshot(NodeId from, InstallSnapshot piece) {
            text = "Snapshot t" + piece.term() + " of " + piece.snapshot().last() + " bytes " + piece.position() + "+"
                    + piece.chunk().size() + " of " + piece.snapshot().totalBytes();
        }

        @Override
        public void onSnapshotReceived(NodeId from, SnapshotReceived response) {
            text = "SnapshotReceived t" + response.term() + " of "
                    + response.snapshot().last() + " up to " + response.position();
        }
    }
}

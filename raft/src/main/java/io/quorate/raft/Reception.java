/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.PreVoteRequest;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.VoteRequest;
import java.util.Optional;

/**
 * What happens to a message before a role sees it: whether its sender is heard at all, what its term does to this member's
 * (paper §5.1), and whether it ends this member's rest.
 *
 * <p>Real vote requests of a newer term are always honoured, also by a member that hears a leader, unless leases are in
 * use. Members that were away cannot disturb a group all the same: they must win a pre-vote first, and that is refused by
 * whoever hears a leader.
 */
final class Reception {
    private final MemberCore core;
    private final StaleTerm staleTerm;

    Reception(MemberCore core) {
        this.core = core;
        this.staleTerm = new StaleTerm(core);
    }

    void receive(NodeId from, Message message) {
        if (from.equals(core.self()) || !isHeard(from, message)) {
            core.drop(from, "not another member of this group");
            return;
        }
        if (!isAboutQuiescing(message)) {
            core.wake(WakeReason.MESSAGE, Optional.of(from));
        }
        if (message.term() > core.term() && showsTermOfSender(message)) {
            if (message instanceof VoteRequest request && core.voting().mustIgnore(from, request)) {
                return;
            }
            core.becomeFollower(
                    message.term(), Optional.empty(), FollowerCause.NEWER_TERM, from + " is in term " + message.term());
        }
        message.deliverTo(from, message.term() < core.term() ? staleTerm : core.role());
    }

    /**
     * Members; and whoever leads, for it may have been elected by members that this one has not heard of yet (thesis §4.1).
     * A member that is not in its own membership does not know who is. And one that knows of no leader listens to whoever
     * wants to be it: a majority may consist of members that it has not heard of yet.
     */
    private boolean isHeard(NodeId from, Message message) {
        return core.membership().isMember(from)
                || core.role().leader().equals(Optional.of(from))
                || message instanceof AppendRequest
                || message instanceof Heartbeat
                || message instanceof InstallSnapshot
                || (isCampaign(message) && core.role().leader().isEmpty())
                || (!core.membership().isMember(core.self()) && !(core.role() instanceof Leader));
    }

    private static boolean isCampaign(Message message) {
        return message instanceof PreVoteRequest || message instanceof VoteRequest;
    }

    /** Whether the message's term is one that its sender has adopted, not one that it would campaign in. */
    private static boolean showsTermOfSender(Message message) {
        if (message instanceof PreVoteResponse response) {
            return !response.granted();
        }
        return !(message instanceof PreVoteRequest);
    }

    private boolean isAboutQuiescing(Message message) {
        return message.term() == core.term()
                && (message instanceof Heartbeat heartbeat && heartbeat.quiesce()
                        || message instanceof HeartbeatResponse response && response.quiescent());
    }
}
